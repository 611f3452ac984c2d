"""Execution environments: processes in which the code of functions runs, kept warm between invocations.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.utils import utcnow

from emulator import hooks
from emulator.postgresql import CA_VARIABLE

RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""

_BOOTSTRAP = Path(__file__).with_name("_lambda_bootstrap.py")
_INIT_S = 60
"""AWS allows ten seconds; a machine that runs tests may be slower than AWS."""
_AT_ONCE = 16
_KEPT_WARM = 2


class Throttled(Exception):
    """The function's reserved concurrency is in use."""


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to: `payload` is JSON, `error` says that the function failed, `log` is its output."""

    payload: bytes
    error: bool
    log: str
    request_id: str


class _Died(Exception):
    """The process ended or did not answer in time."""


class Environment:
    """One process with the handler loaded, which serves one invocation at a time."""

    def __init__(self, key: Any, function: Any, code: Path) -> None:
        self.key = key
        self.stream_name = f"{utcnow():%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        self._read = 0
        ours, theirs = socket.socketpair()
        self._socket, self._received = ours, b""
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", str(_BOOTSTRAP), str(theirs.fileno())],
                cwd=code,
                env=_variables(function, code, self.stream_name),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
            )
        with contextlib.suppress(_Died):  # the invocation tells it
            self._answer(_INIT_S)

    def invoke(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The bootstrap's answer; raises _Died when the process ends, TimeoutError when it takes too long."""
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise _Died from error
        answer = self._answer(request["timeout"])
        self._answer(_INIT_S)
        return answer

    def output(self) -> str:
        """What it wrote since the last look."""
        descriptor = self._output.fileno()  # shares its position with the process, which must not be moved
        written = os.pread(descriptor, os.fstat(descriptor).st_size - self._read, self._read)
        self._read += len(written)
        return written.decode("utf-8", "replace")

    def end(self) -> int:
        """Its exit status."""
        self._socket.close()
        self._process.kill()
        status = self._process.wait()
        self._output.close()
        return status

    def status(self) -> int:
        """The exit status of a process that has ended by itself."""
        return self._process.wait()

    def _answer(self, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while b"\n" not in self._received:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            received = self._receive()
            if not received:
                raise _Died
            self._received += received
        line, _newline, self._received = self._received.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except TimeoutError:
            raise
        except OSError as error:
            raise _Died from error


def _variables(function: Any, code: Path, stream: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['MOTO_PORT']}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # Managed runtimes trust the authorities of RDS; here one file stands for them.
        # https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html#rds-connection-certificates
        **{key: os.environ[key] for key in (CA_VARIABLE,) if key in os.environ},
        **{key: str(value) for key, value in (function.environment_vars or {}).items()},
        "_HANDLER": str(function.handler),
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(function),
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "LAMBDA_TASK_ROOT": str(code),
        "LAMBDA_RUNTIME_DIR": str(_BOOTSTRAP.parent),
    }


def log_group(function: Any) -> str:
    logging = vars(function).get("_emulator_settings", {}).get("LoggingConfig") or {}
    return str(logging.get("LogGroup") or f"/aws/lambda/{function.function_name}")


