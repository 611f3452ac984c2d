# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Records of a hosted zone. Route 53 gives them no tags: a record is ours if it says what we would write."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, PlatformError, Resource, is_placeholder

Record = Mapping[str, Any]


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The records of the options."""
    zone_id, present = params["zone_id"], params["state"] == "present"
    desired = [_desired(record) for record in params["records"]]
    found = aws.gather(partial(_find, aws, zone_id, record) for record in params["records"])
    return [
        _record(aws, zone_id, record, before, after if present else None)
        for record, before, after in zip(params["records"], found, desired, strict=True)
        if present or (before and _says(before, after))
    ]


def _name(name: str) -> str:
    """A record's name as it is compared: without the dot at its end, and with the asterisk that Route 53 escapes.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    """
    return name.rstrip(".").lower().replace("\\052", "*")


def _target(name: str) -> str:
    """A load balancer has its name with and without ``dualstack.``, which lead to the same place."""
    return _name(name).removeprefix("dualstack.")


def _address(record: Record) -> str:
    return f"{_name(record['name'])} {record['type']}"


# -- desired ---------------------------------------------------------------------------------------------------------


def _desired(record: Record) -> dict[str, Any]:
    alias = record["alias"]
    if bool(alias) == bool(record["values"]):
        raise PlatformError("it needs either values or an alias.", resource=f"route53_record/{_address(record)}")
    if alias:
        return {
            "alias": {
                "dns_name": _target(alias["dns_name"]),
                "zone_id": alias["zone_id"],
                "evaluate_target_health": alias["evaluate_target_health"],
            },
            "ttl": None,
            "values": None,
        }
    return {"alias": None, "ttl": record["ttl"], "values": sorted(record["values"])}


def _says(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether what is there is what the options name; an alias' name may be a pattern."""
    if wanted["alias"]:
        return fnmatchcase((before["alias"] or {}).get("dns_name", ""), wanted["alias"]["dns_name"])
    return bool(before["values"] == wanted["values"])


# -- found -----------------------------------------------------------------------------------------------------------


def _find(aws: Aws, zone_id: str, record: Record) -> dict[str, Any] | None:
    if is_placeholder(zone_id) or is_placeholder(record["name"]):
        return None
    answer = aws.call(
        "route53",
        "list_resource_record_sets",
        HostedZoneId=zone_id,
        StartRecordName=record["name"],
        StartRecordType=record["type"],
        MaxItems="1",  # the record, or what comes after it
    )
    for item in answer["ResourceRecordSets"]:
        if _address({"name": item["Name"], "type": item["Type"]}) == _address(record):
            if item.get("SetIdentifier"):
                raise PlatformError(
                    f"there are records of this name with a routing policy ({item['SetIdentifier']}).",
                    mend="Remove them, or choose another name.",
                    resource=f"route53_record/{_address(record)}",
                )
            return _normalised(item)
    return None


def _normalised(item: Mapping[str, Any]) -> dict[str, Any]:
    alias = item.get("AliasTarget")
    return {
        "alias": {
            "dns_name": _target(alias["DNSName"]),
            "zone_id": alias["HostedZoneId"],
            "evaluate_target_health": bool(alias["EvaluateTargetHealth"]),
        }
        if alias
        else None,
        "ttl": None if alias else item.get("TTL"),
        "values": None if alias else sorted(value["Value"] for value in item.get("ResourceRecords") or ()),
    }


# -- changed ---------------------------------------------------------------------------------------------------------


def _record(
    aws: Aws, zone_id: str, record: Record, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    def change(action: str, held: Mapping[str, Any]) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": _request(record, held)}]}
        aws.call("route53", "change_resource_record_sets", HostedZoneId=zone_id, ChangeBatch=batch)

    def upsert(_known: dict[str, Any]) -> None:
        change("UPSERT", after or {})

    def delete(_known: dict[str, Any]) -> None:
        # AWS deletes a record that is told exactly as it is.
        change("DELETE", before or {})

    call = "route53:ChangeResourceRecordSets"
    return Resource(
        "route53_record",
        _address(record),
        before=before,
        after=after,
        create=Operation(call, upsert),
        updates=(Operation(call, upsert, covers=("alias", "ttl", "values")),),
        delete=Operation(call, delete),
        # What else the name led to is no longer reached by it.
        impacts={"alias": "outage", "values": "outage", "delete": "outage"},
    )


def _request(record: Record, held: Mapping[str, Any]) -> dict[str, Any]:
    name = {"Name": record["name"], "Type": record["type"]}
    if alias := held["alias"]:
        target = {
            "DNSName": alias["dns_name"],
            "HostedZoneId": alias["zone_id"],
            "EvaluateTargetHealth": alias["evaluate_target_health"],
        }
        return {**name, "AliasTarget": target}
    return {**name, "TTL": held["ttl"], "ResourceRecords": [{"Value": value} for value in held["values"]]}
