# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One DynamoDB table: its key, how it is paid for, and what protects its items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._reconcile import Impact, Operation, PlatformError, Refused, Resource, State, check_numbers, managed_tags

# States that do not end by themselves, and what ends them.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
FAILED = {
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": "Enable its KMS key, and let DynamoDB use it.",
    "ARCHIVING": "Its KMS key was missing for seven days: restore the table from the backup that AWS makes of it.",
    "ARCHIVED": "Its KMS key was missing for seven days: restore the table from the backup that AWS made of it.",
    "REPLICATION_NOT_AUTHORIZED": "Let DynamoDB's service role use the KMS key in every region of the table.",
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The table named by the options."""
    name = params["name"]
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html
    check_numbers(params, {"recovery_period_days": (1, 35)}, f"dynamodb_table/{name}")
    found = described(aws, name)
    before = _read(aws, found, params["tags"]) if found else None
    desired = _desired(params) if params["state"] == "present" else None
    _refuse(name, before, desired, params)
    wanted = desired or {}
    return [
        Resource(
            "dynamodb_table",
            name,
            before=before,
            after=desired,
            placeholders={"arn": arn(aws, name)},
            create=Operation("dynamodb:CreateTable", _create(aws, name, wanted), covers=_CREATED),
            updates=_updates(aws, name, wanted),
            delete=Operation("dynamodb:DeleteTable", _delete(aws, name), settled_only=True),
            refuse_on=_refusals(before, desired),
            impacts=_impacts(before, wanted),
            settling=_settling if desired else _busy,
        )
    ]


def _settling(known: State) -> str | None:
    if known["status"] in FAILED:
        raise PlatformError(f"the table is {known['status']}.", mend=FAILED[known["status"]])
    return _busy(known)


def _busy(known: State) -> str | None:
    return None if known["status"] in ("ACTIVE", *FAILED) else known["status"]


def arn(aws: Aws, name: str) -> str:
    return aws.arn("dynamodb", f"table/{name}")


# -- what there is ---------------------------------------------------------------------------------------------------


def described(aws: Aws, name: str) -> Mapping[str, Any] | None:
    """The table as DescribeTable returns it."""
    answer = aws.call_or_none("dynamodb", "describe_table", ("ResourceNotFoundException",), TableName=name)
    return answer["Table"] if answer else None


def _read(aws: Aws, table: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    name, arn = table["TableName"], table["TableArn"]
    backups, ttl, found_tags = aws.gather(
        (
            lambda: aws.call_or_none(
                "dynamodb", "describe_continuous_backups", ("TableNotFoundException",), TableName=name
            ),
            lambda: aws.call("dynamodb", "describe_time_to_live", TableName=name),
            lambda: {"Tags": aws.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn)},
        )
    )
    return {
        **_normalised_table(table),
        "point_in_time_recovery": _normalised_backups(backups or {}),
        "ttl_attribute": _normalised_ttl(ttl or {}),
        "tags": managed_tags(tags_of(found_tags or {}), tags),
    }


def _normalised_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that DescribeTable gives; what it leaves out is what AWS had before it could be chosen."""
    types = {item["AttributeName"]: item["AttributeType"] for item in table["AttributeDefinitions"]}
    keys = {item["KeyType"]: item["AttributeName"] for item in table["KeySchema"]}
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    capacity = table["ProvisionedThroughput"] if mode == "PROVISIONED" else {}
    encryption = table.get("SSEDescription", {})
    return {
        "arn": table["TableArn"],
        "status": table["TableStatus"],
        "hash_key": _key(keys["HASH"], types),
        "range_key": _key(keys.get("RANGE"), types),
        "billing_mode": mode,
        "read_capacity": capacity.get("ReadCapacityUnits"),
        "write_capacity": capacity.get("WriteCapacityUnits"),
        "table_class": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "deletion_protection": table.get("DeletionProtectionEnabled", False),
        "kms_key_arn": encryption.get("KMSMasterKeyArn") if encryption.get("Status") != "DISABLED" else None,
    }


def _key(name: str | None, types: Mapping[str, str]) -> dict[str, str] | None:
    return {"name": name, "type": types[name]} if name else None


def _normalised_backups(answer: Mapping[str, Any]) -> dict[str, Any]:
    found = answer.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
    enabled = found.get("PointInTimeRecoveryStatus") == "ENABLED"
    return _recovery(enabled, found.get("RecoveryPeriodInDays", 35))


def _recovery(enabled: bool, days: int) -> dict[str, Any]:
    return {"enabled": enabled, "days": days if enabled else None}


def _normalised_ttl(answer: Mapping[str, Any]) -> str | None:
    found = answer.get("TimeToLiveDescription", {})
    return found.get("AttributeName") if found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") else None


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    provisioned = params["billing_mode"] == "PROVISIONED"
    desired = {
        "hash_key": {"name": params["hash_key"], "type": params["hash_key_type"]},
        "range_key": {"name": params["range_key"], "type": params["range_key_type"]} if params["range_key"] else None,
        "billing_mode": params["billing_mode"],
        "read_capacity": params["read_capacity"] if provisioned else None,
        "write_capacity": params["write_capacity"] if provisioned else None,
        "table_class": params["table_class"],
        "deletion_protection": params["deletion_protection"],
        "kms_key_arn": params["kms_key_arn"],
        "point_in_time_recovery": _recovery(params["point_in_time_recovery"], params["recovery_period_days"]),
        "ttl_attribute": params["ttl_attribute"] or None,
        "tags": dict(params["tags"]),
    }
    if params["deletion_protection"] is None:
        del desired["deletion_protection"]
    return desired


def _refuse(
    name: str, before: Mapping[str, Any] | None, desired: Mapping[str, Any] | None, params: Mapping[str, Any]
) -> None:
    if not before:
        return
    if desired and before["status"] == "DELETING":
        raise PlatformError(
            "AWS is still deleting it.",
            mend="Run again in a minute: it can be made anew once it is gone.",
            resource=f"dynamodb_table/{name}",
        )
    if not desired and before["deletion_protection"] and params["deletion_protection"] is not False:
        raise Refused(
            "deletion protection is on.",
            mend="If the table and its items are to go, set deletion_protection: false beside state: absent.",
            resource=f"dynamodb_table/{name}",
        )


def _refusals(before: Mapping[str, Any] | None, desired: Mapping[str, Any] | None) -> dict[str, str]:
    refusals = dict.fromkeys(
        ("hash_key", "range_key"), "Put the old key back, or make a table of another name and copy the items."
    )
    if before and desired and before["ttl_attribute"] and desired["ttl_attribute"]:
        refusals["ttl_attribute"] = (
            "DynamoDB wants expiry switched off for an hour in between: leave ttl_attribute out now, and give the new"
            " one an hour later."
        )
    return refusals


def _impacts(before: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> dict[str, Impact]:
    """Deleting loses the items; ending a protection, or shortening it, may lose them later."""
    impacts: dict[str, Impact] = {"delete": "data loss"}
    if before and desired:
        if before["deletion_protection"] and not desired.get("deletion_protection", True):
            impacts["deletion_protection"] = "data loss"
        if (before["point_in_time_recovery"]["days"] or 0) > (desired["point_in_time_recovery"]["days"] or 0):
            impacts["point_in_time_recovery"] = "data loss"
    return impacts


# -- what leads there ------------------------------------------------------------------------------------------------

_CREATED = (
    "hash_key",
    "range_key",
    "billing_mode",
    "read_capacity",
    "write_capacity",
    "table_class",
    "deletion_protection",
    "kms_key_arn",
    "tags",
)


def _create(aws: Aws, name: str, desired: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        keys = {"HASH": desired["hash_key"], "RANGE": desired["range_key"]}
        arguments = dict(
            TableName=name,
            KeySchema=[{"AttributeName": key["name"], "KeyType": kind} for kind, key in keys.items() if key],
            AttributeDefinitions=[
                {"AttributeName": key["name"], "AttributeType": key["type"]} for key in keys.values() if key
            ],
            **_billing(desired),
            TableClass=desired["table_class"],
            DeletionProtectionEnabled=desired.get("deletion_protection", False),
            **({"SSESpecification": _encryption(desired)} if desired["kms_key_arn"] else {}),
            Tags=tag_list(desired["tags"]),
        )
        try:
            made = aws.create("dynamodb", "create_table", **arguments)["TableDescription"]
        except AwsError as error:
            if error.code != "ResourceInUseException":
                raise
            # The run of another environment has just made it; the next call of the module compares it.
            return {"arn": arn(aws, name), "status": "CREATING"}
        return {"arn": made["TableArn"], "status": made["TableStatus"]}

    return run


def _updates(aws: Aws, name: str, desired: Mapping[str, Any]) -> tuple[Operation, ...]:
    """One UpdateTable for each kind of change, because AWS takes one at a time and none while it is at work on another.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
    """

    def update_table(*covers: str, **arguments: Any) -> Operation:
        def run(_known: dict[str, Any]) -> dict[str, Any]:
            answer = aws.call("dynamodb", "update_table", TableName=name, **arguments)
            return {"status": answer["TableDescription"]["TableStatus"]}

        return Operation("dynamodb:UpdateTable", run, covers=covers, settled_only=True)

    if not desired:
        return ()
    protection = {"DeletionProtectionEnabled": desired.get("deletion_protection", False)}
    return (
        update_table("deletion_protection", **protection),
        update_table("billing_mode", "read_capacity", "write_capacity", **_billing(desired)),
        update_table("table_class", TableClass=desired["table_class"]),
        update_table("kms_key_arn", SSESpecification=_encryption(desired)),
        _update_backups(aws, name, desired["point_in_time_recovery"]),
        _update_ttl(aws, name, desired["ttl_attribute"]),
        Operation("dynamodb:TagResource", _retag(aws, desired["tags"]), covers=("tags",)),
    )


def _billing(desired: Mapping[str, Any]) -> dict[str, Any]:
    if desired["billing_mode"] == "PAY_PER_REQUEST":
        return {"BillingMode": "PAY_PER_REQUEST"}
    capacity = {"ReadCapacityUnits": desired["read_capacity"], "WriteCapacityUnits": desired["write_capacity"]}
    return {"BillingMode": "PROVISIONED", "ProvisionedThroughput": capacity}


def _encryption(desired: Mapping[str, Any]) -> dict[str, Any]:
    key = desired["kms_key_arn"]
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else {"Enabled": False}


def _update_backups(aws: Aws, name: str, wanted: Mapping[str, Any]) -> Operation:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        days = {"RecoveryPeriodInDays": wanted["days"]} if wanted["enabled"] else {}
        answer = aws.call_or_none(
            "dynamodb",
            "update_continuous_backups",
            ("ContinuousBackupsUnavailableException",),
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": wanted["enabled"], **days},
        )
        # AWS prepares backups for a while after a new table is active; the next call of the module asks again.
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContinuousBackups.html
        return {} if answer else {"status": "PREPARING BACKUPS"}

    return Operation("dynamodb:UpdateContinuousBackups", run, covers=("point_in_time_recovery",), settled_only=True)


def _update_ttl(aws: Aws, name: str, attribute: str | None) -> Operation:
    def run(known: dict[str, Any]) -> None:
        specification = {"Enabled": bool(attribute), "AttributeName": attribute or known["ttl_attribute"]}
        try:
            aws.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=specification)
        except AwsError as error:
            # Another run was first, or an earlier answer was lost.
            if not (error.code == "ValidationException" and "is already" in str(error)):
                raise

    return Operation("dynamodb:UpdateTimeToLive", run, covers=("ttl_attribute",), settled_only=True)


def _retag(aws: Aws, tags: Mapping[str, str]) -> Callable[[dict[str, Any]], None]:
    def run(known: dict[str, Any]) -> None:
        aws.call("dynamodb", "tag_resource", ResourceArn=known["arn"], Tags=tag_list(tags))

    return run


def _delete(aws: Aws, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(known: dict[str, Any]) -> dict[str, Any]:
        if known["deletion_protection"]:
            # Asked for in as many words, or it would have been refused. The table is updating for a moment now, and
            # the next call of the module deletes it.
            answer = aws.call("dynamodb", "update_table", TableName=name, DeletionProtectionEnabled=False)
            if answer["TableDescription"]["TableStatus"] != "ACTIVE":
                return {"status": "UPDATING"}
        aws.call_or_none("dynamodb", "delete_table", ("ResourceNotFoundException",), TableName=name)
        return {"status": "DELETING"}

    return run
