"""The program of an execution environment: loads a handler and calls it for each invocation that comes in.

    python _lambda_bootstrap.py DESCRIPTOR

It speaks JSON lines on the socket DESCRIPTOR, and answers in the form of Lambda's Python runtime:
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback
from typing import Any


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id: str = request["request_id"]
        self.invoked_function_arn: str = request["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = self.identity = None
        self._deadline = time.monotonic() + request["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        return max(int((self._deadline - time.monotonic()) * 1000), 0)


class LogHandler(logging.Handler):
    """https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html"""

    request_id = ""

    def emit(self, record: logging.LogRecord) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + "".join(traceback.format_exception(*record.exc_info))
        print(
            f"[{record.levelname}]\t{moment}.{int(record.msecs):03d}Z\t{self.request_id}\t{text.rstrip()}", flush=True
        )


def failure(error: BaseException, trace: list[str]) -> dict[str, Any]:
    told = {"errorMessage": str(error), "errorType": type(error).__name__}
    return {**told, "requestId": LogHandler.request_id, "stackTrace": trace}


def load(handler: str) -> Any:
    """The function that `handler` names, or the answer to every invocation."""
    module_name, _dot, function_name = handler.rpartition(".")

    def refusal(kind: str, message: str, trace: list[str] | None = None) -> dict[str, Any]:
        return {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": trace or []}

    if not module_name:
        return refusal("Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        return refusal("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        return refusal("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}")
    except Exception as error:  # noqa: BLE001 - whatever the module raises is the answer
        return refusal(type(error).__name__, str(error), _trace(error))
    function = getattr(module, function_name, None)
    if function is None:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        return refusal("Runtime.HandlerNotFound", message)
    return function


def _trace(error: BaseException) -> list[str]:
    """The frames of the function's own code."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return traceback.format_list(traceback.StackSummary.from_list(frames))


def invoke(function: Any, request: dict[str, Any]) -> dict[str, Any]:
    LogHandler.request_id = request["request_id"]
    if isinstance(function, dict):
        print(f"[ERROR] {function['errorType']}: {function['errorMessage']}", flush=True)
        return {"error": True, "payload": json.dumps(function)}
    try:
        result = function(request["event"], Context(request))
    except Exception as error:  # noqa: BLE001 - whatever the handler raises is the answer
        trace = _trace(error)
        print(f"[ERROR] {type(error).__name__}: {error}\nTraceback (most recent call last):\n{''.join(trace)}")
        return {"error": True, "payload": json.dumps(failure(error, trace))}
    try:
        return {"error": False, "payload": json.dumps(result, ensure_ascii=False)}
    except (TypeError, ValueError) as error:
        told = {"errorMessage": f"Unable to marshal response: {error}", "errorType": "Runtime.MarshalError"}
        return {"error": True, "payload": json.dumps({**told, "requestId": LogHandler.request_id, "stackTrace": []})}


def main(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rwb") as stream:
        sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
        logging.getLogger().addHandler(LogHandler())
        function = load(os.environ["_HANDLER"])
        answers: list[dict[str, Any]] = [{}]  # that it is ready
        while True:
            sys.stdout.flush()
            sys.stderr.flush()
            stream.write(b"".join(json.dumps(answer).encode() + b"\n" for answer in answers))
            stream.flush()
            line = stream.readline()
            if not line:
                return
            answers = [invoke(function, json.loads(line)), {}]


if __name__ == "__main__":
    main(int(sys.argv[1]))
