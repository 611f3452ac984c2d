"""What the tests of the families share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws

Answers = Mapping[str, Any]


class FakeAws(Aws):
    """The AWS edge with canned answers by operation (a dict, or a function of the parameters) and a record of calls."""

    region = "ap-northeast-1"
    account_id = "427979936961"
    partition = "aws"

    def __init__(self, answers: Answers) -> None:
        super().__init__(None, attempts=1)
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def _client(self, service: str, attempts: int) -> Any:
        return _Client(self, service)


class _Client:
    def __init__(self, aws: FakeAws, service: str) -> None:
        self._aws = aws
        self._service = service

    def can_paginate(self, _operation: str) -> bool:
        return False

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**params: Any) -> Any:
            self._aws.calls.append((f"{self._service}:{operation}", params))
            answer = self._aws.answers.get(operation, {})
            return answer(**params) if callable(answer) else answer

        return call


@pytest.fixture
def fake_aws() -> Callable[..., FakeAws]:
    """``fake_aws(describe_vpcs={"Vpcs": []})``: an ``Aws`` that answers so, and ``{}`` to all other calls."""
    return lambda **answers: FakeAws(answers)


@pytest.fixture
def refusal() -> Callable[..., Callable[..., Any]]:
    """``fake_aws(get_role=refusal("NoSuchEntity"))``: an answer that is an error of AWS."""

    def make(code: str, message: str = "") -> Callable[..., Any]:
        def answer(**_params: Any) -> Any:
            raise ClientError({"Error": {"Code": code, "Message": message}}, "Operation")

        return answer

    return make
