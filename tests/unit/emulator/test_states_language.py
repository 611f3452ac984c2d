"""State machines without their world: paths, choices, retries, and what is invalid."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.services._states_language import StateError, problems, reference, run


class World:
    """Answers each task with the next of `results`; an exception is raised."""

    def __init__(self, *results: Any) -> None:
        self.results = list(results)
        self.asked: list[Any] = []
        self.pauses: list[tuple[str, float]] = []
        self.told: list[str] = []

    def task(self, resource: str, parameters: Any, deadline: float) -> Any:
        self.asked.append(parameters)
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def pause(self, kind: str, seconds: float) -> None:
        self.pauses.append((kind, seconds))

    def tell(self, kind: str, **details: Any) -> None:
        self.told.append(kind)


def _run(states: dict[str, Any], document: Any = None, world: World | None = None) -> Any:
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    assert problems(definition) == []
    return run(definition, document or {}, {"Execution": {"Name": "e"}}, world or World())


def test_parameters_and_results() -> None:
    world = World({"Code": 0, "Rest": 1})
    state = {
        "Type": "Task",
        "Resource": "x",
        "InputPath": "$.in",
        "Parameters": {
            "a.$": "$.list[1]",
            "b": [{"name.$": "$$.Execution.Name"}],
            "c.$": "States.Format('{}-{}', 'x', $.n)",
        },
        "ResultSelector": {"code.$": "$.Code"},
        "ResultPath": "$.out.task",
        "End": True,
    }
    document = {"in": {"list": [1, 2], "n": 5}}
    assert _run({"T": state}, document, world) == {**document, "out": {"task": {"code": 0}}}
    assert world.asked == [{"a": 2, "b": [{"name": "e"}], "c": "x-5"}]


def test_retries_back_off_until_they_are_used_up() -> None:
    failure = StateError("States.TaskFailed", "why")
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 3}]
    state = {"Type": "Task", "Resource": "x", "Retry": retry, "End": True}
    world = World(failure, failure, "done")
    assert _run({"T": state}, world=world) == "done"
    assert world.pauses == [("retry", 2), ("retry", 6)]
    with pytest.raises(StateError, match="why"):
        _run({"T": state}, world=World(failure, failure, failure))


@pytest.mark.parametrize(
    ("error", "names", "caught"),
    [
        ("States.Timeout", ["States.TaskFailed"], False),
        ("States.Timeout", ["States.Timeout"], True),
        ("ECS.ClientException", ["States.TaskFailed"], True),
        ("ECS.ClientException", ["Other", "States.ALL"], True),
        ("ECS.ClientException", ["Other"], False),
    ],
)
def test_what_is_caught(error: str, names: list[str], caught: bool) -> None:
    catch = [{"ErrorEquals": names, "ResultPath": "$.failure", "Next": "Caught"}]
    states = {
        "T": {"Type": "Task", "Resource": "x", "Catch": catch, "End": True},
        "Caught": {"Type": "Pass", "End": True},
    }
    if caught:
        assert _run(states, {"a": 1}, World(StateError(error, "c"))) == {
            "a": 1,
            "failure": {"Error": error, "Cause": "c"},
        }
    else:
        with pytest.raises(StateError, match=error):
            _run(states, {"a": 1}, World(StateError(error, "c")))


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        ({"Variable": "$.n", "NumericGreaterThan": 1}, True),
        ({"Variable": "$.n", "NumericGreaterThan": 2}, False),
        ({"Variable": "$.s", "StringMatches": "a*"}, True),
        ({"Variable": "$.none", "IsPresent": True}, False),
        ({"Not": {"Variable": "$.none", "IsPresent": True}}, True),
        ({"And": [{"Variable": "$.b", "BooleanEquals": True}, {"Variable": "$.s", "StringEquals": "x"}]}, False),
        ({"Or": [{"Variable": "$.b", "BooleanEquals": True}, {"Variable": "$.s", "StringEquals": "x"}]}, True),
    ],
)
def test_choices(rule: dict[str, Any], chosen: bool) -> None:
    states = {
        "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": True, "End": True},
        "No": {"Type": "Pass", "Result": False, "End": True},
    }
    assert _run(states, {"n": 2, "s": "abc", "b": True}) is chosen


def test_a_missing_path_and_a_fail_state_are_failures() -> None:
    with pytest.raises(StateError) as caught:
        reference("$.a.b", {"a": {}}, {})
    assert caught.value.error == "States.ParameterPathFailure"
    with pytest.raises(StateError) as caught:
        _run({"F": {"Type": "Fail", "Error": "Bad", "Cause": "because"}})
    assert (caught.value.error, caught.value.cause) == ("Bad", "because")


def test_problems_are_named() -> None:
    states = {
        "A": {"Type": "Task", "Resource": "x", "Next": "B"},
        "C": {"Type": "Nap", "End": True},
        "D": {"Type": "Pass"},
    }
    found = problems(json.dumps({"StartAt": "Z", "States": states}))
    assert [text.partition(":")[0] for text in found] == [
        "MISSING_TRANSITION_TARGET",
        "MISSING_TRANSITION_TARGET",
        "SCHEMA_VALIDATION_FAILED",
        "SCHEMA_VALIDATION_FAILED",
    ]
