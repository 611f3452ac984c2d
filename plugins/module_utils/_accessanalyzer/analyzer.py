# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The analyzer of one type that an account has in a region, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, is_ours
from .._reconcile import Operation, PlatformError, Resource, check_numbers, managed_tags

KIND = "access_analyzer"
EXTERNAL, UNUSED = "ACCOUNT", "ACCOUNT_UNUSED_ACCESS"

_GONE = ("ResourceNotFoundException",)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The analyzer of the options' type."""
    _check(params)
    found = _find(aws, params)
    ours = found is None or is_ours(found["tags"], params["tags"])
    if params["state"] == "absent":
        return [_resource(aws, params, found if ours else None, None)]
    return [_resource(aws, params, found, _desired(params, found, ours))]


def _check(params: Mapping[str, Any]) -> None:
    age = params["unused_access_age_days"]
    if age is not None and params["type"] != UNUSED:
        raise PlatformError(
            f"an analyzer of type {params['type']} has no unused_access_age_days.",
            mend=f"Leave it out, or choose type {UNUSED}.",
            resource=f"{KIND}/{params['type']}",
        )
    check_numbers(params, {"unused_access_age_days": (1, 365)}, f"{KIND}/{params['type']}")


def _desired(params: Mapping[str, Any], found: Mapping[str, Any] | None, ours: bool) -> dict[str, Any]:
    """One that somebody else made is taken as it is: it does the work, and there can be no second one."""
    name = found["analyzer"] if found else params["name"]
    wanted: dict[str, Any] = {"type": params["type"], "analyzer": name}
    if ours:
        wanted["tags"] = {**params["tags"], "Name": name}
        if params["type"] == UNUSED:
            wanted["unused_access_age_days"] = params["unused_access_age_days"] or 90
    return wanted


def _find(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any] | None:
    listed = aws.pages("accessanalyzer", "list_analyzers", "analyzers", type=params["type"])
    if not listed:
        return None
    # Analyzers of other services, such as Security Hub, stand in the list too.
    item = min(listed, key=lambda item: (not is_ours(item.get("tags") or {}, params["tags"]), "managedBy" in item))
    found = {
        "arn": item["arn"],
        "analyzer": item["name"],
        "type": item["type"],
        "status": item["status"],
        "tags": managed_tags(item.get("tags") or {}, {**params["tags"], "Name": ""}),
    }
    if params["type"] == UNUSED and is_ours(found["tags"], params["tags"]):
        # The list does not tell how an analyzer is configured.
        got = aws.call("accessanalyzer", "get_analyzer", analyzerName=item["name"])["analyzer"]
        configured = (got.get("configuration") or {}).get("unusedAccess") or {}
        found["unused_access_age_days"] = configured.get("unusedAccessAge")
    return found


def _resource(
    aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    kind, wanted = params["type"], after or {}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        age = wanted.get("unused_access_age_days")
        made = aws.create(
            "accessanalyzer",
            "create_analyzer",
            analyzerName=wanted["analyzer"],
            type=kind,
            tags=wanted["tags"],
            **({"configuration": {"unusedAccess": {"unusedAccessAge": age}}} if age else {}),
        )
        return {"arn": made["arn"]}

    def tag(known: dict[str, Any]) -> None:
        aws.call("accessanalyzer", "tag_resource", resourceArn=known["arn"], tags=wanted["tags"])

    def delete(known: dict[str, Any]) -> None:
        aws.call_or_none("accessanalyzer", "delete_analyzer", _GONE, analyzerName=known["analyzer"])

    return Resource(
        KIND,
        kind,
        before=before,
        after=after,
        placeholders={"arn": aws.arn("access-analyzer", f"analyzer/{params['name']}")},
        create=Operation("access-analyzer:CreateAnalyzer", create),
        updates=(Operation("access-analyzer:TagResource", tag, covers=("tags",)),) if before else (),
        delete=Operation("access-analyzer:DeleteAnalyzer", delete),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-manage-unused.html changes exclusions only.
        replace_on=("unused_access_age_days",),
        # Findings go with their analyzer, and with them what somebody has looked at and archived.
        impacts={"delete": "data loss", "replace": "data loss"},
        warns=_warning,
    )


def _warning(known: Mapping[str, Any]) -> str | None:
    status = known.get("status")
    if status not in ("DISABLED", "FAILED"):
        return None
    return f"AWS says that it is {status}, so it finds nothing; see it in the IAM console under Access Analyzer."
