from __future__ import annotations

from typing import Any

import pytest

FCK_NAT = "568608671756"


def _images(ec2: Any, architecture: str) -> list[dict[str, Any]]:
    images = ec2.describe_images(
        Owners=[FCK_NAT],
        Filters=[
            {"Name": "name", "Values": ["fck-nat-al2023-hvm-*"]},
            {"Name": "architecture", "Values": [architecture]},
            {"Name": "state", "Values": ["available"]},
            {"Name": "root-device-type", "Values": ["ebs"]},
            {"Name": "virtualization-type", "Values": ["hvm"]},
        ],
    )["Images"]
    return sorted(images, key=lambda image: str(image["CreationDate"]))


@pytest.fixture
def image(ec2: Any) -> str:
    return str(_images(ec2, "arm64")[-1]["ImageId"])


@pytest.fixture
def interface(ec2: Any, network: Any) -> str:
    made = ec2.create_network_interface(SubnetId=network.subnet, Description="fixed")["NetworkInterface"]
    return str(made["NetworkInterfaceId"])


def _instance(ec2: Any, instance_id: str) -> dict[str, Any]:
    found: dict[str, Any] = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    return found


def _run(ec2: Any, **request: Any) -> dict[str, Any]:
    made: dict[str, Any] = ec2.run_instances(**{"MinCount": 1, "MaxCount": 1, "InstanceType": "t4g.nano", **request})
    return made["Instances"][0]


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_fck_nat_images(ec2: Any, architecture: str) -> None:
    images = _images(ec2, architecture)
    assert [image["Name"] for image in images] == [
        f"fck-nat-al2023-hvm-1.3.0-20240125-{architecture}-ebs",
        f"fck-nat-al2023-hvm-1.4.0-20260701-{architecture}-ebs",
    ]
    assert {(image["OwnerId"], image["Public"], image["RootDeviceName"]) for image in images} == {
        (FCK_NAT, True, "/dev/xvda")
    }


def test_a_newer_image_is_published(emulator: Any, ec2: Any) -> None:
    before = _images(ec2, "arm64")
    emulator.set_world(
        images=[
            {
                "name": "fck-nat-al2023-hvm-1.5.0-20261001-arm64-ebs",
                "owner": FCK_NAT,
                "architecture": "arm64",
                "creation_date": "2026-10-01T00:00:00.000Z",
            }
        ]
    )
    images = _images(ec2, "arm64")
    assert [image["ImageId"] for image in images[:-1]] == [image["ImageId"] for image in before]
    assert images[-1]["Name"] == "fck-nat-al2023-hvm-1.5.0-20261001-arm64-ebs"
    assert images[-1]["CreationDate"] == "2026-10-01T00:00:00.000Z"


def test_registered_image_keeps_what_it_is_told(ec2: Any, refused: Any) -> None:
    request = {"Name": "own", "Architecture": "arm64", "RootDeviceName": "/dev/xvda", "VirtualizationType": "hvm"}
    image_id = ec2.register_image(**request)["ImageId"]
    [image] = ec2.describe_images(Owners=["self"])["Images"]
    assert image["ImageId"] == image_id
    assert {key: image[key] for key in request} == request
    with refused("InvalidAMIName.Duplicate"):
        ec2.register_image(**request)


def test_unknown_image(ec2: Any, network: Any, refused: Any) -> None:
    with refused("InvalidAMIID.NotFound"):
        _run(ec2, ImageId="ami-0123456789abcdef0", SubnetId=network.subnet)


def test_life_of_a_nat_instance(emulator: Any, ec2: Any, image: str, interface: str) -> None:
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    request = {
        "ImageId": image,
        "ClientToken": "t-1",
        "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": interface}],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "VolumeSize": 8, "VolumeType": "gp3"}}
        ],
    }
    made = _run(ec2, **request)
    assert made["State"]["Name"] == "pending"
    assert _run(ec2, **request)["InstanceId"] == made["InstanceId"]
    instance = _instance(ec2, made["InstanceId"])
    assert (instance["State"]["Name"], instance["Architecture"]) == ("running", "arm64")
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["SourceDestCheck"] is False
    [volume] = ec2.describe_volumes()["Volumes"]
    assert (volume["Encrypted"], volume["VolumeType"], volume["Attachments"][0]["Device"]) == (True, "gp3", "/dev/xvda")
    [attached] = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    assert attached["Attachment"]["DeleteOnTermination"] is False

    emulator.set_delays({"instance.shutting_down": 3600})
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert _instance(ec2, instance["InstanceId"])["State"]["Name"] == "shutting-down"
    emulator.set_delays({})
    assert _instance(ec2, instance["InstanceId"])["State"]["Name"] == "terminated"
    [freed] = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    assert freed["Status"] == "available"
    assert ec2.describe_volumes()["Volumes"] == []
    again = _run(ec2, **{**request, "ClientToken": "t-2"})
    assert again["NetworkInterfaces"][0]["NetworkInterfaceId"] == interface

    emulator.set_delays({"instance.terminated": 0})
    ids = [i["InstanceId"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    assert ids == [again["InstanceId"]]


def test_an_interface_serves_one_instance_at_a_time(
    emulator: Any, ec2: Any, network: Any, image: str, interface: str, refused: Any
) -> None:
    request = {"ImageId": image, "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": interface}]}
    first = _run(ec2, **request)
    with refused("InvalidNetworkInterface.InUse", f"Interface: [{interface}] in use."):
        _run(ec2, **request)
    other = _run(ec2, ImageId=image, SubnetId=network.subnet)
    with refused("InvalidNetworkInterface.InUse"):
        ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=other["InstanceId"], DeviceIndex=1)
    with refused("OperationNotPermitted", "device index 0"):
        ec2.detach_network_interface(AttachmentId=first["NetworkInterfaces"][0]["Attachment"]["AttachmentId"])

    emulator.set_delays({"instance.shutting_down": 3600})
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    with refused("InvalidNetworkInterface.InUse"):
        _run(ec2, **request)
    emulator.set_delays({})
    _run(ec2, **request)


