# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the families of AWS WAF share: finding a web ACL by its name, and waiting until AWS has spread it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .._aws import Aws, AwsError
from .._reconcile import placeholder_id

T = TypeVar("T")

# Web ACLs of load balancers; those of CloudFront (scope CLOUDFRONT, region us-east-1) are another matter.
SCOPE = "REGIONAL"
MISSING = ("WAFNonexistentItemException",)


def summary(aws: Aws, name: str) -> Mapping[str, Any] | None:
    """``{"ARN", "Id", "LockToken", ...}`` of the web ACL of this name, which is unique in a region."""
    return next((item for item in pages(aws, "list_web_acls", "WebACLs", Scope=SCOPE) if item["Name"] == name), None)


def arn_of(aws: Aws, name: str) -> str:
    """The web ACL's ARN, with a placeholder for its id while it does not exist."""
    found = summary(aws, name)
    return str(found["ARN"]) if found else placeholder_arn(aws, name)


def placeholder_arn(aws: Aws, name: str) -> str:
    return aws.arn("wafv2", f"regional/webacl/{name}/{placeholder_id('id')}")


def pages(aws: Aws, operation: str, key: str, /, **params: Any) -> list[Any]:
    """All items of all pages: botocore has no paginators for WAF."""
    items: list[Any] = []
    marker: dict[str, str] = {}
    while True:
        page = aws.call("wafv2", operation, **params, **marker)
        items += page.get(key) or ()
        # The last page may carry a marker too, which leads to an empty one.
        if not page.get("NextMarker") or not page.get(key):
            return items
        marker = {"NextMarker": page["NextMarker"]}


def once_there(aws: Aws, run: Callable[[], T]) -> T:
    """A call that names a web ACL made a moment ago, which AWS has yet to spread.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
    """
    return aws.once_consistent(run, _spreading)


def _spreading(error: AwsError) -> bool:
    return error.code == "WAFUnavailableEntityException"
