"""The process: ready line, silence, end, options."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from emulator.testing import ROOT, EmulatorServer

COMMAND = [sys.executable, "-m", "emulator"]
READY = re.compile(r"emulator ready on http://127\.0\.0\.1:(\d+) \(account (\d{12})\)\n")


def _start(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    match = READY.fullmatch(process.stdout.readline())
    assert match
    return int(match[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_ready_line_and_a_prompt_silent_end(number: signal.Signals) -> None:
    process = _start("--port", "0")
    port = _port(process)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/") as page:
        assert page.status == 200
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass


def test_listens_on_loopback_only() -> None:
    with EmulatorServer() as server:
        port = int(server.url.rpartition(":")[2])
        addresses = {
            line.split()[1]
            for table in ("/proc/net/tcp", "/proc/net/tcp6")
            for line in Path(table).read_text().splitlines()[1:]
            if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
        }
    assert addresses == {f"0100007F:{port:04X}"}


def test_ends_with_its_parent() -> None:
    starter = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen({[*COMMAND, '--with-parent']!r}, cwd={str(ROOT)!r}, stdout=subprocess.PIPE, text=True)\n"
        "print(p.stdout.readline().strip(), p.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline().split()[-1])
    os.kill(pid, 0)
    parent.kill()
    parent.communicate()
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the emulator outlived its parent")


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--faults", "[{evry: 5}]", "rule 1: unknown key 'evry'"),
        ("--delays", "{nat_gateway.pendin: 3}", "unknown delay 'nat_gateway.pendin'"),
        ("--world", "{quotas: {ec2/L-0: 3}}", "unknown quota 'ec2/L-0'"),
        ("--faults", "{", "not valid YAML or JSON"),
    ],
)
def test_bad_settings_end_the_start(tmp_path: Path, option: str, text: str, message: str) -> None:
    path = tmp_path / "settings.yml"
    path.write_text(text)
    ran = subprocess.run([*COMMAND, option, str(path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"emulator: {path}: ")
    assert message in ran.stderr


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run([*COMMAND, "--port", str(port)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in ran.stderr
    assert "try --port 0" in ran.stderr


def test_bad_account_id() -> None:
    ran = subprocess.run([*COMMAND, "--account-id", "12"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "an AWS account id has 12 digits, not '12'" in ran.stderr


def test_list_of_extensions() -> None:
    ran = subprocess.run([*COMMAND, "--list-extensions"], cwd=ROOT, capture_output=True, text=True, check=True)
    entries = re.findall(
        r"^(moto\.\S+)  \[(added|changed)\]\n    (.+)\n    (https://docs\.aws\.amazon\.com/\S+)$",
        ran.stdout,
        re.MULTILINE,
    )
    assert len(entries) == len(ran.stdout.splitlines()) / 3
    targets = [target for target, *_ in entries]
    assert "moto.ecs.responses.EC2ContainerServiceResponse.put_account_setting_default" in targets


def test_without_validation() -> None:
    with EmulatorServer("--no-validate") as server:
        server.client("iam").create_user(UserName="a b")


def test_server_as_context_manager() -> None:
    server = EmulatorServer()
    with server:
        assert server.env["AWS_ENDPOINT_URL"] == server.url
        assert server.client("ec2").describe_vpcs()["Vpcs"]
        assert [call["operation"] for call in server.calls()] == ["DescribeVpcs"]
        server.set_faults([{"error": "throttle"}])
        server.reset()
        assert server.calls() == []
        assert server.client("sts").get_caller_identity()["Account"] == server.account_id
        assert server.log() == ""
        log = Path(server._log_file)
    assert not log.exists()
