from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._elasticache import users
from ansible_collections.airas.platform.plugins.module_utils._reconcile import Refused, apply, plan_resource

Fake = Callable[..., Any]


def params(access: str = "on ~* +@all", name: str = "airas") -> dict[str, Any]:
    user = {"id": "app", "name": name, "access_string": access}
    return {"engine": "redis", "users": [user], "groups": [], "tags": {}, "state": "present"}


def found(access: str) -> dict[str, Any]:
    user = {"ARN": "arn:user", "Status": "active", "UserName": "airas", "Engine": "Redis", "AccessString": access}
    return {"Users": [user]}


NAMED = {"TagList": [{"Key": "Name", "Value": "app"}]}


@pytest.mark.parametrize("told", ["on ~* -@all +@all", "on resetchannels ~* -@all +@all", "on ~* +@all"])
def test_what_aws_writes_into_every_access_string_does_not_count(fake_aws: Fake, told: str) -> None:
    [user] = users.resources(fake_aws(describe_users=found(told), list_tags_for_resource=NAMED), params())
    assert plan_resource(user).action == "none"


def test_a_user_is_made_with_a_password_of_its_own(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(describe_users=refusal("UserNotFound"))
    passwords = []
    for _time in range(2):
        [user] = users.resources(aws, params())
        apply([plan_resource(user)], [])
        passwords += aws.calls[-1][1]["AuthenticationMode"]["Passwords"]
    assert len(set(passwords)) == 2
    assert all(len(password) == 40 and password.isalnum() for password in passwords)


def test_another_name_is_another_user(fake_aws: Fake) -> None:
    aws = fake_aws(describe_users=found("on ~* +@all"), list_tags_for_resource=NAMED)
    [user] = users.resources(aws, params(name="other"))
    with pytest.raises(Refused, match="another id"):
        plan_resource(user)
