"""What the embedded AWS does not show: launches that EC2 gives up, impaired instances, withdrawn images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._network import nat_instance
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    Resource,
    apply,
    plan_resource,
)

NAME = "airas-dev-nat"
TAGS = [{"Key": "Name", "Value": NAME}]
PARAMS = {
    "name": NAME,
    "vpc_id": "vpc-1",
    "vpc_cidr_block": "10.0.0.0/16",
    "subnet_id": "subnet-1",
    "instance_type": "t4g.nano",
    "architecture": "arm64",
    "image_id": None,
    "tags": {},
    "state": "present",
}
OPEN = {"GroupId": "sg-1", "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "Tags": TAGS}
RULES = [
    {**OPEN, "IsEgress": False, "CidrIpv4": "10.0.0.0/16", "Description": "Traffic of the VPC to forward"},
    {**OPEN, "IsEgress": True, "CidrIpv4": "0.0.0.0/0", "Description": "Forwarded traffic"},
]


def instance(**item: Any) -> dict[str, Any]:
    return {
        "InstanceId": "i-1",
        "State": {"Name": "running"},
        "ImageId": "ami-1",
        "InstanceType": "t4g.nano",
        "Architecture": "arm64",
        "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Attachment": {"DeviceIndex": 0}}],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "Tags": TAGS,
        **item,
    }


def interface(**item: Any) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": "eni-1",
        "SubnetId": "subnet-1",
        "Status": "in-use",
        "Groups": [{"GroupId": "sg-1"}],
        "SourceDestCheck": False,
        "Attachment": {"AttachmentId": "eni-attach-1", "DeleteOnTermination": False},
        "Association": {"AllocationId": "eipalloc-1", "AssociationId": "eipassoc-1"},
        "TagSet": TAGS,
        **item,
    }


def image(**item: Any) -> dict[str, Any]:
    return {
        "ImageId": "ami-1",
        "Architecture": "arm64",
        "CreationDate": "2026-07-01T00:00:00.000Z",
        "RootDeviceName": "/dev/xvda",
        **item,
    }


@pytest.fixture
def aws(fake_aws: Callable[..., Any]) -> Callable[..., Any]:
    """An AWS that holds all of the instance's resources as they should be; with other answers where given."""
    address = {"AllocationId": "eipalloc-1", "PublicIp": "192.0.2.1", "AssociationId": "eipassoc-1"}
    group = {"GroupId": "sg-1", "GroupName": NAME, "Description": f"NAT instance {NAME}", "Tags": TAGS}

    def make(*instances: dict[str, Any], **more: Any) -> Any:
        answers = {
            "describe_addresses": {"Addresses": [{**address, "NetworkInterfaceId": "eni-1", "Tags": TAGS}]},
            "describe_images": {"Images": [image()]},
            "describe_instance_status": {"InstanceStatuses": []},
            "describe_instance_types": {
                "InstanceTypes": [{"ProcessorInfo": {"SupportedArchitectures": ["arm64"]}, "InstanceType": "t4g.nano"}]
            },
            "describe_instances": {"Reservations": [{"Instances": list(instances)}]},
            "describe_network_interfaces": {"NetworkInterfaces": [interface()]},
            "describe_security_group_rules": {"SecurityGroupRules": RULES},
            "describe_security_groups": {"SecurityGroups": [group]},
        }
        return fake_aws(**{**answers, **more})

    return make


def resources(aws: Any, **more: Any) -> dict[str, Resource]:
    return {resource.kind: resource for resource in nat_instance.resources(aws, {**PARAMS, **more})}


def actions(found: dict[str, Resource]) -> dict[str, str]:
    return {kind: plan_resource(resource).action for kind, resource in found.items()}


def test_nothing_changes_where_all_is_as_it_should_be(aws: Callable[..., Any]) -> None:
    found = resources(aws(instance()))
    assert set(actions(found).values()) == {"none"}
    assert found["instance"].pending is None


@pytest.mark.parametrize(
    ("statuses", "action"),
    [
        ({"InstanceStatus": {"Status": "impaired"}, "SystemStatus": {"Status": "ok"}}, "replace"),
        ({"InstanceStatus": {"Status": "ok"}, "SystemStatus": {"Status": "impaired"}}, "replace"),
        ({"InstanceStatus": {"Status": "initializing"}, "SystemStatus": {"Status": "insufficient-data"}}, "none"),
    ],
)
def test_an_impaired_instance_is_replaced(aws: Callable[..., Any], statuses: dict[str, Any], action: str) -> None:
    found = resources(aws(instance(), describe_instance_status={"InstanceStatuses": [statuses]}))
    plan = plan_resource(found["instance"])
    assert plan.action == action
    assert [(change.path, change.before, change.after, change.impact) for change in plan.changes] == (
        [("status", "impaired", "ok", "outage")] if action == "replace" else []
    )


