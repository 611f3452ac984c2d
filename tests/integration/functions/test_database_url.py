"""Bootstrap and rotation of DATABASE_URL on a real PostgreSQL."""

from __future__ import annotations

import io
import string
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.exceptions import ClientError

from .conftest import Instance, Stack

PASSWORD = "5d1c9e-never-shown"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
# What GetRandomPassword may draw from, and the space that it may be told to include.
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
CHARACTERS = string.ascii_letters + string.digits + string.punctuation + " "


def problem(stack: Stack) -> type[Exception]:
    found: type[Exception] = stack.functions("database").Problem
    return found


def test_the_bootstrap_makes_everything_once(unprepared: Stack) -> None:
    name = unprepared.settings.database
    made = unprepared.bootstrap()
    assert made == {
        "made": [f"database {name}", f"role {name}_app", f"role {name}_app_a", f"role {name}_app_b"],
        "url": "written",
    }
    first = unprepared.secrets.current
    assert unprepared.url().user == f"{name}_app_a"
    assert first.startswith("postgresql+psycopg://")
    assert first.endswith(f"/{name}?sslmode=require")
    assert unprepared.bootstrap() == {"made": [], "url": "kept"}
    assert unprepared.secrets.current == first


def test_a_value_that_is_there_is_kept_even_where_the_database_is_not(unprepared: Stack) -> None:
    unprepared.secrets.put_secret_value("url", "postgresql+psycopg://someone:else@db.example:5432/other")
    assert unprepared.bootstrap()["url"] == "kept"
    assert unprepared.url().user == "someone"


def test_what_one_user_makes_the_other_may_use_and_change(stack: Stack) -> None:
    first = stack.login(stack.url())
    first.run("CREATE TABLE users (id serial PRIMARY KEY, name text)")
    first.run("INSERT INTO users (name) VALUES ('a')")
    first.close()
    second = stack.login(stack.rotate())
    assert second.run("SELECT current_user")[0][0] == stack.settings.group
    second.run("INSERT INTO users (name) VALUES ('b')")
    second.run("ALTER TABLE users ADD COLUMN born date")
    second.close()
    again = stack.login(stack.rotate())
    assert [row[0] for row in again.run("SELECT name FROM users ORDER BY id")] == ["a", "b"]
    again.run("DROP TABLE users")
    again.close()


def test_no_other_role_may_connect_and_the_application_may_not_drop_the_database(stack: Stack) -> None:
    session = stack.login(stack.url())
    session.run("SET ROLE NONE")
    with pytest.raises(Exception, match="must be owner of database"):
        session.run(f"DROP DATABASE {stack.settings.database}")
    granted = session.run("SELECT datacl::text FROM pg_database WHERE datname = current_database()")[0][0]
    assert "{=" not in granted
    assert ",=" not in granted
    session.close()


def test_twenty_rotations_leave_two_users_and_the_last_url_but_one_still_works(stack: Stack) -> None:
    seen = [stack.url()]
    for _turn in range(20):
        seen.append(stack.rotate())
        for url in seen[-2:]:
            stack.login(url).close()
    assert [url.user[-1] for url in seen] == list("ab" * 10 + "a")
    assert len({url.password for url in seen}) == 21
    with pytest.raises(Exception, match="password authentication failed"):
        stack.login(seen[-3])
    with stack.functions("database").administration(stack.secrets, stack.settings, "postgres") as server:
        found = server.run("SELECT rolname FROM pg_roles WHERE rolname LIKE :like", like=f"{stack.settings.database}%")
    assert len(found) == 3  # with their group


def test_passwords_of_every_allowed_character_work(stack: Stack) -> None:
    for start in range(0, len(CHARACTERS), 33):
        stack.secrets.password = CHARACTERS[start : start + 33] + "'\"\\%@:/?#&+"
        url = stack.rotate()
        assert url.password == stack.secrets.password
        stack.login(url).close()


