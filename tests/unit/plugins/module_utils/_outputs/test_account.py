from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import account
from ansible_collections.airas.platform.plugins.module_utils._reconcile import placeholders_in

NAMES = {
    "state_bucket": "airas-state",
    "lock_table": "airas-lock",
    "ecr_repository": "airas-backend",
    "hosted_zone": "example.com",
}
QUERY = {"account": NAMES}
ZONE = {"Id": "/hostedzone/Z1", "Name": "example.com.", "Config": {"PrivateZone": False}}

Fake = Callable[..., Any]


def test_what_is_there(fake_aws: Fake) -> None:
    aws = fake_aws(
        head_bucket={"BucketRegion": "ap-northeast-1"},
        describe_table={"Table": {"TableName": "airas-lock"}},
        list_hosted_zones_by_name={"HostedZones": [ZONE, {**ZONE, "Name": "example.net.", "Id": "/hostedzone/Z2"}]},
        get_hosted_zone={"HostedZone": ZONE, "DelegationSet": {"NameServers": ["ns-2", "ns-1"]}},
        list_account_settings={"settings": [{"name": "containerInsights", "value": "enabled"}]},
    )
    assert account.read(aws, QUERY) == {
        "hosted_zone_id": "Z1",
        "hosted_zone_name_servers": ["ns-1", "ns-2"],
        "account_id": "427979936961",
        "region": "ap-northeast-1",
        "state_bucket": "airas-state",
        "state_bucket_arn": "arn:aws:s3:::airas-state",
        "lock_table": "airas-lock",
        "lock_table_arn": "arn:aws:dynamodb:ap-northeast-1:427979936961:table/airas-lock",
        "container_insights": "enabled",
        "ecr_repository_uri": "427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/airas-backend",
        "ecr_repository_arn": "arn:aws:ecr:ap-northeast-1:427979936961:repository/airas-backend",
    }


def test_what_is_not_there_yet_has_placeholders_of_the_right_shape(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        head_bucket=refusal("404"),
        describe_table=refusal("ResourceNotFoundException"),
        list_hosted_zones_by_name={"HostedZones": []},
    )
    outputs = account.read(aws, QUERY)
    missing = ["hosted_zone_id", "state_bucket", "state_bucket_arn", "lock_table", "lock_table_arn"]
    assert list(placeholders_in(outputs)) == missing
    assert outputs["lock_table_arn"].startswith("arn:aws:dynamodb:ap-northeast-1:427979936961:table/airas-lock-")
    assert outputs["container_insights"] == "disabled"


def test_an_account_without_a_domain_has_no_zone(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(head_bucket=refusal("404"), describe_table=refusal("ResourceNotFoundException"))
    outputs = account.read(aws, {"account": {**NAMES, "hosted_zone": ""}})
    assert (outputs["hosted_zone_id"], outputs["hosted_zone_name_servers"]) == ("", [])
