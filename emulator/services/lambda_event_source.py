"""Lambda's event source mappings: batches of a queue are given to a function, and deleted if it worked."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import EventSourceMapping, LambdaBackend
from moto.awslambda.responses import LambdaResponse
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import sqs_backends

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services import _background, _lambda_runtime
from emulator.services._background import Account
from emulator.services._lambda_invoke import THROTTLED, function_of
from emulator.services._lambda_runtime import Outcome, Throttled
from emulator.services.lambda_function import invalid, role_allows

API = "https://docs.aws.amazon.com/lambda/latest/api"
GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"

CREATING = delays.declare("lambda_event_source.creating", "CreateEventSourceMapping until the mapping is Enabled")
UPDATING = delays.declare("lambda_event_source.updating", "A mapping is changed until the change is in use")
DELETING = delays.declare("lambda_event_source.deleting", "DeleteEventSourceMapping until the mapping is gone")
WINDOW = delays.declare("lambda_event_source.window", "The most that a mapping waits for a batch to fill")
RETRY = delays.declare("lambda_event_source.retry", "The most that a message of a failed batch stays invisible")

_LOOK_S = 0.2
_PAGE = 10


@patch(LambdaBackend, "create_event_source_mapping", aws=f"{API}/API_CreateEventSourceMapping.html")
def create_event_source_mapping(original: Any, self: Any, spec: dict[str, Any]) -> Any:
    """A queue is polled for a function once both are fit for it."""
    source = str(spec.get("EventSourceArn"))
    if source.split(":")[2] != "sqs":
        return original(self, spec=spec)
    function = self.get_function(spec["FunctionName"])
    _check(self, function, source, spec)
    if any(
        mapping.event_source_arn == source and mapping.function_arn == function.function_arn
        for mapping in self._event_source_mappings.values()
    ):
        raise AwsError(
            "ResourceConflictException",
            f'The event source arn (" {source} ") and function (" {function.function_name} ") provided mapping already '
            "exists. Please update or delete the existing mapping with UUID ...",
            409,
        )
    told = {"RegionName": self.region_name, "AccountId": self.account_id, "FunctionArn": function.function_arn}
    mapping = EventSourceMapping({**spec, **told})
    self._event_source_mappings[mapping.uuid] = mapping
    _pass_through(mapping, "Creating", CREATING)
    _background.begin(f"poll-{mapping.uuid}", lambda account: _poll(account, self, mapping))
    return mapping


def _check(backend: Any, function: Any, source: str, spec: Mapping[str, Any]) -> None:
    queues = sqs_backends[source.split(":")[4]][source.split(":")[3]].queues
    queue = queues.get(source.rsplit(":", maxsplit=1)[-1])
    if queue is None:
        raise invalid(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
            "Message: The specified queue does not exist."
        )
    for call in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        if not role_allows(backend, function.role, f"sqs:{call}"):
            raise invalid(f"The provided execution role does not have permissions to call {call} on SQS")
    if int(queue.visibility_timeout) < int(function.timeout):
        raise invalid(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function timeout: "
            f"{function.timeout} seconds"
        )
    size, window = int(spec.get("BatchSize") or _PAGE), int(spec.get("MaximumBatchingWindowInSeconds") or 0)
    if size > _PAGE and window < 1:
        raise invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")


def _pass_through(mapping: Any, state: str, key: str) -> None:
    vars(mapping)["_emulator_state"] = state
    delays.schedule(key, lambda: vars(mapping).pop("_emulator_state", None))


@patch(EventSourceMapping, "get_configuration", aws=f"{API}/API_EventSourceMappingConfiguration.html")
def get_configuration(original: Any, self: Any) -> dict[str, Any]:
    """A mapping tells what it is doing."""
    answer: dict[str, Any] = original(self)
    answer.setdefault("MaximumBatchingWindowInSeconds", 0)
    answer.setdefault("FunctionResponseTypes", [])
    answer["State"] = vars(self).get("_emulator_state") or answer["State"]
    answer["StateTransitionReason"] = "USER_INITIATED"
    return answer


@patch(LambdaBackend, "update_event_source_mapping", aws=f"{API}/API_UpdateEventSourceMapping.html")
def update_event_source_mapping(original: Any, self: Any, uuid: str, spec: dict[str, Any]) -> Any:
    """A mapping is changed one update at a time."""
    mapping = self.get_event_source_mapping(uuid)
    if mapping is None:
        raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    _refuse_in_use(mapping)
    original(self, uuid=uuid, spec=spec)
    _pass_through(mapping, "Updating", UPDATING)
    return mapping


def _refuse_in_use(mapping: Any) -> None:
    if vars(mapping).get("_emulator_state"):
        message = "Cannot update the event source mapping because it is in use."
        raise AwsError("ResourceInUseException", message, 400)


@patch(LambdaBackend, "delete_event_source_mapping", aws=f"{API}/API_DeleteEventSourceMapping.html")
def delete_event_source_mapping(_original: Any, self: Any, uuid: str) -> Any:
    """A mapping is Deleting until it is gone."""
    mapping = self.get_event_source_mapping(uuid)
    if mapping is None:
        raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    _refuse_in_use(mapping)
    vars(mapping)["_emulator_state"] = "Deleting"
    delays.schedule(DELETING, lambda: self._event_source_mappings.pop(uuid, None))
    return mapping


@patch(LambdaResponse, "delete_event_source_mapping", aws=f"{API}/API_DeleteEventSourceMapping.html")
def answer_delete(_original: Any, self: Any) -> Any:
    """The answer shows the mapping as it goes."""
    mapping = self.backend.delete_event_source_mapping(self.path.split("/")[-1])
    return 202, {"status": 202}, json.dumps(mapping.get_configuration())


@patch(LambdaBackend, "list_event_source_mappings", aws=f"{API}/API_ListEventSourceMappings.html")
def list_event_source_mappings(
    _original: Any, self: Any, event_source_arn: str | None, function_name: str | None
) -> list[Any]:
    """A function's mappings are found by its name and by its ARN."""
    name = function_name.split(":function:")[-1].split(":")[0] if function_name else None
    return [
        mapping
        for mapping in self._event_source_mappings.values()
        if event_source_arn in (None, mapping.event_source_arn)
        and name in (None, mapping.function_arn.split(":function:")[-1].split(":")[0])
    ]


