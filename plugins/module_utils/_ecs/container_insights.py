# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Container Insights: what clusters made from now on have, and what one cluster has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import Operation, PlatformError, Resource

SETTING = "containerInsights"
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
AWS_DEFAULT = "disabled"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The account's default and the cluster's setting, as far as the options name them."""
    return list(_resources(aws, params))


def _resources(aws: Aws, params: Mapping[str, Any]) -> Iterator[Resource]:
    present = params["state"] == "present"
    if params["account_default"]:
        yield _account_default(aws, params["account_default"] if present else AWS_DEFAULT)
    if params["cluster"]:
        if present and not params["setting"]:
            raise PlatformError("cluster is given without setting.", mend="Set it to disabled, enabled or enhanced.")
        yield _cluster(aws, params["cluster"], params["setting"] if present else AWS_DEFAULT, present)


def account_default(aws: Aws) -> str:
    """``disabled``, ``enabled`` or ``enhanced``: what holds for the caller, that is the account's default unless the
    caller has a setting of its own; nobody but the root user may ask for another principal's.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAccountSettings.html
    """
    answer = aws.pages("ecs", "list_account_settings", "settings", name=SETTING, effectiveSettings=True)
    return _value(answer)


def _account_default(aws: Aws, wanted: str) -> Resource:
    def put(_known: dict[str, Any]) -> None:
        aws.call("ecs", "put_account_setting_default", name=SETTING, value=wanted)

    return Resource(
        "ecs_account_setting",
        SETTING,
        before={"value": account_default(aws)},
        after={"value": wanted},
        updates=(Operation("ecs:PutAccountSettingDefault", put, covers=("value",)),),
    )


def _cluster(aws: Aws, name: str, wanted: str, present: bool) -> Resource:
    def put(_known: dict[str, Any]) -> None:
        try:
            aws.call("ecs", "update_cluster_settings", cluster=name, settings=[{"name": SETTING, "value": wanted}])
        except AwsError as error:
            if error.code != "ClusterNotFoundException":
                raise
            raise PlatformError(
                f"cluster {name} does not exist.", mend="Make the cluster first.", call=error.call
            ) from error

    answer = aws.call("ecs", "describe_clusters", clusters=[name], include=["SETTINGS"])
    # A deleted cluster is described as INACTIVE for a while.
    found = [cluster for cluster in answer["clusters"] if cluster["status"] != "INACTIVE"]
    before = {SETTING: _value(found[0].get("settings", ()))} if found else None
    operation = Operation("ecs:UpdateClusterSettings", put, covers=(SETTING,))
    return Resource(
        "ecs_cluster_settings",
        name,
        before=before,
        after={SETTING: wanted} if present or found else None,
        create=operation,
        updates=(operation,),
    )


def _value(settings: Any) -> str:
    return next((item["value"] for item in settings if item["name"] == SETTING), AWS_DEFAULT)
