# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""VPC endpoints, found by their Name tags: gateway endpoints, which cost nothing, and interface endpoints."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from .. import _policy
from .._aws import Aws, by_name, tag_specification, tags_of
from .._reconcile import Impact, Operation, PlatformError, Resource, State, managed_tags, placeholder_id
from ._ec2 import Item, in_vpc, named_tags, retag

# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#default-endpoint-policy
FULL_ACCESS = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}

# Attributes that are lists of ids -> their name in ModifyVpcEndpoint's Add... and Remove...
_LISTS = {"route_table_ids": "RouteTableIds", "subnet_ids": "SubnetIds", "security_group_ids": "SecurityGroupIds"}
_LISTS_OF = {"gateway": ("route_table_ids",), "interface": ("subnet_ids", "security_group_ids")}
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
_GONE = ("deleting", "deleted")
MANAGED_BY = "airas.platform"
_IMMUTABLE = "Put the old value back, or give the endpoint another name to have a new one made."


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The listed endpoints of the VPC and, with ``purge``, the others that this collection made there."""
    if params["state"] == "present":
        _check(params["endpoints"])
    described = in_vpc(aws, "describe_vpc_endpoints", "VpcEndpoints", params["vpc_id"])
    alive = by_name([item for item in described if _state(item) not in _GONE], "vpc_endpoint", "VpcEndpointId")
    going = by_name([item for item in described if _state(item) == "deleting"], "vpc_endpoint", "VpcEndpointId")
    listed = {wanted["name"]: wanted for wanted in params["endpoints"]}
    unlisted = [name for name, item in (going | alive).items() if name not in listed and _is_ours(item)]
    if params["state"] == "present":
        found = [_endpoint(aws, params, wanted, alive.get(name)) for name, wanted in listed.items()]
    else:
        found = [_removed(aws, name, alive.get(name), going.get(name)) for name in listed]
    if params["purge"]:
        found += [_removed(aws, name, alive.get(name), going.get(name)) for name in unlisted]
    return found


def _is_ours(item: Item) -> bool:
    return tags_of(item).get("ManagedBy") == MANAGED_BY


def service_name(region: str, service: str) -> str:
    """``s3`` -> ``com.amazonaws.ap-northeast-1.s3``; a full name stays what it is."""
    return service if service.startswith(("aws.", "com.", "cn.com.")) else f"com.amazonaws.{region}.{service}"


def _check(endpoints: list[Mapping[str, Any]]) -> None:
    for wanted in endpoints:
        foreign = [name for name in _LISTS if wanted[name] and name not in _LISTS_OF[wanted["type"]]]
        if foreign:
            raise PlatformError(
                f"{foreign[0]} is not for endpoints of type {wanted['type']}.",
                mend=f"Give {' and '.join(_LISTS_OF[wanted['type']])} instead, or change the type.",
                resource=f"vpc_endpoint/{wanted['name']}",
            )
        # Without a group of its own, AWS puts an interface endpoint into the default one, which lets nobody in.
        if wanted["type"] == "interface" and not (wanted["subnet_ids"] and wanted["security_group_ids"]):
            raise PlatformError(
                "an interface endpoint needs subnet_ids and security_group_ids.",
                mend="Give a subnet in each zone that uses it, and a group that lets its users in on port 443.",
                resource=f"vpc_endpoint/{wanted['name']}",
            )


def _state(item: Item) -> str:
    """In small letters: AWS writes ``available`` for some endpoints and ``Available`` for others."""
    return item["State"].lower()


def _desired(aws: Aws, wanted: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    interface = wanted["type"] == "interface"
    return {
        "service_name": service_name(aws.region, wanted["service"]),
        "type": wanted["type"],
        **{name: sorted(wanted[name]) for name in _LISTS_OF[wanted["type"]]},
        **({"private_dns_enabled": wanted["private_dns_enabled"]} if interface else {}),
        "policy": _policy.normalised(wanted["policy"] or FULL_ACCESS),
        "tags": dict(tags),
    }


def _normalised(item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": item["VpcEndpointId"],
        "state": _state(item),
        "failure": (item.get("LastError") or {}).get("Message") or item.get("FailureReason") or "",
        "service_name": item["ServiceName"],
        "type": item["VpcEndpointType"].lower(),
        "route_table_ids": sorted(item.get("RouteTableIds") or ()),
        "subnet_ids": sorted(item.get("SubnetIds") or ()),
        "security_group_ids": sorted(group["GroupId"] for group in item.get("Groups") or ()),
        "private_dns_enabled": item.get("PrivateDnsEnabled", False),
        "policy": _policy.normalised(item.get("PolicyDocument")),
        "tags": managed_tags(tags_of(item), tags),
    }


def _endpoint(aws: Aws, params: Mapping[str, Any], wanted: Mapping[str, Any], item: Item | None) -> Resource:
    tags = named_tags(wanted["name"], params["tags"])
    before = _normalised(item, tags) if item else None
    after = _desired(aws, wanted, tags)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.call(
            "ec2",
            "create_vpc_endpoint",
            ClientToken=str(uuid.uuid4()),
            VpcId=params["vpc_id"],
            VpcEndpointType=wanted["type"].title(),
            ServiceName=after["service_name"],
            **{_LISTS[name]: after[name] for name in _LISTS_OF[wanted["type"]] if after[name]},
            **({"PrivateDnsEnabled": after["private_dns_enabled"]} if wanted["type"] == "interface" else {}),
            **({"PolicyDocument": _policy.to_json(wanted["policy"])} if wanted["policy"] else {}),
            TagSpecifications=tag_specification("vpc-endpoint", tags),
        )
        return {"id": made["VpcEndpoint"]["VpcEndpointId"], "state": _state(made["VpcEndpoint"])}

    def modify(known: dict[str, Any]) -> None:
        aws.call(
            "ec2",
            "modify_vpc_endpoint",
            VpcEndpointId=known["id"],
            **modification(before or {}, after, wanted["policy"]),
        )

    changeable = tuple(name for name in after if name in (*_LISTS, "private_dns_enabled", "policy"))
    return Resource(
        "vpc_endpoint",
        wanted["name"],
        before=before,
        after=after,
        placeholders={"id": placeholder_id("vpce")},
        create=Operation("ec2:CreateVpcEndpoint", create),
        updates=(Operation("ec2:ModifyVpcEndpoint", modify, covers=changeable, settled_only=True), retag(aws, tags)),
        refuse_on={"service_name": _IMMUTABLE, "type": _IMMUTABLE},
        impacts={"private_dns_enabled": "outage", **_impacts(before or {}, after)},
        settling=_settling,
    )


def _removed(aws: Aws, name: str, item: Item | None, going: Item | None) -> Resource:
    """An endpoint that is to go, or is on its way already: its interfaces hold subnets and groups until it is gone."""

    def delete(known: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[known["id"]])
        for failed in answer.get("Unsuccessful") or ():
            raise PlatformError(f"ec2:DeleteVpcEndpoints: {failed['Error']['Message']}.")
        return {"id": known["id"], "state": "deleting"} if known["type"] == "interface" else {}

    resource = Resource(
        "vpc_endpoint",
        name,
        before=_normalised(item, tags_of(item)) if item else None,
        after=None,
        delete=Operation("ec2:DeleteVpcEndpoints", delete),
        impacts={"delete": "outage"},
        settling=lambda known: "deleting" if known["state"] == "deleting" else None,
    )
    if going and not item:
        resource.known.update(id=going["VpcEndpointId"], state="deleting")
    return resource


def _impacts(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Impact]:
    return {
        name: "outage" if set(before.get(name, ())) - set(after[name]) else "none" for name in _LISTS if name in after
    }


def modification(before: Mapping[str, Any], after: Mapping[str, Any], policy: Any) -> dict[str, Any]:
    """The options of ModifyVpcEndpoint that lead from the one to the other: what is added, removed and set."""
    options: dict[str, Any] = {}
    for name, option in _LISTS.items():
        then, now = set(after.get(name, ())), set(before.get(name, ()) if name in after else ())
        options |= {f"Add{option}": sorted(then - now), f"Remove{option}": sorted(now - then)}
    if "private_dns_enabled" in after and after["private_dns_enabled"] != before.get("private_dns_enabled"):
        options["PrivateDnsEnabled"] = after["private_dns_enabled"]
    if after["policy"] != before.get("policy"):
        options |= {"PolicyDocument": _policy.to_json(policy)} if policy else {"ResetPolicy": True}
    return {name: value for name, value in options.items() if value not in ([], None)}


def _settling(known: State) -> str | None:
    state = known.get("state")
    if state in ("failed", "rejected", "expired"):
        raise PlatformError(
            f"AWS reports it as {state}: {known.get('failure') or 'no reason is given'}",
            mend=f"Delete it (aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {known['id']}) and run again.",
        )
    return state if state in ("pending", "pendingacceptance", "partial") else None
