# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""CloudWatch composite alarms: rules over the states of other alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._reconcile import PlatformError, Resource
from . import _common

KIND = "composite_alarm"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
_RULE_LENGTH = 10240


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The alarms of the options, and those that O(prune_prefix) removes."""
    return _common.resources(
        aws,
        params,
        "CompositeAlarm",
        KIND,
        desire=lambda alarm: _desired(alarm, params["tags"]),
        normalise=_normalised,
        put=_request,
    )


def _desired(alarm: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    address, rule = f"{KIND}/{alarm['name']}", _one_line(alarm["rule"] or "")
    if not 1 <= len(rule) <= _RULE_LENGTH:
        raise PlatformError(
            f"its rule has {len(rule)} characters.", mend=f"AWS takes 1 to {_RULE_LENGTH}.", resource=address
        )
    suppressor = alarm["suppressor"] or {}
    return {
        **_common.desired_common(alarm, tags, address),
        "rule": rule,
        "suppressor": {key: suppressor[key] for key in ("alarm", "wait_s", "extension_s")} if suppressor else {},
    }


def _normalised(item: Mapping[str, Any]) -> dict[str, Any]:
    suppressor = item.get("ActionsSuppressor")
    return {
        **_common.normalised_common(item),
        "rule": _one_line(item["AlarmRule"]),
        "suppressor": {
            "alarm": suppressor,
            "wait_s": item.get("ActionsSuppressorWaitPeriod"),
            "extension_s": item.get("ActionsSuppressorExtensionPeriod"),
        }
        if suppressor
        else {},
    }


def _one_line(rule: str) -> str:
    """White space between the words of a rule means nothing."""
    return " ".join(rule.split())


def _request(name: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    suppressor = wanted["suppressor"]
    return {
        **_common.request_common(name, wanted),
        "AlarmRule": wanted["rule"],
        **(
            {
                "ActionsSuppressor": suppressor["alarm"],
                "ActionsSuppressorWaitPeriod": suppressor["wait_s"],
                "ActionsSuppressorExtensionPeriod": suppressor["extension_s"],
            }
            if suppressor
            else {}
        ),
    }
