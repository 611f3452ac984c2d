# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An Elastic IP address that belongs to something else: a NAT gateway or a network interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._aws import Aws, tag_specification, tags_of
from .._reconcile import KNOWN_AFTER_APPLY, Operation, PlatformError, Resource, managed_tags, placeholder_id
from ._create import mending
from ._ec2 import Item, retag

_MENDS = {
    "AddressLimitExceeded": (
        "Ask for a higher value of the quota EC2-VPC Elastic IPs (ec2/L-0263D0A3) in Service Quotas, or release "
        "addresses that nothing uses, and run again."
    ),
}


def read_addresses(aws: Aws) -> list[Item]:
    """The region's Elastic IP addresses, but for those of AWS's own (a load balancer's, a regional gateway's)."""
    found = aws.pages("ec2", "describe_addresses", "Addresses")
    return [item for item in found if not item.get("ServiceManaged")]


def find_address(addresses: Iterable[Item], name: str, allocation_id: str | None = None) -> Item | None:
    """The address with this Name tag, or the one known to be in use for it, which may lack the tag."""
    found = [
        item for item in addresses if item["AllocationId"] == allocation_id or name_of(item, "AllocationId") == name
    ]
    if len(found) > 1:
        ids = " and ".join(f"{item['AllocationId']} ({item['PublicIp']})" for item in found)
        raise PlatformError(
            f"two of them could be meant: {ids}.",
            mend="Release the one that is not in use, or give it another Name tag, and run again.",
            resource=f"elastic_ip/{name}",
        )
    return found[0] if found else None


def used_elsewhere(name: str, item: Item) -> PlatformError:
    """The error for an address of our name that something else has taken into use."""
    user = item.get("InstanceId") or item.get("NetworkInterfaceId") or "something else"
    return PlatformError(
        f"{item['AllocationId']} ({item['PublicIp']}) carries this Name tag but is in use by {user}.",
        mend="Disassociate it, or give it another Name tag, and run again.",
        resource=f"elastic_ip/{name}",
    )


def name_of(item: Item, id_key: str) -> str:
    """The Name tag, or the id of what has lost it."""
    return tags_of(item).get("Name") or item[id_key]


def elastic_ip(
    aws: Aws, name: str, item: Item | None, tags: Mapping[str, str], *, present: bool = True, user: str = ""
) -> Resource:
    """An address that is to go stays until its ``user`` has let go of it."""

    def allocate(_known: dict[str, Any]) -> dict[str, Any]:
        with mending(_MENDS):
            made = aws.create(
                "ec2", "allocate_address", Domain="vpc", TagSpecifications=tag_specification("elastic-ip", tags)
            )
        return {"id": made["AllocationId"], "public_ip": made["PublicIp"]}

    def release(known: dict[str, Any]) -> None:
        aws.call("ec2", "release_address", AllocationId=known["id"])

    return Resource(
        "elastic_ip",
        name,
        before=_normalised(item, tags) if item else None,
        after={"tags": dict(tags)} if present else None,
        placeholders={"id": placeholder_id("eipalloc"), "public_ip": KNOWN_AFTER_APPLY},
        create=Operation("ec2:AllocateAddress", allocate),
        updates=(retag(aws, tags),),
        delete=Operation("ec2:ReleaseAddress", release, settled_only=True),
        impacts={"delete": "data loss"},  # others may have it on their allow lists, and AWS never gives it back
        settling=lambda _known: f"in use until {user} is gone" if user and not present else None,
    )


def _normalised(item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": item["AllocationId"],
        "public_ip": item["PublicIp"],
        "tags": managed_tags(tags_of(item), tags),
    }
