"""The flow log of a VPC against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME, GROUP = "airas-dev", "/vpc/airas-dev"
ROLE = "arn:aws:iam::427979936961:role/airas-dev-flow-log"
BUCKET = "airas-dev-logs-427979936961"
TAGS = {"Environment": "dev"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


@pytest.fixture
def args(boto: Boto) -> Callable[..., dict[str, Any]]:
    """Options of a flow log of a VPC that is made when first asked for."""

    def make(**options: Any) -> dict[str, Any]:
        ec2 = boto("ec2")
        found = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"]
        if not found:
            boto("logs").create_log_group(logGroupName=GROUP)
            boto("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
        vpc = found[0] if found else ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
        return {
            "region": "ap-northeast-1",
            "name": NAME,
            "resource_id": vpc["VpcId"],
            "log_group_name": GROUP,
            "role_arn": ROLE,
            "tags": TAGS,
            **options,
        }

    return make


def census(boto: Boto) -> list[dict[str, Any]]:
    found = boto("ec2").describe_flow_logs()["FlowLogs"]
    return [{**item, "FlowLogId": "", "ResourceId": "", "CreationTime": ""} for item in found]


def to_s3(args: Callable[..., dict[str, Any]], **options: Any) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{BUCKET}"
    return args(destination_type="s3", destination_arn=arn, log_group_name=None, role_arn=None, **options)


def test_makes_it_and_then_changes_nothing(apply: Apply, args: Any, boto: Boto, writes: Writes) -> None:
    planned = apply("vpc_flow_log", args(), check=True)
    assert census(boto) == []
    assert planned["resources"][f"vpc_flow_log/{NAME}"]["id"] == "fl-00000000000000000"
    made = apply("vpc_flow_log", args())
    assert made["plan"] == planned["plan"]
    [found] = boto("ec2").describe_flow_logs()["FlowLogs"]
    assert found["FlowLogId"] == made["resources"][f"vpc_flow_log/{NAME}"]["id"]
    assert (found["LogGroupName"], found["DeliverLogsPermissionArn"], found["TrafficType"]) == (GROUP, ROLE, "ALL")
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {**TAGS, "Name": NAME}
    before = writes()
    assert apply("vpc_flow_log", args())["changed"] is False
    assert writes() == before


def test_a_plan_accepts_a_vpc_that_does_not_exist_yet(apply: Apply, args: Any, value_changes: Changes) -> None:
    planned = value_changes(apply("vpc_flow_log", args(resource_id="vpc-00000000000000000"), check=True))
    assert planned[f"vpc_flow_log/{NAME} resource_id"] == (None, "(known after apply)")


def test_another_destination_is_made_before_the_old_one_goes(
    apply: Apply, args: Any, boto: Boto, value_changes: Changes, writes: Writes
) -> None:
    old = apply("vpc_flow_log", args())["resources"][f"vpc_flow_log/{NAME}"]["id"]
    moved = apply("vpc_flow_log", to_s3(args), check=True)
    assert moved["plan"][0]["action"] == "replace"
    drift = {
        f"vpc_flow_log/{NAME} destination_type": ("cloud-watch-logs", "s3"),
        f"vpc_flow_log/{NAME} log_group_name": (GROUP, None),
        f"vpc_flow_log/{NAME} role_arn": (ROLE, None),
        f"vpc_flow_log/{NAME} destination_arn": (None, f"arn:aws:s3:::{BUCKET}"),
    }
    assert value_changes(moved) == drift
    before = writes()
    made = apply("vpc_flow_log", to_s3(args))
    assert value_changes(made) == drift
    assert writes()[len(before) :] == ["ec2:CreateFlowLogs", "ec2:DeleteFlowLogs"]
    assert made["resources"][f"vpc_flow_log/{NAME}"]["id"] != old
    assert [item["LogDestinationType"] for item in census(boto)] == ["s3"]
    assert apply("vpc_flow_log", to_s3(args))["changed"] is False


@pytest.mark.parametrize(
    ("attribute", "before", "after"),
    [
        ("traffic_type", "ALL", "REJECT"),
        ("max_aggregation_interval", 600, 60),
        ("log_format", "${version} ${account-id}", "${srcaddr} ${dstaddr} ${action}"),
        ("role_arn", ROLE, f"{ROLE}-2"),
    ],
)
def test_any_other_change_replaces_it_too(
    apply: Apply, args: Any, boto: Boto, attribute: str, before: Any, after: Any
) -> None:
    apply("vpc_flow_log", args(**{attribute: before}))
    made = apply("vpc_flow_log", args(**{attribute: after}))
    assert [(change["path"], change["before"], change["after"]) for change in made["plan"][0]["changes"]] == [
        (attribute, before, after)
    ]
    assert len(census(boto)) == 1
    assert apply("vpc_flow_log", args(**{attribute: after}))["changed"] is False


def test_tags_are_changed_in_place(apply: Apply, args: Any, boto: Boto, value_changes: Changes) -> None:
    made = apply("vpc_flow_log", args())["resources"][f"vpc_flow_log/{NAME}"]["id"]
    boto("ec2").create_tags(Resources=[made], Tags=[{"Key": "Environment", "Value": "prod"}])
    assert value_changes(apply("vpc_flow_log", args())) == {f"vpc_flow_log/{NAME} tags.Environment": ("prod", "dev")}
    assert [item["FlowLogId"] for item in boto("ec2").describe_flow_logs()["FlowLogs"]] == [made]


def test_a_flow_log_of_another_name_is_left_alone(apply: Apply, args: Any, boto: Boto) -> None:
    apply("vpc_flow_log", to_s3(args, name="audit"))
    apply("vpc_flow_log", args())
    apply("vpc_flow_log", args(state="absent"))
    assert [item["LogDestinationType"] for item in census(boto)] == ["s3"]


def test_a_second_one_of_our_name_that_is_not_ours_is_named(
    apply: Apply, run_module: Apply, args: Any, boto: Boto
) -> None:
    apply("vpc_flow_log", args())
    boto("ec2").create_flow_logs(
        ResourceIds=[args()["resource_id"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{BUCKET}",
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": NAME}]}],
    )
    assert "Delete or rename the one that is not in use" in run_module("vpc_flow_log", args())["msg"]


def test_absent_twice(apply: Apply, args: Any, boto: Boto) -> None:
    apply("vpc_flow_log", args())
    assert apply("vpc_flow_log", args(state="absent"))["changed"]
    assert census(boto) == []
    assert apply("vpc_flow_log", args(state="absent"))["changed"] is False


def test_an_undelivered_flow_log_is_warned_of(apply: Apply, run_module: Apply, args: Any) -> None:
    apply("vpc_flow_log", args(log_group_name="/vpc/missing"))
    told = str(run_module("vpc_flow_log", args(log_group_name="/vpc/missing"), check=True)["warnings"])
    assert "AWS cannot deliver the flow log fl-" in told
    assert "Access error" in told


def test_a_role_that_is_not_assumable_yet_is_waited_for(apply: Apply, args: Any, emulator: EmulatorServer) -> None:
    options = args()
    rule = {"service": "ec2", "operation": "CreateFlowLogs", "error": "InvalidParameter", "times": 1}
    emulator.set_faults([{**rule, "message": f"Unable to assume given IAM role: '{ROLE}'"}])
    assert apply("vpc_flow_log", options)["changed"]


def test_a_failure_inside_a_successful_answer_is_a_failure(run_module: Apply, args: Any) -> None:
    result = run_module("vpc_flow_log", {**to_s3(args), "destination_arn": "arn:aws:s3:::no-such-bucket"})
    assert "Failed to call ec2:CreateFlowLogs" in result["msg"]
    assert "no-such-bucket does not exist" in result["msg"]


def test_interrupted_anywhere_it_ends_the_same(
    interrupt_each_write: Callable[..., None], args: Any, boto: Boto
) -> None:
    interrupt_each_write("vpc_flow_log", args, lambda: census(boto))


def test_an_interrupted_replacement_is_finished(
    apply: Apply, interrupt_each_write: Callable[..., None], args: Any, boto: Boto
) -> None:
    def prepare() -> dict[str, Any]:
        apply("vpc_flow_log", args())
        return to_s3(args)

    interrupt_each_write("vpc_flow_log", prepare, lambda: census(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, args: Any, emulator: EmulatorServer) -> None:
    options = args()
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("vpc_flow_log", options)
    apply("vpc_flow_log", {**options, "state": "absent"})
    apply("vpc_flow_log", options)
    emulator.set_faults([])
    assert apply("vpc_flow_log", options)["changed"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"role_arn": None}, "cloud-watch-logs needs role_arn. It goes with log_group_name and role_arn."),
        ({"destination_arn": "arn:aws:s3:::b"}, "destination_type cloud-watch-logs takes no destination_arn."),
        ({"destination_type": "s3"}, "destination_type s3 needs destination_arn."),
        ({"max_aggregation_interval": 300}, "must be one of: 60, 600"),
    ],
)
def test_wrong_input_is_refused_before_any_write(
    run_module: Apply, args: Any, writes: Writes, options: dict[str, Any], message: str
) -> None:
    wrong = args(**options)
    before = writes()
    result = run_module("vpc_flow_log", wrong)
    assert result["failed"]
    assert message in result["msg"]
    assert writes() == before
