"""Lambda's Invoke: functions run their real code, synchronously or from a queue with retries."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import unquote

from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services import _lambda_invoke, _lambda_runtime
from emulator.services._lambda_runtime import Throttled

API = "https://docs.aws.amazon.com/lambda/latest/api"

_LARGEST = {"Event": 1_048_576, "RequestResponse": 6_291_456}
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


@patch(LambdaResponse, "invoke", aws=f"{API}/API_Invoke.html")
def invoke(_original: Any, self: Any) -> Any:
    """A function's code runs with the event; its result, or its error with FunctionError, is the answer."""
    name = unquote(self.path.rsplit("/", 2)[-2])
    function = self.backend.get_function(name, self._get_param("Qualifier"))
    kind = self.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    body = self.body if isinstance(self.body, (bytes, str)) else b""
    if len(body) > _LARGEST.get(kind, _LARGEST["RequestResponse"]):
        message = f"Request must be smaller than {_LARGEST[kind]} bytes for the InvokeFunction operation"
        raise AwsError("RequestTooLargeException", message, 413)
    try:
        event = json.loads(body) if body else {}
    except ValueError as error:
        message = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise AwsError("InvalidRequestContentException", message) from error
    if vars(function).get("_emulator_settings", {}).get("State") == "Pending":
        raise AwsError(
            "ResourceConflictException",
            "The operation cannot be performed at this time. The function is currently in the following state: Pending",
            409,
        )
    if kind == "DryRun":
        return 204, {"status": "204"}, ""
    if kind == "Event":
        _lambda_invoke.invoke_later(function, event)
        return 202, {"status": "202"}, ""
    try:
        outcome = _lambda_runtime.run(function, event)
    except Throttled:
        raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429) from None
    headers = {"content-type": "application/json", "X-Amz-Executed-Version": str(function.version)}
    if outcome.error:
        headers["X-Amz-Function-Error"] = "Unhandled"
    if self.headers.get("X-Amz-Log-Type") == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(outcome.log.encode()[-4096:]).decode()
    return 200, headers, outcome.payload


@patch(LambdaFunction, "invoke", aws=f"{API}/API_Invoke.html")
def invoke_asynchronously(
    _original: Any, self: Any, body: str, request_headers: Any, response_headers: Any
) -> str | bytes:
    """What other services send to a function is queued, and tried again twice when the function fails."""
    _lambda_invoke.invoke_later(self, json.loads(body) if body else {})
    return b""
