from __future__ import annotations

from typing import Any

import pytest

from emulator.iam.evaluation import Request, allowed

ARN = "arn:aws:s3:::files/a/b"
GET = Request("s3:GetObject", ARN, {"aws:PrincipalOrgID": "o-1", "s3:prefix": "a/b"})


def document(**statement: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **statement}]}


@pytest.mark.parametrize(
    ("statement", "decision"),
    [
        ({}, True),
        ({"Action": "S3:getobject"}, True),
        ({"Action": "s3:Get*"}, True),
        ({"Action": ["s3:PutObject", "s3:GetObjec?"]}, True),
        ({"Action": "s3:GetObjectAcl"}, False),
        ({"Resource": "arn:aws:s3:::files/*"}, True),
        ({"Resource": "arn:aws:s3:::Files/*"}, False),
        ({"Resource": "arn:aws:s3:::files/a"}, False),
        ({"Condition": {"StringEquals": {"AWS:principalorgid": ["o-2", "o-1"]}}}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "O-1"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}, False),
        ({"Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "1"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceAccount": "1"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}}, False),
        ({"Condition": {"StringLike": {"s3:prefix": "a/*"}}}, True),
        ({"Condition": {"StringEquals": {"s3:prefix": "a/*"}}}, False),
        ({"Condition": {"StringLike": {"s3:prefix": "a/*"}, "StringEquals": {"aws:PrincipalOrgID": "o-2"}}}, False),
    ],
)
def test_one_statement(statement: dict[str, Any], decision: bool) -> None:
    assert allowed(document(**statement), GET) is decision


def test_not_action_and_not_resource() -> None:
    others = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}
    assert allowed({"Statement": [others]}, GET)
    assert not allowed({"Statement": [others]}, Request("iam:PassRole", ARN))
    assert not allowed({"Statement": [others]}, Request("s3:GetObject", "arn:aws:s3:::secret/x"))


def test_a_deny_wins() -> None:
    statements = [{"Effect": effect, "Action": "s3:*", "Resource": "*"} for effect in ("Allow", "Deny", "Allow")]
    assert not allowed({"Statement": statements}, GET)


@pytest.mark.parametrize(
    ("pattern", "arn", "decision"),
    [
        ("arn:aws:ecs:r:1:*", "arn:aws:ecs:r:1:task/a", True),
        ("arn:aws:ecs:r:1:*", "arn:aws:ecs:r:2:task/a", False),
        ("arn:aws:ecs:*:1:task/a", "arn:aws:ecs:r:1:task/a", True),
        # A wildcard does not reach over the parts.
        ("arn:aws:ecs:*:task/a", "arn:aws:ecs:r:1:task/a", False),
    ],
)
def test_arns_are_compared_part_by_part(pattern: str, arn: str, decision: bool) -> None:
    statement = document(Condition={"ArnLike": {"aws:SourceArn": pattern}})
    assert allowed(statement, Request("s3:GetObject", ARN, {"aws:SourceArn": arn})) is decision


def test_any_of_several_values() -> None:
    statement = document(Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}})
    assert allowed(statement, Request("s3:GetObject", ARN, {"aws:TagKeys": ["x", "b"]}))
    assert not allowed(statement, Request("s3:GetObject", ARN, {"aws:TagKeys": ["x"]}))


@pytest.mark.parametrize(
    "statement", [{"Condition": {"NumericLessThan": {"s3:max-keys": 1}}}, {"NotPrincipal": "*"}], ids=str
)
def test_what_it_does_not_know_is_an_error(statement: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        allowed(document(**statement), GET)
