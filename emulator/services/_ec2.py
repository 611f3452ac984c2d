"""What the EC2 extensions share."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
ERRORS = f"{API}/errors-overview.html"


def has_dependencies(kind: str, resource_id: str) -> AwsError:
    return AwsError("DependencyViolation", f"The {kind} '{resource_id}' has dependencies and cannot be deleted.")


def missing(parameter: str) -> AwsError:
    return AwsError("MissingParameter", f"The request must contain the parameter {parameter}")


def service_interface(
    backend: Any, subnet: Any, kind: str, description: str, group_ids: list[str] | None = None
) -> NetworkInterface:
    """A network interface that a service of AWS made and manages in the customer's subnet."""
    address = _free_address(backend, subnet)
    interface: NetworkInterface = backend.create_network_interface(subnet, address, group_ids=group_ids)
    interface.interface_type = kind
    interface.description = description
    interface.requester_managed = True
    interface.status = "in-use"
    if kind == "nat_gateway":
        interface._group_set = []
        interface.source_dest_check = False
    return interface


def _free_address(backend: Any, subnet: Any) -> str:
    """A free address of the subnet, beyond the four that AWS keeps."""
    used = {interface.private_ip_address for interface in interfaces_with(backend, subnet_id=subnet.id)}
    hosts = itertools.islice(ipaddress.ip_network(subnet.cidr_block).hosts(), 3, None)
    for host in hosts:
        if str(host) not in used:
            return str(host)
    raise AwsError("InsufficientFreeAddressesInSubnet", f"The subnet {subnet.id} has no free addresses.")


def interfaces_with(backend: Any, **wanted: str) -> list[NetworkInterface]:
    """Network interfaces by `subnet_id`, `vpc_id` or `group_id`."""
    group_id = wanted.pop("group_id", None)
    return [
        interface
        for interface in list(backend.enis.values())
        if all(getattr(interface, name) == value for name, value in wanted.items())
        and (group_id is None or group_id in _group_ids(interface.group_set))
    ]


def _group_ids(groups: Iterable[Any]) -> set[str]:
    return {group.id for group in groups}
