from __future__ import annotations

from typing import Any

import pytest

TABLE = {
    "TableName": "lock",
    "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
KEY = {"LockID": {"S": "a"}}


@pytest.fixture
def dynamodb(emulator: Any) -> Any:
    return emulator.client("dynamodb")


def _table(dynamodb: Any) -> dict[str, Any]:
    table: dict[str, Any] = dynamodb.describe_table(TableName="lock")["Table"]
    return table


def test_states(emulator: Any, dynamodb: Any, refused: Any) -> None:
    emulator.set_delays({"dynamodb_table.creating": 3600, "dynamodb_table.deleting": 3600})
    created = dynamodb.create_table(**TABLE)["TableDescription"]
    assert created["TableStatus"] == "CREATING"
    assert _table(dynamodb)["TableStatus"] == "CREATING"
    with refused("ResourceInUseException"):
        dynamodb.create_table(**TABLE)
    with refused("ResourceInUseException", "Table is being created: lock"):
        dynamodb.update_table(TableName="lock", DeletionProtectionEnabled=True)
    with refused("ResourceInUseException"):
        dynamodb.delete_table(TableName="lock")
    with refused("ResourceNotFoundException"):
        dynamodb.put_item(TableName="lock", Item=KEY)
    recovery = {"PointInTimeRecoveryEnabled": True}
    with refused("ContinuousBackupsUnavailableException"):
        dynamodb.update_continuous_backups(TableName="lock", PointInTimeRecoverySpecification=recovery)

    emulator.set_delays({"dynamodb_table.deleting": 3600})
    active = _table(dynamodb)
    assert (active["TableStatus"], active["TableId"]) == ("ACTIVE", created["TableId"])
    assert "GlobalSecondaryIndexes" not in active
    dynamodb.put_item(TableName="lock", Item=KEY)
    assert dynamodb.get_item(TableName="lock", Key=KEY)["Item"] == KEY

    assert dynamodb.delete_table(TableName="lock")["TableDescription"]["TableStatus"] == "DELETING"
    assert _table(dynamodb)["TableStatus"] == "DELETING"
    emulator.set_delays({})
    with refused("ResourceNotFoundException"):
        _table(dynamodb)


def test_protection_encryption_and_recovery(dynamodb: Any, refused: Any) -> None:
    dynamodb.create_table(**TABLE, DeletionProtectionEnabled=True)
    assert "SSEDescription" not in _table(dynamodb)
    with refused("ValidationException", "currently protected against deletion"):
        dynamodb.delete_table(TableName="lock")
    dynamodb.update_table(TableName="lock", SSESpecification={"Enabled": True, "SSEType": "KMS"})
    encryption = _table(dynamodb)["SSEDescription"]
    assert (encryption["Status"], encryption["SSEType"]) == ("ENABLED", "KMS")

    dynamodb.update_continuous_backups(
        TableName="lock", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    backups = dynamodb.describe_continuous_backups(TableName="lock")["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert (recovery["PointInTimeRecoveryStatus"], recovery["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    dynamodb.update_table(TableName="lock", DeletionProtectionEnabled=False)
    assert _table(dynamodb)["DeletionProtectionEnabled"] is False
    dynamodb.delete_table(TableName="lock")


def test_expiry(emulator: Any, dynamodb: Any, refused: Any) -> None:
    dynamodb.create_table(**TABLE)
    emulator.set_delays({"dynamodb_table.ttl": 3600})
    on = {"Enabled": True, "AttributeName": "expires"}
    dynamodb.update_time_to_live(TableName="lock", TimeToLiveSpecification=on)
    expiry = dynamodb.describe_time_to_live(TableName="lock")["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    with refused("ValidationException", "TimeToLive is already enabled"):
        dynamodb.update_time_to_live(TableName="lock", TimeToLiveSpecification=on)
    emulator.set_delays({})
    assert dynamodb.describe_time_to_live(TableName="lock")["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"


def test_conditional_write(dynamodb: Any, refused: Any) -> None:
    dynamodb.create_table(**TABLE)
    write = {"TableName": "lock", "Item": KEY, "ConditionExpression": "attribute_not_exists(LockID)"}
    dynamodb.put_item(**write)
    with refused("ConditionalCheckFailedException"):
        dynamodb.put_item(**write)