def test_an_interface_that_would_go_with_its_instance_is_kept_from_it(aws: Callable[..., Any]) -> None:
    attached = interface(Attachment={"AttachmentId": "eni-attach-1", "DeleteOnTermination": True})
    edge = aws(instance(), describe_network_interfaces={"NetworkInterfaces": [attached]})
    plan = plan_resource(resources(edge)["network_interface"])
    assert [change.path for change in plan.changes] == ["delete_on_termination"]
    apply([plan], [])
    assert edge.calls[-1] == (
        "ec2:modify_network_interface_attribute",
        {
            "NetworkInterfaceId": "eni-1",
            "Attachment": {"AttachmentId": "eni-attach-1", "DeleteOnTermination": False},
        },
    )


def test_a_launch_that_ec2_gave_up_is_explained_once_and_tried_again_by_the_next_run(aws: Callable[..., Any]) -> None:
    reason = {"Code": "Client.InternalError", "Message": "Client error on launch"}
    failed = instance(State={"Name": "terminated"}, StateReason=reason, NetworkInterfaces=[])
    free = {"NetworkInterfaces": [interface(Status="available", Attachment=None)]}
    edge = aws(failed, describe_network_interfaces=free)
    plan = plan_resource(resources(edge)["instance"])
    assert ("status", "failed", "ok") in [(change.path, change.before, change.after) for change in plan.changes]
    done: list[str] = []
    with pytest.raises(PlatformError) as error:
        apply([plan], done)
    assert "EC2 gave up launching i-1: Client.InternalError: Client error on launch." in str(error.value)
    assert "the key of EBS encryption" in str(error.value)
    assert done == [f"ec2:CreateTags instance/{NAME}"]
    assert edge.calls[-1] == (
        "ec2:create_tags",
        {"Resources": ["i-1"], "Tags": [{"Key": "Name", "Value": f"{NAME} (failed)"}]},
    )

    renamed = {**failed, "Tags": [{"Key": "Name", "Value": f"{NAME} (failed)"}]}
    assert actions(resources(aws(renamed, describe_network_interfaces=free)))["instance"] == "create"


def test_an_instance_that_somebody_terminated_is_made_again_at_once(aws: Callable[..., Any]) -> None:
    reason = {"Code": "Client.UserInitiatedShutdown", "Message": "User initiated shutdown"}
    gone = instance(State={"Name": "terminated"}, StateReason=reason, NetworkInterfaces=[])
    free = {"NetworkInterfaces": [interface(Status="available", Attachment=None)]}
    found = resources(aws(gone, describe_network_interfaces=free))["instance"]
    assert (plan_resource(found).action, found.pending) == ("create", None)


def test_nothing_is_launched_while_the_interface_is_not_free(aws: Callable[..., Any]) -> None:
    edge = aws(instance(State={"Name": "shutting-down"}))
    found = resources(edge)["instance"]
    assert (plan_resource(found).action, found.pending) == ("create", "shutting-down")
    apply([plan_resource(found)], [])
    assert "ec2:run_instances" not in [call for call, _params in edge.calls]


def test_the_newest_image_is_chosen_whatever_the_order(aws: Callable[..., Any]) -> None:
    old, new = image(), image(ImageId="ami-2", CreationDate="2026-10-01T00:00:00.000Z")
    for images in ([old, new], [new, old]):
        found = resources(aws(instance(), describe_images={"Images": images}))["instance"]
        assert (found.after or {})["image_id"] == "ami-2"


def test_an_image_that_was_withdrawn_does_not_hurt_what_runs(
    aws: Callable[..., Any], refusal: Callable[..., Any]
) -> None:
    assert actions(resources(aws(instance(), describe_images={"Images": []})))["instance"] == "none"
    withdrawn = refusal("InvalidAMIID.NotFound")
    assert actions(resources(aws(instance(), describe_images=withdrawn), image_id="ami-1"))["instance"] == "none"
    with pytest.raises(PlatformError, match="there is no image ami-9 in the region"):
        resources(aws(instance(), describe_images=withdrawn), image_id="ami-9")
    with pytest.raises(
        PlatformError, match=r"there is no image fck-nat-al2023-hvm-\* of account 568608671756 for arm64"
    ):
        resources(aws(describe_images={"Images": []}))


def test_the_request_keeps_what_ec2_says_of_existing_interfaces() -> None:
    request = nat_instance._request(PARAMS, image(), "eni-1", {"Name": NAME})
    assert request["NetworkInterfaces"] == [{"DeviceIndex": 0, "NetworkInterfaceId": "eni-1"}]
    assert not {"SubnetId", "SecurityGroupIds"} & set(request), "EC2 refuses both beside an existing interface"
    assert request["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }
    assert [spec["ResourceType"] for spec in request["TagSpecifications"]] == ["instance", "volume"]