@pytest.mark.parametrize("interrupted", STEPS)
def test_interrupted_after_any_step_it_is_finished_by_running_it_again(stack: Stack, interrupted: str) -> None:
    before, version = stack.url(), stack.start()
    for step in STEPS[: STEPS.index(interrupted) + 1]:
        stack.rotation(version).run(step)
    stack.login(stack.url()).close()
    for step in STEPS:
        stack.rotation(version).run(step)
    assert stack.url().user != before.user
    stack.login(stack.url()).close()
    stack.login(before).close()
    assert stack.rotate().user == before.user


def test_a_wrong_password_in_the_pending_version_is_caught_and_mended(stack: Stack) -> None:
    before, version = stack.url(), stack.start()
    for step in STEPS[:2]:
        stack.rotation(version).run(step)
    good = stack.url(stack.secrets.values[version])
    stack.secrets.values[version] = str(good.held_by(good.user, "wrong"))
    with pytest.raises(problem(stack), match="password authentication failed"):
        stack.rotation(version).run("testSecret")
    assert stack.url() == before
    for step in STEPS:
        stack.rotation(version).run(step)
    assert stack.url().password == "wrong"
    stack.login(stack.url()).close()


def test_a_pending_url_of_the_user_in_use_is_refused(stack: Stack) -> None:
    version, current = stack.start(), stack.url()
    stack.secrets.put_secret_value("url", str(current.held_by(current.user, "new")), version, ("AWSPENDING",))
    for step in STEPS[1:]:
        with pytest.raises(problem(stack), match="whom the current one uses"):
            stack.rotation(version).run(step)
    stack.login(current).close()


def test_the_administrators_password_goes_to_no_other_server(stack: Stack) -> None:
    current = stack.secrets.current.replace(f"@{stack.settings.host}:", "@db.example:")
    stack.secrets.put_secret_value("url", current)
    with pytest.raises(problem(stack), match=r"leads to db\.example"):
        stack.rotation(stack.start()).run("createSecret")


def test_tables_that_the_application_could_not_read_hold_up_the_promotion(stack: Stack) -> None:
    with stack.functions("database").administration(stack.secrets, stack.settings, stack.settings.database) as server:
        server.run("CREATE TABLE old (id int)")
        version = stack.start()
        for step in STEPS[:2]:
            stack.rotation(version).run(step)
        with pytest.raises(problem(stack), match="REASSIGN OWNED BY airas_admin TO"):
            stack.rotation(version).run("testSecret")
        server.run(f"ALTER TABLE old OWNER TO {stack.settings.group}")
    stack.rotation(version).run("testSecret")


def test_an_unfinished_rotation_promotes_nothing(stack: Stack) -> None:
    version = stack.start()
    with pytest.raises(problem(stack), match="createSecret comes first"):
        stack.rotation(version).run("finishSecret")
    with pytest.raises(problem(stack), match="has no version"):
        stack.rotation("another").run("createSecret")
    with pytest.raises(problem(stack), match="not a step"):
        stack.rotation(version).run("sleep")


def test_setting_it_up_tests_the_url_in_use(stack: Stack) -> None:
    version = stack.start()
    assert "of the current one works" in stack.rotation(version).run("testSecret")
    stack.secrets.put_secret_value("url", stack.secrets.current, version, ("AWSPENDING",))
    assert "of the current one works" in stack.rotation(version).run("testSecret")
    with pytest.raises(problem(stack), match="whom the current one uses"):
        stack.rotation(version).run("finishSecret")


def test_who_still_uses_the_idle_user_keeps_its_password(stack: Stack) -> None:
    old = stack.login(stack.url())
    stack.rotate()
    version = stack.start()
    stack.rotation(version).run("createSecret")
    with pytest.raises(problem(stack), match=r"1 sessions of .*_app_a are open"):
        stack.rotation(version).run("setSecret")
    old.close()
    for step in STEPS:
        stack.rotation(version).run(step)


