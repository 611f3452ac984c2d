"""Policy documents: one normal form for all spellings, and what is called malformed before AWS does."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from ansible_collections.airas.platform.plugins.module_utils._policy import checked, normalised, to_json, unordered
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, differences

READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:a", "arn:b"]}
WRITE = {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:a"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (policy(READ, WRITE), policy(WRITE, READ)),
        (policy(READ), policy({**READ, "Action": READ["Action"][::-1], "Resource": ["arn:b", "arn:a", "arn:a"]})),
        (policy(WRITE), policy({**WRITE, "Action": ["s3:PutObject"], "Resource": ["arn:a"]})),
        (policy(WRITE), {**policy(WRITE), "Statement": WRITE, "Id": "anything"}),
        (policy(WRITE), json.dumps(policy(WRITE))),
        (policy(WRITE), quote(json.dumps(policy(WRITE)))),
        ({"Statement": WRITE}, {"Version": "2008-10-17", "Statement": [WRITE]}),
        (policy({**WRITE, "Principal": "*"}), policy({**WRITE, "Principal": {"AWS": ["*"]}})),
        (
            policy({**WRITE, "Principal": {"AWS": "arn:aws:iam::427979936961:root"}}),
            policy({**WRITE, "Principal": {"AWS": ["427979936961"]}}),
        ),
        (policy({**WRITE, "Action": "SNS:Publish"}), policy({**WRITE, "Action": "sns:Publish"})),
        (
            policy({**WRITE, "Condition": {"Bool": {"aws:SecureTransport": False}}}),
            policy({**WRITE, "Condition": {"Bool": {"AWS:SecureTransport": ["false"]}}}),
        ),
        (
            policy({**WRITE, "Condition": {"NumericLessThan": {"s3:max-keys": 10}}}),
            policy({**WRITE, "Condition": {"NumericLessThan": {"s3:max-keys": "10"}}}),
        ),
        (None, ""),
    ],
)
def test_the_same_policy_in_two_spellings(one: Any, other: Any) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    "other",
    [
        policy({**WRITE, "Effect": "Deny"}),
        policy({**WRITE, "Resource": "arn:b"}),
        policy({"Sid": "Write", "Effect": "Allow", "NotAction": "s3:PutObject", "Resource": "arn:a"}),
        policy({**WRITE, "Principal": "*"}),
        policy({**WRITE, "Condition": {"Bool": {"aws:SecureTransport": True}}}),
        policy({**WRITE, "Action": "s3:putobject*"}),
        policy(WRITE, READ),
        {"Statement": [WRITE]},
    ],
)
def test_another_meaning_is_another_policy(other: dict[str, Any]) -> None:
    assert normalised(other) != normalised(policy(WRITE))


def test_a_difference_names_the_statement_and_the_element() -> None:
    changed = policy(READ, {**WRITE, "Action": ["s3:PutObject", "s3:DeleteObject"]})
    assert list(differences(normalised(policy(READ, WRITE)), normalised(changed))) == [
        ("Statement.Write.Action", ["s3:PutObject"], ["s3:DeleteObject", "s3:PutObject"])
    ]


def test_a_deleted_principal_is_a_difference() -> None:
    wanted = policy({**WRITE, "Principal": {"AWS": "arn:aws:iam::427979936961:role/deploy"}})
    found = policy({**WRITE, "Principal": {"AWS": "AROAIOSFODNN7EXAMPLE"}})
    assert [path for path, _before, _after in differences(normalised(found), normalised(wanted))] == [
        "Statement.Write.Principal.AWS"
    ]


def test_statements_without_a_sid_are_keyed_by_what_they_do() -> None:
    first, second = ({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": n}} for n in ("b", "a"))
    keyed = normalised(policy(first, second))["Statement"]
    assert keyed == normalised(policy(second, first))["Statement"]
    assert keyed["Allow sts:AssumeRole"]["Principal"] == {"AWS": ["a"]}
    assert keyed["Allow sts:AssumeRole #2"]["Principal"] == {"AWS": ["b"]}


def test_is_sent_compact_and_as_written() -> None:
    assert to_json(policy(WRITE)) == (
        '{"Version":"2012-10-17","Statement":'
        '[{"Sid":"Write","Effect":"Allow","Action":"s3:PutObject","Resource":"arn:a"}]}'
    )


def test_alternatives_of_a_pattern_have_no_order() -> None:
    one = {"source": ["b", "a"], "detail": {"code": [{"prefix": "x", "suffix": "y"}, 1, None]}}
    other = {"source": ["a", "b"], "detail": {"code": [None, {"suffix": "y", "prefix": "x"}, 1]}}
    assert unordered(one) == unordered(other)
    assert unordered(one) != unordered({**other, "source": ["a"]})


def test_a_good_document_passes_as_it_is() -> None:
    document = policy(READ, {**WRITE, "Principal": "*", "Condition": {}})
    assert checked(document, "policy") is document


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("{}", "a policy is a mapping with Version and Statement, not '{}'"),
        (policy(), "it has no Statement"),
        ({**policy(WRITE), "Statements": []}, "unknown element 'Statements'"),
        ({**policy(WRITE), "Version": "2012-10-18"}, "Version '2012-10-18' does not exist"),
        (policy("s3:*"), "statement 1: a statement is a mapping, not 's3:*'"),  # type: ignore[arg-type]
        (policy(READ, {**WRITE, "Actions": "s3:*"}), "statement Write: unknown element 'Actions'"),
        (policy({**WRITE, "Effect": "allow"}), "statement Write: Effect is Allow or Deny, not 'allow'"),
        (policy({"Effect": "Allow", "Resource": "*"}), "statement 1: it needs either Action or NotAction"),
        (policy({**WRITE, "NotAction": "s3:*"}), "statement Write: it needs either Action or NotAction"),
        (policy(WRITE, WRITE), "statement Write: another statement has the same Sid"),
    ],
)
def test_a_malformed_document_is_named(document: Any, problem: str) -> None:
    with pytest.raises(PlatformError) as caught:
        checked(document, "inline_policies.mail", "iam_role/task")
    assert str(caught.value).startswith(f"iam_role/task: inline_policies.mail: {problem}")
