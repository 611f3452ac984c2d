"""DynamoDB tables: identity, states, protection, encryption, recovery and expiry."""

from __future__ import annotations

import uuid
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"

CREATING = delays.declare("dynamodb_table.creating", "CreateTable until ACTIVE")
UPDATING = delays.declare("dynamodb_table.updating", "UpdateTable until ACTIVE")
DELETING = delays.declare("dynamodb_table.deleting", "DeleteTable until no longer found")
EXPIRY = delays.declare("dynamodb_table.ttl", "UpdateTimeToLive until ENABLED or DISABLED")


# --- states -----------------------------------------------------------------------------------------------------------


def _status(table: Table) -> str:
    return str(getattr(table, "status", "ACTIVE"))


def _in_state(table: Table, status: str, key: str) -> None:
    table.status = status

    def active() -> None:
        if table.status == status:
            table.status = "ACTIVE"

    delays.schedule(key, active)


_BEING = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}


def _require_active(table: Table) -> None:
    if _status(table) in _BEING:
        raise AwsError(
            "ResourceInUseException",
            "Attempt to change a resource which is still in use: "
            f"Table is being {_BEING[_status(table)]}: {table.name}",
        )


@patch(DynamoDBBackend, "create_table", aws=f"{API}/API_CreateTable.html")
def create_table(original: Any, self: Any, **options: Any) -> Table:
    """A table begins CREATING, with an id of its own."""
    table: Table = original(self, **options)
    table.table_id = str(uuid.uuid4())
    _in_state(table, "CREATING", CREATING)
    return table


@patch(Table, "describe", aws=f"{API}/API_TableDescription.html")
def describe(original: Any, self: Table, base_key: str = "TableDescription") -> dict[str, Any]:
    """A description carries id and state, and leaves out what the table does not have."""
    result: dict[str, Any] = original(self, base_key=base_key)
    description = result[base_key]
    description["TableStatus"] = _status(self)
    description["TableId"] = getattr(self, "table_id", None) or str(uuid.uuid5(uuid.NAMESPACE_URL, self.table_arn))
    for name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if not description[name]:
            del description[name]
    if self.billing_mode != "PAY_PER_REQUEST":
        del description["BillingModeSummary"]
    return result


@patch(DynamoDBBackend, "update_table", aws=f"{API}/API_UpdateTable.html")
def update_table(original: Any, self: Any, name: str, **options: Any) -> Table:
    """A table that is being created, updated or deleted takes no change: ResourceInUseException."""
    _require_active(self.get_table(name))
    table: Table = original(self, name=name, **options)
    _in_state(table, "UPDATING", UPDATING)
    return table


@patch(DynamoHandler, "update_table", aws=f"{API}/API_SSESpecification.html")
def update_table_response(original: Any, self: Any) -> Any:
    """Encryption can be changed on a table."""
    encryption = self.body.get("SSESpecification")
    if encryption:
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        _require_active(table)
        if encryption.get("Enabled") and "KMSMasterKeyId" not in encryption:
            key = table._get_default_encryption_key(table.account_id, table.region_name)
            encryption = {**encryption, "KMSMasterKeyId": key}
        table.sse_specification = encryption
    return original(self)


@patch(
    DynamoDBBackend,
    "delete_table",
    aws=f"{GUIDE}/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection",
)
def delete_table(original: Any, self: Any, name: str) -> Table:
    """A protected table stays; one that goes is DELETING and then gone."""
    table: Table = self.get_table(name)
    if table.deletion_protection_enabled:
        raise AwsError(
            "ValidationException",
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first.",
        )
    _require_active(table)
    table.status = "DELETING"
    delays.schedule(DELETING, lambda: self.tables.pop(table.name, None))
    return table


def _readable(table: Table) -> Table:
    if _status(table) == "CREATING":
        raise AwsError("ResourceNotFoundException", "Requested resource not found")
    return table


@patch(DynamoDBBackend, "put_item", aws=f"{API}/API_PutItem.html")
def put_item(original: Any, self: Any, table_name: str, **options: Any) -> Any:
    """A table that is being created takes no items: ResourceNotFoundException."""
    _readable(self.get_table(table_name))
    return original(self, table_name=table_name, **options)


@patch(DynamoDBBackend, "get_item", aws=f"{API}/API_GetItem.html")
def get_item(original: Any, self: Any, table_name: str, **options: Any) -> Any:
    """A table that is being created has no items: ResourceNotFoundException."""
    _readable(self.get_table(table_name))
    return original(self, table_name=table_name, **options)


# --- recovery and expiry ----------------------------------------------------------------------------------------------


@patch(DynamoDBBackend, "update_continuous_backups", aws=f"{API}/API_UpdateContinuousBackups.html")
def update_continuous_backups(original: Any, self: Any, table_name: str, **options: Any) -> Any:
    """Point-in-time recovery waits for the table to be there: ContinuousBackupsUnavailableException."""
    table = self.tables.get(table_name)
    if table is not None and _status(table) == "CREATING":
        raise AwsError(
            "ContinuousBackupsUnavailableException",
            f"Backups are being enabled for the table: {table_name}. Please retry later",
        )
    return original(self, table_name=table_name, **options)


@patch(DynamoDBBackend, "update_time_to_live", aws=f"{API}/API_UpdateTimeToLive.html")
def update_time_to_live(original: Any, self: Any, table_name: str, ttl_spec: dict[str, Any]) -> None:
    """Expiry is ENABLING before it is ENABLED, and setting what is set already is refused."""
    table: Table = self.get_table(table_name)
    _require_active(table)
    enabled = table.ttl["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
    if ttl_spec["Enabled"] == enabled:
        state = "enabled" if enabled else "disabled"
        raise AwsError("ValidationException", f"TimeToLive is already {state}")
    original(self, table_name=table_name, ttl_spec=ttl_spec)
    settled = table.ttl["TimeToLiveStatus"]
    table.ttl["TimeToLiveStatus"] = "ENABLING" if ttl_spec["Enabled"] else "DISABLING"

    def settle() -> None:
        table.ttl["TimeToLiveStatus"] = settled
        if settled == "DISABLED":
            table.ttl.pop("AttributeName", None)

    delays.schedule(EXPIRY, settle)
