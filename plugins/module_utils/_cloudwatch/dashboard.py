# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A CloudWatch dashboard, compared by what it shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._policy import to_json
from .._reconcile import Operation, PlatformError, Resource

KIND = "cloudwatch_dashboard"
_MISSING = ("ResourceNotFound", "DashboardNotFoundError")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The dashboard named by the options."""
    name, present = params["name"], params["state"] == "present"
    after = _desired(params) if present else None
    before = _find(aws, name)
    return [_resource(aws, name, before, after, params["body"])]


def dashboard_arn(aws: Aws, name: str) -> str:
    return aws.arn("cloudwatch", f"dashboard/{name}", region=False)


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    body = params["body"]
    if not body or not isinstance(body.get("widgets"), list):
        raise PlatformError(
            "its body has no list of widgets.",
            mend="See https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
            resource=f"{KIND}/{params['name']}",
        )
    return {"body": normalised(body)}


def normalised(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with its widgets by title, so that a plan names the one that changes.

    Where a widget stands on the page is part of it; its place in the list is not.
    """
    widgets: dict[str, Any] = {}
    for widget in body.get("widgets") or ():
        title = (widget.get("properties") or {}).get(
            "title"
        ) or f"{widget.get('type')} {widget.get('x')} {widget.get('y')}"
        number, key = 1, title
        while key in widgets:
            number += 1
            key = f"{title} #{number}"
        widgets[key] = widget
    return {**body, "widgets": widgets}


def _find(aws: Aws, name: str) -> dict[str, Any] | None:
    answer = aws.call_or_none("cloudwatch", "get_dashboard", _MISSING, DashboardName=name)
    if answer is None:
        return None
    return {"arn": answer["DashboardArn"], "body": normalised(json.loads(answer["DashboardBody"]))}


def _resource(
    aws: Aws, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None, body: Mapping[str, Any] | None
) -> Resource:
    def put(_known: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call("cloudwatch", "put_dashboard", DashboardName=name, DashboardBody=to_json(body or {}))
        if messages := answer.get("DashboardValidationMessages"):  # it is saved nonetheless, and shows less
            first = messages[0]
            raise PlatformError(
                f"AWS has saved it and says of {first.get('DataPath', 'its body')}: {first.get('Message')}.",
                mend="Mend the widget.",
            )
        return {"arn": dashboard_arn(aws, name)}

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("cloudwatch", "delete_dashboards", _MISSING, DashboardNames=[name])

    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": dashboard_arn(aws, name)},
        create=Operation("cloudwatch:PutDashboard", put),
        updates=(Operation("cloudwatch:PutDashboard", put, covers=("body",)),),
        delete=Operation("cloudwatch:DeleteDashboards", delete),
    )
