from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.plugin_utils._warm import client
from ansible_collections.airas.platform.plugins.plugin_utils._warm.command import parse
from ansible_collections.airas.platform.plugins.plugin_utils._warm.protocol import Request

ROOT = Path(__file__).resolve().parents[5]
ROOTS = (str(ROOT / "collections"), *(entry for entry in sys.path if Path(entry, "ansible_collections").is_dir()))
COMMAND = f"/bin/sh -c '{sys.executable} && sleep 0'"


def processes(directory: Path) -> list[int]:
    """The warm process and its children, by the directory that they have been given."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and str(directory).encode() in (process / "cmdline").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:  # it has just ended
            continue
    return found


@pytest.fixture(scope="session", autouse=True)
def buffers() -> Iterator[None]:
    """Python's own buffering, whatever whoever runs the tests prefers: part of the tests is about it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONUNBUFFERED", raising=False)
        yield


class Builder:
    """Payloads of modules whose `body` runs with `module` at hand, and has to end by itself."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("payloads.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, body: str, imports: str = "", module_utils: str | None = None, **arguments: Any) -> bytes:
        options = {name: {"type": "raw"} for name in arguments}
        source = (
            "#!/usr/bin/python\nimport os, sys, time\nfrom ansible.module_utils.basic import AnsibleModule\n"
            f"{imports}\nmodule = AnsibleModule({options!r})\n{body}\n"
        )
        name = f"tried_{hashlib.sha256(source.encode()).hexdigest()[:16]}"  # by which Ansible keeps what it has built
        path = self._directory / f"{name}.py"
        path.write_text(source)
        arguments["_ansible_remote_tmp"] = str(self._directory)
        wanted = {"name": name, "path": str(path), "arguments": arguments, "module_utils": module_utils}
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        return base64.b64decode(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    builder = Builder(tmp_path_factory.mktemp("modules"))
    yield builder
    builder.close()


class Warm:
    """A warm process of its own, for a controller that is nothing but a process."""

    def __init__(self, directory: Path) -> None:
        self.controller = subprocess.Popen(["sleep", "600"])
        self.run = client.Run(self.controller.pid, directory)

    def start(self) -> None:
        client.start(self.run, ROOTS, None)

    @property
    def environment(self) -> dict[str, str]:
        """Of its workers: no AWS to be found."""
        return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def request(self, payload: bytes, **assignments: str) -> Request:
        probe = parse(COMMAND).probe
        return Request(sys.executable, self.environment, assignments, "/bin/sh", probe, 0o022, payload)

    def execute(self, payload: bytes, **assignments: str) -> client.Outcome:
        return client.execute(self.run, self.request(payload, **assignments), None)

    @property
    def pid(self) -> int:
        """Of the warm process itself: the one that is nobody's fork."""
        found = processes(self.run.directory)
        return next(pid for pid in found if _parent(pid) not in found)

    def end(self) -> None:
        self.controller.kill()
        self.controller.wait()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """One for the tests that leave it as it was."""
    warm = Warm(tmp_path_factory.mktemp("warm") / "run")
    warm.start()
    yield warm
    warm.end()


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Warm]:
    """One for a test that breaks it."""
    warm = Warm(tmp_path / "run")
    yield warm
    warm.end()
    for pid in processes(warm.run.directory):
        os.kill(pid, signal.SIGKILL)
