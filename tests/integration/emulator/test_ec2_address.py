from __future__ import annotations

from typing import Any

ADDRESS_TAGS = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "nat"}]}]


def test_tags_of_an_address(ec2: Any) -> None:
    allocated = ec2.allocate_address(Domain="vpc", TagSpecifications=ADDRESS_TAGS)
    assert allocated["NetworkBorderGroup"] == "ap-northeast-1"

    tag = {"Key": "Name", "Value": "nat", "ResourceId": allocated["AllocationId"], "ResourceType": "elastic-ip"}
    for filters in (
        {"Name": "resource-id", "Values": [allocated["AllocationId"]]},
        {"Name": "resource-type", "Values": ["elastic-ip"]},
    ):
        assert ec2.describe_tags(Filters=[filters])["Tags"] == [tag]
    by_tag = ec2.describe_addresses(Filters=[{"Name": "tag:Name", "Values": ["nat"]}])["Addresses"]
    assert [a["AllocationId"] for a in by_tag] == [allocated["AllocationId"]]
    assert ec2.describe_addresses(Filters=[{"Name": "tag:Name", "Values": ["other"]}])["Addresses"] == []


def test_quota_of_addresses(emulator: Any, ec2: Any, refused: Any) -> None:
    quotas = emulator.client("service-quotas")
    quota = quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")["Quota"]
    assert (quota["Value"], quota["QuotaName"]) == (5.0, "EC2-VPC Elastic IPs")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    with refused("AddressLimitExceeded", "The maximum number of addresses has been reached."):
        ec2.allocate_address(Domain="vpc")

    emulator.set_world(quotas={"ec2/L-0263D0A3": 6})
    assert quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")["Quota"]["Value"] == 6.0
    default = quotas.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")["Quota"]
    assert default["Value"] == 5.0
    ec2.allocate_address(Domain="vpc")
    with refused("AddressLimitExceeded"):
        ec2.allocate_address(Domain="vpc")


def test_quota_is_per_region(emulator: Any, ec2: Any) -> None:
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    assert emulator.client("ec2", region_name="eu-west-1").allocate_address(Domain="vpc")["AllocationId"]


def test_address_in_use_is_not_released(ec2: Any, network: Any, refused: Any) -> None:
    allocation_id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    interface = ec2.create_network_interface(SubnetId=network.subnet)["NetworkInterface"]["NetworkInterfaceId"]
    association = ec2.associate_address(AllocationId=allocation_id, NetworkInterfaceId=interface)["AssociationId"]
    with refused("InvalidIPAddress.InUse", "is in use."):
        ec2.release_address(AllocationId=allocation_id)
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=allocation_id)
    assert ec2.describe_addresses()["Addresses"] == []
