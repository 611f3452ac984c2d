from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._cloudwatch import composite_alarms
from ansible_collections.airas.platform.plugins.module_utils._reconcile import plan_resource

ALARM = {
    "name": "airas-dev-service",
    "description": "",
    "actions_enabled": True,
    "alarm_actions": [],
    "ok_actions": [],
    "insufficient_data_actions": [],
    "rule": "ALARM(a)\n  AND ALARM(b)",
    "suppressor": None,
}


def test_white_space_in_a_rule_is_no_change(fake_aws: Callable[..., Any]) -> None:
    found = {"AlarmName": ALARM["name"], "AlarmArn": "arn", "StateValue": "OK", "AlarmRule": "ALARM(a) AND   ALARM(b)"}
    tags = {"Tags": [{"Key": "Name", "Value": ALARM["name"]}]}
    aws = fake_aws(describe_alarms={"CompositeAlarms": [found]}, list_tags_for_resource=tags)
    params = {"alarms": [ALARM], "state": "present", "prune_prefix": None, "tags": {}}
    assert [plan_resource(item).action for item in composite_alarms.resources(aws, params)] == ["none"]
