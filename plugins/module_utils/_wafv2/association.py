# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which load balancers a web ACL protects. One is protected by one web ACL at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, PlatformError, Resource, is_placeholder
from ._common import MISSING, arn_of, once_there

KIND = "wafv2_association"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """One association for each resource of the options."""
    arns, present = params["resource_arns"], params["state"] == "present"
    acl = arn_of(aws, params["web_acl"])
    if not arns and present:
        raise PlatformError(
            "resource_arns is empty.", mend="Name the load balancers.", resource=f"{KIND}/{params['web_acl']}"
        )
    if not arns:
        arns = protected_by(aws, acl)
    for arn in arns:
        if not arn.startswith("arn:"):
            raise PlatformError(f"{arn!r} is no ARN.", mend="Give ARNs of load balancers.", resource=f"{KIND}/{arn}")
    found = aws.gather(partial(_find, aws, arn) for arn in arns)
    return [_resource(aws, params["web_acl"], acl, arn, held, present) for arn, held in zip(arns, found, strict=True)]


def protected_by(aws: Aws, web_acl_arn: str) -> list[str]:
    """ARNs of the load balancers that the web ACL protects."""
    if is_placeholder(web_acl_arn):
        return []
    kind = {"ResourceType": "APPLICATION_LOAD_BALANCER"}
    answer = aws.call_or_none("wafv2", "list_resources_for_web_acl", MISSING, WebACLArn=web_acl_arn, **kind)
    return sorted((answer or {}).get("ResourceArns") or ())


def resource_name(arn: str) -> str:
    """``arn:...:loadbalancer/app/airas-dev-alb/50dc6c495c0c9188`` -> ``airas-dev-alb``"""
    parts = arn.split(":", 5)[-1].split("/")
    return parts[-2] if len(parts) > 2 else parts[-1]


def _find(aws: Aws, resource_arn: str) -> str | None:
    """The ARN of the web ACL that protects it now."""
    if is_placeholder(resource_arn):
        return None
    found = aws.call_or_none("wafv2", "get_web_acl_for_resource", MISSING, ResourceArn=resource_arn)
    return ((found or {}).get("WebACL") or {}).get("ARN")


def _resource(aws: Aws, web_acl: str, acl: str, arn: str, held: str | None, present: bool) -> Resource:
    # Another web ACL's association is not ours to end.
    before = {"web_acl_arn": held, "resource_arn": arn} if held and (present or held == acl) else None

    def associate(_known: dict[str, Any]) -> None:
        target = arn_of(aws, web_acl)  # made since, on a first run
        once_there(aws, lambda: aws.call("wafv2", "associate_web_acl", WebACLArn=target, ResourceArn=arn))

    def disassociate(_known: dict[str, Any]) -> None:
        aws.call_or_none("wafv2", "disassociate_web_acl", MISSING, ResourceArn=arn)

    # In place of another web ACL too, with no moment in between without one.
    operation = Operation("wafv2:AssociateWebACL", associate, covers=("web_acl_arn",))
    return Resource(
        KIND,
        resource_name(arn),
        before=before,
        after={"web_acl_arn": acl, "resource_arn": arn} if present else None,
        create=Operation("wafv2:AssociateWebACL", associate),
        updates=(operation,) if before else (),
        delete=Operation("wafv2:DisassociateWebACL", disassociate),
    )
