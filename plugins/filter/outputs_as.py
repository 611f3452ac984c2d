# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: outputs_as
short_description: The outputs of a stack in a form that other tools read
version_added: 0.1.0
author: airas.platform maintainers (@airas-org)
description:
  - Turns RV(airas.platform.stack_info#module:outputs) into text.
  - The name of a variable is the output's path in capitals, such as C(NETWORK_VPC_ID); lists are joined by commas.
positional: format
options:
  _input:
    description: The outputs.
    type: dict
    required: true
  format:
    description:
      - V(json) is the whole as it is, V(dotenv) a line C(NAME=value) for each output, and V(github) a command for each
        that makes it a variable of a GitHub repository.
    type: str
    choices: [json, dotenv, github]
    required: true
"""

EXAMPLES = r"""
- name: Outputs
  ansible.builtin.debug:
    msg: "{{ stack.outputs | airas.platform.outputs_as('dotenv') }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

FORMATS = ("json", "dotenv", "github")


def outputs_as(outputs: Mapping[str, Any], format: str) -> str:
    """The outputs as text; raises AnsibleFilterError for a format that is none."""
    if format == "json":
        return json.dumps(outputs, indent=2, sort_keys=True)
    if format not in FORMATS:
        raise AnsibleFilterError(f"{format!r} is no format of outputs. Choose one of {', '.join(FORMATS)}.")
    line = "{name}={value}" if format == "dotenv" else "gh variable set {name} --body {value}"
    return "\n".join(line.format(name=name, value=shlex.quote(value)) for name, value in _flat(outputs))


def _flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _flat(value[key], (*path, str(key)))
    else:
        text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        yield "_".join(path).upper(), text


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"outputs_as": outputs_as}
