# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lifecycle rules of a bucket, keyed by their ids: what S3 does with objects as they grow old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._reconcile import PlatformError

# In S3's own form but for the ID, which is the key, so that a rule made elsewhere is compared whole too.
Rules = dict[str, dict[str, Any]]


def normalised(rules: Iterable[Mapping[str, Any]]) -> Rules:
    """The rules that S3 returns."""
    return {rule.get("ID", ""): _normalised(rule) for rule in rules}


def _normalised(rule: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in rule.items() if key not in ("ID", "Prefix", "Filter")}
    # "All objects" has three spellings: Prefix beside the Filter (the first API), no Filter, an empty Prefix in it.
    kept["Filter"] = rule.get("Filter") or {"Prefix": rule.get("Prefix") or ""}
    expiration = {key: value for key, value in rule.get("Expiration", {}).items() if value is not False}
    if expiration:
        kept["Expiration"] = {
            key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in expiration.items()
        }
    return kept


def desired(rules: Sequence[Mapping[str, Any]], resource: str) -> Rules:
    """The rules that the options ask for; raises L(PlatformError) for one that S3 would not take."""
    wanted: Rules = {}
    for rule in rules:
        if problem := _problem(rule, wanted):
            raise PlatformError(f"lifecycle_rules: rule {rule['id']}: {problem}", resource=resource)
        wanted[rule["id"]] = _desired(rule)
    return wanted


def _problem(rule: Mapping[str, Any], earlier: Rules) -> str:
    if rule["id"] in earlier:
        return "another rule has this id; give each its own."
    if any(value is not None and value < 1 for name, value in rule.items() if name.endswith("_days")):
        return "S3 takes no fewer days than 1."
    if rule["expiration_days"] and rule["expired_object_delete_marker"]:
        return "S3 takes either expiration_days or expired_object_delete_marker in one rule; make two."
    if rule["newer_noncurrent_versions"] and not rule["noncurrent_version_expiration_days"]:
        return "newer_noncurrent_versions needs noncurrent_version_expiration_days beside it."
    if not _actions(rule):
        return "it does nothing; give it at least one of the days, transitions or the delete marker."
    return ""


def _desired(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Status": "Enabled" if rule["enabled"] else "Disabled",
        "Filter": {"Prefix": rule["prefix"]},
        **_actions(rule),
    }


def _actions(rule: Mapping[str, Any]) -> dict[str, Any]:
    actions = {
        "Expiration": _given(
            Days=rule["expiration_days"], ExpiredObjectDeleteMarker=rule["expired_object_delete_marker"] or None
        ),
        "NoncurrentVersionExpiration": _given(
            NoncurrentDays=rule["noncurrent_version_expiration_days"],
            NewerNoncurrentVersions=rule["newer_noncurrent_versions"],
        ),
        "AbortIncompleteMultipartUpload": _given(DaysAfterInitiation=rule["abort_incomplete_multipart_upload_days"]),
        "Transitions": [_given(Days=item["days"], StorageClass=item["storage_class"]) for item in rule["transitions"]],
        "NoncurrentVersionTransitions": [
            _given(NoncurrentDays=item["days"], StorageClass=item["storage_class"])
            for item in rule["noncurrent_version_transitions"]
        ],
    }
    return {name: action for name, action in actions.items() if action}


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def to_aws(rules: Rules) -> list[dict[str, Any]]:
    """The rules as PutBucketLifecycleConfiguration takes them."""
    return [{"ID": rule_id, **rule} for rule_id, rule in sorted(rules.items())]
