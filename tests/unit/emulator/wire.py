"""Requests as botocore puts them on the wire, without a client or a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import botocore.session
from botocore.serialize import create_serializer
from moto.core.request import Request

from emulator import protocol
from emulator.protocol import Operation

_session = botocore.session.get_session()

SERVICES = [
    "accessanalyzer",
    "acm",
    "application-autoscaling",
    "autoscaling",
    "budgets",
    "cloudtrail",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "elasticache",
    "elbv2",
    "events",
    "guardduty",
    "iam",
    "kms",
    "lambda",
    "logs",
    "rds",
    "route53",
    "s3",
    "s3control",
    "scheduler",
    "secretsmanager",
    "securityhub",
    "service-quotas",
    "sns",
    "ssm",
    "stepfunctions",
    "sts",
    "wafv2",
]
"""The services of this stack."""


def model(service: str) -> Any:
    return _session.get_service_model(service)


def examples(service: str) -> Mapping[str, Any]:
    """AWS's own examples, as botocore carries them: lists of `{"input": ...}` by operation name."""
    loader = _session.get_component("data_loader")
    if service not in loader.list_available_services("examples-1"):
        return {}
    found: Mapping[str, Any] = loader.load_service_model(service, "examples-1")["examples"]
    return found


def request(service: str, operation: str, params: Mapping[str, Any]) -> Request:
    service_model = model(service)
    operation_model = service_model.operation_model(operation)
    wire_protocol = operation_model.service_model.resolved_protocol
    serializer = create_serializer(wire_protocol, include_validation=False)
    raw = serializer.serialize_to_request(dict(params), operation_model)
    query, body, headers = raw["query_string"], raw["body"], dict(raw["headers"])
    if isinstance(body, dict):
        body = urlencode(body).encode()
    url = "http://127.0.0.1" + raw["url_path"]
    if query:
        url += ("&" if "?" in url else "?") + (query if isinstance(query, str) else urlencode(query, doseq=True))
    headers = {key: value if isinstance(value, (str, bytes)) else str(value) for key, value in headers.items()}
    return Request.from_primitives(raw["method"], url, headers, body or b"")


def received(service: str, operation: str, params: Mapping[str, Any]) -> tuple[Operation, dict[str, Any]]:
    """Operation and parameters as the gateway sees them when a client makes this call."""
    sent = request(service, operation, params)
    found = protocol.identify(service, sent)
    assert found is not None, f"{service}:{operation} is not recognized"
    return found, protocol.parameters(found, sent)
