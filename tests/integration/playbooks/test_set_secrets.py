"""Values of secrets on their way through Ansible: they arrive, and are seen nowhere."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Playbooks = Any
Boto = Callable[[str], Any]

ROOT = Path(__file__).parents[3]
SET = ("playbooks/set_secrets.yml", "-i", "inventories/dev")
# Each comes by another way; what they have in common is searched for.
CANARY = "canary-5d1c9e"
FROM_ENVIRONMENT, TYPED = (f"{CANARY}-{way} {{{{ not a template }}}} \"'" for way in ("environment", "typed"))
FROM_FILE = f"{CANARY}-file \"'"


@pytest.fixture
def stack(playbooks: Playbooks) -> Playbooks:
    made = playbooks.run("site.yml", "-i", "inventories/dev", "--tags", "secrets")
    assert made.status == 0, made.output
    return playbooks


def values_file(directory: Path, **values: str) -> str:
    path = directory / "values.json"
    path.write_text(json.dumps({"secrets_values": values}), encoding="utf-8")
    return f"@{path}"


def traces(directory: Path) -> str:
    """All that a run left behind: its reports, and whatever Ansible kept."""
    kept = [path for path in directory.rglob("*") if path.is_file() and path.name != "values.json"]
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in kept)


def test_values_arrive_and_are_seen_nowhere(stack: Playbooks, boto: Boto, tmp_path: Path) -> None:
    stack.env |= {
        "AIRAS_SECRET_OPENAI_API_KEY": FROM_ENVIRONMENT,
        "ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"),
        "ANSIBLE_CALLBACKS_ENABLED": "airas.platform.plan_report",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
    }
    given = values_file(tmp_path, GEMINI_API_KEY=FROM_FILE, WANDB_API_KEY=FROM_FILE)
    written = stack.run(*SET, "-e", given, "-vvv", "--diff")
    assert written.status == 0, written.output
    assert "airas-dev/openai-api-key: set, 0 days old" in written.output
    assert "airas-dev/anthropic-api-key: unset" in written.output
    manager = boto("secretsmanager")
    assert manager.get_secret_value(SecretId="airas-dev/openai-api-key")["SecretString"] == FROM_ENVIRONMENT
    assert manager.get_secret_value(SecretId="airas-dev/gemini-api-key")["SecretString"] == FROM_FILE
    stored = boto("ssm").get_parameter(Name="/airas-dev/wandb-api-key", WithDecryption=True)["Parameter"]
    assert stored["Value"] == FROM_FILE

    again = stack.run(*SET, "-e", given, "-vvv", "--diff")
    assert again.status == 0
    assert "changed=0" in again.output
    assert "was not written, because there is one" in again.output
    assert "secret_value/airas-dev/openai-api-key" in written.output
    assert CANARY not in written.output + again.output
    assert CANARY not in traces(tmp_path)


def test_a_failure_shows_no_value_either(stack: Playbooks, emulator: Any, tmp_path: Path) -> None:
    given = values_file(tmp_path, GEMINI_API_KEY=FROM_FILE)
    emulator.set_faults(
        [{"service": "secretsmanager", "operation": "PutSecretValue", "error": "UnauthorizedOperation"}]
    )
    refused = stack.run(*SET, "-e", given, "-vvv")
    assert refused.status != 0
    assert "secretsmanager:PutSecretValue" in refused.output
    unknown = stack.run(*SET, "-e", values_file(tmp_path, GEMINI_KEY=FROM_FILE), "-vvv")
    assert "has no secret GEMINI_KEY" in unknown.text
    assert CANARY not in refused.output + unknown.output + traces(tmp_path)


def test_a_value_can_be_typed_and_replaced(stack: Playbooks, boto: Boto, tmp_path: Path) -> None:
    boto("secretsmanager").put_secret_value(SecretId="airas-dev/openai-api-key", SecretString="old")
    output, status = at_a_terminal(
        stack, f"{TYPED}\r", "-e", "prompt=OPENAI_API_KEY", "-e", "overwrite=OPENAI_API_KEY", "-vvv"
    )
    assert status == 0, output
    assert boto("secretsmanager").get_secret_value(SecretId="airas-dev/openai-api-key")["SecretString"] == TYPED
    assert CANARY not in output + traces(tmp_path)


def at_a_terminal(stack: Playbooks, answer: str, *arguments: str) -> tuple[str, int]:
    """What the playbook shows to somebody who types the answer when it asks, and its exit status."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), *SET, *arguments]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execvpe(command[0], command, stack.env)  # noqa: S606
    shown = b""
    while True:
        # What is typed just before the prompt takes the terminal is thrown away: type while it listens, without echo.
        silent = not select.select([terminal], [], [], 1)[0]
        if silent:
            listens = not termios.tcgetattr(terminal)[3] & termios.ECHO
            if listens and b"(nothing to leave it as it is)" in shown:
                os.write(terminal, answer.encode())
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
