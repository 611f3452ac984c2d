"""VPCs, subnets, gateways, routes and network interfaces: what may be made and what stands in the way of deleting."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.route_tables import Route, RouteBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._ec2 import API, ERRORS, has_dependencies, interfaces_with

# --- making -----------------------------------------------------------------------------------------------------------


def _canonical(cidr_block: str) -> str:
    try:
        return str(ipaddress.IPv4Network(cidr_block, strict=False))
    except ValueError:
        message = f"Value ({cidr_block}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        raise AwsError("InvalidParameterValue", message) from None


@patch(VPCBackend, "create_vpc", aws=f"{API}/API_CreateVpc.html")
def create_vpc(original: Any, self: Any, cidr_block: str, **others: Any) -> Any:
    """A CIDR block with host bits set is brought to its canonical form."""
    return original(self, cidr_block=_canonical(cidr_block), **others)


@patch(SubnetBackend, "create_subnet", aws=f"{API}/API_CreateSubnet.html")
def create_subnet(
    original: Any,
    self: Any,
    vpc_id: str,
    cidr_block: str,
    availability_zone: str | None = None,
    availability_zone_id: str | None = None,
    **others: Any,
) -> Any:
    """A subnet is /16 to /28, in a zone of the region, and no default subnet outside of the default VPC."""
    if cidr_block:
        cidr_block = _canonical(cidr_block)
        if not 16 <= int(cidr_block.rpartition("/")[2]) <= 28:
            raise AwsError("InvalidSubnet.Range", f"The CIDR '{cidr_block}' is invalid.")
    zones = sorted(self.describe_availability_zones(), key=lambda zone: zone.name)
    if availability_zone and availability_zone not in [z.name for z in zones]:
        raise _wrong_zone("availabilityZone", availability_zone, [z.name for z in zones])
    if availability_zone_id and availability_zone_id not in [z.zone_id for z in zones]:
        raise _wrong_zone("availabilityZoneId", availability_zone_id, [z.zone_id for z in zones])
    subnet = original(
        self,
        vpc_id=vpc_id,
        cidr_block=cidr_block,
        availability_zone=availability_zone,
        availability_zone_id=availability_zone_id,
        **others,
    )
    if not _is_default(self, vpc_id):
        subnet.default_for_az = subnet.map_public_ip_on_launch = False
    return subnet


def _is_default(backend: Any, vpc_id: str) -> bool:
    default = backend.get_default_vpc()
    return default is not None and default.id == vpc_id


def _wrong_zone(parameter: str, value: str, zones: list[str]) -> AwsError:
    return AwsError(
        "InvalidParameterValue",
        f"Value ({value}) for parameter {parameter} is invalid. "
        f"Subnets can currently only be created in the following availability zones: {', '.join(zones)}.",
    )


@patch(InternetGatewayBackend, "attach_internet_gateway", aws=f"{API}/API_AttachInternetGateway.html")
def attach_internet_gateway(original: Any, self: Any, internet_gateway_id: str, vpc_id: str) -> Any:
    """A VPC takes one internet gateway only."""
    attached = [igw for igw in self.internet_gateways.values() if igw.vpc and igw.vpc.id == vpc_id]
    if attached and attached[0].id != internet_gateway_id:
        raise AwsError("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")
    return original(self, internet_gateway_id, vpc_id)


# --- routes -----------------------------------------------------------------------------------------------------------


def _require_target(backend: Any, nat_gateway_id: str | None) -> None:
    if nat_gateway_id is None:
        return
    gateway = backend.nat_gateways.get(nat_gateway_id)
    if gateway is None or gateway.state in ("deleting", "deleted", "failed"):
        raise AwsError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat_gateway_id}' does not exist")


@patch(RouteBackend, "create_route", aws=ERRORS)
def create_route(original: Any, self: Any, nat_gateway_id: str | None = None, **others: Any) -> Route:
    """A route to a NAT gateway that does not exist is refused: InvalidNatGatewayID.NotFound."""
    _require_target(self, nat_gateway_id)
    route: Route = original(self, nat_gateway_id=nat_gateway_id, **others)
    return route


@patch(RouteBackend, "replace_route", aws=ERRORS)
def replace_route(original: Any, self: Any, nat_gateway_id: str | None = None, **others: Any) -> Route:
    """A route is not replaced by one to a NAT gateway that does not exist: InvalidNatGatewayID.NotFound."""
    _require_target(self, nat_gateway_id)
    route: Route = original(self, nat_gateway_id=nat_gateway_id, **others)
    return route


def _target_serves(route: Route) -> bool:
    backend = route.route_table.ec2_backend
    if route.nat_gateway is not None:
        return route.nat_gateway.state in ("pending", "available")
    if route.interface is not None:
        interface = backend.enis.get(route.interface.id)
        instance = interface.instance if interface else None
        managed = interface is not None and interface.requester_managed
        return managed or (instance is not None and instance.state in ("pending", "running"))
    if route.instance is not None:
        return route.instance.state in ("pending", "running")
    gateway = route.gateway
    if gateway is not None and gateway.id.startswith("igw-"):
        present = backend.internet_gateways.get(gateway.id)
        return present is not None and present.vpc is not None and present.vpc.id == route.route_table.vpc_id
    return True


@patch(Route, "state", attribute=True, aws=f"{API}/API_Route.html")
def state(self: Any) -> str:
    """A route whose target is gone, detached or stopped is a blackhole."""
    return "active" if self.local or _target_serves(self) else "blackhole"


@patch(Route, "instance_id", attribute=True, aws=f"{API}/API_Route.html")
def instance_id(self: Any) -> str | None:
    """A route to the network interface of an instance names the instance too."""
    if self.instance is not None:
        return str(self.instance.id)
    interface = self.interface
    return str(interface.instance.id) if interface is not None and interface.instance is not None else None


# --- deleting ---------------------------------------------------------------------------------------------------------


@patch(SubnetBackend, "delete_subnet", aws=f"{API}/API_DeleteSubnet.html")
def delete_subnet(original: Any, self: Any, subnet_id: str) -> Any:
    """A subnet with network interfaces is not deleted: DependencyViolation; its table association goes with it."""
    self.get_subnet(subnet_id)
    if interfaces_with(self, subnet_id=subnet_id):
        raise has_dependencies("subnet", subnet_id)
    for table in self.route_tables.values():
        for association_id in [key for key, target in table._associations.items() if target == subnet_id]:
            del table._associations[association_id]
    return original(self, subnet_id)


@patch(VPCBackend, "delete_vpc", aws=f"{API}/API_DeleteVpc.html")
def delete_vpc(original: Any, self: Any, vpc_id: str) -> Any:
    """A VPC with gateways, endpoints, groups or tables of its own is not deleted: DependencyViolation."""
    self.get_vpc(vpc_id)
    groups = [group for group in self.groups[vpc_id].values() if group.name != "default"]
    gateways = [igw for igw in self.internet_gateways.values() if igw.vpc and igw.vpc.id == vpc_id]
    endpoints = [e for e in self.vpc_end_points.values() if e.vpc_id == vpc_id and e.state != "deleted"]
    tables = [t for t in self.route_tables.values() if t.vpc_id == vpc_id and t.main_association_id is None]
    if groups or gateways or endpoints or tables or interfaces_with(self, vpc_id=vpc_id):
        raise has_dependencies("vpc", vpc_id)
    for table in [t for t in self.route_tables.values() if t.vpc_id == vpc_id]:
        del self.route_tables[table.id]
    # Its own parts go with it, past the checks that guard them while it lives.
    default = self.get_default_security_group(vpc_id)
    if default is not None:
        self.groups[vpc_id].pop(default.id)
    return original(self, vpc_id)


@patch(RouteBackend, "delete_route_table", aws=f"{API}/API_DeleteRouteTable.html")
def delete_route_table(original: Any, self: Any, route_table_id: str) -> None:
    """The main route table is not deleted: DependencyViolation."""
    if self.get_route_table(route_table_id).main_association_id is not None:
        raise has_dependencies("routeTable", route_table_id)
    original(self, route_table_id)


@patch(InternetGatewayBackend, "detach_internet_gateway", aws=f"{API}/API_DetachInternetGateway.html")
def detach_internet_gateway(original: Any, self: Any, internet_gateway_id: str, vpc_id: str) -> None:
    """An internet gateway stays attached while the VPC has public addresses mapped: DependencyViolation."""
    if any(interface.public_ip for interface in interfaces_with(self, vpc_id=vpc_id)):
        raise AwsError(
            "DependencyViolation",
            f"Network {vpc_id} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway.",
        )
    original(self, internet_gateway_id, vpc_id)


# --- network interfaces -----------------------------------------------------------------------------------------------


def check_unattached(backend: Any, interface_id: str) -> None:
    interface: NetworkInterface = backend.get_network_interface(interface_id)
    if interface.instance is not None or interface.requester_managed:
        raise AwsError("InvalidNetworkInterface.InUse", f"Interface: [{interface_id}] in use.")


@patch(NetworkInterfaceBackend, "attach_network_interface", aws=ERRORS)
def attach_network_interface(original: Any, self: Any, eni_id: str, **others: Any) -> Any:
    """A network interface is attached to one instance at a time: InvalidNetworkInterface.InUse."""
    check_unattached(self, eni_id)
    return original(self, eni_id=eni_id, **others)


@patch(NetworkInterfaceBackend, "detach_network_interface", aws=f"{API}/API_DetachNetworkInterface.html")
def detach_network_interface(original: Any, self: Any, attachment_id: str) -> None:
    """The primary network interface of an instance is not detached: OperationNotPermitted."""
    if any(i.attachment_id == attachment_id and i.device_index == 0 for i in self.enis.values()):
        raise AwsError(
            "OperationNotPermitted",
            "The network interface at device index 0 and networkCard index 0 cannot be detached.",
        )
    original(self, attachment_id=attachment_id)


@patch(
    ElasticNetworkInterfaces,
    "modify_network_interface_attribute",
    aws=f"{API}/API_ModifyNetworkInterfaceAttribute.html",
)
def modify_network_interface_attribute(original: Any, self: Any) -> Any:
    """Whether an interface goes with its instance can be changed."""
    answer = original(self)
    attachment = self._get_param("Attachment") or {}
    if "DeleteOnTermination" in attachment:
        interface = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        interface.delete_on_termination = attachment["DeleteOnTermination"]
    return answer


@patch(NetworkInterfaceBackend, "delete_network_interface", aws=ERRORS)
def delete_network_interface(original: Any, self: Any, eni_id: str) -> None:
    """A network interface in use is not deleted."""
    interface: NetworkInterface = self.get_network_interface(eni_id)
    if interface.instance is not None or interface.requester_managed:
        raise AwsError("InvalidParameterValue", f"Network interface '{eni_id}' is currently in use.")
    original(self, eni_id)
