# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which process a run is, and whether it still lives: how a lease tells a killed run from one that goes on."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import NamedTuple


class RunId(NamedTuple):
    """A run is its process: a pid alone is used again, but not together with the moment at which it started."""

    host: str
    pid: int
    start: str

    @classmethod
    def of(cls, pid: int) -> RunId:
        return cls(socket.gethostname(), pid, process_start(pid) or "")

    @classmethod
    def parse(cls, text: str) -> RunId:
        """The inverse of ``str``; something that is no run id gives one that belongs to no process."""
        host, _colon, rest = text.partition(":")
        pid, _colon, start = rest.partition(":")
        return cls(host, int(pid) if pid.isdigit() else 0, start)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}:{self.start}"

    @property
    def is_here(self) -> bool:
        return self.host == socket.gethostname()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs on this host; of another host's nothing can be said, so it does not count."""
        return self.is_here and self.start != "" and process_start(self.pid) == self.start


def process_start(pid: int, proc: Path = Path("/proc")) -> str | None:
    """An unchanging mark of when the process started; None if it has ended, be it not yet reaped by its parent."""
    if pid <= 0:
        return None
    if (proc / "self" / "stat").exists():
        return _from_proc(proc / str(pid) / "stat")
    return _from_ps(pid)


def _from_proc(stat: Path) -> str | None:
    try:
        text = stat.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # proc(5): the second field, the command in parentheses, may hold anything; state is the third, starttime the 22nd.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _from_ps(pid: int) -> str | None:
    """macOS and the BSDs have no /proc."""
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    state, _space, start = answer.stdout.strip().partition(" ")
    return None if not start or state.startswith("Z") else " ".join(start.split())
