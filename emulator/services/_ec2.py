"""What the EC2 extensions share."""

from __future__ import annotations

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
    interface: NetworkInterface = backend.create_network_interface(subnet, None, group_ids=group_ids)
    interface.interface_type = kind
    interface.description = description
    interface.requester_managed = True
    interface.status = "in-use"
    if kind == "nat_gateway":
        interface._group_set = []
        interface.source_dest_check = False
    return interface


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
