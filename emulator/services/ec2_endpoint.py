"""VPC endpoints: gateway endpoints with their routes, interface endpoints with their interfaces."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
from moto.ec2.responses.vpcs import VPCs
from moto.ec2.utils import add_tag_specification, random_vpc_ep_id

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._common import once
from emulator.services._ec2 import API, missing, service_interface

PENDING = delays.declare("vpc_endpoint.pending", "CreateVpcEndpoint of an interface endpoint until available")
DELETING = delays.declare("vpc_endpoint.deleting", "DeleteVpcEndpoints until no longer listed")

# As DescribeVpcEndpoints shows them, spacing included.
_GATEWAY_POLICY = (
    '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
)
_INTERFACE_POLICY = json.dumps(
    {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}, indent=2
)


@patch(VPCs, "create_vpc_endpoint", aws=f"{API}/API_CreateVpcEndpoint.html")
def create_vpc_endpoint(_original: Any, self: Any) -> ActionResult:
    """Endpoints are gateway endpoints unless asked otherwise, of a service that exists, once for a ClientToken."""
    params = self._get_params()
    endpoint = once(self.ec2_backend, "CreateVpcEndpoint", params, lambda: _create(self.ec2_backend, params))
    return ActionResult({"VpcEndpoint": endpoint, "ClientToken": params.get("ClientToken")})


def _create(backend: Any, params: Mapping[str, Any]) -> VPCEndPoint:
    vpc = backend.get_vpc(params["VpcId"])
    service = params.get("ServiceName")
    if service is None:
        raise missing("ServiceName")
    kind = params.get("VpcEndpointType", "Gateway")
    kinds = _kinds_offered(backend, service)
    if not kinds:
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")
    if kind not in kinds:
        raise AwsError(
            "InvalidParameter", f"Endpoint type ({kind}) does not match available service types ({', '.join(kinds)})."
        )
    tags = add_tag_specification(params.get("TagSpecifications", []))
    make = _gateway if kind == "Gateway" else _interface
    endpoint = make(backend, vpc, service, params)
    endpoint.add_tags(tags)
    endpoint.requester_managed = False
    endpoint.ip_address_type = params.get("IpAddressType", "ipv4") if kind != "Gateway" else None
    endpoint.service_region = backend.region_name
    backend.vpc_end_points[endpoint.id] = endpoint
    return endpoint


def _kinds_offered(backend: Any, service: str) -> list[str]:
    details = backend._collect_default_endpoint_services(backend.account_id, backend.region_name)
    offered = [kind["ServiceType"] for d in details if d["ServiceName"] == service for kind in d["ServiceType"]]
    own = [c for c in backend.configurations.values() if c.service_name == service]
    return sorted({*offered, *(["Interface"] if own else [])})


def _gateway(backend: Any, vpc: Any, service: str, params: Mapping[str, Any]) -> VPCEndPoint:
    if params.get("SubnetIds") or params.get("SecurityGroupIds") or params.get("PrivateDnsEnabled"):
        raise AwsError("InvalidParameter", "A gateway endpoint takes neither subnets, security groups nor private DNS.")
    prefix_lists = [p for p in backend.managed_prefix_lists.values() if p.prefix_list_name == service]
    endpoint = VPCEndPoint(
        backend,
        random_vpc_ep_id(),
        vpc.id,
        service,
        "Gateway",
        params.get("PolicyDocument") or _GATEWAY_POLICY,
        [],
        subnet_ids=[],
        dns_entries=[],
        private_dns_enabled=False,
        destination_prefix_list_id=prefix_lists[0].id if prefix_lists else None,
    )
    _check_routes(backend, endpoint, params.get("RouteTableIds", []))
    backend.vpc_end_points[endpoint.id] = endpoint
    _add_routes(backend, endpoint, params.get("RouteTableIds", []))
    return endpoint


def _interface(backend: Any, vpc: Any, service: str, params: Mapping[str, Any]) -> VPCEndPoint:
    private_dns = params.get("PrivateDnsEnabled", True)
    if private_dns:
        _check_private_dns(backend, vpc, service)
    groups = params.get("SecurityGroupIds") or [backend.get_default_security_group(vpc.id).id]
    _check_groups(backend, groups)
    endpoint_id = random_vpc_ep_id()
    suffix = f"{endpoint_id}-{endpoint_id[-8:]}.{service.rpartition('.')[2]}.{backend.region_name}.vpce.amazonaws.com"
    endpoint = VPCEndPoint(
        backend,
        endpoint_id,
        vpc.id,
        service,
        "Interface",
        params.get("PolicyDocument") or _INTERFACE_POLICY,
        [],
        subnet_ids=[],
        dns_entries=[{"DnsName": suffix, "HostedZoneId": "Z2E726K9Y6RL4W"}],
        security_group_ids=list(groups),
        private_dns_enabled=private_dns,
    )
    _add_subnets(backend, endpoint, params.get("SubnetIds", []))
    endpoint.state = "pending"
    delays.schedule(PENDING, lambda: _available(endpoint))
    return endpoint


def _available(endpoint: VPCEndPoint) -> None:
    if endpoint.state == "pending":
        endpoint.state = "available"


def _check_private_dns(backend: Any, vpc: Any, service: str, but: str | None = None) -> None:
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        raise AwsError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes "
            f"set to true for {vpc.id}",
        )
    for other in backend.vpc_end_points.values():
        taken = other.vpc_id == vpc.id and other.service_name == service and other.private_dns_enabled
        if taken and other.id != but and other.state not in ("deleting", "deleted"):
            raise AwsError(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain "
                f"for {service} in the VPC {vpc.id}",
            )


def _check_groups(backend: Any, group_ids: Sequence[str]) -> None:
    for group_id in group_ids:
        if backend.get_security_group_from_id(group_id) is None:
            raise AwsError("InvalidSecurityGroupId.NotFound", f"The security group '{group_id}' does not exist")


def _check_routes(backend: Any, endpoint: VPCEndPoint, table_ids: Sequence[str]) -> None:
    prefix_list = endpoint.destination_prefix_list_id
    for table in [backend.get_route_table(table_id) for table_id in table_ids]:
        if any(route.destination_prefix_list_id == prefix_list for route in table.routes):
            raise AwsError(
                "RouteAlreadyExists",
                f"route table {table.id} already has a route with destination-prefix-list-id {prefix_list}",
            )


def _add_routes(backend: Any, endpoint: VPCEndPoint, table_ids: Sequence[str]) -> None:
    prefix_list = endpoint.destination_prefix_list_id
    for table_id in table_ids:
        backend.create_route(table_id, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
        endpoint.route_table_ids.append(table_id)


def _remove_routes(backend: Any, endpoint: VPCEndPoint, table_ids: Sequence[str]) -> None:
    for table_id in table_ids:
        table = backend.route_tables.get(table_id)
        for route in table.routes if table else []:
            if route.destination_prefix_list_id == endpoint.destination_prefix_list_id:
                del table._routes[route.id]
        endpoint.route_table_ids = [known for known in endpoint.route_table_ids if known != table_id]


def _add_subnets(backend: Any, endpoint: VPCEndPoint, subnet_ids: Sequence[str]) -> None:
    assert endpoint.subnet_ids is not None
    subnets = [backend.get_subnet(subnet_id) for subnet_id in subnet_ids]
    zones = [backend.get_subnet(subnet_id).availability_zone for subnet_id in endpoint.subnet_ids]
    for subnet in subnets:
        if subnet.availability_zone in zones:
            raise AwsError(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {subnet.id}. "
                "VPC endpoint subnets should be in different availability zones supported by the VPC endpoint service.",
            )
        zones.append(subnet.availability_zone)
    for subnet in subnets:
        interface = service_interface(
            backend, subnet, "vpc_endpoint", f"VPC Endpoint Interface {endpoint.id}", endpoint.security_group_ids
        )
        endpoint.subnet_ids.append(subnet.id)
        endpoint.network_interface_ids.append(interface.id)


def _remove_subnets(backend: Any, endpoint: VPCEndPoint, subnet_ids: Sequence[str]) -> None:
    for interface_id in list(endpoint.network_interface_ids):
        if backend.enis[interface_id].subnet_id in subnet_ids:
            del backend.enis[interface_id]
            endpoint.network_interface_ids.remove(interface_id)
    endpoint.subnet_ids = [known for known in endpoint.subnet_ids or [] if known not in subnet_ids]


@patch(VPCs, "modify_vpc_endpoint", aws=f"{API}/API_ModifyVpcEndpoint.html")
def modify_vpc_endpoint(_original: Any, self: Any) -> ActionResult:
    """Changed tables, subnets, groups, policy and private DNS take effect on routes and interfaces too."""
    params, backend = self._get_params(), self.ec2_backend
    endpoint = backend.describe_vpc_endpoints(vpc_end_point_ids=[params["VpcEndpointId"]])[0]
    if params.get("PrivateDnsEnabled") and not endpoint.private_dns_enabled:
        _check_private_dns(backend, backend.get_vpc(endpoint.vpc_id), endpoint.service_name, but=endpoint.id)
    _check_groups(backend, params.get("AddSecurityGroupIds", []))
    gateway = endpoint.vpc_endpoint_type == "Gateway"
    if params.get("ResetPolicy"):
        endpoint.policy_document = _GATEWAY_POLICY if gateway else _INTERFACE_POLICY
    endpoint.policy_document = params.get("PolicyDocument", endpoint.policy_document)
    endpoint.private_dns_enabled = params.get("PrivateDnsEnabled", endpoint.private_dns_enabled)
    new_tables = [t for t in params.get("AddRouteTableIds", []) if t not in endpoint.route_table_ids]
    _check_routes(backend, endpoint, new_tables)
    _remove_routes(backend, endpoint, params.get("RemoveRouteTableIds", []))
    _add_routes(backend, endpoint, new_tables)
    _change_groups(backend, endpoint, params)
    _remove_subnets(backend, endpoint, params.get("RemoveSubnetIds", []))
    new_subnets = [s for s in params.get("AddSubnetIds", []) if s not in (endpoint.subnet_ids or [])]
    _add_subnets(backend, endpoint, new_subnets)
    return ActionResult({"Return": True})


def _change_groups(backend: Any, endpoint: VPCEndPoint, params: Mapping[str, Any]) -> None:
    removed = params.get("RemoveSecurityGroupIds", [])
    kept = [group_id for group_id in endpoint.security_group_ids if group_id not in removed]
    kept += [group_id for group_id in params.get("AddSecurityGroupIds", []) if group_id not in kept]
    endpoint.security_group_ids = kept
    for interface_id in endpoint.network_interface_ids:
        backend.enis[interface_id]._group_set = [backend.get_security_group_from_id(group_id) for group_id in kept]


@patch(VPCs, "delete_vpc_endpoints", aws=f"{API}/API_DeleteVpcEndpoints.html")
def delete_vpc_endpoints(_original: Any, self: Any) -> ActionResult:
    """Routes and interfaces go with an endpoint, which is deleting and then gone; unknown ids are Unsuccessful."""
    unsuccessful = []
    for endpoint_id in self._get_param("VpcEndpointIds", []):
        endpoint = self.ec2_backend.vpc_end_points.get(endpoint_id)
        if endpoint is None:
            message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
            error = {"Code": "InvalidVpcEndpoint.NotFound", "Message": message}
            unsuccessful.append({"ResourceId": endpoint_id, "Error": error})
        else:
            _delete(self.ec2_backend, endpoint)
    return ActionResult({"Unsuccessful": unsuccessful})


def _delete(backend: Any, endpoint: VPCEndPoint) -> None:
    endpoint.state = "deleting"
    _remove_routes(backend, endpoint, list(endpoint.route_table_ids))

    def gone() -> None:
        _remove_subnets(backend, endpoint, list(endpoint.subnet_ids or []))
        backend.vpc_end_points.pop(endpoint.id, None)

    if endpoint.vpc_endpoint_type == "Gateway":
        gone()
    else:
        delays.schedule(DELETING, gone)


@patch(VPCBackend, "describe_vpc_endpoints", aws=f"{API}/API_DescribeVpcEndpoints.html")
def describe_vpc_endpoints(original: Any, self: Any, vpc_end_point_ids: Any, filters: Any = None) -> Any:
    """An unknown endpoint is InvalidVpcEndpointId.NotFound."""
    for endpoint_id in vpc_end_point_ids or []:
        if endpoint_id not in self.vpc_end_points:
            raise AwsError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist")
    return original(self, vpc_end_point_ids, filters)
