"""The one door: each request becomes a call, is delayed, refused, validated, served by moto, and logged."""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import sys
import threading
import time
import traceback
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from botocore import xform_name
from flask import Flask
from moto.core.request import Request
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from emulator import calls, delays, extensions, hooks, protocol, validation
from emulator.faults import DROP_AFTER, REFUSE, Fault, Faults
from emulator.live import ConfigurationError, LiveFile
from emulator.protocol import Answer, AwsError, Operation

StartResponse = Callable[..., Any]

ATOMIC_SERVICES = frozenset({"accessanalyzer", "dynamodb", "ec2", "elbv2", "guardduty", "iam", "securityhub", "ssm"})
"""Served one call at a time, as AWS's conditional writes and quotas are atomic and moto's are not.

Only services whose calls never call back into the emulator (as Lambda, SNS and rotation do) may stand here.
"""

_BACKEND = "MOTO_BACKEND"
_SIGNATURE = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/")


@dataclass
class Call:
    """One API call on its way through the gateway."""

    request: Request
    operation: Operation | None = None
    params: dict[str, Any] = field(default_factory=dict)
    service: str | None = None
    fault: Fault | None = None
    readable: bool = True
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def signature(self, part: str) -> str | None:
        """`key`, `region` or `service` of the request's signature; None for an unsigned request."""
        match = _SIGNATURE.search(self.request.headers.get("Authorization", ""))
        return match[part] if match else None


class LostAnswer(Exception):
    """The call was done, and its answer is to be lost on the way."""


