# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The program of the warm process: DIRECTORY LISTENER CONTROLLER [ROOT ...], started by `client`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    # sys.path is left as an interpreter without a script has it, less the entry for the current directory.
    if not sys.flags.safe_path:
        del sys.path[0]
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from _warm import server  # type: ignore[import-not-found]

    del sys.path[0]
    os.chdir("/")
    directory, listener, controller, *roots = sys.argv[1:]
    server.main(directory, int(listener), int(controller), roots)
