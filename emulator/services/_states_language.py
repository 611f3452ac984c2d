"""Amazon States Language, as far as a state machine that runs tasks and tells of failures needs it.

States of the types Task, Pass, Wait, Choice, Succeed and Fail, with paths, Retry, Catch and time-outs; what else a
definition may hold ends an execution with States.Runtime. Source of the semantics: https://states-language.net/spec.html
"""

from __future__ import annotations

import copy
import fnmatch
import json
import operator
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

State = Mapping[str, Any]

_TERMINAL = ("Succeed", "Fail")
_TYPES = ("Task", "Pass", "Wait", "Choice", "Succeed", "Fail", "Parallel", "Map")


class StateError(Exception):
    """A state failed with the error name `error`; `cause` is for people."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class Stopped(Exception):
    """The execution was stopped from outside."""


class World(Protocol):
    """What an execution does outside of itself."""

    def task(self, resource: str, parameters: Any, deadline: float) -> Any:
        """Do a Task state's work and return its result; StateError, Stopped, or States.Timeout after `deadline`."""

    def pause(self, kind: str, seconds: float) -> None:
        """Wait for a `retry` or in a `wait` state; Stopped if the execution is."""

    def tell(self, kind: str, **details: Any) -> None:
        """Add an event to the execution's history."""


def problems(definition: str) -> list[str]:
    """What makes a definition invalid; empty for a valid one."""
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [f"INVALID_JSON_DESCRIPTION: {error}"]
    if not isinstance(machine, dict):
        return ["INVALID_JSON_DESCRIPTION: a JSON object is needed"]
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        return ["SCHEMA_VALIDATION_FAILED: States must be an object with at least one state at /States"]
    found = []
    if machine.get("StartAt") not in states:
        found.append(f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {machine.get('StartAt')} at /StartAt")
    for name, state in states.items():
        if state.get("Type") not in _TYPES:
            found.append(f"SCHEMA_VALIDATION_FAILED: The field Type is not valid at /States/{name}/Type")
        targets = [state["Next"]] if "Next" in state else []
        targets += [rule.get("Next") for rule in [*state.get("Catch", []), *state.get("Choices", [])]]
        targets += [state["Default"]] if "Default" in state else []
        found += [
            f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at /States/{name}"
            for target in targets
            if target not in states
        ]
        ends = state.get("End") or state.get("Type") in (*_TERMINAL, "Choice")
        if not ends and "Next" not in state:
            found.append(f"SCHEMA_VALIDATION_FAILED: The field Next or End is required at /States/{name}")
    return found


def run(definition: str, document: Any, context: dict[str, Any], world: World) -> Any:
    """Run a state machine and return its output; StateError if it fails, Stopped if it is stopped."""
    machine = json.loads(definition)
    ends = time.monotonic() + machine.get("TimeoutSeconds", float("inf"))
    name = machine["StartAt"]
    while True:
        state = machine["States"][name]
        context["State"] = {"Name": name, "EnteredTime": _now()}
        kind = state["Type"]
        world.tell(f"{kind}StateEntered", stateEnteredEventDetails={"name": name, "input": json.dumps(document)})
        if kind == "Fail":
            raise StateError(_told(state, "Error", document, context), _told(state, "Cause", document, context))
        document, following = _step(state, document, context, world, ends)
        world.tell(f"{kind}StateExited", stateExitedEventDetails={"name": name, "output": json.dumps(document)})
        if following is None:
            return document
        name = following


def _told(state: State, key: str, document: Any, context: Mapping[str, Any]) -> str:
    path = state.get(f"{key}Path")
    return str(reference(path, document, context)) if path else str(state.get(key, ""))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _step(state: State, document: Any, context: Mapping[str, Any], world: World, ends: float) -> tuple[Any, str | None]:
    """The state's output, and the name of the next state, None at the end."""
    kind = state["Type"]
    given = reference(state.get("InputPath", "$"), document, context)
    if kind == "Choice":
        return given, _choose(state, given, context)
    if kind == "Wait":
        seconds = reference(state["SecondsPath"], given, context) if "SecondsPath" in state else state.get("Seconds", 0)
        world.pause("wait", float(seconds))
    elif kind == "Task":
        try:
            return _attempts(state, document, given, context, world, ends), state.get("Next")
        except StateError as failure:
            rule = next((rule for rule in state.get("Catch", []) if _matches(rule, failure.error)), None)
            if rule is None:
                raise
            told = {"Error": failure.error, "Cause": failure.cause}
            return _placed(document, rule.get("ResultPath", "$"), told), rule["Next"]
    elif kind == "Pass":
        result = state.get("Result", _parameters(state, given, context))
        document = _placed(document, state.get("ResultPath", "$"), result)
    elif kind != "Succeed":
        raise StateError("States.Runtime", f"The embedded AWS does not run states of the type {kind}.")
    output = reference(state.get("OutputPath", "$"), document if kind == "Pass" else given, context)
    return output, None if kind == "Succeed" else state.get("Next")


def _attempts(state: State, document: Any, given: Any, context: Mapping[str, Any], world: World, ends: float) -> Any:
    """A Task state's output, after as many attempts as its retriers allow."""
    used: dict[int, int] = {}
    while True:
        if time.monotonic() >= ends:
            raise StateError("States.Timeout")
        try:
            deadline = min(ends, time.monotonic() + state.get("TimeoutSeconds", float("inf")))
            result = world.task(state["Resource"], _parameters(state, given, context), deadline)
        except StateError as failure:
            retriers = enumerate(state.get("Retry", []))
            found = next(((i, rule) for i, rule in retriers if _matches(rule, failure.error)), None)
            if found is None:
                raise
            number, rule = found
            count = used[number] = used.get(number, 0) + 1
            if count > rule.get("MaxAttempts", 3):
                raise
            world.pause("retry", rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2.0) ** (count - 1))
            continue
        if "ResultSelector" in state:
            result = _filled(state["ResultSelector"], result, context)
        return reference(state.get("OutputPath", "$"), _placed(document, state.get("ResultPath", "$"), result), context)


