# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AnsiballZ payloads: what a module brings along, and how a child gets it without reading and compiling it again.

Ansible pipes a Python program to the interpreter, the wrapper, which holds a zip file with the module and all the
module_utils that it imports. It writes the zip file, puts it at the head of sys.path, and imports the module from it.
A child runs the wrapper as it is; only the import of what is in the zip file is answered from memory.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import sys
import zipfile
import zipimport
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

from .preload import Parked, digest, unbind

_DATA = b"\nzip_data='"
_DATA_END = b"',\n"
_NO_EXTENSIONS = b"\nextensions={},\n"

# Their source is the wrapper's own, and lets them search all of sys.path.
_EXTENDED_PACKAGES = ("ansible", "ansible.module_utils")


@dataclass
class Payload:
    """One payload, as often as it comes.

    `members` are its modules and their paths; `differing` is the first of them whose source is not that of the parked
    module of the same name, if there is one. `missed` are modules that a child had to compile; `codes` those that are
    compiled already, because the payload has come again.
    """

    members: Mapping[str, str]
    differing: str | None
    missed: set[str] = field(default_factory=set)
    codes: dict[str, CodeType] = field(default_factory=dict)


class Payloads:
    """The payloads of a run, recognised by their content."""

    def __init__(self, parked: Mapping[str, Parked]) -> None:
        self.parked = parked
        # Compiled code names the file it comes from, and ansible-core tells by it whose code it is: what is compiled
        # here has to stand where the parked modules do.
        self._prefix = str(Path(parked["ansible"].module.__path__[0]).parent)
        self._known: dict[bytes, Payload] = {}

    def recognise(self, wrapper: bytes) -> Payload:
        """The payload in a wrapper. ValueError: it is no wrapper, or one with a debugger or coverage in it."""
        start = wrapper.rfind(_DATA) + len(_DATA)
        end = wrapper.find(_DATA_END, start)
        if start < len(_DATA) or end < 0:
            raise ValueError("this is no AnsiballZ module")
        if _NO_EXTENSIONS not in wrapper:
            raise ValueError("this module is to run under a debugger or coverage")
        data = wrapper[start:end]
        key = digest(data)
        payload = self._known.get(key)
        if payload is None:
            payload = self._known[key] = self._examine(data)
        elif payload.missed:
            self._compile(payload, data)
        return payload

    def _examine(self, data: bytes) -> Payload:
        members: dict[str, str] = {}
        differing = None
        for member, name, source in _read(data):
            members[name] = member
            parked = self.parked.get(name)
            if differing is None and name not in _EXTENDED_PACKAGES and parked and parked.digest != digest(source):
                differing = name
        return Payload(members, differing)

    def _compile(self, payload: Payload, data: bytes) -> None:
        for member, name, source in _read(data):
            if name in payload.missed:
                with contextlib.suppress(SyntaxError, ValueError):  # the child has met it, too, and reported it
                    payload.codes[name] = self.compile(member, source)
        payload.missed.clear()

    def compile(self, member: str, source: bytes) -> CodeType:
        return compile(source, f"{self._prefix}/{member}", "exec", dont_inherit=True)


def _read(data: bytes) -> list[tuple[str, str, bytes]]:
    """Path, module name and source of each Python file in a base64-encoded zip file."""
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(data, validate=True))) as archive:
            members = [member for member in archive.namelist() if member.endswith(".py")]
            return [(member, _module_name(member), archive.read(member)) for member in members]
    except (binascii.Error, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"the module's zip file cannot be read ({error})") from error


def _module_name(member: str) -> str:
    return member.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class PayloadImporter(zipimport.zipimporter):
    """Stands in for zipimporter at the child's zip file: parked modules and compiled code instead of source."""

    def __init__(self, path: str, hook: PayloadHook) -> None:
        super().__init__(path)
        self._hook = hook

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # type: ignore[override]
        parked = self._hook.parked.get(spec.name)
        return parked.module if parked else None

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ not in self._hook.parked:
            super().exec_module(module)

    def get_filename(self, fullname: str) -> str:
        member = self._hook.payload.members.get(fullname)
        return f"{self.archive}/{member}" if member else super().get_filename(fullname)

    def get_code(self, fullname: str) -> CodeType:
        payload = self._hook.payload
        if fullname not in payload.members:
            return super().get_code(fullname)
        if fullname in payload.codes:
            return payload.codes[fullname]
        self._hook.missed(fullname)
        return self._hook.compile(self, fullname)


class PayloadHook:
    """For sys.path_hooks of a child: meets the zip file when the wrapper first imports from it."""

    def __init__(self, payload: Payload, payloads: Payloads, missed: Callable[[str], None]) -> None:
        """`missed` is told each module that has to be compiled."""
        self.payload = payload
        self.parked = payloads.parked
        self.missed = missed
        self._compile = payloads.compile
        self._archive = ""

    def __call__(self, path: str) -> PayloadImporter:
        if not self._archive and path.endswith("_payload.zip"):
            self._archive = path
            self._take_up()
        if not self._archive or not f"{path}/".startswith(f"{self._archive}/"):
            raise ImportError(f"{path} is not in the payload")
        return PayloadImporter(path, self)

    def compile(self, importer: zipimport.zipimporter, fullname: str) -> CodeType:
        member = self.payload.members[fullname]
        return self._compile(member, importer.get_data(f"{self._archive}/{member}"))

    def _take_up(self) -> None:
        """Have imported from the zip file the parked modules that it carries, and none of the others."""
        modules = {name: parked.module for name, parked in self.parked.items()}
        for name, module in modules.items():
            if name in self.payload.members:
                sys.modules[name] = module
                if module.__name__ == name and hasattr(module, "__path__"):
                    module.__path__ = [f"{self._archive}/{name.replace('.', '/')}"]
            else:
                unbind(name, modules)
        importer = zipimport.zipimporter(self._archive)
        for name in _EXTENDED_PACKAGES:
            exec(self.compile(importer, name), vars(modules[name]))  # noqa: S102 - as importing it would
