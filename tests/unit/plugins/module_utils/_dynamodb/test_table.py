from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._aws import AwsError
from ansible_collections.airas.platform.plugins.module_utils._dynamodb import table
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    Refused,
    apply,
    plan_resource,
)

NAME = "airas-lock"
ARN = f"arn:aws:dynamodb:ap-northeast-1:427979936961:table/{NAME}"
OPTIONS: dict[str, Any] = {
    "name": NAME,
    "state": "present",
    "hash_key": "LockID",
    "hash_key_type": "S",
    "range_key": None,
    "range_key_type": "S",
    "billing_mode": "PAY_PER_REQUEST",
    "read_capacity": None,
    "write_capacity": None,
    "table_class": "STANDARD",
    "point_in_time_recovery": False,
    "recovery_period_days": 35,
    "deletion_protection": None,
    "kms_key_arn": None,
    "ttl_attribute": None,
    "tags": {},
}
TABLE: dict[str, Any] = {
    "TableName": NAME,
    "TableArn": ARN,
    "TableStatus": "ACTIVE",
    "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
    "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}

Fake = Callable[..., Any]


def resource(aws: Any, **given: Any) -> Any:
    [found] = table.resources(aws, {**OPTIONS, **given})
    return found


def found(**attributes: Any) -> dict[str, Any]:
    return {"describe_table": {"Table": {**TABLE, **attributes}}}


def writes(aws: Any) -> list[str]:
    return [call for call, _params in aws.calls if not call.split(":")[1].startswith(("describe_", "list_"))]


def test_what_dynamodb_leaves_out_is_its_default(fake_aws: Fake) -> None:
    assert plan_resource(resource(fake_aws(**found()))).action == "none"


def test_capacity_counts_only_where_it_is_set_aside(fake_aws: Fake) -> None:
    aws = fake_aws(**found(ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}))
    assert plan_resource(resource(aws)).action == "none"
    old = {key: value for key, value in TABLE.items() if key != "BillingModeSummary"}
    old["ProvisionedThroughput"] = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    provisioned = {"billing_mode": "PROVISIONED", "read_capacity": 5, "write_capacity": 6}
    assert plan_resource(resource(fake_aws(describe_table={"Table": old}), **provisioned)).action == "none"


def test_an_encryption_that_is_off_is_aws_own(fake_aws: Fake) -> None:
    aws = fake_aws(**found(SSEDescription={"Status": "DISABLED", "KMSMasterKeyArn": "arn:aws:kms:x"}))
    assert plan_resource(resource(aws)).action == "none"


