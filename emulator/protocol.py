"""From an HTTP request to an AWS operation with its parameters, and from an error to the answer its service gives.

Reading and writing the wire formats is moto's work (`moto.core.routing`, `.parse`, `.serialize`); this module only
brings them together for every service alike, S3 included.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError
from moto.core.exceptions import ServiceException
from moto.core.loaders import create_loader
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

_BOTOCORE_NAME = {
    "awslambda": "lambda",
    "awslambda_simple": "lambda",
    "batch_simple": "batch",
    "dynamodb_v20111205": "dynamodb",
    "s3bucket_path": "s3",
}
_NOT_AWS = frozenset({"instance_metadata", "moto_api", "moto_proxy"})
_ELB_CLASSIC_VERSION = "2012-06-01"


class AwsError(ServiceException):
    """An error that an AWS call answers with; extensions raise it too.

    `status` matters for services whose model names no HTTP status for the code (S3); elsewhere the model's holds.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.status = status


class UnreadableRequest(Exception):
    """The body does not fit the operation's wire format, so there are no parameters."""


@dataclass(frozen=True)
class Operation:
    """An AWS operation, the protocol in which it was asked for, and the labels of its URL."""

    model: OperationModel
    protocol: str
    uri_params: Mapping[str, Any]

    @property
    def service(self) -> str:
        return str(self.model.service_model.service_name)

    @property
    def name(self) -> str:
        return str(self.model.name)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def botocore_service(moto_backend: str | None, request: Request) -> str | None:
    """botocore's name of the service that moto calls `moto_backend`; None for moto's own pages."""
    if moto_backend is None or moto_backend in _NOT_AWS:
        return None
    if moto_backend in ("elb", "elbv2"):
        return "elb" if request.values.get("Version") == _ELB_CLASSIC_VERSION else "elbv2"
    return _BOTOCORE_NAME.get(moto_backend) or _botocore_names().get(moto_backend.replace("-", ""))


@functools.cache
def _botocore_names() -> dict[str, str]:
    names = create_loader().list_available_services("service-2")
    return {name.replace("-", "").replace(".", ""): name for name in names}


def identify(service: str, request: Request) -> Operation | None:
    """The operation that `request` asks `service` for; None if botocore's model has none."""
    service_model = get_service_model(service)
    try:
        protocol = determine_request_protocol(service_model, request.content_type)
        model, uri_params = get_service_router(service).match(request)
    except (NotFound, NotImplementedError, BotoCoreError):
        return None
    return Operation(model, protocol, uri_params)


def parameters(operation: Operation, request: Request) -> dict[str, Any]:
    """The request's parameters in botocore's shape (what a boto3 caller passed); UnreadableRequest if it has none."""
    parser = PROTOCOL_PARSERS[operation.protocol](operation.model)
    document = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": request.data,
        "url_path": request.path,
        "url_params": operation.uri_params,
    }
    try:
        parsed: dict[str, Any] = parser.parse(document)
    except (RequestParserError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise UnreadableRequest(str(error)) from error
    return parsed or {}


def answer(operation: Operation, result: Mapping[str, Any], request_id: str) -> Answer:
    """`result`, in botocore's spelling, in the form of the service."""
    model = operation.model
    serializer_class = get_serializer_class(str(model.service_model.service_name), operation.protocol)
    serializer = serializer_class(operation_model=model, context=SerializationContext(request_id))
    serialized = serializer.serialize(result)
    body = serialized["body"]
    headers = {**serialized["headers"], "x-amzn-RequestId": request_id}
    return Answer(serialized["status_code"], headers, body if isinstance(body, bytes) else str(body).encode())


def error_answer(
    service_model: ServiceModel, operation: Operation | None, error: AwsError, status: int, request_id: str
) -> Answer:
    """`error` in the words and form of the service, with HTTP status `status`."""
    model = operation.model if operation else OperationModel({}, service_model)
    protocol = operation.protocol if operation else str(service_model.protocol)
    if protocol not in PROTOCOL_PARSERS:
        protocol = "json"
    serializer_class = get_serializer_class(str(service_model.service_name), protocol)
    serializer = serializer_class(operation_model=model, context=SerializationContext(request_id))
    serialized = serializer.serialize(error)
    body = serialized["body"]
    headers = {
        **serialized["headers"],
        "x-amzn-RequestId": request_id,
        "x-amz-request-id": request_id,
    }
    if protocol == "rest-json":
        headers.setdefault("X-Amzn-Errortype", error.code)
    return Answer(status, headers, body if isinstance(body, bytes) else str(body).encode())
