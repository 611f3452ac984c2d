"""Command lines are taken apart only where nothing in them is left to the shell."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible.plugins.loader import get_shell_plugin

from ansible_collections.airas.platform.plugins.plugin_utils._warm.command import NotServed, parse

PYTHON = "/opt/venv/bin/python"
SUFFIXES = pytest.mark.parametrize("suffix", ["", " && sleep 0"])


def by_ansible(environment: dict[str, str], interpreter: str, suffix: str) -> str:
    """As ActionBase puts a module's command line together."""
    shell = get_shell_plugin(shell_type="sh", executable="/bin/sh")
    script = shell.build_module_command(shell.env_prefix(**environment), f"#!{interpreter}", "").strip() + suffix
    return f"/bin/sh -c {shell.quote(script)}"


@SUFFIXES
@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"A": "1"},
        {"A": "", "B_2": "two words", "_C": 'it\'s "quoted"', "D": "$HOME `id` \\ * ~", "E": "a=b\nc", "F": "ü"},
        {"AWS_SECRET_ACCESS_KEY": "a/b+c=="},
    ],
)
def test_what_ansible_writes(environment: dict[str, str], suffix: str) -> None:
    command = parse(by_ansible(environment, PYTHON, suffix))
    assert command.interpreter == PYTHON
    assert command.assignments == environment
    assert command.running("cat") == by_ansible({}, "cat", suffix)


@SUFFIXES
def test_an_interpreter_with_a_space(suffix: str) -> None:
    assert parse(by_ansible({}, "/opt/my venv/python", suffix)).interpreter == "/opt/my venv/python"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "/bin/sh",
        "/bin/sh -c ''",
        "/bin/sh -c 'unclosed",
        "/bin/sh -x /opt/venv/bin/python",
        "/bin/sh -c 'echo ~root && sleep 0'",
        "/bin/sh -c '( umask 77 && mkdir -p /tmp/x )'",
        "/bin/sh -c 'A=$HOME /opt/venv/bin/python'",
        "/bin/sh -c 'A=`id` /opt/venv/bin/python && sleep 0'",
        "/bin/sh -c 'A=1; /opt/venv/bin/python'",
        "/bin/sh -c 'A=1 A=2 /opt/venv/bin/python'",
        "/bin/sh -c '1A=1 /opt/venv/bin/python'",
        "/bin/sh -c 'cd /tmp && /opt/venv/bin/python'",
        "/bin/sh -c '/opt/venv/bin/python /var/tmp/.ansible/tmp/x/AnsiballZ_ping.py && sleep 0'",
        "sudo -u nobody /bin/sh -c /opt/venv/bin/python",
    ],
)
def test_anything_else(command: str) -> None:
    with pytest.raises(NotServed, match="no module's command line"):
        parse(command)


@pytest.mark.parametrize("name", ["PWD", "IFS", "BASH_ENV", "_"])
def test_variables_of_the_shell(name: str) -> None:
    with pytest.raises(NotServed, match=f"sets {name}"):
        parse(by_ansible({name: "x"}, PYTHON, ""))


@SUFFIXES
@pytest.mark.parametrize("signal", [9, 15])
def test_a_killed_interpreter_is_reported_as_the_shells_report_it(suffix: str, signal: int) -> None:
    command = by_ansible({"SECRET": "x"}, sys.executable, suffix)
    program = f"import os; os.kill(os.getpid(), {signal})".encode()
    real = subprocess.run(  # noqa: S602
        command, shell=True, executable="/bin/sh", input=program, capture_output=True, check=False
    )
    assert parse(command).killed("/bin/sh", signal) == (real.returncode, real.stderr)
    assert real.returncode in (-signal, 128 + signal)
