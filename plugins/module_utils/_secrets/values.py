# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Values of secrets, written and never read; whether there is one, and how old it is, is all that is asked of AWS."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws, AwsError, tag_list, unquoted
from .._reconcile import Operation, PlatformError, Resource
from . import parameters
from .containers import MISSING, current_version

SECRETS_MANAGER, PARAMETER_STORE = STORES = ("secrets_manager", "parameter_store")

# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html (bytes) and
# https://docs.aws.amazon.com/general/latest/gr/ssm.html (the standard tier, which costs nothing)
_MOST_BYTES = {SECRETS_MANAGER: 65_536, PARAMETER_STORE: 4_096}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The values of the options, each with its ``status``: unset, set, or too old."""
    for value in params["values"]:
        _check(value)
    now = datetime.datetime.now(datetime.UTC)
    kept_as_parameters = [value["name"] for value in params["values"] if value["store"] == PARAMETER_STORE]
    described = parameters.described(aws, kept_as_parameters)
    in_secrets = [value["name"] for value in params["values"] if value["store"] == SECRETS_MANAGER]
    written = dict(zip(in_secrets, aws.gather(partial(_written, aws, name) for name in in_secrets), strict=True))
    written |= {name: item["LastModifiedDate"] for name, item in described.items()}
    return [_value(aws, value, written.get(value["name"]), now, params) for value in params["values"]]


def status(written: datetime.datetime | None, now: datetime.datetime, max_age_days: int) -> dict[str, Any]:
    """``{"status": "unset" | "set" | "too old", "age_days": whole days or None}``; 0 days: it is never too old."""
    if written is None:
        return {"status": "unset", "age_days": None}
    age = max((now - written).days, 0)  # AWS's clock may be ahead of ours
    return {"status": "too old" if 0 < max_age_days < age else "set", "age_days": age}


def _check(value: Mapping[str, Any]) -> None:
    """What AWS would refuse is refused here, where no message can quote the value."""
    text, most = value["value"], _MOST_BYTES[value["store"]]
    if text is None:
        return
    problem = mend = ""
    if not text.strip():
        problem = "its value is empty, which the application would take for a configured one."
        mend = "Leave it out."
    elif text != text.strip():
        problem = "its value begins or ends with white space, which would become part of it."
        mend = "Take it off; in YAML, |- instead of | leaves out the line break at the end."
    elif not _is_unicode(text):
        problem = "its value is not in UTF-8, and neither store takes other bytes as text."
        mend = "Set it from a file or terminal that is."
    elif len(text.encode()) > most:
        problem = f"its value is longer than the {most} bytes that its store takes."
        mend = (
            "Secrets Manager (secrets_secrets_manager) takes longer ones." if most < max(_MOST_BYTES.values()) else ""
        )
    if problem:
        raise PlatformError(problem, mend=mend, resource=f"secret_value/{value['name']}")


def _is_unicode(text: str) -> bool:
    """False where the environment held other bytes, which Python stands in for with surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _written(aws: Aws, name: str) -> datetime.datetime | None:
    """When the current version was made; the secret's own date changes with each of its tags.

    A secret whose deletion is scheduled gives nobody its value.
    """
    item = aws.call_or_none("secretsmanager", "describe_secret", MISSING, SecretId=name)
    current = current_version(item or {})
    if item is None or current is None or item.get("DeletedDate"):
        return None
    versions = aws.pages("secretsmanager", "list_secret_version_ids", "Versions", SecretId=name)
    made: list[datetime.datetime] = [version["CreatedDate"] for version in versions if version["VersionId"] == current]
    return made[0]


def _value(
    aws: Aws,
    options: Mapping[str, Any],
    written: datetime.datetime | None,
    now: datetime.datetime,
    params: Mapping[str, Any],
) -> Resource:
    name = options["name"]
    given = options["value"] is not None
    writes = given and (written is None or options["overwrite"])
    before = None if written is None else f"written {written.isoformat()}"

    def put_secret(_known: dict[str, Any]) -> dict[str, Any]:
        try:
            call = partial(aws.call, "secretsmanager", "put_secret_value", SecretId=name, SecretString=options["value"])
            unquoted(call, options["value"])
        except AwsError as error:
            if error.code in MISSING or "marked" in error.problem:  # the word for a deletion that is scheduled
                raise PlatformError(
                    "there is no such secret, or its deletion is scheduled.",
                    mend="Make or restore it first: ansible-playbook site.yml --tags secrets",
                ) from None
            raise
        return status(now, now, 0)

    def put_parameter(_known: dict[str, Any]) -> dict[str, Any]:
        key = {"KeyId": params["kms_key_id"]} if params["kms_key_id"] else {}
        sent = {"Name": name, "Value": options["value"], "Type": "SecureString", "Tier": "Standard", **key}
        if written is None:
            call = partial(aws.create, "ssm", "put_parameter", Tags=tag_list({**params["tags"], "Name": name}), **sent)
        else:  # keeps its tags, and AWS takes none in this call
            call = partial(aws.call, "ssm", "put_parameter", Overwrite=True, **sent)
        unquoted(call, options["value"])
        return status(now, now, 0)

    put = {
        SECRETS_MANAGER: Operation("secretsmanager:PutSecretValue", put_secret, covers=("value",)),
        PARAMETER_STORE: Operation("ssm:PutParameter", put_parameter, covers=("value",)),
    }
    return Resource(
        "secret_value",
        name,
        before={
            **status(written, now, options["max_age_days"]),
            "store": options["store"],
            "kept": given and not writes,
            "value": before,
        },
        after={"value": f"written {now.isoformat()}" if writes else before},
        updates=(put[options["store"]],),
        secrets=frozenset({"value"}),
        warns=lambda _known: _doubtful(options["value"]) if writes else None,
    )


def _doubtful(value: str) -> str | None:
    """What the console of Secrets Manager makes of a key and a value, and nearly no application expects."""
    try:
        parsed = json.loads(value)
    except ValueError:
        return None
    return "its value is a JSON object, and the container gets it as it stands." if isinstance(parsed, dict) else None
