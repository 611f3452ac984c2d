"""EventBridge: what a rule matches reaches its targets, as they are or transformed; what cannot is kept."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from moto.events.models import EventsBackend, Rule, events_backends

from emulator.extensions import patch
from emulator.services._lambda_invoke import Refused, check_source, invoke_later
from emulator.services._resource_policy import allows

API = "https://docs.aws.amazon.com/eventbridge/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide"

_SERVICE = "events.amazonaws.com"


@patch(Rule, "send_to_targets", aws=f"{GUIDE}/eb-targets.html")
def send_to_targets(original: Any, self: Any, original_event: Any, transform_input: bool = True) -> None:
    """An enabled rule gives a matching event to topics, queues, functions and state machines."""
    if self.state == "DISABLED" or not self.event_pattern.get_pattern():
        return
    if any(_is_archive(target["Arn"]) for target in self.targets):
        original(self, original_event=original_event, transform_input=transform_input)
        return
    event = _as_delivered(original_event)
    if not self.event_pattern.matches_event(event):
        return
    for target in list(self.targets):
        _deliver(self, target, event)


def _is_archive(arn: str) -> bool:
    return arn.split(":")[2] == "events" and not arn.split(":", 5)[5]


def _as_delivered(event: Mapping[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html"""
    told = {key: value for key, value in event.items() if key != "ingestion-time"}
    moment = told.get("time")
    if not isinstance(moment, str):
        seconds = float(moment) if moment is not None else dt.datetime.now(dt.UTC).timestamp()
        told["time"] = f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"version": "0", **told}


def _deliver(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    try:
        _hand_over(rule, target, _input(rule, target, event))
    except Refused as refused:
        _keep(rule, target, event, refused)


def _hand_over(rule: Any, target: Mapping[str, Any], body: str) -> None:
    arn = str(target["Arn"])
    service, region, account_id = arn.split(":")[2:5]
    if service == "sns":
        _publish(arn, region, account_id, body)
    elif service == "sqs":
        _send(rule, arn, body, (target.get("SqsParameters") or {}).get("MessageGroupId"))
    elif service == "lambda":
        function = check_source(arn, _SERVICE, rule.arn, rule.account_id)
        invoke_later(function, json.loads(body))
    elif service == "states":
        _start(arn, region, account_id, body)
    elif service == "logs":
        rule._send_to_cw_log_group(arn.rsplit(":log-group:", maxsplit=1)[-1].removesuffix(":*"), json.loads(body))
    elif service == "events" and ":event-bus/" in arn:
        _put(arn, region, account_id, json.loads(body))
    else:
        raise Refused("RESOURCE_NOT_FOUND", f"The embedded AWS delivers nothing to {arn}.")


def _publish(arn: str, region: str, account_id: str, body: str) -> None:
    """EventBridge names no source to a topic: a condition on one keeps it out.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    """
    from moto.sns.models import sns_backends

    topic = sns_backends[account_id][region].topics.get(arn)
    if topic is None:
        raise Refused("RESOURCE_NOT_FOUND", f"Topic does not exist: {arn}")
    if not allows(json.loads(topic.policy)["Statement"], _SERVICE, "sns:Publish", "", ""):
        raise Refused("NO_PERMISSIONS", f"{_SERVICE} is not authorized to perform: SNS:Publish on resource: {arn}")
    topic.publish(body)


def _send(rule: Any, arn: str, body: str, group_id: str | None) -> None:
    from moto.sqs.models import sqs_backends

    _arn, _aws, _sqs, region, account_id, name = arn.split(":")
    queue = sqs_backends[account_id][region].queues.get(name)
    if queue is None:
        raise Refused("RESOURCE_NOT_FOUND", f"The specified queue does not exist: {arn}")
    statements = json.loads(queue.policy)["Statement"] if queue.policy else []
    if not allows(statements, _SERVICE, "sqs:SendMessage", rule.arn, rule.account_id):
        raise Refused("NO_PERMISSIONS", f"{_SERVICE} is not authorized to perform: sqs:SendMessage on resource: {arn}")
    sqs_backends[account_id][region].send_message(name, body, group_id=group_id)


def _start(arn: str, region: str, account_id: str, body: str) -> None:
    from moto.moto_api._internal import mock_random
    from moto.stepfunctions.models import stepfunctions_backends

    backend = stepfunctions_backends[account_id][region]
    if not any(machine.arn == arn for machine in backend.state_machines):
        raise Refused("RESOURCE_NOT_FOUND", f"State Machine Does Not Exist: {arn}")
    backend.start_execution(arn, str(mock_random.uuid4()), body)


def _put(arn: str, region: str, account_id: str, event: Mapping[str, Any]) -> None:
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event.get("resources", []),
        "EventBusName": arn.rsplit(":event-bus/", maxsplit=1)[-1],
    }
    backend: EventsBackend = events_backends[account_id][region]
    backend.put_events([entry])


def _keep(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], refused: Refused) -> None:
    """What cannot be delivered goes to the target's dead-letter queue.

    A target that is not there, or lets nobody in, is not tried again.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    from moto.sqs.models import sqs_backends

    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return
    _arn, _aws, _sqs, region, account_id, name = arn.split(":")
    queue = sqs_backends[account_id][region].queues.get(name)
    statements = json.loads(queue.policy)["Statement"] if queue is not None and queue.policy else []
    if not allows(statements, _SERVICE, "sqs:SendMessage", rule.arn, rule.account_id):
        return
    told = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": str(target["Arn"]),
        "ERROR_CODE": refused.code,
        "ERROR_MESSAGE": str(refused),
    }
    attributes = {key: {"DataType": "String", "StringValue": value} for key, value in told.items()}
    sqs_backends[account_id][region].send_message(name, json.dumps(event), message_attributes=attributes)


# -- what a target gets ----------------------------------------------------------------------------------------------


def _input(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(_at(target["InputPath"], event))
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values = {name: _at(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event["time"],
    }
    template = str(transformer["InputTemplate"])
    return _filled(template, values)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Inside quotation marks a value is text; outside it is JSON."""
    written, quoted, last = "", False, 0
    for match in re.finditer(r'\\.|"|<([^<>\s]+)>', template):
        name = match[1]
        if match[0] == '"':
            quoted = not quoted
        if name is None or name not in values:
            continue
        value = values[name]
        text = value if isinstance(value, str) else json.dumps(value) if value is not None else ""
        written += template[last : match.start()]
        written += json.dumps(text)[1:-1] if quoted else json.dumps(value)
        last = match.end()
    return written + template[last:]


def _at(path: str, event: Mapping[str, Any]) -> Any:
    """What a JSON path such as `$.detail.containers[0].name` leads to."""
    found: Any = event
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path.removeprefix("$")):
        if name and isinstance(found, Mapping):
            found = found.get(name)
        elif index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        else:
            return None
    return found
