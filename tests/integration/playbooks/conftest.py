"""Runs playbooks as a person would, in a process of their own, against the embedded AWS."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from scripts import policy

ROOT = Path(__file__).parents[3]
_READS = ("BatchGet", "Check", "Describe", "Filter", "Get", "List", "Head")


@dataclass(frozen=True)
class Run:
    """How a playbook ended: its exit status and all that it printed, line breaks of its log folded away."""

    status: int
    output: str

    @property
    def text(self) -> str:
        return " ".join(self.output.split())


class Playbooks:
    """Starts ``ansible-playbook`` in the checkout; ``env`` is what the runs find in their environment."""

    def __init__(self, emulator: EmulatorServer, directory: Path) -> None:
        self.env = {
            **emulator.env,
            "AIRAS_AUDIT_REPORT": str(directory / "audit.json"),
            "AIRAS_REPORT": str(directory / "report.json"),
            "ANSIBLE_LOCAL_TEMP": str(directory),
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "500",
        }
        self._started: list[subprocess.Popen[str]] = []

    def start(self, playbook: str, *arguments: str) -> subprocess.Popen[str]:
        command = [str(Path(sys.executable).with_name("ansible-playbook")), playbook, *arguments]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that a test can kill a run with all its processes
        )
        self._started.append(process)
        return process

    def run(self, playbook: str, *arguments: str) -> Run:
        return self.finish(self.start(playbook, *arguments))

    @staticmethod
    def finish(process: subprocess.Popen[str]) -> Run:
        output, _errors = process.communicate(timeout=900)
        return Run(process.returncode, output)

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


@pytest.fixture
def playbooks(emulator: EmulatorServer, tmp_path: Path) -> Iterator[Playbooks]:
    started = Playbooks(emulator, tmp_path)
    yield started
    started.end()
    calls = emulator.calls()
    # After a change of modules: make policy; after one of what they are about: make policy ARGS=record.
    assert policy.denied(calls) == [], "docs/policies does not let its holder do what the playbooks do"
    assert policy.faults(calls) == []


@pytest.fixture
def boto(emulator: EmulatorServer) -> Callable[[str], Any]:
    """``boto("ec2")``: a client of the emptied emulator."""
    return emulator.client


@pytest.fixture
def writes(emulator: EmulatorServer) -> Callable[[], list[str]]:
    """The calls since the last reset that would have changed something, refused ones too."""

    def read() -> list[str]:
        called = [call for call in emulator.calls() if not call["operation"].startswith(_READS)]
        return [f"{call['service']}:{call['operation']}" for call in called]

    return read


@pytest.fixture
def network_of_prod(boto: Callable[[str], Any]) -> Callable[..., None]:
    """Makes the network of prod as far as what stands in it looks at it, with the security groups named."""

    def make(*groups: str) -> None:
        ec2 = boto("ec2")

        def tagged(kind: str, name: str) -> list[dict[str, Any]]:
            return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]

        vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16", TagSpecifications=tagged("vpc", "airas-prod"))["Vpc"]["VpcId"]
        for number, zone in enumerate(("1a", "1c")):
            ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"10.2.{number}.0/24",
                AvailabilityZone=f"ap-northeast-{zone}",
                TagSpecifications=tagged("subnet", f"airas-prod-private-{zone}"),
            )
        for group in groups:
            ec2.create_security_group(VpcId=vpc, GroupName=f"airas-prod-{group}", Description=group)

    return make
