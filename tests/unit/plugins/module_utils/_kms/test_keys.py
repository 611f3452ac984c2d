from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._kms import keys
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

ALIAS = "airas-dev"
KEY = {
    "alias": ALIAS,
    "description": "",
    "policy": None,
    "rotation_period_days": 365,
    "multi_region": False,
    "deletion_window_days": 30,
}
TAGS = [{"TagKey": "Name", "TagValue": ALIAS}]
ROTATING = {"KeyRotationEnabled": True, "RotationPeriodInDays": 365}


def params(state: str = "present", **options: Any) -> dict[str, Any]:
    return {"keys": [{**KEY, **options}], "tags": {}, "state": state}


def described(key_id: str = "k-1", state: str = "Enabled") -> dict[str, Any]:
    return {"KeyMetadata": {"KeyId": key_id, "Arn": f"arn:{key_id}", "KeyState": state, "KeyManager": "CUSTOMER"}}


@pytest.fixture
def account(fake_aws: Callable[..., Any]) -> Callable[..., Any]:
    def make(**answers: Any) -> Any:
        aws = fake_aws()
        policy = {"Policy": json.dumps(keys.default_policy(aws))}
        aws.answers = {"get_key_policy": policy, "get_key_rotation_status": ROTATING, **answers}
        return aws

    return make


def test_a_key_with_the_default_policy_is_as_wanted(account: Callable[..., Any]) -> None:
    aws = account(describe_key=described(), list_resource_tags={"Tags": TAGS})
    assert [plan_resource(key).action for key in keys.resources(aws, params())] == ["none"]


def test_a_key_whose_tags_are_kept_from_us_is_somebody_elses(account: Callable[..., Any], refusal: Any) -> None:
    aws = account(
        describe_key=refusal("NotFoundException"),
        list_keys={"Keys": [{"KeyId": "k-9"}]},
        list_resource_tags=refusal("AccessDeniedException"),
    )
    assert [plan_resource(key).action for key in keys.resources(aws, params())] == ["create"]


def test_a_key_without_rotation_of_its_own_counts_as_not_rotating(account: Callable[..., Any], refusal: Any) -> None:
    aws = account(
        describe_key=described(),
        list_resource_tags={"Tags": TAGS},
        get_key_rotation_status=refusal("UnsupportedOperationException"),
    )
    [key] = keys.resources(aws, params())
    assert [(c.path, c.before, c.after) for c in plan_resource(key).changes] == [("rotation_period_days", 0, 365)]


def test_a_scheduled_deletion_is_cancelled_before_anything_else(account: Callable[..., Any]) -> None:
    aws = account(
        describe_key=described(state="PendingDeletion"),
        list_resource_tags={"Tags": TAGS},
        get_key_rotation_status={"KeyRotationEnabled": False},
    )
    read = keys.resources(aws, params(description="Back again"))
    before = len(aws.calls)
    apply([plan_resource(key) for key in read], [])
    assert [call for call, _sent in aws.calls[before:]] == [
        "kms:cancel_key_deletion",
        "kms:enable_key",
        "kms:enable_key_rotation",
        "kms:update_key_description",
    ]


def test_a_key_pending_deletion_is_absent_already(account: Callable[..., Any]) -> None:
    aws = account(describe_key=described(state="PendingDeletion"), list_resource_tags={"Tags": TAGS})
    assert keys.resources(aws, params(state="absent")) == []


def test_an_alias_that_leads_elsewhere_is_moved_and_a_missing_one_made(
    account: Callable[..., Any], refusal: Any
) -> None:
    def tags(KeyId: str) -> dict[str, Any]:  # noqa: N803 - the parameter of ListResourceTags
        return {"Tags": TAGS if KeyId == "k-1" else []}

    for aliased, call in ((described("k-2"), "kms:update_alias"), (None, "kms:create_alias")):

        def describe(KeyId: str, aliased: Any = aliased) -> Any:  # noqa: N803 - the parameter of DescribeKey
            if KeyId.startswith("alias/"):
                return aliased or refusal("NotFoundException")()
            return described(KeyId)

        listed = {"Keys": [{"KeyId": "k-1"}, {"KeyId": "k-2"}]}
        aws = account(describe_key=describe, list_keys=listed, list_resource_tags=tags)
        [key] = keys.resources(aws, params())
        assert [(c.path, c.before, c.after) for c in plan_resource(key).changes] == [("alias", None, ALIAS)]
        apply([plan_resource(key)], [])
        assert aws.calls[-1] == (call, {"AliasName": f"alias/{ALIAS}", "TargetKeyId": "k-1"})
