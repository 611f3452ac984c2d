# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The first value of a secret, which a function in the VPC makes and writes because nobody outside gets there."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import Operation, PlatformError, Resource
from .containers import MISSING, current_version

KIND = "database_bootstrap"
# A function that has just been made, or lain idle for long, is not to be invoked yet.
# https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
_NOT_READY = ("ResourceConflictException", "ResourceNotReadyException")
_LAST_LINES = 15


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """Whether the secret has its value; what it is, is never asked."""
    item = aws.call_or_none("secretsmanager", "describe_secret", MISSING, SecretId=params["secret"])
    written = item is not None and current_version(item) is not None
    invoke = Operation("lambda:InvokeFunction", lambda _known: {"did": _invoke(aws, params)})
    return [
        Resource(
            KIND,
            params["secret"],
            before={"value": "set"} if written else None,
            after={"value": "set"},
            create=invoke,
            secrets=frozenset({"value"}),
        )
    ]


def _invoke(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any]:
    def invoke() -> dict[str, Any]:
        answer = aws.create("lambda", "invoke", FunctionName=params["function_name"], LogType="Tail", Payload=b"{}")
        return {**answer, "Payload": json.loads(answer["Payload"].read() or b"null")}

    try:
        answer = aws.once_consistent(invoke, lambda error: error.code in _NOT_READY)
    except AwsError as error:
        if error.code in MISSING:
            raise PlatformError(
                f"there is no function {params['function_name']}.",
                mend="Make it first: ansible-playbook site.yml --tags database",
            ) from None
        raise
    if answer.get("FunctionError"):
        lines = base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace").splitlines()
        said = (answer["Payload"] or {}).get("errorMessage", "it gave no reason")
        raise PlatformError(
            f"the function {params['function_name']} failed: {said.rstrip('.')}.",
            mend="Mend that and run again.\nThe last lines of its log:\n" + "\n".join(lines[-_LAST_LINES:]) + "\n",
            call="lambda:InvokeFunction",
        )
    did: dict[str, Any] = answer["Payload"]
    return did
