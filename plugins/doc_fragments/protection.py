# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  protected:
    description: Whether a change that loses data is refused unless O(confirm) names it.
    type: bool
    default: false
  environment:
    description: The environment's name, the first half of a confirmation.
    type: str
  confirm:
    description: Confirmed losses, each as C(environment:kind/name), the way the refusal spells it.
    type: list
    elements: str
    default: []
"""
