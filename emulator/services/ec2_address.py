"""Elastic IP addresses: tags, quota, association."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_ip_addresses import ElasticAddress, ElasticAddressBackend
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses

from emulator import world
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._ec2 import API, ERRORS

# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-eips
ADDRESS_QUOTA = world.declare_quota(
    "ec2/L-0263D0A3", "EC2-VPC Elastic IPs", "Amazon Elastic Compute Cloud (Amazon EC2)", 5.0
)

# moto's own word for elastic-ip; its table maps an id's prefix to the type that DescribeTags answers with.
_MOTO_TYPE = "vpc-elastic-ip"


@patch(TagBackend, "describe_tags", aws=f"{API}/API_TagDescription.html")
def describe_tags(original: Any, self: Any, filters: Any = None) -> list[dict[str, str]]:
    """Tags of an Elastic IP address have the resource type elastic-ip."""
    if filters and "elastic-ip" in filters.get("resource-type", []):
        filters = filters | {"resource-type": [*filters["resource-type"], _MOTO_TYPE]}
    found: list[dict[str, str]] = original(self, filters)
    return [tag | {"resource_type": "elastic-ip"} if tag["resource_type"] == _MOTO_TYPE else tag for tag in found]


def addresses_of_customer(backend: Any) -> list[ElasticAddress]:
    """Addresses that count towards the quota: all but those which a service of AWS manages."""
    return [address for address in backend.addresses if getattr(address, "service_managed", None) is None]


@patch(ElasticAddressBackend, "allocate_address", aws=ERRORS)
def allocate_address(
    original: Any, self: Any, domain: str, address: str | None = None, tags: dict[str, str] | None = None
) -> ElasticAddress:
    """An address beyond the quota of the region is refused: AddressLimitExceeded."""
    if len(addresses_of_customer(self)) >= world.quota(ADDRESS_QUOTA):
        raise AwsError("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    allocated: ElasticAddress = original(self, domain or "vpc", address, tags)
    allocated.public_ipv4_pool = "amazon"
    allocated.network_border_group = self.region_name
    return allocated


@patch(ElasticIPAddresses, "allocate_address", aws=f"{API}/API_AllocateAddress.html")
def allocate_address_response(original: Any, self: Any) -> ActionResult:
    """The answer names the address pool and the network border group."""
    answer: ActionResult = original(self)
    result: Any = answer.result
    return ActionResult(result | {"PublicIpv4Pool": "amazon", "NetworkBorderGroup": self.region})


@patch(ElasticAddressBackend, "release_address", aws=ERRORS)
def release_address(original: Any, self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
    """An address in use is not released: InvalidIPAddress.InUse, or AuthFailure if a service of AWS manages it."""
    found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
    if getattr(found[0], "service_managed", None):
        raise AwsError("AuthFailure", "You do not have permission to access the specified resource.")
    if found[0].association_id:
        raise AwsError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
    original(self, address, allocation_id)
