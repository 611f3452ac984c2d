#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

# The work is done by the action plugin of this name; this file documents it.

from __future__ import annotations

DOCUMENTATION = r"""
module: removal_plan
short_description: Decides whether what a check run would remove may go
version_added: 0.1.0
description:
  - Reads what the callback P(airas.platform.plan_report#callback) has collected in the plays before this one, which ran
    every removal in check mode.
  - Refuses a protected environment that is not confirmed, and a layer that others stand on, before anything is written.
    A run with C(--check) is told the same and goes on.
  - The layers that are to go are those that C(--tags) names, or all of them.
author: airas.platform maintainers (@airas-org)
attributes:
  check_mode:
    description: Says what would be refused; refuses nothing.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
options:
  environment:
    description: The environment that is to go.
    type: str
    required: true
  protected:
    description: Whether a loss of data has to be confirmed.
    type: bool
    default: false
  confirm:
    description:
      - V(<environment>:destroy) confirms all that the plan would lose; C(<environment>:<kind>/<name>) one loss alone.
    type: list
    elements: str
    default: []
  layers:
    description: The components in whose names C(--tags) may choose, each with those that stand on it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What may go
  airas.platform.removal_plan:
    environment: prod
    protected: true
    confirm: ["prod:destroy"]
    layers:
      network: [database]
      database: []
"""

RETURN = r"""
remove:
  description: Whether there is anything to remove.
  returned: success
  type: bool
components:
  description: The layers that the run is about.
  returned: success
  type: list
  elements: str
confirm:
  description: The confirmations given, and one for each loss that V(<environment>:destroy) confirms.
  returned: success
  type: list
  elements: str
"""