def test_tasks_older_than_the_current_url_hold_up_the_next_rotation(stack: Stack) -> None:
    earlier, later = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    deployment = {"createdAt": earlier, "runningCount": 1, "status": "ACTIVE"}
    stack.ecs.services = [{"serviceName": "airas-dev-backend", "status": "ACTIVE", "deployments": [deployment]}]
    version = stack.start()
    stack.rotation(version).run("createSecret")
    with pytest.raises(
        problem(stack), match=r"1 tasks of airas-dev-backend are older .* A newer deployment is under way"
    ):
        stack.rotation(version).run("setSecret")
    assert stack.ecs.deployed == []
    deployment["status"] = "PRIMARY"
    with pytest.raises(problem(stack), match="It is being deployed anew now"):
        stack.rotation(version).run("setSecret")
    assert stack.ecs.deployed == ["airas-dev-backend"]
    stack.ecs.deployed.clear()
    deployment["createdAt"] = later
    for step in STEPS[1:]:
        stack.rotation(version).run(step)
    assert stack.ecs.deployed == ["airas-dev-backend"]


def test_the_password_is_in_no_statement(stack: Stack) -> None:
    made = stack.functions("database").verifier("secret")
    assert made.startswith("SCRAM-SHA-256$4096:")
    assert "secret" not in made
    assert "secret" not in repr(stack.url().held_by("a", "secret"))


# pg8000 leaves the socket open when the certificate is refused.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_cannot_prove_who_it_is_gets_no_password(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDS_CA_FILE", str(Path(botocore.__file__).with_name("cacert.pem")))
    with pytest.raises(problem(stack), match="its certificate is not one of RDS's for this name"):
        stack.rotate()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_region_that_the_runtime_does_not_know_is_looked_up_once(
    stack: Stack, instance: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched: list[str] = []

    def fetch(url: str, timeout: float) -> io.BytesIO:
        fetched.append(url)
        return io.BytesIO(Path(instance.ca_file).read_bytes())

    url = stack.url()
    monkeypatch.delenv("RDS_CA_FILE")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setattr("urllib.request.urlopen", fetch)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for _time in range(2):
        stack.functions("database").check_rights(stack.settings, url.user, url.password)
    assert fetched == ["https://truststore.pki.rds.amazonaws.com/ap-northeast-1/ap-northeast-1-bundle.pem"]


@pytest.mark.parametrize("text", ["nonsense", "postgresql://a:b@c/d", "postgresql+psycopg://a@c/d", "http://[c"])
def test_a_value_that_is_no_such_url_is_not_quoted(stack: Stack, text: str) -> None:
    with pytest.raises(problem(stack), match="DATABASE_URL") as raised:
        stack.url(text)
    assert text not in str(raised.value)


@pytest.mark.parametrize("step", ["bootstrap", "createSecret"])
def test_words_of_aws_that_quote_the_url_are_told_by_nobody(
    unprepared: Stack, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    version = ""
    if step != "bootstrap":
        unprepared.bootstrap()
        version = unprepared.start()
    unprepared.secrets.password = PASSWORD

    def refuse(SecretString: str, **_request: Any) -> None:  # noqa: N803
        said = {"Code": "ValidationException", "Message": f"Value '{SecretString}' at 'secretString' is wrong."}
        raise ClientError({"Error": said}, "PutSecretValue")

    monkeypatch.setattr(unprepared.secrets, "put_secret_value", refuse)
    with pytest.raises(problem(unprepared), match="PutSecretValue of url failed: ValidationException") as raised:
        unprepared.rotation(version).run(step) if version else unprepared.bootstrap()
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


def test_a_statement_that_fails_shows_neither_password_nor_verifier(stack: Stack) -> None:
    database, nobody, password = stack.functions("database"), f"{stack.settings.group}_c", PASSWORD
    with (
        database.administration(stack.secrets, stack.settings, "postgres") as server,
        pytest.raises(Exception, match="does not exist") as raised,
    ):
        database.set_password(server, nobody, password)
    shown = "".join(traceback.format_exception(raised.value))
    assert PASSWORD not in shown
    assert "SCRAM-SHA-256" not in shown
