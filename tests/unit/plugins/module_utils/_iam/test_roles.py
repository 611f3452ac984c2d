from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._aws import AwsError
from ansible_collections.airas.platform.plugins.module_utils._iam import roles
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

NAME = "airas-dev-task"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:role/x"}, "Action": "sts:AssumeRole"}]}
ROLE = {
    "name": NAME,
    "path": "/",
    "description": "",
    "assume_role_policy": TRUST,
    "inline_policies": {},
    "managed_policy_arns": [],
    "max_session_duration": 3600,
    "permissions_boundary": None,
    "instance_profile": False,
}
FOUND = {
    "RoleName": NAME,
    "Arn": f"arn:aws:iam::427979936961:role/{NAME}",
    "Path": "/",
    "AssumeRolePolicyDocument": TRUST,
    "MaxSessionDuration": 3600,
    "Tags": [{"Key": "Name", "Value": NAME}],
}


def params(**options: Any) -> dict[str, Any]:
    return {"roles": [{**ROLE, **options}], "tags": {}, "state": "present"}


def test_what_iam_leaves_out_is_the_default(fake_aws: Callable[..., Any], refusal: Any) -> None:
    aws = fake_aws(get_role={"Role": FOUND}, get_instance_profile=refusal("NoSuchEntity"))
    assert [plan_resource(resource).action for resource in roles.resources(aws, params())] == ["none", "none"]


def test_only_the_inline_policy_that_differs_is_written(fake_aws: Callable[..., Any], refusal: Any) -> None:
    kept, changed = ({"Statement": {"Effect": "Allow", "Action": a, "Resource": "*"}} for a in ("s3:*", "ses:*"))
    aws = fake_aws(
        get_role={"Role": FOUND},
        get_instance_profile=refusal("NoSuchEntity"),
        list_role_policies={"PolicyNames": ["kept", "changed", "gone"]},
        get_role_policy={"PolicyDocument": kept},
    )
    wanted = params(inline_policies={"kept": kept, "changed": changed})
    apply([plan_resource(resource) for resource in roles.resources(aws, wanted)], [])
    text = json.dumps(changed, separators=(",", ":"))
    assert aws.calls[-2:] == [
        ("iam:put_role_policy", {"RoleName": NAME, "PolicyName": "changed", "PolicyDocument": text}),
        ("iam:delete_role_policy", {"RoleName": NAME, "PolicyName": "gone"}),
    ]


@pytest.mark.parametrize(
    ("message", "attempts"),
    [
        ('Invalid principal in policy: "AWS":"arn:aws:iam::1:role/x"', 2),
        ('Invalid principal in policy: "SERVICE":"nothing.amazonaws.com"', 1),
    ],
)
def test_only_a_principal_that_may_be_new_is_waited_for(
    fake_aws: Callable[..., Any], refusal: Any, monkeypatch: pytest.MonkeyPatch, message: str, attempts: int
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    answers = [refusal("MalformedPolicyDocument", message), lambda **_params: {"Role": FOUND}]
    missing = refusal("NoSuchEntity")
    aws = fake_aws(
        get_role=missing,
        get_instance_profile=missing,
        create_role=lambda **sent: answers[len(pauses)](**sent),  # noqa: PLW0108
    )
    plans = [plan_resource(resource) for resource in roles.resources(aws, params())]
    if attempts == 1:
        with pytest.raises(AwsError, match="Invalid principal"):
            apply(plans, [])
    else:
        apply(plans, [])
    assert sum(call == "iam:create_role" for call, _sent in aws.calls) == attempts
