"""The protection sidecar as it runs in a task: a process beside an agent and an application, over real HTTP."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SCRIPT = (Path(__file__).parents[3] / "sidecars" / "task_protection" / "protect.py").read_text(encoding="utf-8")
GRANTED = {"protection": {"ProtectionEnabled": True, "ExpirationDate": "2026-11-26T12:00:00Z", "TaskArn": "arn"}}
PATIENCE_S = 10


class Task:
    """What surrounds the sidecar: what the application answers, and what the agent is told and answers."""

    def __init__(self) -> None:
        self.jobs: Any = {"running": 0}
        self.asked = threading.Semaphore(0)
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: list[tuple[int, Any]] = []
        self.hangs = False
        self.over = threading.Event()
        task = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                task.asked.release()
                jobs = task.jobs
                self._answer(503 if jobs is None else 200, jobs)

            def do_PUT(self) -> None:
                assert self.path == "/agent/task-protection/v1/state"
                if task.hangs:
                    task.over.wait(PATIENCE_S)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = task.answers.pop(0) if task.answers else (200, GRANTED)
                self._answer(status, answer)
                task.told.put(body)

            def _answer(self, status: int, document: Any) -> None:
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self) -> dict[str, Any]:
        return self.told.get(timeout=PATIENCE_S)

    def polls(self, number: int) -> None:
        """Returns when the sidecar has asked so many times from now on."""
        while self.asked.acquire(blocking=False):
            pass
        for _poll in range(number):
            assert self.asked.acquire(timeout=PATIENCE_S)


@pytest.fixture
def task() -> Iterator[Task]:
    made = Task()
    yield made
    made.over.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def start(task: Task) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def run(script: str = SCRIPT, **environment: str) -> subprocess.Popen[str]:
        settings = {
            "ECS_AGENT_URI": f"{task.url}/agent",
            "PROTECT_JOBS_URL": f"{task.url}/jobs",
            "PROTECT_INTERVAL_S": "0.02",
            **environment,
        }
        env = {**{key: value for key, value in os.environ.items() if "proxy" not in key.lower()}, **settings}
        process = subprocess.Popen([sys.executable, "-c", script], env=env, text=True, stdout=subprocess.PIPE)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    output, _errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, output


def test_protects_while_jobs_run(task: Task, start: Any) -> None:
    process = start(PROTECT_EXPIRES_MINUTES="90")
    assert task.next() == {"ProtectionEnabled": False}, "what an earlier sidecar left is not known"
    task.jobs = {"running": 2}
    assert task.next() == {"ProtectionEnabled": True, "ExpiresInMinutes": 90}
    task.jobs = []
    assert task.next() == {"ProtectionEnabled": False}
    task.polls(5)
    assert task.told.empty(), "nothing is told that is known"
    status, output = ended(process)
    assert status == 0
    assert task.next() == {"ProtectionEnabled": False}
    assert "protected for 90 minutes: 2 running" in output


def test_a_grant_is_renewed_before_it_expires(task: Task, start: Any) -> None:
    task.jobs = ["a"]
    impatient = SCRIPT.replace("RENEW_AFTER = 0.25", "RENEW_AFTER = 0.001")  # of one minute: 60 ms
    start(impatient, PROTECT_EXPIRES_MINUTES="1")
    assert [task.next() for _grant in range(3)] == [{"ProtectionEnabled": True, "ExpiresInMinutes": 1}] * 3


def test_survives_the_agents_errors(task: Task, start: Any) -> None:
    task.jobs = {"running": 1}
    refused = {"failure": {"Arn": "arn", "Reason": "DEPLOYMENT_BLOCKED"}}
    task.answers = [(500, {"error": {"Code": "ServerException"}}), (200, refused), (200, {"error": {"Code": "x"}})]
    process = start()
    assert [task.next()["ProtectionEnabled"] for _try in range(4)] == [True] * 4
    task.polls(3)
    assert task.told.empty()
    _status, output = ended(process)
    assert "DEPLOYMENT_BLOCKED" in output
    assert "answers 500" in output


def test_an_application_that_does_not_answer_keeps_its_protection(task: Task, start: Any) -> None:
    task.jobs = {"running": 1}
    process = start()
    assert task.next()["ProtectionEnabled"]
    for silence in (None, {"jobs": 3}, {"running": True}, {"running": -1}):
        task.jobs = silence
        task.polls(3)
    assert task.told.empty()
    _status, output = ended(process)
    assert 'instead of {"running": <number>}' in output
    assert output.count("answers 503") == 1, "each problem is said once"


def test_ends_at_once_when_the_agent_hangs(task: Task, start: Any) -> None:
    task.jobs = {"running": 1}
    process = start(PROTECT_INTERVAL_S="3600")
    assert task.next()["ProtectionEnabled"]
    task.hangs = True
    began = time.monotonic()
    status, output = ended(process)
    assert (status, "not released" in output) == (0, True)
    assert time.monotonic() - began < 5, "it waits for the agent for a second, and for its next question not at all"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PROTECT_EXPIRES_MINUTES": "2881"}, "PROTECT_EXPIRES_MINUTES is 2881, and ECS grants 1 to 2880"),
        ({"PROTECT_INTERVAL_S": "often"}, "could not convert"),
    ],
)
def test_settings_that_make_no_sense(start: Any, environment: dict[str, str], message: str) -> None:
    process = start(**environment)
    output, _errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert message in output