def test_whether_an_interface_goes_with_its_instance_can_be_changed(ec2: Any, image: str, interface: str) -> None:
    made = _run(ec2, ImageId=image, NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}])
    attachment = made["NetworkInterfaces"][0]["Attachment"]
    assert attachment["DeleteOnTermination"] is False
    change = {"AttachmentId": attachment["AttachmentId"], "DeleteOnTermination": True}
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Attachment=change)
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_interface_made_by_a_launch_goes_with_it(ec2: Any, network: Any, image: str) -> None:
    made = _run(ec2, ImageId=image, SubnetId=network.subnet)
    assert made["NetworkInterfaces"][0]["Attachment"]["DeleteOnTermination"] is True
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    ec2.delete_subnet(SubnetId=network.subnet)


def test_root_volume_of_the_image_is_encrypted_on_request(ec2: Any, image: str, interface: str) -> None:
    volume = {"Encrypted": True, "VolumeType": "gp3", "DeleteOnTermination": True}
    _run(
        ec2,
        ImageId=image,
        NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}],
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": volume}],
    )
    (made,) = ec2.describe_volumes()["Volumes"]
    assert (made["Encrypted"], made["VolumeType"], made["Size"]) == (True, "gp3", 8)


def test_launch_template_fills_in(ec2: Any, image: str, interface: str) -> None:
    data = {
        "ImageId": image,
        "InstanceType": "t4g.micro",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": interface}],
    }
    ec2.create_launch_template(LaunchTemplateName="nat", LaunchTemplateData=data)
    made = ec2.run_instances(MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateName": "nat"})["Instances"][0]
    instance = _instance(ec2, made["InstanceId"])
    assert (instance["ImageId"], instance["InstanceType"]) == (image, "t4g.micro")
    assert instance["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    assert instance["NetworkInterfaces"][0]["NetworkInterfaceId"] == interface
    assert {"Key": "aws:ec2launchtemplate:version", "Value": "1"} in instance["Tags"]


def test_account_defaults_apply_to_launches(ec2: Any, network: Any, image: str) -> None:
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    ec2.enable_ebs_encryption_by_default()
    made = _run(ec2, ImageId=image, SubnetId=network.subnet)
    assert made["MetadataOptions"]["HttpTokens"] == "required"
    assert ec2.describe_volumes()["Volumes"][0]["Encrypted"] is True

    ec2.modify_instance_metadata_options(InstanceId=made["InstanceId"], HttpEndpoint="disabled")
    options = _instance(ec2, made["InstanceId"])["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpEndpoint"]) == ("required", "disabled")


def test_account_settings(ec2: Any) -> None:
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {}
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 2,
        "ManagedBy": "account",
    }
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {}

    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    assert ec2.enable_snapshot_block_public_access(State="block-all-sharing")["State"] == "block-all-sharing"
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    assert ec2.disable_snapshot_block_public_access()["State"] == "unblocked"

    image_state = "ImageBlockPublicAccessState"
    assert ec2.get_image_block_public_access_state()[image_state] == "block-new-sharing"
    assert ec2.disable_image_block_public_access()[image_state] == "unblocked"
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    assert ec2.get_image_block_public_access_state()[image_state] == "block-new-sharing"

    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is False
    assert ec2.enable_serial_console_access()["SerialConsoleAccessEnabled"] is True
    assert ec2.disable_serial_console_access()["SerialConsoleAccessEnabled"] is False


def test_default_key_for_volumes(emulator: Any, ec2: Any) -> None:
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)["KmsKeyId"] == key
    volume = ec2.create_volume(AvailabilityZone="ap-northeast-1a", Size=1, Encrypted=True)
    assert volume["KmsKeyId"] == key
    assert ec2.reset_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
