"""Variables against argument specs: what is found, and that no secret is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.plugin_utils._argument_specs import (
    missing_variables,
    read_options,
    unknown_variables,
    wrong_values,
)

RULE = {
    "type": "list",
    "elements": "dict",
    "options": {"port": {"type": "int", "required": True}, "cidrs": {"type": "list", "elements": "str"}},
}
KNOWN = ("network_nat_mode", "network_vpc_cidr", "stack_name")


def wrong(option: dict[str, Any], value: Any) -> list[str]:
    return [str(finding) for finding in wrong_values("x", option, value)]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ({}, "text"),
        ({"type": "str"}, 427979936961),
        ({"type": "int"}, 5),
        ({"type": "int"}, "5"),
        ({"type": "float"}, 0.5),
        ({"type": "bool"}, False),
        ({"type": "bool"}, "true"),
        ({"type": "list", "elements": "int"}, [1, 2]),
        ({"type": "list", "elements": "str", "choices": ["a", "b"]}, ["a"]),
        ({"type": "dict"}, {"any": "thing"}),
        ({"type": "raw"}, [1, {"a": None}]),
        ({"type": "str", "choices": ["a", "b"]}, "a"),
        ({"type": "int", "choices": [7, 90]}, "90"),
        ({"type": "str"}, None),
        (RULE, [{"port": 1, "cidrs": ["10.0.0.0/8"]}]),
    ],
)
def test_what_is_right(option: dict[str, Any], value: Any) -> None:
    assert wrong(option, value) == []


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ({"type": "int"}, "two", "x: should be a whole number, and is 'two'. Write a number."),
        ({"type": "int"}, 1.5, "x: should be a whole number, and is 1.5. Write a number."),
        ({"type": "int"}, True, "x: should be a whole number, and is true. Write a number."),
        ({"type": "int"}, [1], "x: should be a whole number, and is a list. Write a number."),
        ({"type": "bool"}, "perhaps", "x: should be true or false, and is 'perhaps'. Write true or false."),
        ({"type": "str"}, False, "x: should be a text, and is false. Put it into quotes."),
        ({"type": "str"}, 1.1, "x: should be a text, and is 1.1. Put it into quotes."),
        ({"type": "str"}, {"a": 1}, "x: should be a text, and is a mapping. Write a single value."),
        ({"type": "list"}, "a,b", "x: should be a list, and is 'a,b'. Write a list."),
        ({"type": "dict"}, "a=b", "x: should be a mapping, and is 'a=b'. Write a mapping."),
        ({"type": "list", "elements": "int"}, [1, "b"], "x[1]: should be a whole number, and is 'b'. Write a number."),
        ({"type": "list", "elements": "str"}, [None], "x[0]: it is empty. Give it a value, or remove the line."),
        ({"type": "int", "default": 5}, None, "x: it is empty. Give it a value, or remove the line."),
        (
            {"choices": ["gateway", "instance", "none"]},
            "gatway",
            "x: it cannot be 'gatway'. Choose one of gateway, instance, none. gateway is the nearest.",
        ),
        (RULE, [{"port": 1, "cidr": []}], "x[0].cidr: there is no such key. The nearest is cidrs."),
        (RULE, [{"port": 1, "zzz": 1}], "x[0].zzz: there is no such key. It may hold cidrs, port."),
        (RULE, [{}], "x[0].port: it is required and has no value. Add it."),
        (RULE, [{"port": "http"}], "x[0].port: should be a whole number, and is 'http'. Write a number."),
        (RULE, ["http"], "x[0]: should be a mapping, and is 'http'. Write a mapping."),
    ],
)
def test_what_is_wrong(option: dict[str, Any], value: Any, expected: str) -> None:
    assert wrong(option, value) == [expected]


def test_a_secret_is_never_told() -> None:
    secret = "hunter2"
    for option, value in (
        ({"type": "int", "no_log": True}, secret),
        ({"choices": ["a"], "no_log": True}, secret),
        ({"type": "dict", "no_log": True, "options": {"a": {"type": "int"}}}, {"a": secret}),
        ({"type": "list", "elements": "int", "no_log": True}, [secret]),
        ({"type": "dict", "options": {"password": {"type": "int", "no_log": True}}}, {"password": secret}),
    ):
        (line,) = wrong(option, value)
        assert secret not in line
        assert "not shown" in line


def test_unknown_names_with_the_nearest_right_one() -> None:
    found = unknown_variables(
        ["network_nat_mod", "network_zzz", "__network_x", "database_engine", "stack_name"],
        ["network_", "stack_"],
        KNOWN,
    )
    assert [str(finding) for finding in found] == [
        (
            "network_nat_mod: there is no such variable. The nearest is network_nat_mode: correct the name, or remove"
            " the line."
        ),
        "network_zzz: there is no such variable. Correct the name, or remove the line.",
    ]


@pytest.mark.parametrize("name", ["netwrok_vpc_cidr", "networkvpc_cidr", "netvork_vpc_cidr", "stck_name"])
def test_a_slip_in_the_prefix(name: str) -> None:
    (finding,) = unknown_variables([name], ["network_", "stack_"], KNOWN)
    assert "If" in finding.mend
    assert finding.where == name


@pytest.mark.parametrize(
    "name", ["my_network_vpc_cidr", "database_name", "inventory_dir", "ansible_host", "stage_names"]
)
def test_other_peoples_names_are_left_alone(name: str) -> None:
    assert list(unknown_variables([name], ["network_", "stack_"], KNOWN)) == []


def test_required_names() -> None:
    options = {"a": {"required": True}, "b": {"required": True}, "c": {}}
    assert [finding.where for finding in missing_variables(options, ["a"])] == ["b"]


def test_options_of_all_entry_points_are_read(tmp_path: Path) -> None:
    file = tmp_path / "argument_specs.yml"
    file.write_text(
        "argument_specs:\n"
        "  absent: {options: {a: {type: str}, b: {type: int}}}\n"
        "  main: {options: {a: {type: bool}}}\n"
        "  outputs: {short_description: none}\n",
        encoding="utf-8",
    )
    assert read_options(file) == {"a": {"type": "bool"}, "b": {"type": "int"}}
