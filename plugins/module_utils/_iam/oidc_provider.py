# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The OpenID Connect provider of an account: there is one for each issuer, whoever made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation, PlatformError, Resource, managed_tags


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The provider of the options."""
    issuer = _issuer(params["url"])
    wanted = {
        "client_ids": dict.fromkeys(sorted(params["client_ids"]), "accepted"),
        "tags": {**params["tags"], "Name": issuer},
    }
    return [_provider(aws, issuer, _find(aws, issuer, wanted), wanted if params["state"] == "present" else None)]


def arn_of(aws: Aws, issuer: str) -> str:
    """``token.actions.githubusercontent.com`` -> the ARN that its provider has in every account."""
    return aws.arn("iam", f"oidc-provider/{issuer}", region=False)


def _issuer(url: str) -> str:
    if not re.fullmatch(r"https://[^?#\s]*[^?#\s/]", url):
        raise PlatformError(
            f"the url is {url!r}.",
            mend="It begins with https:// and has no query and no slash at its end.",
            resource="oidc_provider",
        )
    return url.removeprefix("https://")


def _find(aws: Aws, issuer: str, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """Client ids and tags that others have put on it are theirs: the account shares it."""
    arn = arn_of(aws, issuer)
    item = aws.call_or_none("iam", "get_open_id_connect_provider", ["NoSuchEntity"], OpenIDConnectProviderArn=arn)
    if item is None:
        return None
    accepted = set(item.get("ClientIDList") or ()) & set(wanted["client_ids"])
    return {
        "arn": arn,
        "client_ids": dict.fromkeys(sorted(accepted), "accepted"),
        "tags": managed_tags(tags_of(item), wanted["tags"]),
    }


def _provider(aws: Aws, issuer: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    arn = arn_of(aws, issuer)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        # AWS checks GitHub's certificate by its own list of authorities; no thumbprint has to be kept up to date.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
        made = aws.create(
            "iam",
            "create_open_id_connect_provider",
            Url=f"https://{issuer}",
            ClientIDList=list((after or {})["client_ids"]),
            Tags=tag_list((after or {})["tags"]),
        )
        return {"arn": made["OpenIDConnectProviderArn"]}

    def accept(known: dict[str, Any]) -> None:
        for client_id in sorted(set((after or {})["client_ids"]) - set(known["client_ids"])):
            aws.call(
                "iam", "add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID=client_id
            )

    def tag(_known: dict[str, Any]) -> None:
        tags = tag_list((after or {})["tags"])
        aws.call("iam", "tag_open_id_connect_provider", OpenIDConnectProviderArn=arn, Tags=tags)

    def delete(_known: dict[str, Any]) -> None:
        aws.call("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=arn)

    return Resource(
        "oidc_provider",
        issuer,
        before=before,
        after=after,
        placeholders={"arn": arn},
        create=Operation("iam:CreateOpenIDConnectProvider", create, covers=("client_ids", "tags")),
        updates=(
            Operation("iam:AddClientIDToOpenIDConnectProvider", accept, covers=("client_ids",)),
            Operation("iam:TagOpenIDConnectProvider", tag, covers=("tags",)),
        ),
        delete=Operation("iam:DeleteOpenIDConnectProvider", delete),
        impacts={"delete": "outage"},
    )
