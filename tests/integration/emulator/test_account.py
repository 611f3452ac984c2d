from __future__ import annotations

from typing import Any

PROVIDER = "arn:aws:iam::427979936961:oidc-provider/token.actions.githubusercontent.com"


def test_caller(emulator: Any) -> None:
    caller = emulator.client("sts").get_caller_identity()
    assert (caller["Account"], caller["Arn"]) == ("427979936961", "arn:aws:iam::427979936961:user/testing")


def test_another_region(emulator: Any) -> None:
    ec2 = emulator.client("ec2", region_name="eu-west-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]
    assert subnet["AvailabilityZone"].startswith("eu-west-1")
    here = emulator.client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"]
    assert here == []


def test_client_ids_of_a_provider(emulator: Any, refused: Any) -> None:
    iam = emulator.client("iam")
    url = "https://token.actions.githubusercontent.com"
    made = iam.create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"])
    assert made["OpenIDConnectProviderArn"] == PROVIDER
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER, ClientID="other")
    ids = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)["ClientIDList"]
    assert ids == ["sts.amazonaws.com", "other"]
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER, ClientID="other")
    ids = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)["ClientIDList"]
    assert ids == ["sts.amazonaws.com"]
    with refused("NoSuchEntity", status=404):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=f"{PROVIDER}x", ClientID="other")


def test_metrics_of_a_group(emulator: Any, ec2: Any, network: Any, refused: Any) -> None:
    autoscaling = emulator.client("autoscaling")
    image = ec2.describe_images(Owners=["568608671756"])["Images"][0]["ImageId"]
    ec2.create_launch_template(
        LaunchTemplateName="nat", LaunchTemplateData={"ImageId": image, "InstanceType": "t4g.nano"}
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="nat",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "nat", "Version": "$Latest"},
        VPCZoneIdentifier=network.subnet,
    )

    def enabled() -> list[str]:
        [group] = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["nat"])["AutoScalingGroups"]
        return [metric["Metric"] for metric in group["EnabledMetrics"]]

    autoscaling.enable_metrics_collection(AutoScalingGroupName="nat", Granularity="1Minute")
    assert len(enabled()) == 8
    autoscaling.disable_metrics_collection(AutoScalingGroupName="nat", Metrics=["GroupMinSize"])
    assert "GroupMinSize" not in enabled()
    autoscaling.disable_metrics_collection(AutoScalingGroupName="nat")
    assert enabled() == []
    with refused("ValidationError", "name not found"):
        autoscaling.disable_metrics_collection(AutoScalingGroupName="none")
