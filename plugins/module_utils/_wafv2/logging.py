# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where a web ACL logs the requests that it has seen, which of them, and what of them is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._policy import unordered
from .._reconcile import Operation, PlatformError, Resource, is_placeholder
from ._common import MISSING, arn_of, once_there

KIND = "wafv2_logging"
# https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html#logging-cw-logs-naming
PREFIX = "aws-waf-logs-"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The logging of the web ACL named by the options."""
    name, present = params["web_acl"], params["state"] == "present"
    if present:
        _check(params)
    arn = arn_of(aws, name)
    return [_resource(aws, name, arn, _find(aws, arn), _desired(params) if present else None)]


def _check(params: Mapping[str, Any]) -> None:
    destination = params["destination_arn"]
    if not destination:
        raise PlatformError(
            "destination_arn is missing.", mend="Give the ARN of a log group.", resource=f"{KIND}/{params['web_acl']}"
        )
    named = destination.split(":", 5)[-1].removeprefix("log-group:").removeprefix("deliverystream/")
    if not named.startswith(PREFIX):
        raise PlatformError(
            f"{destination} cannot take its logs.",
            mend=f"AWS WAF writes only to a log group, bucket or delivery stream whose name begins with {PREFIX}.",
            resource=f"{KIND}/{params['web_acl']}",
        )


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "destination_arn": params["destination_arn"].removesuffix(":*"),
        # Names of headers know no upper case.
        "redacted_headers": sorted(header.lower() for header in params["redacted_headers"]),
        "redacted": sorted(params["redacted"]),
        "filter": unordered(params["filter"]),
    }


def _find(aws: Aws, arn: str) -> dict[str, Any] | None:
    if is_placeholder(arn):
        return None
    found = aws.call_or_none("wafv2", "get_logging_configuration", MISSING, ResourceArn=arn)
    if not found:
        return None
    config = found["LoggingConfiguration"]
    fields = config.get("RedactedFields") or ()
    headers = [field["SingleHeader"]["Name"] for field in fields if "SingleHeader" in field]
    return {
        "destination_arn": config["LogDestinationConfigs"][0].removesuffix(":*"),
        "redacted_headers": sorted(header.lower() for header in headers),
        "redacted": sorted(kind for field in fields for kind in field if kind != "SingleHeader"),
        "filter": unordered(config.get("LoggingFilter") or {}),
    }


def _resource(aws: Aws, name: str, arn: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    def put(_known: dict[str, Any]) -> None:
        wanted = after or {}
        headers = [{"SingleHeader": {"Name": header}} for header in wanted["redacted_headers"]]
        fields = headers + [{kind: {}} for kind in wanted["redacted"]]
        config = {
            "ResourceArn": arn_of(aws, name),  # made since, on a first run
            "LogDestinationConfigs": [wanted["destination_arn"]],
            **({"RedactedFields": fields} if fields else {}),
            **({"LoggingFilter": wanted["filter"]} if wanted["filter"] else {}),
        }
        once_there(aws, lambda: aws.call("wafv2", "put_logging_configuration", LoggingConfiguration=config))

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("wafv2", "delete_logging_configuration", MISSING, ResourceArn=arn)

    operation = Operation("wafv2:PutLoggingConfiguration", put, covers=tuple(after or ()))
    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        create=operation,
        updates=(operation,) if before else (),
        delete=Operation("wafv2:DeleteLoggingConfiguration", delete),
    )
