from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._aws import AwsError
from ansible_collections.airas.platform.plugins.module_utils._network._create import client_token, mending

REQUEST = {"SubnetId": "subnet-1", "TagSpecifications": [{"Tags": [{"Key": "Name", "Value": "a"}]}]}
AT = 1_800_000.0


def test_the_same_attempt_has_the_same_token_of_the_length_that_ec2_takes() -> None:
    token = client_token(REQUEST, ["nat-1", "nat-2"], AT)
    assert token == client_token(dict(reversed(REQUEST.items())), ["nat-2", "nat-1"], AT + 600)
    assert len(token) == 64
    assert token.isascii()


@pytest.mark.parametrize(
    ("request_", "gone", "now"),
    [
        ({**REQUEST, "SubnetId": "subnet-2"}, ["nat-1"], AT),
        ({**REQUEST, "TagSpecifications": []}, ["nat-1"], AT),
        (REQUEST, [], AT),
        (REQUEST, ["nat-1", "nat-2"], AT),
        (REQUEST, ["nat-1"], AT + 3600),
    ],
)
def test_another_attempt_has_another_token(request_: dict[str, Any], gone: list[str], now: float) -> None:
    assert client_token(request_, gone, now) != client_token(REQUEST, ["nat-1"], AT)


def test_a_refusal_that_is_known_says_how_to_mend_it(fake_aws: Callable[..., Any], refusal: Callable[..., Any]) -> None:
    aws = fake_aws(allocate_address=refusal("AddressLimitExceeded"), create_vpc=refusal("AccessDenied"))
    with pytest.raises(AwsError) as known, mending({"AddressLimitExceeded": "Ask for more."}):
        aws.call("ec2", "allocate_address")
    assert str(known.value).endswith("Ask for more.")
    with pytest.raises(AwsError) as other, mending({"AddressLimitExceeded": "Ask for more."}):
        aws.call("ec2", "create_vpc")
    assert str(other.value).endswith("Allow the caller this action, or run as a role that has it.")
