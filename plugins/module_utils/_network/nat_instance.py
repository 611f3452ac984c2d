# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A NAT instance (fck-nat) on a network interface of its own, which outlives it: the route to it never changes.

An instance is replaced in steps that AWS has to finish one by one: the old one is terminated, the interface becomes
free, the new one is launched with it. Each call does what can be done and names what it waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._aws import Aws, by_name, tag_list, tag_specification, tags_of
from .._reconcile import Operation, PlatformError, Resource, managed_tags, placeholder_id
from . import security_groups
from ._create import client_token, mending
from ._ec2 import Item, call_on_new, filters, in_vpc, named_tags, retag
from ._elastic_ip import elastic_ip, find_address, read_addresses, used_elsewhere

# https://fck-nat.dev/stable/deploying/
FCK_NAT_OWNER = "568608671756"
FCK_NAT_NAME = "fck-nat-al2023-hvm-*"

_LIVE = ("pending", "running", "stopping", "stopped")
_ROOT_DEVICE = "/dev/xvda"  # of Amazon Linux
_OTHER_TYPE = "Choose another instance_type or a subnet in another Availability Zone, and run again."
# Why EC2 gave up a launch that it had accepted.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
_LAUNCH_FAILURES = {
    "Client.InternalError": "Most often the key of EBS encryption by default cannot be used: check it and run again.",
    "Client.InvalidSnapshot.NotFound": "Choose another image_id and run again.",
    "Client.VolumeLimitExceeded": "Ask for a higher quota of gp3 storage in Service Quotas and run again.",
    "Server.InsufficientInstanceCapacity": _OTHER_TYPE,
    "Server.InternalError": "Run again; if it fails again, ask AWS Support.",
}
_MENDS = {
    "InsufficientInstanceCapacity": _OTHER_TYPE,
    "InvalidInstanceType": "Choose one that the region offers, such as t4g.nano (arm64) or t3.nano (x86_64).",
    "VcpuLimitExceeded": "Ask for a higher value of the EC2 quota that AWS names, in Service Quotas, and run again.",
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The security group, the address, the network interface and the instance; all by the one name."""
    found = _read(aws, params)
    present = params["state"] == "present"
    leaving = found.interface is not None and not (present and found.interface["SubnetId"] == params["subnet_id"])
    # What has to go in order: the instance, the interface, and what the interface uses.
    held = f"network_interface/{params['name']}" if leaving and found.interface_in_use else ""
    group = found.group if present else _held(found.group, held)
    address = elastic_ip(aws, params["name"], found.address, _tags(params), present=present, user=held)
    interface = _interface(aws, params, found.interface, leaving, group, address)
    return [group, address, interface, _instance(aws, params, found, leaving, interface)]


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    return named_tags(params["name"], params["tags"])


# -- finding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What AWS has under the name. ``instance`` runs or could run, ``failed`` is one that EC2 gave up launching."""

    group: Resource
    address: Item | None
    interface: Item | None
    instance: Item | None
    failed: Item | None
    gone: tuple[str, ...]

    @property
    def interface_in_use(self) -> bool:
        return self.interface is not None and self.interface["Status"] != "available"


def _read(aws: Aws, params: Mapping[str, Any]) -> Found:
    name, vpc_id = params["name"], params["vpc_id"]
    reads: tuple[Callable[[], list[Any]], ...] = (
        lambda: security_groups.resources(aws, _group_options(params)),
        lambda: read_addresses(aws),
        lambda: in_vpc(aws, "describe_network_interfaces", "NetworkInterfaces", vpc_id),
        lambda: in_vpc(aws, "describe_instances", "Reservations", vpc_id),
    )
    (group,), addresses, interfaces, reservations = aws.gather(reads)
    interface = find_interface([{**item, "Tags": item.get("TagSet")} for item in interfaces], name)
    instances = [item for reservation in reservations for item in reservation["Instances"]]
    return Found(
        group, _find_address(addresses, name, interface), interface, *find_instance(instances, name, interface)
    )


def _find_address(addresses: Sequence[Item], name: str, interface: Item | None) -> Item | None:
    """By Name tag, or, when that is lost, by the interface; one of the name that something else uses is an error."""
    found = find_address(addresses, name)
    if interface and not found:
        found = find_address(addresses, name, (interface.get("Association") or {}).get("AllocationId"))
    user = interface["NetworkInterfaceId"] if interface else None
    if found and found.get("AssociationId") and found.get("NetworkInterfaceId") != user:
        raise used_elsewhere(name, found)
    return found


def find_interface(items: Iterable[Item], name: str) -> Item | None:
    """By Name tag, or, when that is lost, by the description that it was made with."""
    listed = list(items)
    named = [item for item in listed if tags_of(item).get("Name") == name]
    described = [item for item in listed if item.get("Description") == _description(name)]
    return by_name(named, "network_interface", "NetworkInterfaceId").get(name) or next(iter(described), None)


def _description(name: str) -> str:
    return f"NAT instance {name}"


def find_instance(
    items: Iterable[Item], name: str, interface: Item | None
) -> tuple[Item | None, Item | None, tuple[str, ...]]:
    """The instance, by Name tag or by its interface; one that EC2 gave up launching; the ids of those that are gone."""
    own = [item for item in items if tags_of(item).get("Name") == name or _stands_on(item, interface)]
    live = [item for item in own if item["State"]["Name"] in _LIVE]
    if len(live) > 1:
        raise PlatformError(
            f"two of them could be meant: {' and '.join(item['InstanceId'] for item in live)}.",
            mend="Terminate or rename the one that is not in use, and run again.",
            resource=f"instance/{name}",
        )
    gone = [item for item in own if item not in live]
    failed = [] if live else [item for item in gone if _failure_code(item) in _LAUNCH_FAILURES]
    return _last(live), _last(failed), tuple(item["InstanceId"] for item in gone)


def _last(items: Sequence[Item]) -> Item | None:
    return items[-1] if items else None


def _stands_on(instance: Item, interface: Item | None) -> bool:
    return interface is not None and primary_interface(instance) == interface["NetworkInterfaceId"]


def primary_interface(instance: Item) -> str | None:
    """The id of the network interface that an instance was launched with; None once it is terminated."""
    for interface in instance.get("NetworkInterfaces") or ():
        if interface["Attachment"]["DeviceIndex"] == 0:
            return str(interface["NetworkInterfaceId"])
    return None


def _failure_code(instance: Item) -> str:
    if instance["State"]["Name"] != "terminated":
        return ""
    return str((instance.get("StateReason") or {}).get("Code", ""))


# -- security group --------------------------------------------------------------------------------------------------


def _group_options(params: Mapping[str, Any]) -> dict[str, Any]:
    """What comes from inside the VPC is forwarded; nothing from outside reaches the instance."""
    inside = {"protocol": "all", "cidr_ip": params["vpc_cidr_block"], "description": "Traffic of the VPC to forward"}
    outside = {"protocol": "all", "cidr_ip": "0.0.0.0/0", "description": "Forwarded traffic"}
    present = params["state"] == "present"
    return {
        "vpc_id": params["vpc_id"],
        "groups": [
            {
                "name": params["name"],
                "description": _description(params["name"]),
                "ingress": [inside] if present else [],
                "egress": [outside] if present else [],
            }
        ],
        "tags": params["tags"],
        "state": params["state"],
    }


def _held(group: Resource, user: str) -> Resource:
    """A security group that is to go stays until its ``user`` has let go of it."""
    if group.delete:
        group.delete = replace(group.delete, settled_only=True)
    group.settling = lambda _known: f"in use until {user} is gone" if user else None
    return group


# -- network interface -----------------------------------------------------------------------------------------------


def _interface(
    aws: Aws, params: Mapping[str, Any], item: Item | None, leaving: bool, group: Resource, address: Resource
) -> Resource:
    tags = _tags(params)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "ec2",
            "create_network_interface",
            SubnetId=params["subnet_id"],
            Groups=[group.known["id"]],
            Description=_description(params["name"]),
            TagSpecifications=tag_specification("network-interface", tags),
        )["NetworkInterface"]
        return {"id": made["NetworkInterfaceId"], "private_ip_address": made["PrivateIpAddress"]}

    def associate(known: dict[str, Any]) -> None:
        call_on_new(
            aws, known["id"], "associate_address", AllocationId=address.known["id"], NetworkInterfaceId=known["id"]
        )

    def delete(known: dict[str, Any]) -> None:
        if association := ((item or {}).get("Association") or {}).get("AssociationId"):
            aws.call("ec2", "disassociate_address", AssociationId=association)
        aws.call("ec2", "delete_network_interface", NetworkInterfaceId=known["id"])

    def modify(attribute: str, request: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Operation:
        def run(known: dict[str, Any]) -> None:
            call_on_new(
                aws,
                known["id"],
                "modify_network_interface_attribute",
                NetworkInterfaceId=known["id"],
                **request(known),
            )

        return Operation("ec2:ModifyNetworkInterfaceAttribute", run, covers=(attribute,), settled_only=True)

    return Resource(
        "network_interface",
        params["name"],
        before=_normalised_interface(item, tags) if item else None,
        after={
            "subnet_id": params["subnet_id"],
            "security_groups": [group.known.get("id", group.placeholders["id"])],
            "source_dest_check": False,
            "delete_on_termination": False,
            "allocation_id": address.known.get("id", address.placeholders["id"]),
            "tags": tags,
        }
        if params["state"] == "present"
        else None,
        placeholders={"id": placeholder_id("eni")},
        create=Operation(
            "ec2:CreateNetworkInterface",
            create,
            covers=("subnet_id", "security_groups", "delete_on_termination", "tags"),
            settled_only=True,
        ),
        updates=(
            modify("source_dest_check", lambda _known: {"SourceDestCheck": {"Value": False}}),
            modify("security_groups", lambda _known: {"Groups": [group.known["id"]]}),
            modify("delete_on_termination", _stay),
            Operation("ec2:AssociateAddress", associate, covers=("allocation_id",), settled_only=True),
            retag(aws, tags),
        ),
        delete=Operation("ec2:DeleteNetworkInterface", delete, settled_only=True),
        replace_on=("subnet_id",),
        impacts={"delete": "outage", "replace": "outage", "allocation_id": "outage"},
        settling=lambda known: known["status"] if leaving and known.get("status", "available") != "available" else None,
    )


def _stay(known: Mapping[str, Any]) -> dict[str, Any]:
    return {"Attachment": {"AttachmentId": known["attachment_id"], "DeleteOnTermination": False}}


def _normalised_interface(item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    attachment = item.get("Attachment") or {}
    return {
        "id": item["NetworkInterfaceId"],
        "status": item["Status"],
        "private_ip_address": item.get("PrivateIpAddress"),
        "attachment_id": attachment.get("AttachmentId"),
        "subnet_id": item["SubnetId"],
        "security_groups": sorted(group["GroupId"] for group in item.get("Groups") or ()),
        "source_dest_check": item["SourceDestCheck"],
        "delete_on_termination": bool(attachment.get("DeleteOnTermination")),
        "allocation_id": (item.get("Association") or {}).get("AllocationId"),
        "tags": managed_tags(tags_of(item), tags),
    }


# -- instance --------------------------------------------------------------------------------------------------------


def _instance(aws: Aws, params: Mapping[str, Any], found: Found, leaving: bool, interface: Resource) -> Resource:
    tags, present = _tags(params), params["state"] == "present"
    item = found.instance or (found.failed if present else None)
    image = _checked_image(aws, params, found.instance) if present else {}

    def launch(_known: dict[str, Any]) -> dict[str, Any]:
        if found.failed:
            raise _launch_failure(found.failed)
        request = _request(params, image, interface.known["id"], tags)
        with mending(_MENDS):
            made = call_on_new(
                aws, interface.known["id"], "run_instances", **request, ClientToken=client_token(request, found.gone)
            )
        launched = made["Instances"][0]
        return {"id": launched["InstanceId"], "state": launched["State"]["Name"]}

    def terminate(known: dict[str, Any]) -> dict[str, Any]:
        aws.call("ec2", "terminate_instances", InstanceIds=[known["id"]])
        return {"state": "shutting-down"}

    def forget(known: dict[str, Any]) -> dict[str, Any]:
        renamed = {"Name": f"{params['name']} (failed)"}
        aws.call("ec2", "create_tags", Resources=[known["id"]], Tags=tag_list(renamed))
        return {}

    instance = Resource(
        "instance",
        params["name"],
        before=_normalised_instance(aws, item, tags) if item else None,
        after={
            "image_id": image["ImageId"],
            "instance_type": params["instance_type"],
            "network_interface_id": (interface.placeholders if leaving else interface.known).get(
                "id", interface.placeholders["id"]
            ),
            "status": "ok",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "tags": tags,
        }
        if present
        else None,
        placeholders={"id": placeholder_id("i")},
        create=Operation("ec2:RunInstances", launch, settled_only=True),
        updates=(_require_tokens(aws), retag(aws, tags)),
        # What EC2 gave up is terminated already. Without the name it is not met again, and the call ends with the
        # reason: to launch another at once would meet the same fault again and again while somebody waits.
        delete=Operation("ec2:CreateTags", forget)
        if item and item is found.failed
        else Operation("ec2:TerminateInstances", terminate),
        replace_on=("image_id", "instance_type", "network_interface_id", "status"),
        impacts={"delete": "outage", "replace": "outage"},
        settling=lambda known: known["state"] if known.get("state") in ("pending", "shutting-down") else None,
    )
    if not item and found.interface_in_use:
        instance.known["state"] = "shutting-down"
    return instance


def _request(params: Mapping[str, Any], image: Item, interface_id: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """AWS assigns no public address to an existing interface, and deletes none with the instance unless told to."""
    volume = {"Encrypted": True, "VolumeType": "gp3", "DeleteOnTermination": True}
    return {
        "ImageId": image["ImageId"],
        "InstanceType": params["instance_type"],
        "MinCount": 1,
        "MaxCount": 1,
        "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": interface_id}],
        "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "MaintenanceOptions": {"AutoRecovery": "default"},
        "BlockDeviceMappings": [{"DeviceName": image.get("RootDeviceName") or _ROOT_DEVICE, "Ebs": volume}],
        "TagSpecifications": [*tag_specification("instance", tags), *tag_specification("volume", tags)],
    }


def _require_tokens(aws: Aws) -> Operation:
    def run(known: dict[str, Any]) -> None:
        aws.call(
            "ec2",
            "modify_instance_metadata_options",
            InstanceId=known["id"],
            HttpTokens="required",
            HttpPutResponseHopLimit=1,
        )

    return Operation("ec2:ModifyInstanceMetadataOptions", run, covers=("http_tokens", "http_put_response_hop_limit"))


def _launch_failure(item: Item) -> PlatformError:
    reason = item["StateReason"]
    return PlatformError(
        f"EC2 gave up launching {item['InstanceId']}: {reason['Code']}: {reason.get('Message') or 'no reason given'}.",
        mend=_LAUNCH_FAILURES[reason["Code"]],
        call="ec2:RunInstances",
    )


def _normalised_instance(aws: Aws, item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    options = item.get("MetadataOptions") or {}
    return {
        "id": item["InstanceId"],
        "state": item["State"]["Name"],
        "image_id": item["ImageId"],
        "instance_type": item["InstanceType"],
        "network_interface_id": primary_interface(item),
        "status": _status(aws, item),
        "http_tokens": options.get("HttpTokens"),
        "http_put_response_hop_limit": options.get("HttpPutResponseHopLimit"),
        "tags": managed_tags(tags_of(item), tags),
    }


def _status(aws: Aws, item: Item) -> str:
    """``ok``, ``stopped``, ``failed`` to launch, or ``impaired`` by EC2's own checks; ``ok`` also while they begin."""
    state = item["State"]["Name"]
    if state != "running":
        return {"pending": "ok", "terminated": "failed"}.get(state, "stopped")
    checks = aws.pages("ec2", "describe_instance_status", "InstanceStatuses", InstanceIds=[item["InstanceId"]])
    found = {check[kind]["Status"] for check in checks for kind in ("InstanceStatus", "SystemStatus")}
    return "impaired" if "impaired" in found else "ok"


# -- image and type --------------------------------------------------------------------------------------------------


def _checked_image(aws: Aws, params: Mapping[str, Any], live: Item | None) -> Item:
    """The image to run; raises L(PlatformError) for one that is not there, or that fits not the architecture."""
    architecture, pinned = params["architecture"], params["image_id"]
    _check_type(aws, params, live)
    images = _pinned_image(aws, pinned) if pinned else _fck_nat_images(aws, architecture)
    if not images and live and (not pinned or live["ImageId"] == pinned):
        return {"ImageId": live["ImageId"]}  # withdrawn from the market, but what runs is not hurt
    if not images:
        wanted = pinned or f"{FCK_NAT_NAME} of account {FCK_NAT_OWNER} for {architecture}"
        raise PlatformError(
            f"there is no image {wanted} in the region.",
            mend="Give the id of an image that can be used here as image_id.",
            resource=f"instance/{params['name']}",
        )
    newest = max(images, key=lambda image: str(image["CreationDate"]))
    if newest["Architecture"] != architecture:
        raise PlatformError(
            f"{pinned} is an image for {newest['Architecture']}, not for {architecture}.",
            mend="Change image_id, or architecture together with instance_type.",
            resource=f"instance/{params['name']}",
        )
    return newest


def _pinned_image(aws: Aws, image_id: str) -> Sequence[Item]:
    missing = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")
    answer = aws.call_or_none("ec2", "describe_images", missing, ImageIds=[image_id])
    return (answer or {}).get("Images") or ()


def _fck_nat_images(aws: Aws, architecture: str) -> Sequence[Item]:
    wanted = filters({"name": FCK_NAT_NAME, "architecture": architecture, "state": "available"})
    return aws.pages("ec2", "describe_images", "Images", Owners=[FCK_NAT_OWNER], Filters=wanted)


def _check_type(aws: Aws, params: Mapping[str, Any], live: Item | None) -> None:
    wanted = (params["instance_type"], params["architecture"])
    if live and (live["InstanceType"], live.get("Architecture")) == wanted:
        return
    with mending(_MENDS):
        (found,) = aws.pages("ec2", "describe_instance_types", "InstanceTypes", InstanceTypes=[wanted[0]])
    supported = found["ProcessorInfo"]["SupportedArchitectures"]
    if wanted[1] not in supported:
        raise PlatformError(
            f"{wanted[0]} runs {' and '.join(supported)}, not {wanted[1]}.",
            mend="Change instance_type or architecture: t4g types are arm64, t3 types are x86_64.",
            resource=f"instance/{params['name']}",
        )
