# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The NAT gateways of a VPC and their Elastic IP addresses.

Both are slow and outlive the call that removes them: a gateway is ``pending`` before it is ``available``, and keeps its
address while it is ``deleting``. What has to wait for that is planned at once and carried out by a later call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._aws import Aws, by_name, tag_specification, tags_of
from .._reconcile import Operation, PlatformError, Resource, is_placeholder, managed_tags, placeholder_id
from ._create import client_token, mending
from ._ec2 import Item, call_on_new, filters, named_tags, retag
from ._elastic_ip import elastic_ip, find_address, name_of, read_addresses, used_elsewhere

MANAGED_BY = "airas.platform"
# An address carries no VPC. This tag of ours leads back to it, also when a killed run left it without a gateway.
VPC_TAG = "NatGatewayVpc"

_LIVE = ("pending", "available")
_RUN_AGAIN = "Nothing is left of it; run again."
# https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
_FAILURES = {
    "InsufficientFreeAddressesInSubnet": "Free addresses in the subnet, or choose a larger one, and run again.",
    "Gateway.NotAttached": "Attach an internet gateway to the VPC (airas.platform.vpc does) and run again.",
    "InvalidAllocationID.NotFound": _RUN_AGAIN,
    "InvalidSubnetID.NotFound": "Choose a subnet that exists and run again.",
    "Resource.AlreadyAssociated": "Disassociate the address from what uses it and run again.",
}
_MENDS = {
    "NatGatewayLimitExceeded": (
        "Ask for a higher value of the quota NAT gateways per Availability Zone (vpc/L-FE5A380F) in Service Quotas, or "
        "delete a gateway that nothing uses, and run again."
    ),
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """For each gateway its address, unless it is regional, and the gateway; with ``purge``, those to be removed too."""
    check(params)
    gateways, addresses = aws.gather((lambda: _read_gateways(aws, params["vpc_id"]), lambda: read_addresses(aws)))
    found: list[Resource] = []
    listed: set[str] = set()
    for entry in params["gateways"]:
        lineage = _lineage(entry["name"], gateways, addresses)
        _refuse_foreign_use(lineage, gateways)
        if params["state"] == "absent":
            found += _removed(aws, lineage)
        elif params["availability_mode"] == "regional":
            found += _regional(aws, params, lineage)
            lineage = replace(lineage, address=None)  # the address of a zonal gateway before it is of no use any more
        else:
            found += _zonal(aws, params, entry["subnet_id"], lineage)
        listed |= lineage.ids
    if params["purge"]:
        found += _unlisted(aws, params["vpc_id"], gateways, addresses, listed)
    return found


def check(params: Mapping[str, Any]) -> None:
    """Refuses combinations that AWS would only refuse half-way."""
    regional = params["availability_mode"] == "regional"
    count = len(params["gateways"])
    if params["state"] == "absent":
        return
    if regional and count != 1:
        raise PlatformError(
            f"availability_mode regional takes exactly one gateway, and {count} are listed.",
            mend="One regional gateway serves all Availability Zones of the VPC: list that one alone.",
        )
    for gateway in params["gateways"]:
        if regional == bool(gateway["subnet_id"]):
            raise PlatformError(
                "a regional gateway takes no subnet_id." if regional else "subnet_id is missing.",
                mend="Leave it out." if regional else "Give the public subnet that the gateway stands in.",
                resource=f"nat_gateway/{gateway['name']}",
            )


# -- finding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lineage:
    """All that AWS lists under one gateway's name, in whatever state, and the address that goes with it."""

    name: str
    gateways: tuple[Item, ...]
    live: Item | None
    address: Item | None

    @property
    def failed(self) -> Item | None:
        """A failed gateway, if no other has taken its place; AWS drops it within the hour."""
        failed = [] if self.live else _in_state(self.gateways, ("failed",))
        return failed[-1] if failed else None

    @property
    def current(self) -> Item | None:
        return self.live or self.failed

    @property
    def deleting(self) -> bool:
        return bool(_in_state(self.gateways, ("deleting",)))

    @property
    def address_in_use(self) -> bool:
        return bool((self.address or {}).get("AssociationId"))

    @property
    def ids(self) -> set[str]:
        return {item["NatGatewayId"] for item in self.gateways} | (
            {self.address["AllocationId"]} if self.address else set()
        )


def _read_gateways(aws: Aws, vpc_id: str) -> list[Item]:
    if is_placeholder(vpc_id):
        return []
    return aws.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=filters({"vpc-id": vpc_id}))


