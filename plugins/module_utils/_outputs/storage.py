# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``storage`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws
from .._reconcile import placeholder_id
from .._s3 import bucket


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``; a bucket that does not exist yet has a placeholder for its name."""
    kinds = ("files", "logs")
    names = [f"{query['name']}-{kind}-{aws.account_id}" for kind in kinds]
    existing = aws.gather(partial(bucket.exists, aws, name) for name in names)
    outputs: dict[str, Any] = {}
    for kind, name, exists in zip(kinds, names, existing, strict=True):
        shown = name if exists else placeholder_id(name)
        outputs |= {f"{kind}_bucket": shown, f"{kind}_bucket_arn": bucket.arn(aws, shown)}
    return outputs
