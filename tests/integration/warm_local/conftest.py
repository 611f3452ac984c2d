from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from tests.processes import eventually

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BIN = Path(sys.executable).parent

WARM = "EXECUTED IN THE WARM PROCESS"
ASIDE = "WARM LOCAL STEPS ASIDE: "


def processes(mark: str) -> list[int]:
    """Those that have `mark` in an argument."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and mark.encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:  # it has just ended
            continue
    return found


@dataclass(frozen=True)
class Run:
    """An ended ansible-playbook: its exit status, what it said at -vvv, and the results of its tasks."""

    status: int
    output: str
    records: Sequence[Mapping[str, Any]]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [record["result"] for record in self.records]

    def result(self, task: str) -> dict[str, Any]:
        """Of the one task of this name."""
        (found,) = [record["result"] for record in self.records if record["task"] == task]
        return found

    def said(self, task: str) -> str:
        """What -vvv had to say about it."""
        (found,) = [part for part in self.output.split("\nTASK [")[1:] if part.startswith(f"{task}]")]
        return found

    @property
    def warm(self) -> int:
        """How many modules ran in the warm process."""
        return self.output.count(WARM)

    @property
    def aside(self) -> list[str]:
        """Why the connection stepped aside, each reason once."""
        lines = (line.partition(ASIDE)[2] for line in self.output.splitlines() if ASIDE in line)
        return list(dict.fromkeys(lines))


class Ansible:
    """ansible-playbook with a home directory of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.work = home / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("LANG", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
        self.env = {
            **kept,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "ANSIBLE_ASYNC_DIR": str(home / "async"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_BECOME_PLUGINS": str(HERE / "become_plugins"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_LIBRARY": str(HERE / "library"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "RECORD_PATH": str(home / "record"),
        }

    def command(
        self, tasks: object, *arguments: str, hosts: int = 1, connection: str = "airas.platform.warm_local"
    ) -> list[str]:
        """`tasks`: YAML text, or what becomes it. The variable `work` is a directory for them."""
        text = tasks if isinstance(tasks, str) else json.dumps(tasks)
        play = f"- hosts: all\n  gather_facts: false\n  tasks:\n{_indented(text)}"
        (self.home / "play.yml").write_text(play)
        variables = {
            "ansible_connection": connection,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "work": str(self.work),
        }
        inventory = {"all": {"hosts": {f"host{number}": variables for number in range(hosts)}}}
        (self.home / "hosts.json").write_text(json.dumps(inventory))
        return [str(BIN / "ansible-playbook"), "-vvv", "-i", str(self.home / "hosts.json"), *arguments, "play.yml"]

    def run(self, tasks: object, *arguments: str, hosts: int = 1, **settings: str) -> Run:
        """Run `tasks`; `settings` are added to the environment, `connection` excepted."""
        connection = settings.pop("connection", "airas.platform.warm_local")
        command = self.command(tasks, *arguments, hosts=hosts, connection=connection)
        ended = subprocess.run(
            command,
            cwd=self.home,
            env={**self.env, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        record = self.home / "record"
        records = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
        record.unlink(missing_ok=True)
        return Run(ended.returncode, ended.stdout, records)

    def left(self) -> list[str]:
        """What a run leaves: processes that know of this home, and files of Ansible's in it."""
        files = [str(path) for path in (self.home / ".ansible" / "tmp").glob("ansible-*")]
        return [*map(str, processes(str(self.home))), *files]


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.strip("\n").splitlines())


@pytest.fixture
def ansible(tmp_path: Path) -> Iterator[Ansible]:
    """Whatever a test does, no run of it leaves anything."""
    ansible = Ansible(tmp_path / "home")
    yield ansible
    assert eventually(lambda: not ansible.left()), ansible.left()


@pytest.fixture(scope="session")
def aws(emulator_server: EmulatorServer) -> dict[str, str]:
    """The environment in which AWS clients find the session's embedded AWS."""
    return {**emulator_server.aws_env, "PYTHONPATH": emulator_server.env["PYTHONPATH"]}
