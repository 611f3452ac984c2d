"""The AWS edge: real botocore clients answered at the wire, so that its retries and parsers take part."""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from ansible_collections.airas.platform.plugins.module_utils import _aws
from ansible_collections.airas.platform.plugins.module_utils._aws import (
    Aws,
    AwsError,
    by_name,
    iam_action,
    tags_of,
    unquoted,
)
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError

Answer = tuple[int, str]

THROTTLED = (503, "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>")
DENIED = (
    403,
    "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>No.</Message></Error></Errors></Response>",
)
GONE = (400, "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code></Error></Errors></Response>")
SECRET = "sk-0123456789abcdef"
BROKEN = (500, "<Response><Errors><Error><Code>InternalError</Code></Error></Errors></Response>")


def vpcs(*ids: str, token: str = "") -> Answer:
    items = "".join(f"<item><vpcId>{vpc_id}</vpcId></item>" for vpc_id in ids)
    following = f"<nextToken>{token}</nextToken>" if token else ""
    return 200, f"<DescribeVpcsResponse><vpcSet>{items}</vpcSet>{following}</DescribeVpcsResponse>"


class _Body(io.BytesIO):
    def stream(self, **_kwargs: Any) -> Iterator[bytes]:
        yield self.read()


class Wire:
    """Answers requests in order, and counts them."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[str] = []

    def __call__(self, request: Any, **_kwargs: Any) -> AWSResponse:
        body = request.body
        self.requests.append(body.decode() if isinstance(body, bytes) else body)
        status, text = self.answers.pop(0)
        return AWSResponse(request.url, status, {}, _Body(text.encode()))


class Module:
    region = "ap-northeast-1"

    def __init__(self, wire: Callable[..., AWSResponse]) -> None:
        self.wire = wire

    def client(self, service: str, config: dict[str, Any]) -> Any:
        session = boto3.session.Session("testing", "testing", region_name=self.region)
        client = session.client(service, config=Config(**config))
        client.meta.events.register("before-send", self.wire)
        return client


@pytest.fixture(autouse=True)
def _no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def test_throttled_reads_are_retried() -> None:
    wire = Wire(THROTTLED, THROTTLED, vpcs("vpc-1"))
    assert Aws(Module(wire)).call("ec2", "describe_vpcs")["Vpcs"] == [{"VpcId": "vpc-1"}]
    assert len(wire.requests) == 3


def test_throttling_that_does_not_end_is_reported_with_what_to_do() -> None:
    wire = Wire(*[THROTTLED] * _aws.ATTEMPTS)
    with pytest.raises(AwsError, match="run again when less goes on in the account") as caught:
        Aws(Module(wire)).call("ec2", "describe_vpcs")
    assert caught.value.call == "ec2:DescribeVpcs"
    assert len(wire.requests) == _aws.ATTEMPTS


def test_throttled_creation_is_retried() -> None:
    wire = Wire(THROTTLED, THROTTLED, (200, "<CreateVpcResponse><vpc><vpcId>vpc-1</vpcId></vpc></CreateVpcResponse>"))
    assert Aws(Module(wire)).create("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] == "vpc-1"


def test_creation_is_not_sent_twice_when_its_answer_is_lost() -> None:
    wire = Wire(BROKEN, BROKEN)
    with pytest.raises(AwsError) as caught:
        Aws(Module(wire)).create("ec2", "create_vpc", CidrBlock="10.0.0.0/16")
    assert caught.value.code == "InternalError"
    assert len(wire.requests) == 1


def _denied(error: AwsError) -> bool:
    return error.code == "UnauthorizedOperation"


def test_what_names_a_new_role_is_repeated_until_aws_sees_the_role() -> None:
    aws = Aws(Module(Wire(DENIED, DENIED, vpcs("vpc-1"))))
    answer = aws.once_consistent(lambda: aws.call("ec2", "describe_vpcs"), _denied)
    assert answer["Vpcs"] == [{"VpcId": "vpc-1"}]


def test_another_refusal_ends_the_repetition() -> None:
    wire = Wire(DENIED, GONE)
    aws = Aws(Module(wire))
    with pytest.raises(AwsError) as caught:
        aws.once_consistent(lambda: aws.call("ec2", "describe_vpcs"), _denied)
    assert caught.value.code == "InvalidVpcID.NotFound"
    assert len(wire.requests) == 2


def test_a_role_that_never_becomes_visible_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_aws, "CONSISTENT_AFTER_S", 0)
    aws = Aws(Module(Wire(DENIED)))
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        aws.once_consistent(lambda: aws.call("ec2", "describe_vpcs"), _denied)


def test_reads_all_pages() -> None:
    wire = Wire(vpcs("vpc-1", "vpc-2", token="more"), vpcs("vpc-3"))
    found = Aws(Module(wire)).pages("ec2", "describe_vpcs", "Vpcs")
    assert [vpc["VpcId"] for vpc in found] == ["vpc-1", "vpc-2", "vpc-3"]
    assert "NextToken=more" in wire.requests[1]


def test_access_denied_names_the_action_and_is_not_retried() -> None:
    wire = Wire(DENIED)
    with pytest.raises(AwsError, match=r"Allow the caller this action") as caught:
        Aws(Module(wire)).pages("ec2", "describe_vpcs", "Vpcs")
    assert "ec2:DescribeVpcs" in str(caught.value)


@pytest.mark.parametrize("quoted", [SECRET, "sk-0123456789...", "...456789abcdef"])
def test_words_of_aws_that_quote_a_secret_are_left_out(quoted: str) -> None:
    wrong = f"<Response><Errors><Error><Code>Bad</Code><Message>{quoted}</Message></Error></Errors></Response>"
    aws = Aws(Module(Wire((400, wrong))))
    with pytest.raises(AwsError, match="Failed to call ec2:DescribeVpcs: Bad") as caught:
        unquoted(lambda: aws.call("ec2", "describe_vpcs"), "short", SECRET)
    assert (caught.value.code, caught.value.call) == ("Bad", "ec2:DescribeVpcs")
    assert "456789" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_other_words_of_aws_are_told() -> None:
    aws = Aws(Module(Wire(DENIED)))
    with pytest.raises(AwsError, match=r"operation: No.*Allow the caller"):
        unquoted(lambda: aws.call("ec2", "describe_vpcs"), "short", SECRET)


def test_what_is_not_there_is_none_and_other_errors_are_not() -> None:
    aws = Aws(Module(Wire(GONE, DENIED)))
    assert aws.call_or_none("ec2", "describe_vpcs", ["InvalidVpcID.NotFound"], VpcIds=["vpc-1"]) is None
    with pytest.raises(AwsError):
        aws.call_or_none("ec2", "describe_vpcs", ["InvalidVpcID.NotFound"], VpcIds=["vpc-1"])


def test_parallel_reads_keep_their_order() -> None:
    assert Aws(Module(Wire())).gather(lambda number=number: number * 2 for number in range(20)) == list(range(0, 40, 2))


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ec2", "create_vpc", "ec2:CreateVpc"),
        ("elbv2", "describe_load_balancers", "elasticloadbalancing:DescribeLoadBalancers"),
        ("s3", "put_public_access_block", "s3:PutBucketPublicAccessBlock"),
    ],
)
def test_actions_are_spelled_as_in_policies(service: str, operation: str, action: str) -> None:
    assert iam_action(service, operation) == action


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://427979936961.127.0.0.1:5000/v20180820/", "http://127.0.0.1:5000/v20180820/"),
        (
            "https://427979936961.s3-control.ap-northeast-1.amazonaws.com/v20180820/",
            "https://427979936961.s3-control.ap-northeast-1.amazonaws.com/v20180820/",
        ),
    ],
)
def test_the_account_goes_before_a_host_name_but_not_before_an_address(url: str, kept: str) -> None:
    params = {"url": url}
    _aws._keep_ip_host(params)
    assert params == {"url": kept}


def test_two_of_one_name_are_an_error_that_names_both() -> None:
    named = [{"VpcId": f"vpc-{number}", "Tags": [{"Key": "Name", "Value": "airas-dev"}]} for number in (1, 2)]
    with pytest.raises(PlatformError, match=r"vpc/airas-dev: two of them carry this Name tag: vpc-1 and vpc-2"):
        by_name(named, "vpc", "VpcId")


def test_tags_of_an_untagged_item_are_empty() -> None:
    assert tags_of({"VpcId": "vpc-1"}) == {}