def test_a_table_is_made_whole_in_one_call(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        describe_table=refusal("ResourceNotFoundException"),
        create_table={"TableDescription": {"TableArn": ARN, "TableStatus": "CREATING"}},
    )
    making = resource(
        aws,
        range_key="At",
        range_key_type="N",
        deletion_protection=True,
        kms_key_arn="arn:aws:kms:ap-northeast-1:427979936961:key/x",
        point_in_time_recovery=True,
        ttl_attribute="expires_at",
        tags={"Environment": "global"},
    )
    apply([plan_resource(making)], [])
    [(_describe, _name), (call, params)] = aws.calls
    assert call == "dynamodb:create_table"
    assert params == {
        "TableName": NAME,
        "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}, {"AttributeName": "At", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "LockID", "AttributeType": "S"},
            {"AttributeName": "At", "AttributeType": "N"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "TableClass": "STANDARD",
        "DeletionProtectionEnabled": True,
        "SSESpecification": {
            "Enabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": "arn:aws:kms:ap-northeast-1:427979936961:key/x",
        },
        "Tags": [{"Key": "Environment", "Value": "global"}],
    }
    assert making.pending == "CREATING"


def test_a_table_that_another_run_has_just_made_is_compared_by_the_next_call(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        describe_table=refusal("ResourceNotFoundException"),
        create_table=refusal("ResourceInUseException", "Table already exists: airas-lock"),
    )
    making = resource(aws)
    apply([plan_resource(making)], [])
    assert (making.known["arn"], making.pending) == (ARN, "CREATING")


@pytest.mark.parametrize(
    ("message", "accepted"),
    [("TimeToLive is already enabled", True), ("Time to live has been modified multiple times", False)],
)
def test_expiry_that_another_run_has_just_set_is_set(
    message: str, accepted: bool, fake_aws: Fake, refusal: Fake
) -> None:
    aws = fake_aws(**found(), update_time_to_live=refusal("ValidationException", message))
    plans = [plan_resource(resource(aws, ttl_attribute="expires_at"))]
    if accepted:
        apply(plans, [])
    else:
        with pytest.raises(AwsError, match=message):
            apply(plans, [])


def test_one_update_at_a_time(fake_aws: Fake) -> None:
    aws = fake_aws(**found(), update_table={"TableDescription": {"TableStatus": "UPDATING"}})
    changing = resource(aws, table_class="STANDARD_INFREQUENT_ACCESS", deletion_protection=True, ttl_attribute="t")
    apply([plan_resource(changing)], [])
    assert writes(aws) == ["dynamodb:update_table"]
    assert changing.pending == "UPDATING"


def test_a_busy_table_is_left_alone(fake_aws: Fake) -> None:
    aws = fake_aws(**found(TableStatus="UPDATING"))
    changing = resource(aws, table_class="STANDARD_INFREQUENT_ACCESS")
    apply([plan_resource(changing)], [])
    assert writes(aws) == []
    assert changing.pending == "UPDATING"


def test_backups_that_are_not_ready_are_pending(fake_aws: Fake, refusal: Fake) -> None:
    unready = refusal("ContinuousBackupsUnavailableException")
    changing = resource(fake_aws(**found(), update_continuous_backups=unready), point_in_time_recovery=True)
    apply([plan_resource(changing)], [])
    assert changing.pending == "PREPARING BACKUPS"


def test_expiry_is_switched_off_by_its_old_name(fake_aws: Fake) -> None:
    ttl = {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "t"}}
    aws = fake_aws(**found(), describe_time_to_live=ttl)
    apply([plan_resource(resource(aws))], [])
    assert aws.calls[-1][1]["TimeToLiveSpecification"] == {"Enabled": False, "AttributeName": "t"}


@pytest.mark.parametrize("status", list(table.FAILED))
def test_a_table_in_trouble_is_named_with_the_way_out(status: str, fake_aws: Fake) -> None:
    broken = resource(fake_aws(**found(TableStatus=status)))
    with pytest.raises(PlatformError, match=f"the table is {status}") as caught:
        _ = broken.pending
    assert caught.value.mend == table.FAILED[status]


def test_a_table_in_trouble_can_be_deleted(fake_aws: Fake) -> None:
    aws = fake_aws(**found(TableStatus="ARCHIVED"))
    apply([plan_resource(resource(aws, state="absent"))], [])
    assert writes(aws) == ["dynamodb:delete_table"]


def test_protection_is_switched_off_first_and_only_if_asked_for(fake_aws: Fake) -> None:
    protected = found(DeletionProtectionEnabled=True)
    for left_as_it_is in (None, True):
        with pytest.raises(Refused, match="deletion protection is on"):
            resource(fake_aws(**protected), state="absent", deletion_protection=left_as_it_is)
    aws = fake_aws(**protected, update_table={"TableDescription": {"TableStatus": "UPDATING"}})
    going = resource(aws, state="absent", deletion_protection=False)
    apply([plan_resource(going)], [])
    assert writes(aws) == ["dynamodb:update_table"]
    assert going.pending == "UPDATING"


def test_a_table_that_is_going_is_pending_until_it_is_gone(fake_aws: Fake) -> None:
    aws = fake_aws(**found(TableStatus="DELETING"))
    going = resource(aws, state="absent")
    apply([plan_resource(going)], [])
    assert writes(aws) == []
    assert going.pending == "DELETING"
    with pytest.raises(PlatformError, match="AWS is still deleting it"):
        resource(aws)
