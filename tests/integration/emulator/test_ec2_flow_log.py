from __future__ import annotations

from typing import Any

import pytest

GROUP = "/vpc/flow"
DEFAULT_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)


@pytest.fixture
def destination(emulator: Any) -> dict[str, str]:
    """A log group and the role that writes to it."""
    emulator.client("logs").create_log_group(logGroupName=GROUP)
    role = emulator.client("iam").create_role(RoleName="flow", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    return {"LogDestinationType": "cloud-watch-logs", "DeliverLogsPermissionArn": role}


def _vpc(network: Any) -> dict[str, Any]:
    return {"ResourceIds": [network.vpc], "ResourceType": "VPC", "TrafficType": "ALL"}


def test_to_cloudwatch_logs(ec2: Any, network: Any, destination: dict[str, str], refused: Any) -> None:
    tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "a"}]}]
    request = {**_vpc(network), **destination, "LogGroupName": GROUP, "MaxAggregationInterval": 60}
    created = ec2.create_flow_logs(**request, TagSpecifications=tags)
    assert created["Unsuccessful"] == []
    [flow_log] = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [network.vpc]}])["FlowLogs"]
    assert [flow_log["FlowLogId"]] == created["FlowLogIds"]
    assert (flow_log["LogGroupName"], flow_log["MaxAggregationInterval"]) == (GROUP, 60)
    assert (flow_log["FlowLogStatus"], flow_log["DeliverLogsStatus"]) == ("ACTIVE", "SUCCESS")
    assert flow_log["LogFormat"] == DEFAULT_FORMAT
    assert flow_log["Tags"] == [{"Key": "Name", "Value": "a"}]
    assert len(ec2.describe_flow_logs(Filters=[{"Name": "tag:Name", "Values": ["a"]}])["FlowLogs"]) == 1
    with refused("FlowLogAlreadyExists"):
        ec2.create_flow_logs(**request)

    ec2.delete_flow_logs(FlowLogIds=created["FlowLogIds"])
    assert ec2.describe_flow_logs()["FlowLogs"] == []
    with refused("InvalidFlowLogId.NotFound"):
        ec2.delete_flow_logs(FlowLogIds=created["FlowLogIds"])


@pytest.mark.parametrize("suffix", ["", ":*"])
def test_log_group_by_arn(ec2: Any, network: Any, destination: dict[str, str], suffix: str) -> None:
    arn = f"arn:aws:logs:ap-northeast-1:427979936961:log-group:{GROUP}{suffix}"
    ec2.create_flow_logs(**_vpc(network), **destination, LogDestination=arn)
    [flow_log] = ec2.describe_flow_logs()["FlowLogs"]
    assert (flow_log["LogGroupName"], flow_log["LogDestination"]) == (GROUP, arn)
    assert (flow_log["DeliverLogsStatus"], flow_log["MaxAggregationInterval"]) == ("SUCCESS", 600)


def test_to_a_prefix_of_a_bucket(emulator: Any, ec2: Any, network: Any) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="flow", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    options = {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": False}
    request = {**_vpc(network), "LogDestinationType": "s3", "DestinationOptions": options}
    assert ec2.create_flow_logs(**request, LogDestination="arn:aws:s3:::flow/vpc/")["Unsuccessful"] == []
    [flow_log] = ec2.describe_flow_logs()["FlowLogs"]
    assert (flow_log["LogDestination"], flow_log["DestinationOptions"]) == ("arn:aws:s3:::flow/vpc/", options)
    [error] = ec2.create_flow_logs(**request, LogDestination="arn:aws:s3:::none/vpc/")["Unsuccessful"]
    assert error["ResourceId"] == network.vpc


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ResourceIds": ["vpc-0123456789abcdef0"]}, "InvalidVpcID.NotFound"),
        ({"MaxAggregationInterval": 61}, "InvalidParameter"),
        ({"TrafficType": "SOME"}, "InvalidParameterValue"),
    ],
)
def test_bad_requests(
    ec2: Any, network: Any, destination: dict[str, str], refused: Any, change: dict[str, Any], code: str
) -> None:
    with refused(code):
        ec2.create_flow_logs(**{**_vpc(network), **destination, "LogGroupName": GROUP, **change})
