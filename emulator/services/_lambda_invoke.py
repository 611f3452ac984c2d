"""How other services reach functions: the resource policy, and the queue of asynchronous invocations."""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.utils import utcnow

from emulator import delays
from emulator.services import _background, _lambda_runtime
from emulator.services._background import Account
from emulator.services._lambda_runtime import Outcome, Throttled
from emulator.services._resource_policy import allows

RETRY = delays.declare("lambda.async_retry", "The most that a failed asynchronous invocation waits to be tried again")
THROTTLED = delays.declare("lambda.throttled", "The most that a throttled invocation waits to be tried again", 0.05)

_BETWEEN_ATTEMPTS = (60.0, 120.0)
"""https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""


class Refused(Exception):
    """The function is not there, or its policy does not let the caller in; `code` as the delivery's log has it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def function_of(arn: str) -> Any:
    """The function, version or alias that an ARN names; None where there is none."""
    from moto.awslambda.exceptions import GenericResourcNotFound, LambdaClientError

    _arn, _aws, _lambda, region, account_id, *_rest = arn.split(":")
    try:
        return lambda_backends[account_id][region].get_function(arn)
    except (LambdaClientError, GenericResourcNotFound, KeyError):
        return None


def check_source(arn: str, service: str, source_arn: str, source_account: str) -> Any:
    """The function, if its resource policy lets `service` invoke it on behalf of `source_arn`; raises Refused.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
    """
    function = function_of(arn)
    if function is None:
        raise Refused("RESOURCE_NOT_FOUND", f"Function not found: {arn}")
    if not allows(function.policy.statements, service, "lambda:InvokeFunction", source_arn, source_account):
        raise Refused(
            "NO_PERMISSIONS",
            f"User: {service} is not authorized to perform: lambda:InvokeFunction on resource: {arn} because no "
            "resource-based policy allows the lambda:InvokeFunction action",
        )
    return function


def invoke_later(function: Any, event: Any) -> str:
    """Accept an asynchronous invocation; returns its request id."""
    request_id = str(uuid.uuid4())
    _background.begin(f"invoke-{request_id}", lambda account: _invoke(account, function, event, request_id))
    return request_id


def _invoke(account: Account, function: Any, event: Any, request_id: str) -> None:
    config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
    attempts = 1 + int(config.get("MaximumRetryAttempts", len(_BETWEEN_ATTEMPTS)))
    outcome: Outcome | None = None
    condition, made = "RetriesExhausted", 0
    while made < attempts:
        account.check()
        if function.reserved_concurrency is not None and int(function.reserved_concurrency) == 0:
            condition, made = "ZeroReservedConcurrency", attempts
            break
        try:
            outcome = _lambda_runtime.run(function, event, request_id)
        except Throttled:
            account.pause(THROTTLED, 300)
            continue
        account.check()
        made += 1
        if not outcome.error:
            _tell_destination(account, function, "OnSuccess", "Success", event, outcome, made)
            return
        if made < attempts:
            account.pause(RETRY, _BETWEEN_ATTEMPTS[made - 1])
    _tell_destination(account, function, "OnFailure", condition, event, outcome, made)
    _to_dead_letters(function, event, request_id, outcome)


def _tell_destination(
    account: Account, function: Any, kind: str, condition: str, event: Any, outcome: Outcome | None, made: int
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    account.check()
    config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
    target = ((config.get("DestinationConfig") or {}).get(kind) or {}).get("Destination")
    if not target:
        return
    record = {
        "version": "1.0",
        "timestamp": f"{utcnow():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "requestContext": {
            "requestId": outcome.request_id if outcome else "",
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": made,
        },
        "requestPayload": event,
    }
    if outcome is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            **({"functionError": "Unhandled"} if outcome.error else {}),
        }
        record["responsePayload"] = json.loads(outcome.payload)
    _send(function, target, json.dumps(record), {})


def _to_dead_letters(function: Any, event: Any, request_id: str, outcome: Outcome | None) -> None:
    target = (vars(function).get("_emulator_settings", {}).get("DeadLetterConfig") or {}).get("TargetArn")
    if not target:
        return
    message = json.loads(outcome.payload).get("errorMessage", "") if outcome else "Rate Exceeded."
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200" if outcome else "429"},
        "ErrorMessage": {"DataType": "String", "StringValue": str(message)[:1024] or "-"},
    }
    _send(function, target, json.dumps(event), attributes)


def _send(function: Any, target: str, body: str, attributes: dict[str, Any]) -> None:
    """With the function's role, so that the target's own policy need not name Lambda."""
    service, region, account_id = target.split(":")[2:5]
    if service == "sqs":
        from moto.sqs.models import sqs_backends

        queues = sqs_backends[account_id][region]
        name = target.rsplit(":", maxsplit=1)[-1]
        if name in queues.queues:
            queues.send_message(name, body, message_attributes=attributes)
    elif service == "sns":
        from moto.sns.models import sns_backends

        topics = sns_backends[account_id][region]
        if target in topics.topics:
            topics.publish(body, arn=target)
    elif service == "lambda":
        destination = function_of(target)
        if destination is not None:
            invoke_later(destination, json.loads(body))
