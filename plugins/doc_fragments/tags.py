# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tags:
    description:
      - Tags that every resource of the call carries.
      - Other tags found on a resource are left alone, because cost and backup tools put theirs there.
    type: dict
    default: {}
"""