# -- polling ---------------------------------------------------------------------------------------------------------


def _poll(account: Account, backend: Any, mapping: Any) -> None:
    _arn, _aws, _sqs, region, account_id, name = mapping.event_source_arn.split(":")
    queues = sqs_backends[account_id][region]
    while mapping.uuid in backend._event_source_mappings:
        account.check()
        queue, state = queues.queues.get(name), vars(mapping).get("_emulator_state")
        if queue is None or not mapping.enabled or state in ("Creating", "Deleting"):
            account.emptied.wait(_LOOK_S / 4)
            continue
        queue.wait_for_messages(_LOOK_S)
        batch = _gather(account, queues, name, queue, mapping)
        if batch:
            _give(account, queues, name, queue, mapping, batch)


def _gather(account: Account, queues: Any, name: str, queue: Any, mapping: Any) -> list[Any]:
    """A batch is complete when it is full, or when the window that its first message opened is over."""
    batch: list[Any] = []
    window = min(float(mapping.max_batch_window or 0), delays.seconds(WINDOW))
    closes = None
    while len(batch) < mapping.batch_size:
        account.check()
        wanted = min(_PAGE, mapping.batch_size - len(batch))
        received = queues.receive_message(name, wanted, 0, int(queue.visibility_timeout))
        batch += received
        if received and closes is None:
            closes = time.monotonic() + window
        if not received:
            if closes is None or time.monotonic() >= closes:
                return batch
            queue.wait_for_messages(min(_LOOK_S, max(closes - time.monotonic(), 0.01)))
    return batch


def _give(account: Account, queues: Any, name: str, queue: Any, mapping: Any, batch: list[Any]) -> None:
    event = {"Records": [_record(message, mapping.event_source_arn, queues.region_name) for message in batch]}
    outcome: Outcome | None = None
    while outcome is None:
        account.check()
        function = function_of(mapping.function_arn)
        if function is None:
            break
        try:
            outcome = _lambda_runtime.run(function, event)
        except Throttled:
            account.pause(THROTTLED, 1)
    account.check()
    failed = _failed(outcome, mapping, [message.id for message in batch])
    for message in batch:
        with contextlib.suppress(ReceiptHandleIsInvalid):
            if message.id in failed:
                visible = min(int(queue.visibility_timeout), int(delays.seconds(RETRY)))
                queues.change_message_visibility(name, message.receipt_handle, visible)
            else:
                queue.delete_message(message.receipt_handle)


def _failed(outcome: Outcome | None, mapping: Any, ids: list[str]) -> set[str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"""
    if outcome is None or outcome.error:
        return set(ids)
    if "ReportBatchItemFailures" not in (mapping.function_response_types or []):
        return set()
    answer = json.loads(outcome.payload)
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not failures:
        return set()
    told = {str(failure.get("itemIdentifier")) if isinstance(failure, dict) else "" for failure in failures}
    unknown = told - set(ids)
    return set(ids) if unknown else told


def _record(message: Any, source: str, region: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": str(message.sender_id),
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": {
            key: {
                "stringValue": value.get("StringValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value.get("DataType"),
            }
            for key, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": region,
    }
