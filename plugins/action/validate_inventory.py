# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Checks the whole inventory of a stack in the controller, before any module runs; see the module of this name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.airas.platform.plugins.module_utils._guard.findings import Finding, numbered
from ansible_collections.airas.platform.plugins.module_utils._secrets import renewal
from ansible_collections.airas.platform.plugins.plugin_utils._argument_specs import (
    Options,
    missing_variables,
    read_options,
    unknown_variables,
    wrong_values,
)

COLLECTION = Path(__file__).parents[2]
# Variables of the stack as a whole, which belong to no role.
STACK_PREFIXES = ("stack_", "aws_")

display = Display()


def _passed_on(value: Any) -> str:
    """The variable that a value is, as a template and nothing else; else empty."""
    found = re.fullmatch(r"\{\{ (\w+) \}\}", value) if isinstance(value, str) else None
    return found[1] if found else ""


class ActionModule(ActionBase):
    """Fails with every finding about the host's variables, or says which stack the run is about."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        stack = read_options(COLLECTION / "playbooks/meta/argument_specs.yml")
        roles = {file.parts[-3]: read_options(file) for file in COLLECTION.glob("roles/*/meta/argument_specs.yml")}
        if findings := list(self._findings(stack, roles, variables)):
            return {"failed": True, "changed": False, "msg": numbered(findings)}
        display.display(f"    {self._subject(variables)}")
        return {"changed": False}

    def _findings(
        self, stack: Options, roles: Mapping[str, Options], variables: Mapping[str, Any]
    ) -> Iterator[Finding]:
        options = {**{name: option for role in roles.values() for name, option in role.items()}, **stack}
        removed = yaml.safe_load((COLLECTION / "playbooks/meta/removed_variables.yml").read_text(encoding="utf-8"))
        for name in sorted(removed.keys() & variables.keys()):
            yield Finding(name, "this variable is no more.", removed[name])
        prefixes = (*STACK_PREFIXES, *(f"{role}_" for role in roles))
        yield from unknown_variables(variables.keys() - removed.keys(), prefixes, options)
        yield from missing_variables(stack, variables)
        yield from self._rotations(variables)
        wrong: dict[str, list[Finding]] = {}
        unworkable: dict[str, list[str]] = {}
        for name in sorted(options.keys() & variables.keys()):
            try:
                wrong[name] = list(wrong_values(name, options[name], self._templar.template(variables[name])))
            except AnsibleError as error:
                reason = "" if options[name].get("no_log") else str(error.message).rstrip(".")
                unworkable.setdefault(reason, []).append(name)
        for name, findings in wrong.items():
            # A default that is another variable is wrong only because that one is.
            if not wrong.get(_passed_on(variables[name])):
                yield from findings
        for reason, names in unworkable.items():
            problem = f"cannot be worked out: {reason}." if reason else "cannot be worked out (its value is not shown)."
            yield Finding(", ".join(names), problem, "Define what is missing, or correct the template.")

    def _rotations(self, variables: Mapping[str, Any]) -> Iterator[Finding]:
        """No secret is given a rotation that would lose data or that nothing does."""
        try:
            secrets = self._templar.template(variables.get("secrets_secrets_manager") or [])
        except AnsibleError:  # told with all that cannot be worked out
            return
        if isinstance(secrets, list):
            yield from renewal.findings(secrets)

    def _subject(self, variables: Mapping[str, Any]) -> str:
        """The stack that this run is about: with no -i, ansible.cfg chooses, and that should not go unseen."""
        account, region = (self._templar.template(variables[name]) for name in ("aws_account_id", "aws_region"))
        inventory = os.path.relpath(variables.get("inventory_dir") or ".")
        return f"stack {variables['inventory_hostname']}, account {account}, region {region}, inventory {inventory}"
