# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description: The group's id, in small letters.
    type: str
    required: true
  description:
    description: What it is for.
    type: str
    default: Managed by airas.platform
"""
