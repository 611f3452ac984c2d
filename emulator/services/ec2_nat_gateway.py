"""NAT gateways: zonal and regional, with the states, failures and side effects of the real ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.responses.nat_gateways import NatGateways
from moto.ec2.utils import add_tag_specification, generic_filter, random_eip_association_id, random_nat_gateway_id

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._common import once
from emulator.services._ec2 import API, missing, service_interface

GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide"

PENDING = delays.declare("nat_gateway.pending", "CreateNatGateway until available (or failed)")
DELETING = delays.declare("nat_gateway.deleting", "DeleteNatGateway until deleted")
# https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html: "usually an hour"
LISTED = delays.declare("nat_gateway.deleted", "deleted until no longer listed", default=3600)


class Gateway(NatGateway):
    """A NAT gateway; `address_set` in AWS's spelling, one entry for each address."""

    def __init__(self, backend: Any, vpc_id: str, mode: str, connectivity: str, tags: Mapping[str, str]) -> None:
        self.id = random_nat_gateway_id()
        self.ec2_backend = backend
        self.vpc_id = vpc_id
        self.subnet_id: str | None = None
        self.availability_mode = mode
        self.connectivity_type = connectivity
        self.state = "pending"
        self.address_set: list[dict[str, Any]] = []
        self.delete_time: dt.datetime | None = None
        self.failure_code: str | None = None
        self.failure_message: str | None = None
        self.auto_provision_zones: str | None = None
        self.auto_scaling_ips: str | None = None
        self.route_table_id: str | None = None
        self._created_at = dt.datetime.now(dt.UTC)
        self.add_tags(dict(tags))

    @property
    def nat_gateway_id(self) -> str:
        return self.id

    def fail(self, code: str, message: str) -> None:
        self.state, self.failure_code, self.failure_message = "failed", code, message


# --- create -----------------------------------------------------------------------------------------------------------


@patch(NatGateways, "create_nat_gateway", aws=f"{API}/API_CreateNatGateway.html")
def create_nat_gateway(_original: Any, self: Any) -> ActionResult:
    """NAT gateways are zonal or regional, begin pending, and are made once for each ClientToken."""
    params = self._get_params()
    gateway = once(self.ec2_backend, "CreateNatGateway", params, lambda: _create(self.ec2_backend, params))
    return ActionResult({"NatGateway": gateway, "ClientToken": params.get("ClientToken")})


def _create(backend: Any, params: Mapping[str, Any]) -> Gateway:
    tags = add_tag_specification(params.get("TagSpecifications", []))
    make = _regional if params.get("AvailabilityMode") == "regional" else _zonal
    gateway = make(backend, params, tags)
    backend.nat_gateways[gateway.id] = gateway
    delays.schedule(PENDING, lambda: _settle(gateway))
    return gateway


def _zonal(backend: Any, params: Mapping[str, Any], tags: Mapping[str, str]) -> Gateway:
    if "SubnetId" not in params:
        raise missing("SubnetId")
    subnet = backend.get_subnet(params["SubnetId"])
    connectivity = params.get("ConnectivityType", "public")
    allocation_ids = [params["AllocationId"]] if "AllocationId" in params else []
    if connectivity == "public" and not allocation_ids:
        raise missing("AllocationId")
    if connectivity == "private" and allocation_ids:
        raise AwsError(
            "InvalidParameterCombination", "AllocationId cannot be specified with a private connectivity type"
        )
    addresses = _existing(backend, [*allocation_ids, *params.get("SecondaryAllocationIds", [])])
    gateway = Gateway(backend, subnet.vpc_id, "zonal", connectivity, tags)
    gateway.subnet_id = subnet.id
    if connectivity == "public" and _refused(gateway, addresses):
        return gateway
    interface = service_interface(backend, subnet, "nat_gateway", f"Interface for NAT Gateway {gateway.id}")
    if connectivity == "private":
        gateway.address_set.append({"IsPrimary": True, "Status": "assigning", **_interface(interface)})
    for number, address in enumerate(addresses):
        _associate(address, interface)
        gateway.address_set.append(
            {"IsPrimary": number == 0, "Status": "associating", **_public(address), **_interface(interface)}
        )
    return gateway


def _regional(backend: Any, params: Mapping[str, Any], tags: Mapping[str, str]) -> Gateway:
    if "VpcId" not in params:
        raise missing("VpcId")
    vpc = backend.get_vpc(params["VpcId"])
    for name in ("SubnetId", "AllocationId", "PrivateIpAddress"):
        if name in params:
            raise AwsError("InvalidParameterCombination", f"{name} cannot be specified for a regional NAT gateway")
    if params.get("ConnectivityType", "public") == "private":
        raise AwsError("InvalidParameterCombination", "A regional NAT gateway supports public connectivity only")
    by_zone = _zone_addresses(backend, vpc.id, params.get("AvailabilityZoneAddresses", []))
    gateway = Gateway(backend, vpc.id, "regional", "public", tags)
    automatic = "enabled" if by_zone is None else "disabled"
    gateway.auto_provision_zones = gateway.auto_scaling_ips = automatic
    if by_zone is None:
        if not _refused(gateway, []):
            by_zone = {zone: [_service_address(backend)] for zone in _zones_with_subnets(backend, vpc.id)}
    elif _refused(gateway, [address for addresses in by_zone.values() for address in addresses]):
        return gateway
    gateway.route_table_id = backend.create_route_table(vpc.id).id
    for (zone, zone_id), addresses in (by_zone or {}).items():
        for address in addresses:
            _associate(address, None)
            gateway.address_set.append(
                {"AvailabilityZone": zone, "AvailabilityZoneId": zone_id, "Status": "associating", **_public(address)}
            )
    return gateway


