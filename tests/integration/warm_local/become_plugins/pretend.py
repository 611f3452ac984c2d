# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: E402

from __future__ import annotations

DOCUMENTATION = """
name: pretend
short_description: Become the same user
description: What sudo does to a command line, without needing sudo.
options:
  become_user:
    description: Ignored.
    default: root
  become_pass:
    description: Ignored.
"""

from typing import Any

from ansible.plugins.become import BecomeBase


class BecomeModule(BecomeBase):
    name = "pretend"
    pipelining = True

    def build_become_command(self, cmd: str, shell: Any) -> str:
        super().build_become_command(cmd, shell)
        return f"env BECAME=yes {self._build_success_command(cmd, shell)}"
