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


def _listening_on(port: int) -> set[str]:
    """Local addresses on which something listens on `port`, as the kernel writes them."""
    lines = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]
    ]
    return {line[1] for line in lines if line[1].endswith(f":{port:04X}") and line[3] == "0A"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_ready_line_on_loopback_only_and_a_silent_end(number: signal.Signals) -> None:
    process = _start("--port", "0")
    port = _port(process)
    assert _listening_on(port) == {f"0100007F:{port:04X}"}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/") as page:
        assert page.status == 200
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")
    assert _listening_on(port) == set()


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


def test_bad_settings_end_the_start(tmp_path: Path) -> None:
    path = tmp_path / "settings.yml"
    path.write_text("{nat_gateway.pendin: 3}", encoding="utf-8")
    command = [*COMMAND, "--delays", str(path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"emulator: {path}: unknown delay 'nat_gateway.pendin'; known: ")


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
        r"^(\S+)  \[(added|changed)\]\n    (.+)\n    (https://docs\.aws\.amazon\.com/\S+)$",
        ran.stdout,
        re.MULTILINE,
    )
    delays = re.findall(r"^(\S+)  \[delay, [\d.]+ s unless set\]\n    .+$", ran.stdout, re.MULTILINE)
    quotas = re.findall(r"^(\S+)  \[quota, \d+ unless set\]\n    .+$", ran.stdout, re.MULTILINE)
    assert len(ran.stdout.splitlines()) == 3 * len(entries) + 2 * len(delays) + 2 * len(quotas)
    assert "nat_gateway.pending" in delays
    assert quotas == ["ec2/L-0263D0A3", "lambda/L-B99A9384"]
    targets = [target for target, *_ in entries]
    assert "moto.ecs.responses.EC2ContainerServiceResponse.put_account_setting_default" in targets


def test_another_account_without_validation() -> None:
    with EmulatorServer("--no-validate", account_id="123456789012") as server:
        assert server.client("sts").get_caller_identity()["Account"] == "123456789012"
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
