# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A health check of Route 53: an address that AWS asks from many places of the world."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation, Resource, managed_tags, placeholder_id

_MUTABLE = ("domain_name", "failure_threshold", "path", "port")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The health check named by the options."""
    name = params["name"]
    tags = {**params["tags"], "Name": name}
    after = {**_desired(params), "tags": tags} if params["state"] == "present" else None
    return [
        Resource(
            "route53_health_check",
            name,
            before=_find(aws, name, tags),
            after=after,
            placeholders={"id": placeholder_id("healthcheck")},
            create=Operation(
                "route53:CreateHealthCheck", partial(_create, aws, params), covers=("interval_s", "type", *_MUTABLE)
            ),
            updates=(
                Operation("route53:UpdateHealthCheck", partial(_update, aws, params), covers=_MUTABLE),
                Operation("route53:ChangeTagsForResource", partial(_tag, aws, tags), covers=("tags",)),
            ),
            delete=Operation("route53:DeleteHealthCheck", partial(_delete, aws)),
            replace_on=("interval_s", "type"),
        )
    ]


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    return {key: params[key] for key in ("interval_s", "type", *_MUTABLE)}


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    """By the beginning of its caller reference: a killed run may have left it without a tag."""
    for item in aws.pages("route53", "list_health_checks", "HealthChecks"):
        if item["CallerReference"].startswith(f"{name}:"):
            tagged = aws.call("route53", "list_tags_for_resource", ResourceType="healthcheck", ResourceId=item["Id"])
            return _normalised(item, managed_tags(tags_of(tagged["ResourceTagSet"]), tags))
    return None


def _normalised(item: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    config = item["HealthCheckConfig"]
    return {
        "id": item["Id"],
        "type": config["Type"],
        "domain_name": config.get("FullyQualifiedDomainName"),
        "port": config.get("Port"),
        "path": config.get("ResourcePath") or "",
        "interval_s": config.get("RequestInterval"),
        "failure_threshold": config.get("FailureThreshold"),
        "tags": dict(tags),
    }


def _config(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "FullyQualifiedDomainName": params["domain_name"],
        "Port": params["port"],
        "ResourcePath": params["path"],
        "FailureThreshold": params["failure_threshold"],
    }


def _create(aws: Aws, params: Mapping[str, Any], _known: dict[str, Any]) -> dict[str, Any]:
    config = {
        **_config(params),
        "Type": params["type"],
        "RequestInterval": params["interval_s"],
        **({"EnableSNI": True} if params["type"] == "HTTPS" else {}),
    }
    # AWS takes a reference once, also after the check is gone.
    reference = f"{params['name']}:{uuid.uuid4().hex}"
    made = aws.create("route53", "create_health_check", CallerReference=reference, HealthCheckConfig=config)
    return {"id": made["HealthCheck"]["Id"]}


def _update(aws: Aws, params: Mapping[str, Any], known: dict[str, Any]) -> None:
    aws.call("route53", "update_health_check", HealthCheckId=known["id"], **_config(params))


def _tag(aws: Aws, tags: Mapping[str, str], known: dict[str, Any]) -> None:
    aws.call(
        "route53",
        "change_tags_for_resource",
        ResourceType="healthcheck",
        ResourceId=known["id"],
        AddTags=tag_list(tags),
    )


def _delete(aws: Aws, known: dict[str, Any]) -> None:
    aws.call_or_none("route53", "delete_health_check", ("NoSuchHealthCheck",), HealthCheckId=known["id"])
