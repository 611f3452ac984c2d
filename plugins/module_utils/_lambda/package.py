# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The zip file of a function: the same bytes on every machine, so that Lambda's CodeSha256 tells whether it changed.

Files are in the order of their names, of one date and one mode, and stored as they are: compressors differ between
machines. What the function needs beside the runtime is pinned in its requirements.txt, and taken from the Python that
runs this module if the files there are the very ones that the pin names (docs/decisions/0006-lambda-packaging.md).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from .._reconcile import PlatformError

REQUIREMENTS = "requirements.txt"

_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_UNIX = 3
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_LARGEST_UPLOAD = 50 * 1024 * 1024
_LEFT_OUT = {"__pycache__", REQUIREMENTS}
_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;#]+)(?:\s+#\s*files\s+sha256:(?P<digest>[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class Package:
    """``sha256`` is in the form of Lambda's CodeSha256."""

    content: bytes
    sha256: str


def build(source: str) -> Package:
    """The package of the function in the directory ``source``; raises L(PlatformError)."""
    directory = Path(source).expanduser()
    if not directory.is_dir():
        raise PlatformError(
            f"there is no directory {source}.", mend="Give the directory that holds the function's code."
        )
    files = dict(_own(directory))
    for pin in pins(directory):
        for name, content in vendored(pin).items():
            if name in files:
                raise PlatformError(
                    f"{source} and {pin.name} {pin.version} both have a file {name}.", mend="Rename the function's."
                )
            files[name] = content
    content = zipped(files)
    if len(content) > _LARGEST_UPLOAD:
        raise PlatformError(
            f"the package of {source} has {len(content)} bytes, and Lambda takes {_LARGEST_UPLOAD} in one call.",
            mend="Take out what the function does not need.",
        )
    return Package(content, base64.b64encode(hashlib.sha256(content).digest()).decode())


def zipped(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, files[name])
    return written.getvalue()


def _own(directory: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(directory.rglob("*")):
        parts = path.relative_to(directory).parts
        if path.is_file() and not any(part in _LEFT_OUT or part.startswith(".") for part in parts):
            yield "/".join(parts), path.read_bytes()


# -- dependencies ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pin:
    """One line of requirements.txt: ``digest`` is that of the distribution's files."""

    name: str
    version: str
    digest: str


def pins(directory: Path) -> list[Pin]:
    path = directory / REQUIREMENTS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [_pin(path, line.strip()) for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _pin(path: Path, line: str) -> Pin:
    match = _PIN.fullmatch(line)
    if match is None:
        raise PlatformError(
            f"{path} has the line '{line}'.",
            mend="Write each as 'name==version  # files sha256:...', as scripts/pins.py.",
        )
    return Pin(match["name"], match["version"], match["digest"] or "")


def vendored(pin: Pin) -> dict[str, bytes]:
    """The files of the distribution by their names in the package, which have to be the pin's."""
    files = installed(pin)
    found = files_digest(files)
    if found != pin.digest:
        wanted = f"sha256:{pin.digest}" if pin.digest else "no digest"
        raise PlatformError(
            f"the installed files of {pin.name} {pin.version} have the digest sha256:{found}, and {wanted} is pinned.",
            mend=f"Install it anew into the Python that runs Ansible: {_install(pin, '--force-reinstall ')}. If the "
            "pin is what is wrong, scripts/pins.py writes it.",
        )
    return files


def files_digest(files: Mapping[str, bytes]) -> str:
    """One digest for names and contents."""
    lines = (f"{name} {hashlib.sha256(files[name]).hexdigest()}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def installed(pin: Pin) -> dict[str, bytes]:
    try:
        distribution = metadata.distribution(pin.name)
    except metadata.PackageNotFoundError:
        raise _missing(pin, "is not installed") from None
    if distribution.version != pin.version:
        raise _missing(pin, f"is installed in version {distribution.version}")
    record = distribution.read_text("RECORD")
    if record is None:
        raise _missing(pin, "was not installed by pip, so that nothing tells which files are its own")
    if "Root-Is-Purelib: true" not in (distribution.read_text("WHEEL") or ""):
        raise PlatformError(
            f"{pin.name} {pin.version} is not pure Python.", mend="A function can only take pure Python along."
        )
    names = (row[0] for row in csv.reader(record.splitlines()) if row)
    return {
        name: Path(str(distribution.locate_file(name))).read_bytes() for name in names if _is_taken(PurePosixPath(name))
    }


def _is_taken(path: PurePosixPath) -> bool:
    """Its modules and their data: no scripts, no metadata, nothing that Python wrote itself."""
    top = path.parts[0]
    return not (
        path.is_absolute()
        or top == ".."
        or top.endswith((".dist-info", ".data"))
        or "__pycache__" in path.parts
        or path.suffix == ".pyc"
    )


def _missing(pin: Pin, found: str) -> PlatformError:
    return PlatformError(
        f"the function takes {pin.name} {pin.version} along, which {found}.",
        mend=f"Install it into the Python that runs Ansible: {_install(pin)}.",
    )


def _install(pin: Pin, options: str = "") -> str:
    return f"python -m pip install {options}--no-deps {pin.name}=={pin.version}"