def _lineage(name: str, gateways: Sequence[Item], addresses: Sequence[Item]) -> Lineage:
    """By Name tag; a gateway that lost the tag is known by the address of that name, and the other way round."""
    named = find_address(addresses, name)
    own = [item for item in gateways if name_of(item, "NatGatewayId") == name]
    if named and not _in_state(own, _LIVE):
        own += [item for item in gateways if item not in own and _carries(item, named)]
    live = _in_state(own, _LIVE)
    by_name(live, "nat_gateway", "NatGatewayId")
    current = live[0] if live else None
    address = find_address(addresses, name, _allocation_id(current))
    return Lineage(name, tuple(own), current, address)


def _in_state(items: Iterable[Item], states: Sequence[str]) -> list[Item]:
    return [item for item in items if item["State"] in states]


def _allocation_id(gateway: Item | None) -> str | None:
    """The primary address of a zonal gateway; AWS itself picks and keeps those of a regional one."""
    if gateway is None or _mode(gateway) == "regional":
        return None
    return _primary_address(gateway).get("AllocationId")


def _primary_address(gateway: Item) -> Mapping[str, Any]:
    found = gateway.get("NatGatewayAddresses") or [{}]
    return next((address for address in found if address.get("IsPrimary")), found[0])


def _mode(gateway: Item) -> str:
    return gateway.get("AvailabilityMode") or "zonal"


def _carries(gateway: Item, address: Item) -> bool:
    carried = gateway.get("NatGatewayAddresses") or ()
    return any(entry.get("AllocationId") == address["AllocationId"] for entry in carried)


def _refuse_foreign_use(lineage: Lineage, gateways: Sequence[Item]) -> None:
    address = lineage.address
    if address and lineage.address_in_use and not any(_carries(item, address) for item in gateways):
        raise used_elsewhere(lineage.name, address)


# -- present ---------------------------------------------------------------------------------------------------------


def _regional(aws: Aws, params: Mapping[str, Any], lineage: Lineage) -> list[Resource]:
    """AWS finds the Availability Zones by itself, and takes and keeps an address in each.

    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
    """
    request = {"AvailabilityMode": "regional", "VpcId": params["vpc_id"]}
    return [_gateway(aws, lineage, params["tags"], {"availability_mode": "regional"}, request)]


def _zonal(aws: Aws, params: Mapping[str, Any], subnet_id: str, lineage: Lineage) -> list[Resource]:
    tags = {**named_tags(lineage.name, params["tags"]), VPC_TAG: params["vpc_id"]}
    address = elastic_ip(aws, lineage.name, lineage.address, tags)
    desired = {
        "availability_mode": "zonal",
        "subnet_id": subnet_id,
        "allocation_id": address.known.get("id", address.placeholders["id"]),
    }
    return [address, _gateway(aws, lineage, params["tags"], desired, {"SubnetId": subnet_id}, address)]


def _gateway(
    aws: Aws,
    lineage: Lineage,
    tags: Mapping[str, str],
    desired: Mapping[str, Any],
    request: Mapping[str, Any],
    address: Resource | None = None,
) -> Resource:
    tags = named_tags(lineage.name, tags)
    failed, current = lineage.failed, lineage.current
    # One at a time: the one before has to be gone, and to have let go of the address.
    blocked = not current and (lineage.deleting or lineage.address_in_use)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        if failed:
            raise _failure(failed)
        wanted = {**request, "TagSpecifications": tag_specification("natgateway", tags)}
        if address:
            wanted["AllocationId"] = address.known["id"]
        token = client_token(wanted, (item["NatGatewayId"] for item in lineage.gateways))
        with mending(_MENDS):
            made = call_on_new(aws, wanted.get("AllocationId", ""), "create_nat_gateway", **wanted, ClientToken=token)
        return _described(made["NatGateway"])

    gateway = Resource(
        "nat_gateway",
        lineage.name,
        before=_normalised(current, tags) if current else None,
        after={
            **desired,
            "connectivity_type": "public",
            **({"state": "available"} if failed else {}),
            "tags": dict(tags),
        },
        placeholders={"id": placeholder_id("nat")},
        create=Operation("ec2:CreateNatGateway", create, settled_only=True),
        updates=(retag(aws, tags),),
        # A failed gateway is removed, and the call then ends with AWS's reason. To make another at once would meet the
        # same fault again and again while somebody waits; the next run does it.
        delete=_delete(aws, then={} if failed else {"state": "deleting"}),
        replace_on=("availability_mode", "connectivity_type", "subnet_id", "allocation_id", "state"),
        impacts={"delete": "outage", "replace": "outage"},
        settling=_settling,
    )
    if blocked:
        gateway.known["state"] = "deleting"
    return gateway


