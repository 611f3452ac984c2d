# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What makes a fork of the warm process look, to the module in it, like an interpreter that has just been started.

The module is a program on stdin: `INTERPRETER < program`. This sets up what that interpreter would have set up, runs
the program as `__main__`, and ends the way that interpreter would have ended.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import gc
import importlib.machinery
import io
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, cast

from .protocol import Descriptors

_FLUSH_FAILED = 120  # what CPython exits with when it cannot flush stdout


def become_fresh(interpreter: str, environment: Mapping[str, str], umask: int, descriptors: Descriptors) -> None:
    """Take over streams, directory, umask and environment; leave nothing else open."""
    os.fchdir(descriptors.directory)
    for target, source in enumerate((descriptors.stdin, descriptors.stdout, descriptors.stderr)):
        os.dup2(source, target)
    for entry in list(Path("/proc/self/fd").iterdir()):
        if int(entry.name) > 2:
            with contextlib.suppress(OSError):  # the one of the listing itself
                os.close(int(entry.name))
    os.umask(umask)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None
    sys.argv = [""]
    sys.orig_argv = [interpreter]
    if not sys.flags.safe_path:
        sys.path.insert(0, "")
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _stream(descriptor, name, getattr(sys, name))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _stream(descriptor: int, name: str, started_with: Any) -> io.TextIOWrapper:
    """A standard stream as CPython makes it, with the encoding and the buffering of the one that was there before."""
    mode = "w" if descriptor else "r"
    unbuffered = isinstance(started_with.buffer, io.RawIOBase)
    binary: Any = os.fdopen(descriptor, f"{mode}b", 0 if unbuffered else -1, closefd=False)
    getattr(binary, "raw", binary).name = f"<{name}>"
    stream: Any = io.TextIOWrapper(
        binary,
        encoding=started_with.encoding,
        errors=started_with.errors,
        newline="\n",
        line_buffering=started_with.line_buffering,
        write_through=unbuffered,
    )
    stream.mode = mode
    return cast("io.TextIOWrapper", stream)


def run(program: bytes) -> NoReturn:
    """Run a program as `__main__`, and end."""
    main = ModuleType("__main__")
    vars(main).update(
        __annotations__={},
        __builtins__=builtins,
        __cached__=None,
        __file__="<stdin>",
        __loader__=importlib.machinery.BuiltinImporter,
    )
    before = set(sys.modules.values())
    sys.modules["__main__"] = main
    status = _status(program, main)
    status = _finish(status, before)
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status & 0xFF)


def _status(program: bytes, main: ModuleType) -> int:
    """Exit status of the program; negative: the signal of which the interpreter dies after it has cleaned up."""
    try:
        exec(compile(program, "<stdin>", "exec", dont_inherit=True), vars(main))  # noqa: S102
    except SystemExit as error:
        return _exit_status(error.code)
    except BaseException as error:  # noqa: BLE001 - the top of the program
        error.__traceback__ = error.__traceback__.tb_next if error.__traceback__ else None
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _finish(status: int, before: set[ModuleType]) -> int:
    """What Py_Finalize does that others can see: join threads, call atexit, let go of objects, flush."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    flushed = _flush()
    # An object that writes or removes a file when it dies does so now. What the parent imported is frozen, and stays.
    for name, module in list(sys.modules.items()):
        if module not in before:
            del sys.modules[name]
    gc.collect()
    return status if _flush() and flushed else _FLUSH_FAILED


def _flush() -> bool:
    flushed = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError):
            flushed = False
    return flushed
