# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    # What the alarms of both types have stands in the modules: Ansible merges options, and not what is below them.
    DOCUMENTATION = r"""
options:
  prune_prefix:
    description:
      - Alarms of this module's type are removed whose names begin so, that carry all of O(tags), and that O(alarms)
        does not list.
    type: str
"""
