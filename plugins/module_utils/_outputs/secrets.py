# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``secrets`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._kms import keys
from .._secrets import parameters
from .._secrets.containers import current_version, variable


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``.

    ``variables`` maps the environment variable of each secret that has a value to its ARN, which is what a task
    definition refers to. A secret without a value is left out: a task that refers to one does not start.
    """
    name = query["name"]
    key = keys.arn_of(aws, f"{name}-secrets")
    secrets, stored = aws.gather((lambda: _secrets(aws, name), lambda: _parameters(aws, name)))
    return {"kms_key_arn": key, "variables": dict(sorted({**secrets, **stored}.items()))}


def _secrets(aws: Aws, stack: str) -> dict[str, str]:
    prefix = [{"Key": "name", "Values": [f"{stack}/"]}]
    found = aws.pages("secretsmanager", "list_secrets", "SecretList", Filters=prefix)
    return {
        variable(item["Name"]): item["ARN"]
        for item in found
        # AWS's filter ignores word boundaries.
        if item["Name"].startswith(f"{stack}/") and current_version(item)
    }


def _parameters(aws: Aws, stack: str) -> dict[str, str]:
    path = [{"Key": "Path", "Option": "OneLevel", "Values": [f"/{stack}"]}]
    found = aws.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=path)
    return {variable(item["Name"]): parameters.arn(aws, item["Name"]) for item in found}
