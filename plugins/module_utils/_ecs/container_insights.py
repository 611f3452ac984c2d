# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Container Insights: what clusters made from now on have. A cluster's own is the business of C(cluster)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, Resource

SETTING = "containerInsights"
LEVELS = ("disabled", "enabled", "enhanced")
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
AWS_DEFAULT = "disabled"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The account's default."""
    wanted = params["account_default"] if params["state"] == "present" else AWS_DEFAULT

    def put(_known: dict[str, Any]) -> None:
        aws.call("ecs", "put_account_setting_default", name=SETTING, value=wanted)

    return [
        Resource(
            "ecs_account_setting",
            SETTING,
            before={"value": account_default(aws)},
            after={"value": wanted},
            updates=(Operation("ecs:PutAccountSettingDefault", put, covers=("value",)),),
        )
    ]


def account_default(aws: Aws) -> str:
    """``disabled``, ``enabled`` or ``enhanced``: what holds for the caller, that is the account's default unless the
    caller has a setting of its own; nobody but the root user may ask for another principal's.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAccountSettings.html
    """
    return value(aws.pages("ecs", "list_account_settings", "settings", name=SETTING, effectiveSettings=True))


def value(settings: Iterable[Mapping[str, str]]) -> str:
    """What a list of an account's or a cluster's settings says."""
    return next((item["value"] for item in settings if item["name"] == SETTING), AWS_DEFAULT)
