# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

# The work is done by the action plugin of this name; this file documents it.

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_inventory
short_description: Checks the variables of a stack against all roles at once
version_added: 0.1.0
description:
  - Checks every variable of the host that has a role's prefix, or C(stack_) or C(aws_), against the argument specs of
    all roles of this collection and of C(playbooks/meta/argument_specs.yml), before the first role runs.
  - Finds wrong types, values outside the choices, unknown keys and names (with the nearest right one), removed
    variables, templates that refer to what is not defined, and required variables of the stack that have no value.
    It reports all of them together. Values of C(no_log) options are not shown.
  - Finds secrets that are given a rotation and must never have one, or that nothing renews.
  - Required variables of roles are not asked for, because most of them are outputs of other roles, known only in the
    run.
  - Variables that begin with an underscore, and prefixes of roles that do not exist, are left alone.
  - Runs in the controller alone; no module is sent anywhere.
author: airas.platform maintainers (@airas-org)
attributes:
  check_mode:
    description: Reads only.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
options: {}
"""

EXAMPLES = r"""
- name: The inventory is valid
  airas.platform.validate_inventory:
"""

RETURN = r""" # """
