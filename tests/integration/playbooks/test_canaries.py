"""Values of secrets on their way through Ansible and AWS: they arrive, and are seen nowhere.

Each secret of the stack gets a value of its own, made so that any twelve characters of it in a row hold one mark, in
whatever form (JSON, URL, HTML) the rest is written. That mark is searched for in everything that a run leaves behind.
"""

from __future__ import annotations

import base64
import json
import os
import pty
import select
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from emulator.testing import EmulatorServer
from scripts import policy
from tests.unit.test_specification import rendered

from .conftest import ROOT, Playbooks

Boto = Callable[[str], Any]

DEV = ("-i", "inventories/dev")
SET = ("playbooks/set_secrets.yml", *DEV)
PROMPT = b"(nothing to leave it as it is)"
# "~" is in no base64, JSON or URL by itself: what is found is ours.
MARK = "~Qz7K~"
MARKS = {MARK: "as it is", base64.b64encode(MARK.encode()).decode(): "in base64", MARK.encode().hex(): "in hex"}
AWKWARD = "{{ no_template }} \"'\\ %+/&<é😀"
READS_A_VALUE = {"BatchGetSecretValue", "GetSecretValue", "GetParameter", "GetParameters", "GetParametersByPath"}


def variables(store: str) -> list[str]:
    return [secret["name"] for secret in rendered("dev", f"secrets_{store}")]


def canary(variable: str) -> str:
    """The mark in every seven characters, so at each of the three places in base64, and the variable's name between."""
    return "".join(MARK + letter for letter in variable) + AWKWARD


# Every third secret comes by each way.
NAMES = [*variables("secrets_manager"), *variables("parameter_store")]
CANARIES = {name: canary(name) for name in NAMES}
EXPORTED, IN_FILE, TYPED = ({name: CANARIES[name] for name in NAMES[way::3]} for way in range(3))


@pytest.fixture
def watched(playbooks: Playbooks) -> Iterator[list[str]]:
    """The command lines with a mark of all processes that ran meanwhile."""
    seen: list[str] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            lines = map(_command_line, Path("/proc").glob("[0-9]*/cmdline"))
            seen.extend(line for line in lines if any(mark in line for mark in MARKS))

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield seen
    ended.set()
    watcher.join()


