from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]

MODULE = "scheduler_schedules"
GROUP, NIGHTLY = "schedule_group/airas-dev", "schedule/airas-dev/nightly"
SCHEDULE = {
    "name": "nightly",
    "expression": "cron(0 3 * * ? *)",
    "timezone": "Asia/Tokyo",
    "target_arn": "arn:aws:states:ap-northeast-1:427979936961:stateMachine:airas-dev-task",
    "role_arn": "arn:aws:iam::427979936961:role/airas-dev-scheduler",
    "input": {"command": ["python", "-m", "api.nightly"]},
    "dead_letter_arn": "arn:aws:sqs:ap-northeast-1:427979936961:airas-dev-scheduler-dlq",
}
ARGS = {"group": "airas-dev", "schedules": [SCHEDULE], "tags": {"Environment": "dev"}}


@pytest.fixture
def scheduler(boto: Boto) -> Any:
    return boto("scheduler")


def test_made_once_and_removed(scheduler: Any, apply: Run, changes: Any, writes: Callable[[], list[str]]) -> None:
    plan = apply(MODULE, ARGS, check=True)
    assert set(changes(plan)) == {GROUP, NIGHTLY}
    assert writes() == []
    apply(MODULE, ARGS)
    assert not apply(MODULE, ARGS)["changed"]
    assert writes() == ["scheduler:CreateScheduleGroup", "scheduler:CreateSchedule"]
    scheduler.create_schedule(
        GroupName="airas-dev",
        Name="of-somebody-else",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": SCHEDULE["target_arn"], "RoleArn": SCHEDULE["role_arn"]},
    )
    assert changes(apply(MODULE, {**ARGS, "purge": True}, check=True)) == {
        "schedule/airas-dev/of-somebody-else": [
            *("arn", "description", "enabled", "expression", "retry_attempts", "retry_max_age_s"),
            *("role_arn", "target_arn", "timezone", "window_minutes"),
        ]
    }
    only = {**ARGS, "manage_group": False, "state": "absent"}
    assert apply(MODULE, only)["changed"]
    assert not apply(MODULE, only)["changed"]
    assert [item["Name"] for item in scheduler.list_schedules(GroupName="airas-dev")["Schedules"]] == [
        "of-somebody-else"
    ]
    gone = {"group": "airas-dev", "state": "absent"}
    assert apply(MODULE, gone)["changed"]
    assert not apply(MODULE, gone)["changed"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("expression", "cron(0 4 * * ? *)"),
        ("timezone", "UTC"),
        ("description", "nightly work"),
        ("window_minutes", 15),
        ("enabled", False),
        ("target_arn", "arn:aws:states:ap-northeast-1:427979936961:stateMachine:other"),
        ("role_arn", "arn:aws:iam::427979936961:role/other"),
        ("input", None),
        ("dead_letter_arn", None),
        ("retry_attempts", 3),
        ("retry_max_age_s", 600),
    ],
)
def test_every_attribute_is_compared(apply: Run, changes: Any, option: str, value: Any) -> None:
    apply(MODULE, ARGS)
    other = {**ARGS, "schedules": [{**SCHEDULE, option: value}]}
    planned = changes(apply(MODULE, other, check=True))
    assert [path.partition(".")[0] for path in planned[NIGHTLY]] == [option]
    apply(MODULE, other)
    assert not apply(MODULE, other)["changed"]


def test_the_groups_tags(scheduler: Any, apply: Run, changes: Any) -> None:
    apply(MODULE, ARGS)
    arn = scheduler.get_schedule_group(Name="airas-dev")["Arn"]
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "Environment", "Value": "prod"}])
    assert changes(apply(MODULE, ARGS)) == {GROUP: ["tags.Environment"]}
    assert not apply(MODULE, ARGS)["changed"]


def test_wrong_retries(run_module: Run) -> None:
    wrong = {**ARGS, "schedules": [{**SCHEDULE, "retry_attempts": 186}]}
    assert "AWS takes 0 to 185" in run_module(MODULE, wrong)["msg"]


def test_interrupted_runs_end_the_same(interrupt_each_write: Callable[..., None], scheduler: Any) -> None:
    def census() -> Any:
        return [item["Name"] for item in scheduler.list_schedules(GroupName="airas-dev")["Schedules"]]

    interrupt_each_write(MODULE, lambda: ARGS, census)
