# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A VPC with its DNS attributes, its internet gateway, and the default security group that nothing should use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws, by_name, tag_specification, tags_of
from .._reconcile import Operation, Resource, managed_tags, placeholder_id
from ._ec2 import Item, filters, named_tags, retag
from ._rules import described_rules, revoke_all

# Attribute of ours -> (name in DescribeVpcAttribute, key in its answer and in ModifyVpcAttribute)
DNS_ATTRIBUTES = {
    "enable_dns_support": ("enableDnsSupport", "EnableDnsSupport"),
    "enable_dns_hostnames": ("enableDnsHostnames", "EnableDnsHostnames"),
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The VPC named by the options, its internet gateway, and its default security group."""
    name, tags = params["name"], named_tags(params["name"], params["tags"])
    present = params["state"] == "present"
    item = find_vpc(aws, name)
    vpc = _vpc(aws, name, tags, item, _desired_vpc(params, tags) if present else None)
    gateway = _internet_gateway(aws, vpc, tags, _find_gateway(aws, name, item), present)
    if not present:
        return [vpc, gateway]  # the default group goes with its VPC
    return [vpc, gateway, _default_group(aws, vpc, item)]


# -- VPC -------------------------------------------------------------------------------------------------------------


def find_vpc(aws: Aws, name: str) -> Item | None:
    found = aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters({"tag:Name": name}))
    return by_name(found, "vpc", "VpcId").get(name)


def _desired_vpc(params: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "cidr_block": params["cidr_block"],
        "enable_dns_support": True,
        "enable_dns_hostnames": True,
        "tags": dict(tags),
    }


def _vpc(aws: Aws, name: str, tags: Mapping[str, str], item: Item | None, desired: dict[str, Any] | None) -> Resource:
    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "ec2",
            "create_vpc",
            CidrBlock=(desired or {})["cidr_block"],
            TagSpecifications=tag_specification("vpc", tags),
        )
        return {"id": made["Vpc"]["VpcId"]}

    return Resource(
        "vpc",
        name,
        before=_normalised_vpc(aws, item, tags) if item else None,
        after=desired,
        placeholders={"id": placeholder_id("vpc")},
        create=Operation("ec2:CreateVpc", create, covers=("cidr_block", "tags")),
        updates=(*(_modify_attribute(aws, attribute) for attribute in DNS_ATTRIBUTES), retag(aws, tags)),
        delete=Operation("ec2:DeleteVpc", lambda known: aws.call("ec2", "delete_vpc", VpcId=known["id"])),
        refuse_on={"cidr_block": "Put the old value back into network_vpc_cidr, or build a new environment beside it."},
        impacts={"enable_dns_support": "outage", "enable_dns_hostnames": "outage"},
    )


def _normalised_vpc(aws: Aws, item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    def read(attribute: str) -> bool:
        name, key = DNS_ATTRIBUTES[attribute]
        answer = aws.call("ec2", "describe_vpc_attribute", VpcId=item["VpcId"], Attribute=name)
        return answer[key]["Value"]

    values = aws.gather(partial(read, attribute) for attribute in DNS_ATTRIBUTES)
    return {
        "id": item["VpcId"],
        "cidr_block": item["CidrBlock"],
        **dict(zip(DNS_ATTRIBUTES, values, strict=True)),
        "tags": managed_tags(tags_of(item), tags),
    }


def _modify_attribute(aws: Aws, attribute: str) -> Operation:
    def run(known: dict[str, Any]) -> None:
        aws.call("ec2", "modify_vpc_attribute", VpcId=known["id"], **{DNS_ATTRIBUTES[attribute][1]: {"Value": True}})

    return Operation("ec2:ModifyVpcAttribute", run, covers=(attribute,))


# -- internet gateway ------------------------------------------------------------------------------------------------


def _find_gateway(aws: Aws, name: str, vpc: Item | None) -> Item | None:
    """The gateway attached to the VPC, or one of its name that an interrupted run left unattached."""
    if vpc:
        attached = filters({"attachment.vpc-id": vpc["VpcId"]})
        if found := aws.pages("ec2", "describe_internet_gateways", "InternetGateways", Filters=attached):
            return found[0]
    named = aws.pages("ec2", "describe_internet_gateways", "InternetGateways", Filters=filters({"tag:Name": name}))
    free = [item for item in named if not item.get("Attachments")]
    return by_name(free, "internet_gateway", "InternetGatewayId").get(name)


def _internet_gateway(aws: Aws, vpc: Resource, tags: Mapping[str, str], item: Item | None, present: bool) -> Resource:
    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "ec2", "create_internet_gateway", TagSpecifications=tag_specification("internet-gateway", tags)
        )
        return {"id": made["InternetGateway"]["InternetGatewayId"]}

    def attach(known: dict[str, Any]) -> dict[str, Any]:
        vpc_id = vpc.known["id"]
        aws.call("ec2", "attach_internet_gateway", InternetGatewayId=known["id"], VpcId=vpc_id)
        return {"vpc_id": vpc_id}

    def delete(known: dict[str, Any]) -> None:
        if known["vpc_id"]:
            aws.call("ec2", "detach_internet_gateway", InternetGatewayId=known["id"], VpcId=known["vpc_id"])
        aws.call("ec2", "delete_internet_gateway", InternetGatewayId=known["id"])

    return Resource(
        "internet_gateway",
        vpc.name,
        before=_normalised_gateway(item, tags) if item else None,
        after={"vpc_id": vpc.known.get("id", vpc.placeholders["id"]), "tags": dict(tags)} if present else None,
        placeholders={"id": placeholder_id("igw")},
        create=Operation("ec2:CreateInternetGateway", create, covers=("tags",)),
        updates=(Operation("ec2:AttachInternetGateway", attach, covers=("vpc_id",)), retag(aws, tags)),
        delete=Operation("ec2:DeleteInternetGateway", delete),
        impacts={"delete": "outage"},
    )


def _normalised_gateway(item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    attachments = item.get("Attachments") or [{}]
    return {
        "id": item["InternetGatewayId"],
        "vpc_id": attachments[0].get("VpcId"),
        "tags": managed_tags(tags_of(item), tags),
    }


# -- default security group ------------------------------------------------------------------------------------------


def _default_group(aws: Aws, vpc: Resource, item: Item | None) -> Resource:
    """Every VPC is born with a group that lets its members talk to each other and out; AWS advises to empty it.

    https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2
    """

    def close(known: dict[str, Any]) -> dict[str, Any]:
        group_id = known.get("id") or _default_group_id(aws, vpc.known["id"])
        revoke_all(aws, group_id)
        return {"id": group_id}

    group_id = _default_group_id(aws, item["VpcId"]) if item else None
    return Resource(
        "default_security_group",
        vpc.name,
        before={"id": group_id, **described_rules(aws, group_id)} if group_id else None,
        after={"ingress": {}, "egress": {}},
        placeholders={"id": placeholder_id("sg")},
        create=Operation("ec2:RevokeSecurityGroupIngress", close),
        updates=(Operation("ec2:RevokeSecurityGroupIngress", close, covers=("ingress", "egress")),),
        impacts={"ingress": "outage", "egress": "outage"},
    )


def _default_group_id(aws: Aws, vpc_id: str) -> str:
    wanted = filters({"vpc-id": vpc_id, "group-name": "default"})
    return aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=wanted)[0]["GroupId"]