class Gateway:
    """WSGI application in front of moto's."""

    def __init__(self, faults: LiveFile[Faults], call_log: calls.CallLog | None, validate: bool) -> None:
        self._faults = faults
        self._call_log = call_log
        self._validate = validate
        self._dispatcher = DomainDispatcherApplication(_create_app)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = _read_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        if environ.get("PATH_INFO", "").startswith("/moto-api"):
            return self._moto_page(environ, start_response)
        try:
            answer = self._serve(environ, body)
        except LostAnswer:
            _hang_up(environ)
        start_response(f"{answer.status} {_reason(answer.status)}", list(answer.headers.items()))
        return [answer.body]

    def _moto_page(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/moto-api/reset" and environ["REQUEST_METHOD"] == "POST":
            hooks.run_reset_hooks()
        application: Iterable[bytes] = self._dispatcher(environ, start_response)
        return application

    def _serve(self, environ: dict[str, Any], body: bytes) -> Answer:
        started = time.time()
        clock = time.perf_counter()
        call = Call(Request(environ))
        try:
            application = self._identify(call, environ, body)
            if call.service is None:
                return _moto(application, environ, body)
            answer = self._answer(call, application, environ, body)
        except ConfigurationError as error:
            print(f"emulator: {error}", file=sys.stderr, flush=True)
            answer = _error(call, "EmulatorConfiguration", str(error), 400)
        except NotImplementedError as error:
            answer = _error(call, "EmulatorNotImplemented", _not_implemented(call, error), 501)
        except AwsError as error:
            answer = _error(call, error.code, error.message, error.status)
        except LostAnswer:
            self._log(call, started, clock, None)
            raise
        except Exception as error:  # noqa: BLE001 - whatever moto raises, the client gets an AWS answer
            traceback.print_exc(file=sys.stderr)
            answer = _error(call, "InternalFailure", f"the emulator failed: {type(error).__name__}: {error}", 500)
        self._log(call, started, clock, answer)
        return answer

    def _identify(self, call: Call, environ: dict[str, Any], body: bytes) -> Flask | None:
        """Fill in what is asked of which service; returns moto's application for it, if it has one."""
        application: Flask | None = None
        call.service = protocol.botocore_service(call.signature("service"), call.request)
        # A service that moto lacks: the call is still identified, validated and logged, and served here or refused.
        if call.service not in extensions.ADDED_SERVICES:
            with contextlib.suppress(NotImplementedError):
                application = self._dispatcher.get_application(environ)
                call.service = protocol.botocore_service(application.config[_BACKEND], call.request)
        environ["wsgi.input"] = io.BytesIO(body)
        if call.service is None:
            return application
        call.operation = protocol.identify(call.service, call.request)
        if call.operation is not None:
            try:
                call.params = protocol.parameters(call.operation, call.request)
            except protocol.UnreadableRequest:
                call.readable = False
        return application

    def _answer(self, call: Call, application: Flask | None, environ: dict[str, Any], body: bytes) -> Answer:
        delays.advance()
        operation = call.operation
        if operation is None:
            return self._moto_in_turn(call, application, environ, body)
        call.fault = self._faults.value().pick(operation.service, operation.protocol, operation.name, call.params)
        if call.fault:
            time.sleep(call.fault.delay_ms / 1000)
            if call.fault.action == REFUSE:
                return _fault_answer(call, call.fault)
        if self._validate:
            error = _validation_error(call, operation)
            if error is not None:
                return protocol.error_answer(operation.model.service_model, operation, error, 400, call.request_id)
        answer = self._moto_in_turn(call, application, environ, body)
        if call.fault and call.fault.action == DROP_AFTER:
            if call.fault.code is None:
                raise LostAnswer
            return _fault_answer(call, call.fault)
        return answer

    def _moto_in_turn(self, call: Call, application: Flask | None, environ: dict[str, Any], body: bytes) -> Answer:
        if call.service not in ATOMIC_SERVICES:
            return _own(call) or _moto(application, environ, body)
        with self._locks[call.service]:
            return _own(call) or _moto(application, environ, body)

    def _log(self, call: Call, started: float, clock: float, answer: Answer | None) -> None:
        if self._call_log is None:
            return
        operation = call.operation
        shape = operation.model.input_shape if operation else None
        self._call_log.write(
            {
                "time": started,
                "service": call.service,
                "operation": operation.name if operation else None,
                "params": calls.loggable(call.params, shape),
                "region": call.signature("region"),
                "access_key": call.signature("key"),
                "user_agent": call.request.headers.get("User-Agent"),
                "status": answer.status if answer else None,
                "error": calls.error_code(answer.status, answer.headers, answer.body) if answer else None,
                "duration_ms": round((time.perf_counter() - clock) * 1000, 2),
                "injected": call.fault.label if call.fault else None,
            }
        )


def _create_app(service: Any) -> Flask:
    if service is None:
        raise NotImplementedError("moto has no such service")
    app = create_backend_app(service)
    # Exceptions reach the gateway, which answers in the service's form; Flask would answer with an HTML page.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.config[_BACKEND] = service
    return app


def _own(call: Call) -> Answer | None:
    """The answer of an extension that serves the operation in moto's place, if there is one."""
    operation = call.operation
    served = extensions.SERVED.get((operation.service, xform_name(operation.name))) if operation else None
    if operation is None or served is None:
        return None
    place = extensions.Place(os.environ["MOTO_ACCOUNT_ID"], call.signature("region") or "")
    return protocol.answer(operation, served(place, call.params) or {}, call.request_id)


def _moto(application: Flask | None, environ: dict[str, Any], body: bytes) -> Answer:
    if application is None:
        raise NotImplementedError("moto has no such service")
    environ["wsgi.input"] = io.BytesIO(body)
    chunks, status, headers = run_wsgi_app(application, environ, buffered=True)
    return Answer(int(status.split(" ", 1)[0]), dict(headers), b"".join(chunks))


def _validation_error(call: Call, operation: Operation) -> AwsError | None:
    if not call.readable:
        return validation.malformed(operation)
    return validation.refusal(operation, call.request, call.params)


def _fault_answer(call: Call, fault: Fault) -> Answer:
    return _error(call, fault.code or "InternalError", fault.message or "", fault.status or 500)


def _error(call: Call, code: str, message: str, status: int) -> Answer:
    if call.service is None:
        return Answer(status, {"Content-Type": "text/plain"}, f"{code}: {message}\n".encode())
    model = get_service_model(call.service)
    return protocol.error_answer(model, call.operation, AwsError(code, message), status, call.request_id)


def _not_implemented(call: Call, error: NotImplementedError) -> str:
    name = f"{call.service}:{call.operation.name}" if call.operation else call.service or "this service"
    return f"the embedded AWS does not serve {name}: {error}. emulator/README.md says how to add it."


def _read_body(environ: Mapping[str, Any]) -> bytes:
    """The whole body; werkzeug decodes Transfer-Encoding: chunked and marks the stream as ending by itself."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    length = environ.get("CONTENT_LENGTH")
    return bytes(stream.read(int(length))) if length else b""


def _hang_up(environ: Mapping[str, Any]) -> None:
    """Close the client's connection without an answer."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("answer lost on purpose")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
