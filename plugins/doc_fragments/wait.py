# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until AWS has finished what was started, showing the progress.
      - With V(false) the result's RV(pending) names what is still under way; calling the module again waits for it.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
"""