def _settling(known: Mapping[str, Any]) -> str | None:
    return known["state"] if known.get("state") in ("pending", "deleting") else None


def _failure(item: Item) -> PlatformError:
    code = item.get("FailureCode") or "unknown"
    return PlatformError(
        f"AWS could not make {item['NatGatewayId']}: {code}: {item.get('FailureMessage') or 'no reason given'}.",
        mend=_FAILURES.get(code, "Run again; if it fails again, ask AWS Support."),
        call="ec2:CreateNatGateway",
    )


def _normalised(item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        **_described(item),
        "availability_mode": _mode(item),
        "connectivity_type": item.get("ConnectivityType") or "public",
        "subnet_id": item.get("SubnetId"),
        "tags": managed_tags(tags_of(item), tags),
    }


def _described(item: Item) -> dict[str, Any]:
    """What only AWS can tell; ``public_ips`` of a regional gateway grow with the Availability Zones it serves."""
    return {
        "id": item["NatGatewayId"],
        "state": item["State"],
        "allocation_id": _allocation_id(item),
        "public_ip": _primary_address(item).get("PublicIp"),
        "public_ips": sorted(
            address["PublicIp"] for address in item.get("NatGatewayAddresses") or () if address.get("PublicIp")
        ),
    }


# -- absent ----------------------------------------------------------------------------------------------------------


def _removed(aws: Aws, lineage: Lineage) -> list[Resource]:
    """The lineage's address and gateway; the address is released once its gateway has let go of it."""
    found: list[Resource] = []
    if lineage.address:
        user = f"nat_gateway/{lineage.name}" if lineage.address_in_use else ""
        found.append(elastic_ip(aws, lineage.name, lineage.address, tags_of(lineage.address), present=False, user=user))
    if lineage.current or lineage.deleting:
        found.append(_leaving(aws, lineage))
    return found


def _leaving(aws: Aws, lineage: Lineage) -> Resource:
    item = lineage.current
    gateway = Resource(
        "nat_gateway",
        lineage.name,
        before=_normalised(item, tags_of(item)) if item else None,
        after=None,
        delete=_delete(aws, then={"state": "deleting"}),
        impacts={"delete": "outage"},
        settling=lambda known: known["state"] if known["state"] == "deleting" else None,
    )
    if not item:
        gateway.known["state"] = "deleting"
    return gateway


def _delete(aws: Aws, then: Mapping[str, Any]) -> Operation:
    def run(known: dict[str, Any]) -> Mapping[str, Any]:
        aws.call("ec2", "delete_nat_gateway", NatGatewayId=known["id"])
        return then

    return Operation("ec2:DeleteNatGateway", run)


def _unlisted(
    aws: Aws, vpc_id: str, gateways: Sequence[Item], addresses: Sequence[Item], listed: set[str]
) -> list[Resource]:
    """What this module made in the VPC earlier and the options no longer name."""
    left_gateways = [
        item for item in gateways if tags_of(item).get("ManagedBy") == MANAGED_BY and item["NatGatewayId"] not in listed
    ]
    left_addresses = [
        item for item in addresses if tags_of(item).get(VPC_TAG) == vpc_id and item["AllocationId"] not in listed
    ]
    names = {name_of(item, "NatGatewayId") for item in left_gateways}
    names |= {name_of(item, "AllocationId") for item in left_addresses}
    found: list[Resource] = []
    for name in sorted(names):
        lineage = _lineage(name, left_gateways, left_addresses)
        _refuse_foreign_use(lineage, gateways)
        found += _removed(aws, lineage)
    return found