class _Pool:
    """Every environment there is, and how many invocations of each function run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._running: Counter[str] = Counter()

    @contextlib.contextmanager
    def turn(self, function: Any) -> Iterator[None]:
        """One of the function's concurrent executions."""
        arn = function.function_arn
        with self._lock:
            if function.reserved_concurrency is not None and self._running[arn] >= int(function.reserved_concurrency):
                raise Throttled
            self._running[arn] += 1
        try:
            with self._slots:
                yield
        finally:
            with self._lock:
                self._running[arn] -= 1

    def take(self, function: Any) -> Environment:
        """A warm environment of the function as it is now, or a new one."""
        variables = json.dumps(function.environment_vars or {}, sort_keys=True)
        configuration = (function.handler, function.run_time, function.memory_size, variables, log_group(function))
        key = (function.function_arn, function.code_sha_256, configuration)
        with self._lock:
            warm = [each for each in self._idle if each.key == key]
            outdated = [each for each in self._idle if each.key[0] == function.function_arn and each.key != key]
            self._idle = [each for each in self._idle if each not in outdated]
            if warm:
                self._idle.remove(warm[-1])
                self._busy.add(warm[-1])
            code = self._unpacked(function)
        for each in outdated:
            each.end()
        if warm:
            return warm[-1]
        environment = Environment(key, function, code)
        with self._lock:
            self._busy.add(environment)
        return environment

    def give_back(self, environment: Environment) -> None:
        with self._lock:
            known = environment in self._busy
            self._busy.discard(environment)
            warm = sum(each.key == environment.key for each in self._idle)
            if known and warm < _KEPT_WARM:
                self._idle.append(environment)
                return
        if known:
            environment.end()

    def drop(self, environment: Environment) -> None:
        with self._lock:
            known = environment in self._busy
            self._busy.discard(environment)
        if known:
            environment.end()

    def empty(self) -> None:
        with self._lock:
            found = [*self._idle, *self._busy]
            self._idle, self._busy = [], set()
            directory, self._directory = self._directory, None
        for each in found:
            each.end()
        if directory is not None:
            directory.cleanup()

    def _unpacked(self, function: Any) -> Path:
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="emulator-lambda-")
        code = Path(self._directory.name, function.code_digest)
        if not code.exists():
            with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
                archive.extractall(code)
        return code


_pool = _Pool()
hooks.on_reset(_pool.empty)


def run(function: Any, event: Any, request_id: str | None = None) -> Outcome:
    """Invoke the function once; raises Throttled when its reserved concurrency is in use."""
    request_id = request_id or str(uuid.uuid4())
    with _pool.turn(function):
        environment = _pool.take(function)
        return _invoke(function, environment, event, request_id)


def _invoke(function: Any, environment: Environment, event: Any, request_id: str) -> Outcome:
    began = time.monotonic()
    request = {
        "event": event,
        "request_id": request_id,
        "arn": function.function_arn,
        "timeout": float(function.timeout),
    }
    ended = ""
    try:
        answer = environment.invoke(request)
    except TimeoutError:
        ended = f"Task timed out after {function.timeout:.2f} seconds"
        answer = {"error": True, "payload": _failure("Sandbox.Timedout", f"RequestId: {request_id} Error: {ended}")}
    except _Died:
        status = environment.status()
        ended = "Runtime exited with error: " + (f"exit status {status}" if status >= 0 else f"signal: {-status}")
        if status == 0:
            ended = "Runtime exited without providing a reason"
        answer = {"error": True, "payload": _failure("Runtime.ExitError", f"RequestId: {request_id} Error: {ended}")}
    milliseconds = (time.monotonic() - began) * 1000
    lines = [
        f"START RequestId: {request_id} Version: {function.version}",
        *environment.output().splitlines(),
        *([f"{request_id} {ended}"] if ended else []),
        f"END RequestId: {request_id}",
        "\t".join(
            [
                f"REPORT RequestId: {request_id}",
                f"Duration: {milliseconds:.2f} ms",
                f"Billed Duration: {int(milliseconds) + 1} ms",
                f"Memory Size: {function.memory_size} MB",
                f"Max Memory Used: {function.memory_size} MB",
            ]
        ),
    ]
    _write_log(function, environment.stream_name, lines)
    if ended:
        _pool.drop(environment)
    else:
        _pool.give_back(environment)
    return Outcome(answer["payload"].encode(), bool(answer["error"]), "\n".join(lines) + "\n", request_id)


def _failure(kind: str, message: str) -> str:
    return json.dumps({"errorType": kind, "errorMessage": message})


def _write_log(function: Any, stream: str, lines: list[str]) -> None:
    group = log_group(function)
    backend = function.logs_backend
    backend.ensure_log_group(group)
    if stream not in backend.groups[group].streams:
        backend.create_log_stream(group, stream)
    now = int(time.time() * 1000)
    backend.put_log_events(group, stream, [{"timestamp": now, "message": line} for line in lines])
