from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    ResourcePlan,
    apply,
    placeholder_id,
    plan_resource,
)
from ansible_collections.airas.platform.plugins.module_utils._wafv2 import _common, association

NAME = "airas-dev-backend"
ARN = f"arn:aws:wafv2:ap-northeast-1:427979936961:regional/webacl/{NAME}/1"
BALANCER = "arn:aws:elasticloadbalancing:ap-northeast-1:427979936961:loadbalancer/app/airas-dev-alb/50dc6c495c0c9188"
LISTED = {"WebACLs": [{"Name": NAME, "Id": "1", "ARN": ARN}]}


def planned(aws: Any, **options: Any) -> ResourcePlan:
    params = {"web_acl": NAME, "resource_arns": [BALANCER], "state": "present", **options}
    [resource] = association.resources(aws, params)
    return plan_resource(resource)


def test_both_ends_may_be_yet_to_come(fake_aws: Callable[..., Any]) -> None:
    unborn = BALANCER.replace("50dc6c495c0c9188", placeholder_id("x").rpartition("-")[2])
    aws = fake_aws()
    plan = planned(aws, resource_arns=[unborn])
    assert plan.action == "create"
    assert plan.resource.address == "wafv2_association/airas-dev-alb"
    assert "wafv2:get_web_acl_for_resource" not in {call for call, _sent in aws.calls}


def test_an_association_is_made_again_until_the_web_acl_has_spread(
    fake_aws: Callable[..., Any], refusal: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    asked: list[dict[str, Any]] = []

    def associate(**sent: Any) -> Any:
        asked.append(sent)
        return {} if len(asked) == 3 else refusal("WAFUnavailableEntityException")()

    apply([planned(fake_aws(list_web_acls=LISTED, associate_web_acl=associate))], [])
    assert asked == [{"WebACLArn": ARN, "ResourceArn": BALANCER}] * 3


def test_another_refusal_is_not_waited_for(fake_aws: Callable[..., Any], refusal: Callable[..., Any]) -> None:
    aws = fake_aws(list_web_acls=LISTED, associate_web_acl=refusal("WAFInvalidParameterException"))
    with pytest.raises(PlatformError, match="wafv2:AssociateWebACL"):
        apply([planned(aws)], [])


def test_only_its_own_association_is_ended(fake_aws: Callable[..., Any]) -> None:
    own = fake_aws(list_web_acls=LISTED, get_web_acl_for_resource={"WebACL": {"ARN": ARN}})
    assert planned(own).action == "none"
    apply([planned(own, state="absent")], [])
    assert own.calls[-1] == ("wafv2:disassociate_web_acl", {"ResourceArn": BALANCER})
    other = fake_aws(list_web_acls=LISTED, get_web_acl_for_resource={"WebACL": {"ARN": f"{ARN}2"}})
    assert planned(other).action == "update"
    assert planned(other, state="absent").action == "none"


def test_absent_without_a_resource_is_about_all_that_it_protects(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(
        list_web_acls=LISTED,
        list_resources_for_web_acl={"ResourceArns": [BALANCER]},
        get_web_acl_for_resource={"WebACL": {"ARN": ARN}},
    )
    assert planned(aws, resource_arns=[], state="absent").action == "delete"


@pytest.mark.parametrize(("arns", "message"), [([], "resource_arns is empty"), (["airas-dev-alb"], "is no ARN")])
def test_a_resource_has_to_be_named(fake_aws: Callable[..., Any], arns: list[str], message: str) -> None:
    with pytest.raises(PlatformError, match=message):
        planned(fake_aws(), resource_arns=arns)


def test_every_page_is_read(fake_aws: Callable[..., Any]) -> None:
    pages = {None: ([1, 2], "a"), "a": ([3], "b"), "b": ([], "b")}

    def list_web_acls(**sent: Any) -> dict[str, Any]:
        items, marker = pages[sent.get("NextMarker")]
        return {"WebACLs": items, "NextMarker": marker}

    aws = fake_aws(list_web_acls=list_web_acls)
    assert _common.pages(aws, "list_web_acls", "WebACLs", Scope="REGIONAL") == [1, 2, 3]