def _command_line(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it has ended
        return ""


@pytest.fixture
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs leave files. Its path is short: Ansible puts a socket there, whose path may have 107 characters."""
    return tmp_path_factory.mktemp("left")


@pytest.fixture
def given(playbooks: Playbooks, left: Path, tmp_path: Path) -> list[str]:
    """The arguments by which values come from a vaulted file; others are in the environment of every run."""
    secret = tmp_path / "given"
    secret.mkdir()
    (secret / "password").write_text("password", encoding="utf-8")
    vault = VaultLib([("default", VaultSecret(b"password"))])
    lines = [
        "secrets_values:",
        *(f"  {name}: !unsafe {json.dumps(value, ensure_ascii=False)}" for name, value in IN_FILE.items()),
    ]
    (secret / "vault.yml").write_bytes(vault.encrypt("\n".join(lines)))
    playbooks.env |= {
        **{f"AIRAS_SECRET_{name}": value for name, value in EXPORTED.items()},
        "AIRAS_REPORT": str(left / "reports" / "report.json"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_LOCAL_TEMP": str(left),
        "ANSIBLE_LOG_PATH": str(left / "ansible.log"),
        "ANSIBLE_REMOTE_TEMP": str(left),
        "TMPDIR": str(left),
    }
    return ["-e", f"@{secret / 'vault.yml'}", "--vault-password-file", str(secret / "password"), "-vvv", "--diff"]


def test_they_arrive_and_are_seen_nowhere(
    playbooks: Playbooks, emulator: EmulatorServer, boto: Boto, given: list[str], watched: list[str], left: Path
) -> None:
    started = time.time()
    shown: dict[str, str] = {}

    def run(case: str, status: int, playbook: str, *arguments: str) -> str:
        finished = playbooks.run(playbook, *DEV, *arguments, *given)
        shown[case] = finished.output
        # The report of the next run takes this one's place.
        shown[f"{case}: report"] = "".join(path.read_text() for path in (left / "reports").glob("*"))
        assert finished.status == status, finished.output
        return finished.text

    emulator.set_faults([{"service": "secretsmanager", "operation": "CreateSecret", "error": "access_denied"}])
    assert "secretsmanager:CreateSecret" in run("no container", 2, "site.yml", "--tags", "secrets")
    emulator.set_faults([])
    run("containers", 0, "site.yml", "--tags", "secrets")
    quoting = {"service": "ssm", "operation": "PutParameter", "error": "ValidationException", "times": 1}
    parameter = next(name for name in variables("parameter_store") if name in EXPORTED)
    beginning = f"Value '{CANARIES[parameter][:20]}...' at 'value' failed to satisfy constraint"
    emulator.set_faults([{**quoting, "match": {"Name": place(parameter)}, "message": beginning}])
    text = run("a refusal that quotes", 2, SET[0])
    assert "Failed to call ssm:PutParameter: ValidationException (AWS's words quote the secret" in text
    emulator.set_faults([])
    replaced = next(name for name in variables("secrets_manager") if name in TYPED)
    boto("secretsmanager").put_secret_value(SecretId=place(replaced), SecretString="old")
    asked = json.dumps({"prompt": list(TYPED), "overwrite": replaced})
    shown["written"], status = at_a_terminal(playbooks, TYPED, "-e", asked, *given)
    assert status == 0, shown["written"]
    assert f"{place('DATABASE_URL')}: set, 0 days old" in shown["written"]
    assert ": unset" not in shown["written"]
    assert stored(boto) == CANARIES

    boto("ecr").create_repository(repositoryName="airas-backend")
    emulator.put_image("airas-backend", "v1")
    run("built", 0, "site.yml", "-e", "image_tag=v1")
    run("planned", 0, "site.yml", "--check")
    run("status", 0, "playbooks/status.yml")
    run("outputs", 0, "playbooks/outputs.yml")
    run("audited", 0, "playbooks/audit.yml")
    run("rotated", 2, "playbooks/rotate.yml")  # DATABASE_URL holds no URL

    read = [call["operation"] for call in filter(policy.ours, emulator.calls()) if call["operation"] in READS_A_VALUE]
    assert read == []
    kept = {
        **shown,
        **files(left),
        **files(home(playbooks), started),
        **of_aws(boto),
        "processes": str(watched),
    }
    kept |= {"calls": json.dumps(emulator.calls()), "the emulator's log": emulator.log()}
    assert len(json.dumps(kept)) > 1_000_000
    assert [(where, form) for where, text in kept.items() for mark, form in MARKS.items() if mark in text] == []
    secrets = {item["name"]: item["valueFrom"] for item in container(boto)["secrets"]}
    assert secrets.keys() == set(rendered("dev", "stack_container_secrets"))
    assert all(arn.startswith(("arn:aws:secretsmanager:", "arn:aws:ssm:")) for arn in secrets.values())


def place(variable: str) -> str:
    path = f"airas-dev/{variable.lower().replace('_', '-')}"
    return f"/{path}" if variable in variables("parameter_store") else path


def stored(boto: Boto) -> dict[str, str]:
    def value(name: str) -> str:
        if name in variables("parameter_store"):
            return str(boto("ssm").get_parameter(Name=place(name), WithDecryption=True)["Parameter"]["Value"])
        return str(boto("secretsmanager").get_secret_value(SecretId=place(name))["SecretString"])

    return {name: value(name) for name in NAMES}


def container(boto: Boto) -> dict[str, Any]:
    found = boto("ecs").describe_task_definition(taskDefinition="airas-dev-backend")["taskDefinition"]
    [only] = found["containerDefinitions"]
    return dict(only)


def files(directory: Path, since: float = 0) -> dict[str, str]:
    """The contents of all files below it that were written since."""
    found = [path for path in directory.rglob("*") if path.is_file() and path.stat().st_mtime >= since]
    return {str(path): path.read_bytes().decode(errors="replace") for path in found}


def home(playbooks: Playbooks) -> Path:
    return Path(playbooks.env.get("ANSIBLE_HOME", "~/.ansible")).expanduser()


def of_aws(boto: Boto) -> dict[str, str]:
    """What AWS shows of the stack to those who may not read secrets."""
    logs = boto("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    return {
        "task definition": json.dumps(container(boto)),
        "lease": str(boto("dynamodb").scan(TableName="airas-terraform-lock")),
        "logs": str([logs.filter_log_events(logGroupName=group)["events"] for group in groups]),
        "functions": str(boto("lambda").list_functions()),
        "workflows": str(
            [
                boto("stepfunctions").describe_state_machine(stateMachineArn=machine["stateMachineArn"])
                for machine in boto("stepfunctions").list_state_machines()["stateMachines"]
            ]
        ),
        "containers of secrets": str(boto("secretsmanager").list_secrets()) + str(boto("ssm").describe_parameters()),
    }


def at_a_terminal(playbooks: Playbooks, answers: dict[str, str], *arguments: str) -> tuple[str, int]:
    """What the playbook shows to somebody who types an answer each time it asks, and its exit status."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), *SET, *arguments]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execvpe(command[0], command, playbooks.env)  # noqa: S606
    shown, waiting = b"", list(answers.values())
    while True:
        # What is typed just before the prompt takes the terminal is thrown away: type while it listens, without echo.
        silent = not select.select([terminal], [], [], 0.5)[0]
        if silent:
            listens = not termios.tcgetattr(terminal)[3] & termios.ECHO
            asked = shown.count(PROMPT)
            if listens and asked > len(answers) - len(waiting):
                os.write(terminal, f"{waiting.pop(0)}\r".encode())
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other side has closed the terminal
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
