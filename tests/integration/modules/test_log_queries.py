"""Saved queries of Logs Insights against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ERRORS, SLOW = "airas-dev/errors", "airas-dev/slow"
QUERY = {"name": ERRORS, "query": "fields @message  \n| limit 20\n", "log_groups": ["/b", "/a"]}
ARGS = {"region": "ap-northeast-1", "queries": [QUERY, {"name": SLOW, "query": "fields @message"}]}
ABSENT = {"region": "ap-northeast-1", "queries": [{"name": ERRORS}, {"name": SLOW}], "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]


def census(boto: Boto) -> list[Any]:
    found = boto("logs").describe_query_definitions()["queryDefinitions"]
    return [(item["name"], item["queryString"], item["logGroupNames"]) for item in found]


def test_makes_them_and_then_changes_nothing(apply: Apply, boto: Boto) -> None:
    planned = apply("log_queries", ARGS, check=True)
    assert census(boto) == []
    assert apply("log_queries", ARGS)["plan"] == planned["plan"]
    assert census(boto) == [(ERRORS, "fields @message\n| limit 20", ["/a", "/b"]), (SLOW, "fields @message", [])]
    assert apply("log_queries", ARGS)["changed"] is False


def test_names_and_mends_what_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("log_queries", ARGS)
    known = census(boto)
    item = boto("logs").describe_query_definitions(queryDefinitionNamePrefix=ERRORS)["queryDefinitions"][0]
    boto("logs").put_query_definition(queryDefinitionId=item["queryDefinitionId"], name=ERRORS, queryString="limit 1")
    expected = {
        f"log_query/{ERRORS} query": ("limit 1", "fields @message\n| limit 20"),
        f"log_query/{ERRORS} log_groups": ([], ["/a", "/b"]),
    }
    assert value_changes(apply("log_queries", ARGS, check=True)) == expected
    assert value_changes(apply("log_queries", ARGS)) == expected
    assert census(boto) == known


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("log_queries", ARGS)
    assert len(apply("log_queries", ABSENT, check=True)["plan"]) == 2
    apply("log_queries", ABSENT)
    assert census(boto) == []
    assert apply("log_queries", ABSENT)["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("log_queries", lambda: ARGS, lambda: census(boto))


def test_two_of_one_name_are_not_guessed_about(run_module: Apply, boto: Boto) -> None:
    for _each in range(2):
        boto("logs").put_query_definition(name=ERRORS, queryString="fields @message")
    assert f"log_query/{ERRORS}: two queries carry this name: " in run_module("log_queries", ARGS)["msg"]


def test_an_empty_query_is_refused(run_module: Apply) -> None:
    result = run_module("log_queries", {**ARGS, "queries": [{"name": ERRORS}]})
    assert result["msg"].startswith(f"log_query/{ERRORS}: its query is empty.")
