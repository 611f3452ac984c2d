"""Step Functions: executions run, and call the emulator's services as the state machine says."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
import time
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.stepfunctions.models import Execution, StateMachine, StepFunctionBackend
from moto.stepfunctions.responses import StepFunctionResponse

from emulator import delays, hooks
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services import _states_language as language
from emulator.services._states_language import StateError, Stopped

API = "https://docs.aws.amazon.com/step-functions/latest/apireference"
GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"

_PAUSES = {
    "retry": delays.declare("execution.retry", "The most that a Retry of a state machine waits"),
    "wait": delays.declare("execution.wait", "The most that a Wait state waits"),
}
_LOOK = 0.1
"""Seconds between two looks at a task that is under way."""

_running: dict[str, Runner] = {}


@hooks.on_reset
def _abandon() -> None:
    for runner in list(_running.values()):
        runner.abandoned = True
        runner.stopped.set()
    _running.clear()


class Runner:
    """The thread of one execution, and what its states do outside (`_states_language.World`)."""

    def __init__(self, execution: Any, definition: str, role: str) -> None:
        self.execution = execution
        self.definition = definition
        self.role = role
        self.stopped = threading.Event()
        self.abandoned = False
        self.events: list[dict[str, Any]] = []
        vars(execution)["_emulator_events"] = self.events

    def begin(self) -> None:
        execution = self.execution
        started = {"input": execution.execution_input, "roleArn": self.role}
        self.tell("ExecutionStarted", executionStartedEventDetails=started)
        _running[execution.execution_arn] = self
        threading.Thread(target=self._run, name=execution.name, daemon=True).start()

    def _run(self) -> None:
        execution = self.execution
        context = {
            "Execution": {
                "Id": execution.execution_arn,
                "Name": execution.name,
                "Input": json.loads(execution.execution_input),
                "RoleArn": self.role,
                "StartTime": execution.start_date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            "StateMachine": {"Id": execution.state_machine_arn, "Name": execution.state_machine_arn.split(":")[6]},
        }
        try:
            output = language.run(self.definition, json.loads(execution.execution_input), context, self)
        except Stopped:
            return
        except StateError as failure:
            timed_out = failure.error == "States.Timeout"
            details = {"error": failure.error, "cause": failure.cause}
            if timed_out:
                self.tell("ExecutionTimedOut", executionTimedOutEventDetails=details)
            else:
                self.tell("ExecutionFailed", executionFailedEventDetails=details)
            self._end("TIMED_OUT" if timed_out else "FAILED", failure.error, failure.cause)
        except Exception as failure:  # noqa: BLE001 - a definition that nobody foresaw fails its execution
            self._end("FAILED", "States.Runtime", f"{type(failure).__name__}: {failure}")
        else:
            self.tell("ExecutionSucceeded", executionSucceededEventDetails={"output": json.dumps(output)})
            execution.output = json.dumps(output)
            self._end("SUCCEEDED")

    def _end(self, status: str, error: str | None = None, cause: str | None = None) -> None:
        execution = self.execution
        _running.pop(execution.execution_arn, None)
        if execution.status == "RUNNING":
            execution.stop_date = utcnow()
            execution.error, execution.cause = error or None, cause or None
            execution.status = status

    # --- the world of the language ---

    def tell(self, kind: str, **details: Any) -> None:
        number = len(self.events) + 1
        event = {"timestamp": utcnow(), "type": kind, "id": number, "previousEventId": number - 1}
        self.events.append({**event, **details})

    def pause(self, kind: str, seconds: float) -> None:
        if self.stopped.wait(min(seconds, delays.seconds(_PAUSES[kind]))):
            raise Stopped

    def task(self, resource: str, parameters: Any, deadline: float) -> Any:
        if self.stopped.is_set():
            raise Stopped
        *_, service, action = resource.split(":")
        action, _, pattern = action.partition(".")
        about = {"resourceType": service, "resource": f"{action}.{pattern}" if pattern else action}
        scheduled = {**about, "region": self.execution.region_name, "parameters": json.dumps(parameters)}
        self.tell("TaskScheduled", taskScheduledEventDetails=scheduled)
        self.tell("TaskStarted", taskStartedEventDetails=about)
        try:
            result = self._done(resource, (service, action, pattern), about, parameters, deadline)
        except StateError as failure:
            details = {**about, "error": failure.error, "cause": failure.cause}
            if failure.error == "States.Timeout":
                self.tell("TaskTimedOut", taskTimedOutEventDetails=details)
            else:
                self.tell("TaskFailed", taskFailedEventDetails=details)
            raise
        self.tell("TaskSucceeded", taskSucceededEventDetails={**about, "output": json.dumps(result)})
        return result

    def _done(
        self, resource: str, asked: tuple[str, str, str], about: Mapping[str, str], parameters: Any, deadline: float
    ) -> Any:
        if asked == ("ecs", "runTask", "sync"):
            return self._run_task(about, parameters, deadline)
        service, action, pattern = asked
        if pattern or not resource.startswith("arn:aws:states:::"):
            raise StateError("States.Runtime", f"The embedded AWS does not run tasks of {resource}.")
        return self._call(service, action, parameters)

    def _run_task(self, about: Mapping[str, str], parameters: Any, deadline: float) -> Any:
        """https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html"""
        answer = self._call("ecs", "runTask", {"StartedBy": "AWS Step Functions", **parameters})
        self.tell("TaskSubmitted", taskSubmittedEventDetails={**about, "output": json.dumps(answer)})
        if not answer.get("Tasks"):
            raise StateError("ECS.AmazonECSException", json.dumps(answer.get("Failures")))
        task = answer["Tasks"][0]
        place = {"Cluster": task["ClusterArn"]}
        while True:
            task = self._call("ecs", "describeTasks", {**place, "Tasks": [task["TaskArn"]]})["Tasks"][0]
            if task["LastStatus"] == "STOPPED":
                break
            late = time.monotonic() >= deadline
            if late or self.stopped.wait(_LOOK):
                if not self.abandoned:
                    reason = "Timed out" if late else "Execution stopped"
                    self._call("ecs", "stopTask", {**place, "Task": task["TaskArn"], "Reason": reason})
                raise StateError("States.Timeout") if late else Stopped()
        codes = [container.get("ExitCode") for container in task["Containers"]]
        if task.get("StopCode") == "TaskFailedToStart" or any(code != 0 for code in codes):
            raise StateError("States.TaskFailed", json.dumps(task))
        return task

    def _call(self, service: str, action: str, parameters: Any) -> Any:
        import boto3

        client = boto3.client(
            service,
            region_name=self.execution.region_name,
            endpoint_url=f"http://127.0.0.1:{os.environ['MOTO_PORT']}",
        )
        name = action[0].upper() + action[1:]
        try:
            shape = client.meta.service_model.operation_model(name).input_shape
            answer = getattr(client, xform_name(name))(**_request(shape, parameters))
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            about = f"{message} (Service: {service}; Status Code: 400; Error Code: {code})"
            raise StateError(f"{_PREFIXES.get(service, service.capitalize())}.{code}", about) from error
        except (BotoCoreError, AttributeError, KeyError) as error:
            raise StateError("States.Runtime", f"{service}:{action}: {error}") from error
        answer.pop("ResponseMetadata", None)
        return _answer(answer)


_PREFIXES = {"ecs": "ECS", "sns": "SNS", "sqs": "SQS"}


def _request(shape: Any, value: Any) -> Any:
    """Parameters as Step Functions spells them, in the API's own spelling; documents become text where text goes."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = {member.lower(): (member, inner) for member, inner in shape.members.items()}
        found = {}
        for key, given in value.items():
            if key.lower() not in members:
                raise StateError("States.Runtime", f"The field '{key}' is not supported by Step Functions")
            member, inner = members[key.lower()]
            found[member] = _request(inner, given)
        return found
    if shape.type_name == "list" and isinstance(value, list):
        return [_request(shape.member, entry) for entry in value]
    if shape.type_name in ("string", "blob") and isinstance(value, (Mapping, list)):
        return json.dumps(value)
    return value


