# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Options that several modules share; described in the doc fragments of the same names."""

from __future__ import annotations

from typing import Any

Spec = dict[str, dict[str, Any]]


def state() -> Spec:
    """Doc fragment ``airas.platform.state``."""
    return {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}


def tags() -> Spec:
    """Doc fragment ``airas.platform.tags``."""
    return {"tags": {"type": "dict", "default": {}}}


def wait(timeout_s: int) -> Spec:
    """Doc fragment ``airas.platform.wait``; the timeout's default is the module's own."""
    return {"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": timeout_s}}


def alarm() -> Spec:
    """What one alarm of either type has."""
    actions = {"type": "list", "elements": "str", "default": []}
    return {
        "name": {"type": "str", "required": True},
        "description": {"type": "str", "default": ""},
        "actions_enabled": {"type": "bool", "default": True},
        "alarm_actions": actions,
        "ok_actions": actions,
        "insufficient_data_actions": actions,
    }


def alarms(each: Spec) -> Spec:
    """Doc fragment ``airas.platform.alarms``, and the list of alarms, which the modules describe."""
    return {
        "alarms": {"type": "list", "elements": "dict", "required": True, "options": each},
        "prune_prefix": {"type": "str"},
    }


def protection() -> Spec:
    """Doc fragment ``airas.platform.protection``."""
    return {
        "protected": {"type": "bool", "default": False},
        "environment": {"type": "str"},
        "confirm": {"type": "list", "elements": "str", "default": []},
    }


def elasticache_group() -> Spec:
    """Doc fragment ``airas.platform.elasticache_group``."""
    return {
        "name": {"type": "str", "required": True},
        "description": {"type": "str", "default": "Managed by airas.platform"},
    }
