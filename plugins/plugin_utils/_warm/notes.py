# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a child had to read or compile, left for its parent, so that the next child need not."""

from __future__ import annotations

import mmap


class Notes:
    """Names in memory that a parent shares with one child: without a descriptor that a module could meet or close."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 4 * mmap.PAGESIZE)

    def add(self, kind: str, name: str) -> None:
        """Note a name; one that no longer fits is left out."""
        line = f"{kind} {name}\n".encode()
        if self._memory.tell() + len(line) <= len(self._memory):
            self._memory.write(line)

    def close(self) -> dict[str, list[str]]:
        """In the parent: the names by kind; gives the memory back."""
        lines = self._memory[:].rstrip(b"\0").decode(errors="replace").splitlines()
        self._memory.close()
        names: dict[str, list[str]] = {}
        for kind, _space, name in (line.partition(" ") for line in lines):
            names.setdefault(kind, []).append(name)
        return names
