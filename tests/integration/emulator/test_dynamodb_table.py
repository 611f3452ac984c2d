from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.testing import EmulatorServer

KEY = {
    "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def dynamodb(emulator: EmulatorServer) -> Any:
    return emulator.client("dynamodb")


def described(dynamodb: Any) -> dict[str, Any]:
    table: dict[str, Any] = dynamodb.describe_table(TableName="lock")["Table"]
    return table


def test_the_class_of_a_table_is_kept(dynamodb: Any) -> None:
    dynamodb.create_table(TableName="lock", **KEY)
    assert "TableClassSummary" not in described(dynamodb)
    dynamodb.update_table(TableName="lock", TableClass="STANDARD_INFREQUENT_ACCESS")
    assert described(dynamodb)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    dynamodb.update_table(TableName="lock", DeletionProtectionEnabled=True)
    assert described(dynamodb)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_a_table_is_made_with_its_class(dynamodb: Any) -> None:
    made = dynamodb.create_table(TableName="lock", TableClass="STANDARD", **KEY)
    assert made["TableDescription"]["TableStatus"] == "CREATING"
    assert described(dynamodb)["TableClassSummary"]["TableClass"] == "STANDARD"


def test_a_tag_is_overwritten(dynamodb: Any) -> None:
    dynamodb.create_table(TableName="lock", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}], **KEY)
    arn = described(dynamodb)["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    tags = dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
    assert {(tag["Key"], tag["Value"]) for tag in tags} == {("a", "2"), ("b", "1")}
    assert len(tags) == 2


def test_backups_are_ready_later_than_the_table(emulator: EmulatorServer, dynamodb: Any) -> None:
    emulator.set_delays({"dynamodb_table.backups": 3600})
    dynamodb.create_table(TableName="lock", **KEY)
    assert described(dynamodb)["TableStatus"] == "ACTIVE"
    on: Callable[[], Any] = lambda: dynamodb.update_continuous_backups(  # noqa: E731 - called twice
        TableName="lock", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    with pytest.raises(ClientError, match="ContinuousBackupsUnavailableException"):
        on()
    emulator.set_delays({})
    assert on()["ContinuousBackupsDescription"]["ContinuousBackupsStatus"] == "ENABLED"
