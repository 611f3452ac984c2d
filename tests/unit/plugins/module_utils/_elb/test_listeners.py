"""Listeners: one form for what is wanted and for what AWS describes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._elb import listeners

GROUP = "arn:aws:elasticloadbalancing:ap-northeast-1:427979936961:targetgroup/airas-dev-backend/6d0ecf831eec9f09"
OPTIONS: dict[str, Any] = {"forward": None, "redirect": None, "fixed_response": None}


@pytest.mark.parametrize(
    ("options", "described"),
    [
        (
            {"forward": [{"target_group_arn": GROUP, "weight": 1}]},
            {"Type": "forward", "TargetGroupArn": GROUP, "Order": 1},
        ),
        (
            {"forward": [{"target_group_arn": GROUP, "weight": 1}]},
            {
                "Type": "forward",
                "TargetGroupArn": GROUP,
                "ForwardConfig": {
                    "TargetGroups": [{"TargetGroupArn": GROUP, "Weight": 100}],
                    "TargetGroupStickinessConfig": {"Enabled": False},
                },
            },
        ),
        (
            {"redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}},
            {
                "Type": "redirect",
                "RedirectConfig": {
                    "Protocol": "HTTPS",
                    "Port": "443",
                    "Host": "#{host}",
                    "Path": "/#{path}",
                    "Query": "#{query}",
                    "StatusCode": "HTTP_301",
                },
            },
        ),
        (
            {"fixed_response": {"status_code": "503", "content_type": "text/plain", "body": ""}},
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}},
        ),
    ],
    ids=["forward, in AWS's older form", "forward", "redirect", "fixed response"],
)
def test_an_action_is_as_wanted(options: dict[str, Any], described: dict[str, Any]) -> None:
    wanted = listeners._desired_action({**OPTIONS, **options})
    assert listeners._normalised_actions([described]) == wanted
    assert listeners._normalised_actions(listeners._actions(wanted)) == wanted


def test_a_login_before_the_action_is_a_difference() -> None:
    wanted = listeners._desired_action({**OPTIONS, "forward": [{"target_group_arn": GROUP, "weight": 1}]})
    login = {"Type": "authenticate-oidc", "Order": 1}
    assert listeners._normalised_actions([login, {"Type": "forward", "TargetGroupArn": GROUP}]) != wanted


def test_conditions_come_back_as_they_were_sent() -> None:
    wanted = {"hosts": ["a.example.com"], "paths": ["/x", "/y"], "header X-Probe": ["yes"]}
    rule = {
        "RuleArn": "arn",
        "Conditions": listeners._conditions(wanted),
        "Actions": [{"Type": "forward", "TargetGroupArn": GROUP}],
    }
    assert listeners._normalised_rule(rule, {})["conditions"] == wanted


def test_placeholders_have_the_shape_of_arns() -> None:
    balancer = f"arn:aws:elasticloadbalancing:r:1:loadbalancer/app/airas-dev-alb/{'0' * 16}"
    listener = listeners._placeholder_arn(balancer, "listener")
    assert listener == f"arn:aws:elasticloadbalancing:r:1:listener/app/airas-dev-alb/{'0' * 16}/{'0' * 16}"
    assert listeners._placeholder_arn(listener, "listener-rule").startswith(
        "arn:aws:elasticloadbalancing:r:1:listener-rule/app/airas-dev-alb/"
    )
