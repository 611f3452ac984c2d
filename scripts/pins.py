"""Writes into each function's requirements.txt the digests of the files that are installed here.

    python scripts/pins.py

Run it after changing a version there, in an environment that has the new one; the diff is what to look at.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.airas.platform.plugins.module_utils._lambda import package  # noqa: E402


def main() -> None:
    for path in sorted(ROOT.glob(f"functions/*/{package.REQUIREMENTS}")):
        pins = iter(package.pins(path.parent))
        lines = [
            line if not line.strip() or line.startswith("#") else _line(next(pins))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(pin: package.Pin) -> str:
    digest = package.files_digest(package.installed(dataclasses.replace(pin, digest="")))
    return f"{pin.name}=={pin.version}  # files sha256:{digest}"


if __name__ == "__main__":
    main()