Zone = tuple[str, str]
"""Name and id of an Availability Zone."""


def _zones_with_subnets(backend: Any, vpc_id: str) -> list[Zone]:
    subnets = backend.describe_subnets(filters={"vpc-id": [vpc_id]})
    return sorted({(subnet.availability_zone, subnet.availability_zone_id) for subnet in subnets})


def _zone_addresses(
    backend: Any, vpc_id: str, asked: Sequence[Mapping[str, Any]]
) -> dict[Zone, list[ElasticAddress]] | None:
    """Addresses by zone in manual mode; None in automatic mode."""
    if not asked:
        return None
    zones = {zone.name: (zone.name, zone.zone_id) for zone in backend.describe_availability_zones()}
    by_id = {zone_id: (name, zone_id) for name, zone_id in zones.values()}
    result: dict[Zone, list[ElasticAddress]] = {}
    for entry in asked:
        named = entry.get("AvailabilityZone") or entry.get("AvailabilityZoneId") or ""
        zone = zones.get(named) or by_id.get(named)
        if zone is None:
            raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{named}]")
        result[zone] = _existing(backend, entry.get("AllocationIds", []))
    return result


def _existing(backend: Any, allocation_ids: Sequence[str]) -> list[ElasticAddress]:
    known = {address.allocation_id: address for address in backend.addresses}
    for allocation_id in allocation_ids:
        if allocation_id not in known:
            raise AwsError("InvalidAllocationID.NotFound", f"The allocation ID '{allocation_id}' does not exist")
    return [known[allocation_id] for allocation_id in allocation_ids]


def _refused(gateway: Gateway, addresses: Sequence[ElasticAddress]) -> bool:
    """What AWS finds out only after it has answered: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html"""
    backend = gateway.ec2_backend
    taken = [address for address in addresses if address.association_id]
    if taken:
        gateway.failure_code = "Resource.AlreadyAssociated"
        gateway.failure_message = f"Elastic IP address [{taken[0].allocation_id}] is already associated"
    elif not any(igw.vpc and igw.vpc.id == gateway.vpc_id for igw in backend.internet_gateways.values()):
        gateway.failure_code = "Gateway.NotAttached"
        gateway.failure_message = f"Network {gateway.vpc_id} has no Internet gateway attached"
    else:
        return False
    gateway.address_set = [{"AllocationId": a.allocation_id, "Status": "failed"} for a in addresses]
    return True


def _service_address(backend: Any) -> ElasticAddress:
    """An address that the regional gateway takes and manages by itself."""
    address = ElasticAddress(backend, domain="vpc")
    address.service_managed = "rnat"
    backend.addresses.append(address)
    return address


def _associate(address: ElasticAddress, interface: Any) -> None:
    address.association_id = random_eip_association_id()
    address.eni = interface
    if interface is not None:
        interface.public_ip = address.public_ip


def _public(address: ElasticAddress) -> dict[str, Any]:
    return {
        "AllocationId": address.allocation_id,
        "PublicIp": address.public_ip,
        "AssociationId": address.association_id,
    }


def _interface(interface: Any) -> dict[str, Any]:
    return {"NetworkInterfaceId": interface.id, "PrivateIp": interface.private_ip_address}


def _settle(gateway: Gateway) -> None:
    if gateway.state != "pending":
        return
    if gateway.failure_code:
        gateway.state = "failed"
        return
    gateway.state = "available"
    for address in gateway.address_set:
        address["Status"] = "succeeded"


# --- describe and delete ----------------------------------------------------------------------------------------------


@patch(NatGatewayBackend, "describe_nat_gateways", aws=f"{API}/API_DescribeNatGateways.html")
def describe_nat_gateways(
    _original: Any, self: Any, filters: Any, nat_gateway_ids: Sequence[str] | None
) -> list[NatGateway]:
    """Tag filters work, and an unknown id is NatGatewayNotFound."""
    for nat_gateway_id in nat_gateway_ids or []:
        _get(self, nat_gateway_id)
    gateways = [g for g in self.nat_gateways.values() if not nat_gateway_ids or g.id in nat_gateway_ids]
    return generic_filter(filters, gateways)


@patch(NatGatewayBackend, "delete_nat_gateway", aws=f"{GUIDE}/nat-gateway-working-with.html")
def delete_nat_gateway(_original: Any, self: Any, nat_gateway_id: str) -> NatGateway:
    """A NAT gateway is deleting, then deleted and listed for an hour; its Elastic IP address is free only then."""
    gateway = _get(self, nat_gateway_id)
    if gateway.state not in ("deleting", "deleted"):
        gateway.state = "deleting"
        delays.schedule(DELETING, lambda: _deleted(self, gateway))
    return gateway


def _get(backend: Any, nat_gateway_id: str) -> Gateway:
    gateway: Gateway | None = backend.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        raise AwsError("NatGatewayNotFound", f"NatGateway {nat_gateway_id} was not found")
    return gateway


def _deleted(backend: Any, gateway: Gateway) -> None:
    gateway.state = "deleted"
    gateway.delete_time = dt.datetime.now(dt.UTC)
    allocated = {entry.get("AllocationId") for entry in gateway.address_set if entry.get("AssociationId")}
    for address in [a for a in backend.addresses if a.allocation_id in allocated]:
        backend.disassociate_address(address=address.public_ip)
        if getattr(address, "service_managed", None):
            backend.addresses.remove(address)
    for entry in gateway.address_set:
        backend.enis.pop(entry.get("NetworkInterfaceId"), None)
    if gateway.route_table_id:
        backend.route_tables.pop(gateway.route_table_id, None)
    delays.schedule(LISTED, lambda: backend.nat_gateways.pop(gateway.id, None))
