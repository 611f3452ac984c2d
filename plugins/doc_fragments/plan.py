# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    # How every module that plans behaves.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Plans without writing, also where what it depends on does not exist yet.
    support: full
  diff_mode:
    description: Returns each attribute that changes, with its value before and after.
    support: full
"""