def _answer(value: Any) -> Any:
    """An answer as Step Functions tells it: names with a capital, times as milliseconds."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _answer(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_answer(entry) for entry in value]
    if isinstance(value, dt.datetime):
        return int(value.timestamp() * 1000)
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


# --- state machines ---------------------------------------------------------------------------------------------------


def _check(definition: str) -> None:
    found = language.problems(definition)
    if found:
        raise AwsError("InvalidDefinition", f"Invalid State Machine Definition: '{', '.join(found)}'")


@patch(StepFunctionBackend, "create_state_machine", aws=f"{API}/API_CreateStateMachine.html")
def create_state_machine(original: Any, self: Any, name: str, definition: str, roleArn: str, **others: Any) -> Any:  # noqa: N803
    """A definition must be valid, and a name is taken unless everything is the same."""
    _check(definition)
    known = next((machine for machine in self.state_machines if machine.name == name), None)
    if known is not None:
        kept = (known.definition, known.type, known.loggingConfiguration, known.tracingConfiguration)
        asked = (
            definition,
            others.get("sm_type") or "STANDARD",
            others.get("loggingConfiguration") or {"level": "OFF"},
            others.get("tracingConfiguration") or {"enabled": False},
        )
        if kept != asked:
            raise AwsError("StateMachineAlreadyExists", f"State Machine Already Exists: '{known.arn}'")
    return original(self, name=name, definition=definition, roleArn=roleArn, **others)


@patch(StepFunctionBackend, "update_state_machine", aws=f"{API}/API_UpdateStateMachine.html")
def update_state_machine(original: Any, self: Any, arn: str, definition: str | None = None, **others: Any) -> Any:
    """A new definition must be valid."""
    if definition is not None:
        _check(definition)
    return original(self, arn=arn, definition=definition, **others)


@patch(StepFunctionBackend, "delete_state_machine", aws=f"{API}/API_DeleteStateMachine.html")
def delete_state_machine(original: Any, self: Any, arn: str) -> None:
    """Executions under way are stopped, and the tags go with the machine."""
    for machine in self.state_machines:
        if machine.arn == arn:
            for execution in machine.executions:
                execution.stop()
    self.tagger.delete_all_tags_for_resource(arn)
    original(self, arn=arn)


# --- executions -------------------------------------------------------------------------------------------------------


@patch(StateMachine, "start_execution", aws=f"{API}/API_StartExecution.html")
def start_execution(original: Any, self: Any, **request: Any) -> Any:
    """An execution runs; the same name and input while it runs give the same execution."""
    known = list(self.executions)
    execution = original(self, **request)
    if execution not in known:
        Runner(execution, self.definition, self.roleArn).begin()
    return execution


@patch(Execution, "stop", aws=f"{API}/API_StopExecution.html")
def stop(original: Any, self: Any, *_details: Any, **_named: Any) -> None:
    """An execution that is over stays as it ended; one under way is ABORTED, and so is its task."""
    if self.status != "RUNNING":
        return
    original(self)
    runner = _running.pop(self.execution_arn, None)
    if runner is not None:
        runner.tell("ExecutionAborted", executionAbortedEventDetails={})
        runner.stopped.set()


@patch(StepFunctionResponse, "stop_execution", aws=f"{API}/API_StopExecution.html")
def stop_execution(original: Any, self: Any) -> Any:
    """Error and cause given by the caller are told."""
    answer = original(self)
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if execution.status == "ABORTED":
        execution.error = self._get_param("error") or execution.error
        execution.cause = self._get_param("cause") or execution.cause
    return answer


@patch(Execution, "get_execution_history", aws=f"{API}/API_GetExecutionHistory.html")
def get_execution_history(_original: Any, self: Any, **_role: Any) -> list[dict[str, Any]]:
    """The history tells each state, task and end."""
    return list(vars(self).get("_emulator_events") or [])


@patch(StepFunctionResponse, "get_execution_history", aws=f"{API}/API_GetExecutionHistory.html")
def history_in_pages(_original: Any, self: Any) -> ActionResult:
    """Events come oldest first unless asked the other way, in pages of up to 1000."""
    events = self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))["events"]
    if self._get_param("reverseOrder"):
        events = events[::-1]
    start, size = int(self._get_param("nextToken") or 0), self._get_param("maxResults") or 100
    more = str(start + size) if start + size < len(events) else None
    return ActionResult({"events": events[start : start + size], "nextToken": more})


@patch(StepFunctionResponse, "describe_execution", aws=f"{API}/API_DescribeExecution.html")
def describe_execution(original: Any, self: Any) -> ActionResult:
    """Every execution that is over tells when it ended."""
    answer: ActionResult = original(self)
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    result: Any = answer.result
    return ActionResult({**result, "stopDate": execution.stop_date} if execution.stop_date else result)


@patch(
    StepFunctionResponse,
    "validate_state_machine_definition",
    added=True,
    aws=f"{API}/API_ValidateStateMachineDefinition.html",
)
def validate_state_machine_definition(self: Any) -> ActionResult:
    """A definition is checked without making a machine of it."""
    found = language.problems(self._get_param("definition"))
    diagnostics = [
        {"severity": "ERROR", "code": text.partition(":")[0], "message": text.partition(": ")[2]} for text in found
    ]
    return ActionResult({"result": "FAIL" if found else "OK", "diagnostics": diagnostics, "truncated": False})
