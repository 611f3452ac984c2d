"""The lint of policies finds what parliament finds, by the names of its findings, and what it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from emulator.iam import lint, requests

ARN = "arn:aws:s3:::airas-dev-files-427979936961"
TOPIC = "arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alarms"
READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{ARN}/files/*"}
GITHUB = "token.actions.githubusercontent.com"


def service(name: str, action: str = "sns:Publish", resource: str = TOPIC, **condition: Any) -> dict[str, Any]:
    return {
        "Sid": "Service",
        "Effect": "Allow",
        "Principal": {"Service": name},
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }


OURS = {"StringEquals": {"aws:SourceAccount": "427979936961"}}


def problems(statement: dict[str, Any], **document: Any) -> str:
    return "\n".join(lint.findings({"Version": "2012-10-17", "Statement": [statement], **document}))


@pytest.mark.parametrize(
    "statement",
    [
        READ,
        {**READ, "Condition": {"StringEquals": {"s3:ExistingObjectTag/a": "b"}}},
        {**READ, "Condition": {"Bool": {"aws:SecureTransport": "true"}, "ArnLike": {"aws:PrincipalArn": "a*"}}},
        {**READ, "Action": "ecs:ListTasks", "Resource": "*", "Condition": {"ArnEquals": {"ecs:cluster": "arn:aws:a"}}},
        {**READ, "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": [ARN, f"{ARN}/files/*"]},
        service("cloudwatch.amazonaws.com", **OURS),
        service("events.amazonaws.com"),
        {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{ARN}/*",
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ],
)  # fmt: skip
def test_nothing_is_found_in_a_good_one(statement: dict[str, Any]) -> None:
    assert problems(statement) == ""


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        # What parliament finds, by the names that it gives it.
        pytest.param({**READ, "Sid": "a b"}, "Sid is not a name", id="INVALID_SID"),
        pytest.param({**READ, "Effect": "allow"}, "Effect is allow", id="MALFORMED effect"),
        pytest.param({**READ, "Action": []}, "has no action", id="MALFORMED action"),
        pytest.param({**READ, "Resource": []}, "has no resource", id="MALFORMED resource"),
        pytest.param({**READ, "Actions": "s3:GetObject"}, "has Actions", id="MALFORMED element"),
        pytest.param({**READ, "Action": "s3:GetObjects"}, "no action s3:GetObjects", id="UNKNOWN_ACTION"),
        pytest.param({**READ, "Action": "s4:GetObject"}, "no action s4:GetObject", id="UNKNOWN_PREFIX"),
        pytest.param({**READ, "Resource": "files"}, "files is no ARN", id="INVALID_ARN"),
        pytest.param({**READ, "Resource": ARN}, "s3:GetObject also needs object", id="RESOURCE_MISMATCH"),
        pytest.param({**READ, "Resource": "*"}, "could name object* instead of *", id="RESOURCE_STAR"),
        pytest.param({**READ, "Condition": {"StringEqual": {"aws:SourceVpc": "v"}}},
                     "no condition operator StringEqual", id="UNKNOWN_OPERATOR"),
        pytest.param({**READ, "Condition": {"StringEquals": {"ecs:cluster": "c"}}},
                     "knows no condition key ecs:cluster", id="UNKNOWN_CONDITION_FOR_ACTION"),
        pytest.param({**READ, "Condition": {"Bool": {"s3:authType": "true"}}}, "Bool compares s3:authType",
                     id="MISMATCHED_TYPE"),
        pytest.param(service("s3") | {"Principal": {"AWS": "427"}}, "AWS 427 is no principal", id="UNKNOWN_PRINCIPAL"),
        pytest.param({"Sid": "A", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                      "Principal": {"Federated": "github.example"}}, "is no principal", id="UNKNOWN_FEDERATION_SOURCE"),
        # What it does not.
        pytest.param({**READ, "Action": "s3:Get*"}, "s3:Get* has a wildcard", id="wildcard"),
        pytest.param({**READ, "NotResource": ARN}, "has NotResource", id="NotResource"),
        pytest.param({**READ, "NotAction": "s3:GetObject"}, "has NotAction", id="NotAction"),
        pytest.param({**READ, "Action": "ec2:CreateSubnet", "Resource": "arn:aws:ec2:r:427979936961:subnet/*"},
                     "also needs vpc", id="one of two resources"),
        pytest.param({**READ, "Action": "ec2:DescribeVpcs"}, "takes no resource but *", id="never fits"),
        pytest.param({**READ, "Resource": [READ["Resource"], TOPIC]}, "is no resource of its actions", id="beside it"),
        pytest.param({**READ, "Action": "ecs:ListTasks", "Resource": "arn:aws:ecs:r:427979936961:container-instance/a"},
                     "takes no resource but *", id="what the reference says and AWS does not do"),
        pytest.param(service("cloudwatch.amazonaws.com"), "on anybody's behalf", id="confused deputy"),
        pytest.param(service("cloudwatch.amazonaws.com", StringEqualsIfExists=OURS["StringEquals"]), "anybody's behalf",
                     id="confused deputy if it likes"),
        pytest.param(service("events.amazonaws.com", "sqs:SendMessage", TOPIC.replace("sns", "sqs")),
                     "anybody's behalf", id="confused deputy that can name its rule"),
        pytest.param({**READ, "Principal": "*"}, "everyone is allowed", id="everyone"),
        pytest.param({**READ, "Principal": {"AWS": "*"}}, "everyone is allowed", id="everyone in AWS"),
        pytest.param(service("cloudwatch.amazonaws.com", resource="*", **OURS), "the resource is *", id="a topic as *"),
        pytest.param({"Sid": "A", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                      "Principal": {"Federated": f"arn:aws:iam::427979936961:oidc-provider/{GITHUB}"},
                      "Condition": {"StringEquals": {"gitlab.com:sub": "a"}}}, "no condition key gitlab.com:sub",
                     id="another provider's claim"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_statement(statement: dict[str, Any], found: str) -> None:
    assert found in problems(statement)


def test_what_is_wrong_with_a_document() -> None:
    assert "the version is not 2012-10-17" in problems(READ, Version="2008-10-17")
    assert "the document has Statements" in problems(READ, Statements=[])
    assert "Read stands twice" in problems(READ, Statement=[READ, READ])
    assert "there is no statement" in problems(READ, Statement=[])


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("a*", "*b", True),
        ("a:*:c", "a:b:*", True),
        ("a?c", "abc", True),
        ("a*c", "a*d", False),
        ("*", "", True),
        ("", "a", False),
        ("a/*/c", "a/b", False),
    ],
)
def test_patterns_that_meet(one: str, other: str, meet: bool) -> None:
    assert lint.overlap(one, other) is meet
    assert lint.overlap(other, one) is meet


def test_the_reference_is_not_older_than_what_it_is_asked_about() -> None:
    """An action that AWS has taken away since is not in the newer list that cfn-lint carries."""
    newer = json.loads((Path(cfnlint.__file__).parent / "data/AdditionalSpecs/Policies.json").read_text("utf-8"))
    documents = Path(__file__).parents[3].glob("docs/policies/deployer-*.json")
    actions = {
        action
        for file in documents
        for statement in json.loads(file.read_text(encoding="utf-8"))["Statement"]
        for action in statement["Action"]
    }
    assert len(actions) > 300
    gone = [action for action in actions if _lower(action)[1] not in newer[_lower(action)[0]]["Actions"]]
    assert gone == []
    assert not [action for action in actions if requests.kinds_of(action) is None]


def _lower(action: str) -> tuple[str, str]:
    prefix, _colon, name = action.partition(":")
    return prefix, name.lower()
