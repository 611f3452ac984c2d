# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The URL of a cache with a user's password in it, which is made here, told to AWS twice, and read by nothing here.

ElastiCache gets the password, Secrets Manager the URL. Two tags of the user then say which version of the secret holds
its password, and for which endpoint. A run that was broken off between the calls leaves tags that do not fit, and the
next one makes another password.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from .._aws import Aws, tag_list, unquoted
from .._reconcile import Operation, PlatformError, Resource, is_placeholder
from .._secrets.containers import MISSING as SECRET_MISSING
from .._secrets.containers import current_version
from ._common import arn, find, read_tags
from ._password import new_password

VERSION_TAG, ENDPOINT_TAG = "SecretVersion", "Endpoint"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The URL that the secret holds."""
    secret, user_id = params["secret_name"], params["user_id"]
    endpoint = f"{params['endpoint']}:{params['port']}"
    user, version = _user(aws, user_id), _version(aws, secret)
    tags: Mapping[str, str] = user["Tags"] if user else {}
    if user is None and not is_placeholder(params["endpoint"]):
        raise PlatformError(
            f"there is no user {user_id}.",
            mend="airas.platform.elasticache_users makes it.",
            resource=f"cache_url/{secret}",
        )

    def write(_known: dict[str, Any]) -> dict[str, Any]:
        password, token = new_password(), str(uuid.uuid4())
        mode = {"Type": "password", "Passwords": [password]}
        url = f"rediss://{params['user_name']}:{password}@{endpoint}/{params['database']}{_query(params)}"
        kept = {"SecretId": secret, "SecretString": url, "ClientRequestToken": token}
        unquoted(lambda: aws.call("elasticache", "modify_user", UserId=user_id, AuthenticationMode=mode), password)
        unquoted(lambda: aws.call("secretsmanager", "put_secret_value", **kept), password)
        aws.call(
            "elasticache",
            "add_tags_to_resource",
            ResourceName=arn(aws, "user", user_id),
            Tags=tag_list({VERSION_TAG: token, ENDPOINT_TAG: endpoint}),
        )
        return {"status": "modifying"}

    attributes = ("endpoint", "password", "user")
    found = {
        "endpoint": tags.get(ENDPOINT_TAG),
        "password": "in the secret" if version and version == tags.get(VERSION_TAG) else "unknown",
        "user": user_id,
    }
    resource = Resource(
        "cache_url",
        secret,
        before=found if version else None,
        after={"endpoint": endpoint, "password": "in the secret", "user": user_id},
        create=Operation("elasticache:ModifyUser", write, covers=attributes, settled_only=True),
        updates=(Operation("elasticache:ModifyUser", write, covers=attributes, settled_only=True),),
        impacts={"endpoint": "restart", "password": "restart"},  # who has read the secret has to read it again
        settling=lambda known: f"waiting for user {user_id}, {known['status']}" if known.get("status") else None,
    )
    if user and user["Status"] != "active":
        resource.known["status"] = user["Status"]
    return [resource]


def _query(params: Mapping[str, Any]) -> str:
    return f"?{params['query']}" if params["query"] else ""


def _user(aws: Aws, user_id: str) -> dict[str, Any] | None:
    item = find(aws, "describe_users", "Users", "UserNotFound", UserId=user_id)
    return {**item, "Tags": read_tags(aws, item["ARN"])} if item else None


def _version(aws: Aws, secret: str) -> str | None:
    item = aws.call_or_none("secretsmanager", "describe_secret", SECRET_MISSING, SecretId=secret)
    return current_version(item) if item else None
