"""The analyzers of an account against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Values = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]

TAGS = {"Environment": "global", "ManagedBy": "airas.platform"}
EXTERNAL = {"region": "ap-northeast-1", "name": "airas-external-access", "tags": TAGS}
UNUSED = {**EXTERNAL, "name": "airas-unused-access", "type": "ACCOUNT_UNUSED_ACCESS", "unused_access_age_days": 60}
ARN = "arn:aws:access-analyzer:ap-northeast-1:427979936961:analyzer/"
CONFIRMED = {"protected": True, "environment": "global", "confirm": ["global:access_analyzer/ACCOUNT_UNUSED_ACCESS"]}


def census(boto: Boto) -> list[Any]:
    client = boto("accessanalyzer")
    names = [item["name"] for item in client.list_analyzers()["analyzers"]]
    found = [client.get_analyzer(analyzerName=name)["analyzer"] for name in names]
    return [(item["name"], item["type"], item["tags"], item.get("configuration")) for item in found]


@pytest.mark.parametrize("args", [EXTERNAL, UNUSED], ids=["external", "unused"])
def test_makes_it_and_then_changes_nothing(args: dict[str, Any], apply: Apply, boto: Boto) -> None:
    planned = apply("access_analyzer", args, check=True)
    assert census(boto) == []
    made = apply("access_analyzer", args)
    assert made["plan"] == planned["plan"]
    [resource] = made["resources"].values()
    assert resource["arn"] == ARN + args["name"]
    tags = {**TAGS, "Name": args["name"]}
    configuration = {"unusedAccess": {"unusedAccessAge": 60}} if args is UNUSED else None
    assert census(boto) == [(args["name"], args.get("type", "ACCOUNT"), tags, configuration)]
    assert apply("access_analyzer", args)["changed"] is False


def test_a_tag_that_somebody_changes(apply: Apply, boto: Boto, value_changes: Values) -> None:
    apply("access_analyzer", EXTERNAL)
    boto("accessanalyzer").tag_resource(
        resourceArn=f"{ARN}airas-external-access", tags={"Environment": "other", "cost": "theirs"}
    )
    drift = {"access_analyzer/ACCOUNT tags.Environment": ("other", "global")}
    assert value_changes(apply("access_analyzer", EXTERNAL, check=True)) == drift
    assert value_changes(apply("access_analyzer", EXTERNAL)) == drift
    assert census(boto)[0][2]["cost"] == "theirs"


@pytest.mark.parametrize("args", [EXTERNAL, UNUSED], ids=["external", "unused"])
def test_one_that_is_there_is_adopted_and_left_alone(args: dict[str, Any], apply: Apply, boto: Boto) -> None:
    kind = args.get("type", "ACCOUNT")
    boto("accessanalyzer").create_analyzer(analyzerName="theirs", type=kind, tags={"ManagedBy": "them"})
    before = census(boto)
    adopted = apply("access_analyzer", args)
    assert adopted["changed"] is False
    assert adopted["resources"][f"access_analyzer/{kind}"]["analyzer"] == "theirs"
    assert apply("access_analyzer", {**args, "state": "absent"})["changed"] is False
    assert census(boto) == before


def test_another_age_replaces_it_if_that_is_confirmed(run_module: Apply, apply: Apply, boto: Boto) -> None:
    apply("access_analyzer", UNUSED)
    older = {**UNUSED, "unused_access_age_days": 120}
    refused = run_module("access_analyzer", {**older, **CONFIRMED, "confirm": []})
    assert "run again with -e confirm=global:access_analyzer/ACCOUNT_UNUSED_ACCESS" in refused["msg"]
    [plan] = apply("access_analyzer", {**older, **CONFIRMED})["plan"]
    assert (plan["action"], plan["impact"]) == ("replace", "data loss")
    assert census(boto)[0][3] == {"unusedAccess": {"unusedAccessAge": 120}}
    assert apply("access_analyzer", {**older, **CONFIRMED})["changed"] is False


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("access_analyzer", EXTERNAL)
    gone = {**EXTERNAL, "state": "absent"}
    assert [plan["impact"] for plan in apply("access_analyzer", gone, check=True)["plan"]] == ["data loss"]
    assert len(census(boto)) == 1
    apply("access_analyzer", gone)
    assert census(boto) == []
    assert apply("access_analyzer", gone)["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(
    interrupt_each_write: Callable[..., None], apply: Apply, boto: Boto
) -> None:
    def older() -> dict[str, Any]:
        apply("access_analyzer", UNUSED)
        return {**UNUSED, "unused_access_age_days": 120}

    interrupt_each_write("access_analyzer", older, lambda: census(boto))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({**EXTERNAL, "unused_access_age_days": 90}, "an analyzer of type ACCOUNT has no unused_access_age_days"),
        ({**UNUSED, "unused_access_age_days": 366}, "unused_access_age_days is 366. AWS takes 1 to 365."),
    ],
)
def test_what_cannot_be_is_refused(args: dict[str, Any], message: str, run_module: Apply) -> None:
    assert message in run_module("access_analyzer", args)["msg"]