def _matches(rule: State, error: str) -> bool:
    names = rule["ErrorEquals"]
    return error in names or "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


# --- paths ------------------------------------------------------------------------------------------------------------


def reference(path: str | None, document: Any, context: Mapping[str, Any]) -> Any:
    """What a reference path such as $.a.b[0], or $$.Execution.Id in the context, points at; {} for null."""
    if path is None:
        return {}
    found: Any = document
    rest = path.removeprefix("$")
    if rest.startswith("$"):
        found, rest = context, rest[1:]
    for name, quoted, index in re.findall(r"\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\[(\d+)\]", rest):
        try:
            found = found[int(index)] if index else found[name or quoted]
        except (KeyError, IndexError, TypeError) as error:
            raise StateError("States.ParameterPathFailure", f"The path '{path}' could not be found.") from error
    return found


def _parameters(state: State, given: Any, context: Mapping[str, Any]) -> Any:
    key = "Arguments" if "Arguments" in state else "Parameters"
    return _filled(state[key], given, context) if key in state else given


def _filled(template: Any, document: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(template, list):
        return [_filled(entry, document, context) for entry in template]
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): _value(value, document, context)
        if key.endswith(".$")
        else _filled(value, document, context)
        for key, value in template.items()
    }


def _value(expression: str, document: Any, context: Mapping[str, Any]) -> Any:
    """A path, or one of the intrinsic functions that texts are made with."""
    call = re.fullmatch(r"(States\.\w+)\((.*)\)", expression, re.DOTALL)
    if call is None:
        return reference(expression, document, context)
    arguments = [
        text[1:-1].replace("\\'", "'") if text.startswith("'") else _value(text, document, context)
        for text in re.findall(r"'(?:[^'\\]|\\.)*'|[^,\s][^,]*", call[2])
    ]
    if call[1] == "States.Format":
        texts = iter(arguments[1:])
        return re.sub(r"\{\}", lambda _: _text(next(texts)), arguments[0])
    if call[1] == "States.JsonToString":
        return json.dumps(arguments[0])
    if call[1] == "States.StringToJson":
        return json.loads(arguments[0])
    if call[1] == "States.Array":
        return arguments
    raise StateError("States.IntrinsicFailure", f"The embedded AWS does not know {call[1]}.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _placed(document: Any, path: str | None, result: Any) -> Any:
    """`document` with `result` at `path`: in its place for $, dropped for null."""
    if path is None:
        return document
    names = path.removeprefix("$").strip(".")
    if not names:
        return result
    whole = copy.deepcopy(document) if isinstance(document, dict) else {}
    holder = whole
    *parents, last = names.split(".")
    for name in parents:
        holder = holder.setdefault(name, {})
    holder[last] = result
    return whole


# --- choices ----------------------------------------------------------------------------------------------------------

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
    "Matches": fnmatch.fnmatchcase,
}


def _choose(state: State, given: Any, context: Mapping[str, Any]) -> str:
    for rule in state["Choices"]:
        if _holds(rule, given, context):
            return str(rule["Next"])
    if "Default" not in state:
        raise StateError("States.NoChoiceMatched", "No choice rule matched and there is no Default.")
    return str(state["Default"])


def _holds(rule: State, given: Any, context: Mapping[str, Any]) -> bool:
    if "And" in rule:
        return all(_holds(part, given, context) for part in rule["And"])
    if "Or" in rule:
        return any(_holds(part, given, context) for part in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], given, context)
    try:
        value = reference(rule["Variable"], given, context)
    except StateError:
        if "IsPresent" in rule:
            return rule["IsPresent"] is False
        raise
    if "IsPresent" in rule:
        return rule["IsPresent"] is True
    if "IsNull" in rule:
        return (value is None) is rule["IsNull"]
    for key, wanted in rule.items():
        match = re.fullmatch(r"(?:String|Numeric|Boolean|Timestamp)(\w+?)(Path)?", key)
        if match and match[1] in _COMPARISONS:
            other = reference(wanted, given, context) if match[2] else wanted
            return type(value) is type(other) and bool(_COMPARISONS[match[1]](value, other))
    raise StateError("States.Runtime", f"The embedded AWS does not know the choice rule {json.dumps(dict(rule))}.")
