"""DynamoDB tables: their class, their tags, and backups that are ready a little later than the table."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError

_API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"

BACKUPS = delays.declare("dynamodb_table.backups", "From CreateTable until continuous backups can be changed.")


@patch(Table, "describe", aws=f"{_API}/API_TableClassSummary.html")
def describe(original: Any, self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
    """A table for which a class has been chosen says which."""
    described: dict[str, Any] = original(self, base_key=base_key)
    if chosen := getattr(self, "table_class", None):
        described[base_key]["TableClassSummary"] = {"TableClass": chosen}
    return described


@patch(DynamoHandler, "create_table", aws=f"{_API}/API_CreateTable.html")
def create_table(original: Any, self: Any) -> ActionResult:
    """A new table has the class that was asked for, and its backups are prepared."""
    original(self)
    table = self.dynamodb_backend.get_table(self.body["TableName"])
    table.table_class = self.body.get("TableClass")
    table.backups_ready = False
    delays.schedule(BACKUPS, lambda: setattr(table, "backups_ready", True))
    return DynamoResult(table.describe())


@patch(DynamoHandler, "update_table", aws=f"{_API}/API_UpdateTable.html")
def update_table(original: Any, self: Any) -> ActionResult:
    """The class of a table can be changed."""
    original(self)
    table = self.dynamodb_backend.get_table(self.body["TableName"])
    table.table_class = self.body.get("TableClass") or getattr(table, "table_class", None)
    return DynamoResult(table.describe())


@patch(DynamoDBBackend, "update_continuous_backups", aws=f"{_API}/API_UpdateContinuousBackups.html")
def update_continuous_backups(original: Any, self: Any, table_name: str, **options: Any) -> Any:
    """Continuous backups of a new table cannot be changed before AWS has prepared them."""
    if table_name in self.tables and not getattr(self.tables[table_name], "backups_ready", True):
        raise AwsError(
            "ContinuousBackupsUnavailableException",
            f"Backups are being enabled for the table: {table_name}. Please retry later",
        )
    return original(self, table_name=table_name, **options)


@patch(DynamoDBBackend, "tag_resource", aws=f"{_API}/API_TagResource.html")
def tag_resource(original: Any, self: Any, arn: str, tags: dict[str, str]) -> None:
    """A tag of the same key is overwritten."""
    self.untag_resource(arn, list(tags))
    original(self, arn, tags)
