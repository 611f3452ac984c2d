# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A public hosted zone of Route 53."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation, PlatformError, Resource, managed_tags

_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PLACEHOLDER = f"Z{'0' * 17}"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The zone named by the options."""
    name = params["name"].rstrip(".").lower()
    if not _DOMAIN.fullmatch(name):
        raise PlatformError(
            f"{params['name']!r} is no domain.",
            mend="Give one such as example.com: labels of letters, digits and hyphens, with dots between them.",
            resource="hosted_zone",
        )
    tags = {**params["tags"], "Name": name}
    desired = {"comment": params["comment"], "tags": tags} if params["state"] == "present" else None
    zone_id = find(aws, name)
    return [
        Resource(
            "hosted_zone",
            name,
            before=_read(aws, zone_id, tags) if zone_id else None,
            after=desired,
            placeholders={"id": PLACEHOLDER, "name_servers": [f"ns-{'0' * 16}.awsdns"]},
            create=Operation(
                "route53:CreateHostedZone", partial(_create, aws, name, params["comment"]), covers=("comment",)
            ),
            updates=(
                Operation(
                    "route53:UpdateHostedZoneComment", partial(_comment, aws, params["comment"]), covers=("comment",)
                ),
                Operation("route53:ChangeTagsForResource", partial(_tag, aws, tags), covers=("tags",)),
            ),
            delete=Operation("route53:DeleteHostedZone", partial(_delete, aws)),
            impacts={"delete": "data loss"},  # a zone made again has other name servers
        )
    ]


def find(aws: Aws, name: str) -> str | None:
    """The id of the account's public zone of that name; two of them are an error, because either could be meant."""
    listed = aws.call("route53", "list_hosted_zones_by_name", DNSName=name)["HostedZones"]
    found = [
        item["Id"].rpartition("/")[2]
        for item in listed  # begins at the name
        if item["Name"].rstrip(".") == name and not item.get("Config", {}).get("PrivateZone")
    ]
    if len(found) > 1:
        raise PlatformError(
            f"two public zones have this name: {found[0]} and {found[1]}.",
            mend="Delete the one that the registrar does not lead to, and run again.",
            resource=f"hosted_zone/{name}",
        )
    return found[0] if found else None


def find_above(aws: Aws, domain: str) -> str | None:
    """The id of the account's public zone that answers for a domain: the one with the longest name."""
    found = {
        item["Name"].rstrip("."): item["Id"].rpartition("/")[2]
        for item in aws.pages("route53", "list_hosted_zones", "HostedZones")
        if not item.get("Config", {}).get("PrivateZone")
    }
    names = [name for name in found if f".{domain}".endswith(f".{name}")]
    return found[max(names, key=len)] if names else None


def name_servers(answer: Mapping[str, Any]) -> list[str]:
    """Those of ``GetHostedZone``'s or ``CreateHostedZone``'s answer."""
    return sorted((answer.get("DelegationSet") or {}).get("NameServers") or ())


def read_name_servers(aws: Aws, zone_id: str) -> list[str]:
    return name_servers(aws.call("route53", "get_hosted_zone", Id=zone_id))


def _read(aws: Aws, zone_id: str, tags: Mapping[str, str]) -> dict[str, Any]:
    answer, tagged = aws.gather(
        (
            lambda: aws.call("route53", "get_hosted_zone", Id=zone_id),
            lambda: aws.call("route53", "list_tags_for_resource", ResourceType="hostedzone", ResourceId=zone_id),
        )
    )
    return {
        "id": zone_id,
        "name_servers": name_servers(answer),
        "comment": answer["HostedZone"].get("Config", {}).get("Comment") or "",
        "tags": managed_tags(tags_of(tagged["ResourceTagSet"]), tags),
    }


def _create(aws: Aws, name: str, comment: str, _known: dict[str, Any]) -> dict[str, Any]:
    made = aws.create(
        "route53",
        "create_hosted_zone",
        Name=name,
        CallerReference=str(uuid.uuid4()),
        HostedZoneConfig={"Comment": comment, "PrivateZone": False},
    )
    return {"id": made["HostedZone"]["Id"].rpartition("/")[2], "name_servers": name_servers(made)}


def _comment(aws: Aws, comment: str, known: dict[str, Any]) -> None:
    aws.call("route53", "update_hosted_zone_comment", Id=known["id"], Comment=comment)


def _tag(aws: Aws, tags: Mapping[str, str], known: dict[str, Any]) -> None:
    aws.call(
        "route53",
        "change_tags_for_resource",
        ResourceType="hostedzone",
        ResourceId=known["id"],
        AddTags=tag_list(tags),
    )


def _delete(aws: Aws, known: dict[str, Any]) -> None:
    aws.call_or_none("route53", "delete_hosted_zone", ("NoSuchHostedZone",), Id=known["id"])
