#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A module that does, at choice, what modules do: each act shows one way to meet or to leave the interpreter."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import random
import resource
import secrets
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, respawn_module

Act = Callable[[AnsibleModule, str], dict[str, Any]]


def surroundings(module: AnsibleModule, _path: str) -> dict[str, Any]:
    """All that a module can see of how it was started, less what no two processes share."""
    umask = os.umask(0)
    os.umask(umask)
    main = sys.modules["__main__"]
    return {
        "argv": sys.argv,
        "cwd": str(Path.cwd()),
        "environment": dict(os.environ),
        "environment_of_children": json.loads(
            subprocess.run(
                [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"],
                capture_output=True,
                check=True,
            ).stdout
        ),
        "executable": sys.executable,
        "descriptors": {
            name: stat.filemode(os.fstat(int(name)).st_mode)
            for name in [entry.name for entry in Path("/proc/self/fd").iterdir()]
            if _is_open(int(name))
        },
        "flags": repr(sys.flags),
        "encodings": [
            [stream.encoding, stream.errors, stream.line_buffering, stream.name, stream.mode]
            for stream in (sys.stdin, sys.stdout, sys.stderr)
        ],
        "filesystem_encoding": sys.getfilesystemencoding(),
        "handlers": {
            number.name: str(handler)
            for number in sorted(signal.valid_signals())
            if isinstance(number, signal.Signals)
            and (handler := signal.getsignal(number)) is not signal.default_int_handler
        },
        "limits": resource.getrlimit(resource.RLIMIT_NOFILE),
        "logging": [logging.root.level, len(logging.root.handlers), logging.root.manager.disable],
        "main": {
            name: repr(value)
            for name, value in vars(main).items()
            if name in ("__name__", "__package__", "__doc__", "_module_fqn")
        },
        "orig_argv": sys.orig_argv,
        "path": [entry for entry in sys.path if not entry.endswith(".zip")],
        "stdin": sys.stdin.read(),
        "terminal": [os.isatty(descriptor) for descriptor in (0, 1, 2)],
        "threads": [thread.name for thread in threading.enumerate()],
        "timezone": time.tzname,
        "temporary": tempfile.gettempdir(),
        "umask": umask,
        # Those of urllib3 are there as soon as boto3 is imported, and it is the only one whom they concern.
        "warnings": sorted(str(entry) for entry in warnings.filters if "urllib3" not in str(entry)),
        "zip": [entry for entry in sys.path if entry.endswith(".zip")] == [main._modlib_path],
    }


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def core(module: AnsibleModule, _path: str) -> dict[str, Any]:
    """The versions and the state of what is imported."""
    import ansible
    import ansible.module_utils
    import boto3

    return {
        "ansible_attributes": sorted(
            name for name in vars(ansible) if name.startswith("__version") or name == "__author__"
        ),
        "ansible_version": ansible.__version__,
        "module_utils_path": [entry.rpartition("/")[2] for entry in ansible.module_utils.__path__],
        "default_session": repr(boto3.DEFAULT_SESSION),
        "has_controller": "ansible._internal" in sys.modules,
        "respawned": has_respawned(),
    }


def randomness(module: AnsibleModule, _path: str) -> dict[str, Any]:
    """Numbers that no other call may draw."""
    with tempfile.NamedTemporaryFile() as temporary:
        return {"drawn": [random.random(), secrets.token_hex(8), str(uuid.uuid4()), Path(temporary.name).name]}


def leave_traces(module: AnsibleModule, path: str) -> dict[str, Any]:
    """Change everything that a process has only one of."""
    import boto3

    os.environ["AWS_ACCESS_KEY_ID"] = "left behind"
    os.environ["LEFT_BEHIND"] = "yes"
    os.chdir("/")
    os.umask(0o077)
    sys.path.insert(0, "/left/behind")
    sys.modules["left_behind"] = sys
    tempfile.tempdir = "/left/behind"
    logging.basicConfig(level=logging.DEBUG)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("error")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    boto3.setup_default_session(aws_access_key_id="left", aws_secret_access_key="behind", region_name="us-east-1")
    boto3.Session = None
    module.warn("left behind")
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    Path(path).open("w")  # noqa: SIM115
    return {}


def traces(module: AnsibleModule, _path: str) -> dict[str, Any]:
    import boto3

    return {
        "environment": sorted({"AWS_ACCESS_KEY_ID", "LEFT_BEHIND"} & os.environ.keys()),
        "key": os.environ.get("AWS_ACCESS_KEY_ID"),
        "modules": "left_behind" in sys.modules,
        "path": "/left/behind" in sys.path,
        "session": boto3.DEFAULT_SESSION is None and boto3.Session is not None,
        "sigterm": str(signal.getsignal(signal.SIGTERM)),
        "logging": [logging.root.level, len(logging.root.handlers), logging.root.manager.disable],
        "temporary": tempfile.tempdir,
        "threads": threading.active_count(),
    }


def parent(module: AnsibleModule, _path: str) -> dict[str, Any]:
    return {"parent": os.getppid(), "pid": os.getpid()}


def noise(module: AnsibleModule, _path: str) -> dict[str, Any]:
    print("something before the result")
    os.write(1, b"and past the buffer\n")
    subprocess.run(["echo", "and from a child"], check=True)
    sys.stderr.write("and on stderr\n")
    return {"said": True}


def early_exit(module: AnsibleModule, _path: str) -> dict[str, Any]:
    print("no result")
    sys.exit(3)


def exit_with_text(module: AnsibleModule, _path: str) -> dict[str, Any]:
    sys.exit("a reason on stderr")


def exit_at_once(module: AnsibleModule, _path: str) -> dict[str, Any]:
    print("not flushed")
    os._exit(4)


def interrupt(module: AnsibleModule, _path: str) -> dict[str, Any]:
    raise KeyboardInterrupt


def crash(module: AnsibleModule, _path: str) -> dict[str, Any]:
    raise ValueError("a bug")


def killed(module: AnsibleModule, _path: str) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def terminated(module: AnsibleModule, _path: str) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGTERM)
    return {}


def much(module: AnsibleModule, _path: str) -> dict[str, Any]:
    sys.stderr.write("e" * 1_000_000)
    return {"much": "0123456789" * 1_000_000}


def read_stdin(module: AnsibleModule, _path: str) -> dict[str, Any]:
    return {"read": sys.stdin.read(), "left": os.read(0, 10).decode()}


def fork(module: AnsibleModule, path: str) -> dict[str, Any]:
    """A child that leaves as a program does, with buffers and handlers of its own."""
    child = os.fork()
    if not child:
        atexit.register(lambda: Path(path).write_text("by the child"))
        sys.exit(7)
    _pid, status = os.waitpid(child, 0)
    return {"status": os.waitstatus_to_exitcode(status), "wrote": Path(path).read_text()}


def daemon(module: AnsibleModule, path: str) -> dict[str, Any]:
    """A process that outlives the module, and waits for `path` to go."""
    if not os.fork():
        os.setsid()
        if not os.fork():
            for descriptor in (0, 1, 2):
                os.close(descriptor)
            for _second in range(600):
                if not Path(path).exists():
                    break
                time.sleep(0.1)
            Path(f"{path}.done").touch()
        os._exit(0)
    os.wait()
    return {}


def endings(module: AnsibleModule, path: str) -> dict[str, Any]:
    """What only happens when an interpreter ends: handlers, threads, buffers, temporary files."""

    def late() -> None:
        time.sleep(0.1)
        with Path(f"{path}.log").open("a") as log:
            log.write("thread\n")

    def at_exit(name: str) -> None:
        with Path(f"{path}.log").open("a") as log:
            log.write(f"{name}\n")

    atexit.register(at_exit, "first registered")
    atexit.register(at_exit, "last registered")
    threading.Thread(target=late).start()
    globals()["unflushed"] = Path(path).open("w")  # noqa: SIM115
    globals()["unflushed"].write("still in a buffer")
    globals()["temporary"] = tempfile.NamedTemporaryFile(dir=Path(path).parent, prefix="endings-")  # noqa: SIM115
    globals()["directory"] = tempfile.TemporaryDirectory(dir=Path(path).parent, prefix="endings-")
    return {"temporary_file": module.tmpdir != ""}


def warn(module: AnsibleModule, _path: str) -> dict[str, Any]:
    module.warn("a warning")
    module.deprecate("a deprecation", version="99.0.0", collection_name="airas.platform")
    return {}


def deprecate_unnamed(module: AnsibleModule, _path: str) -> dict[str, Any]:
    module.deprecate("a deprecation of whoever says it", version="99.0.0")
    return {}


def fail(module: AnsibleModule, _path: str) -> dict[str, Any]:
    module.fail_json(msg="as planned", detail=[1, 2, 3])


def hang(module: AnsibleModule, path: str) -> dict[str, Any]:
    Path(path).write_text(f"{os.getpid()}")
    time.sleep(600)
    return {}


def respawn(module: AnsibleModule, _path: str) -> dict[str, Any]:
    if not has_respawned():
        respawn_module(sys.executable)
    return {"respawned": True}


def kill_parent(module: AnsibleModule, path: str) -> dict[str, Any]:
    """Count itself, and kill whoever started it."""
    with Path(path).open("a") as log:
        log.write("ran\n")
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)
    return {}


def missing_import(module: AnsibleModule, _path: str) -> dict[str, Any]:
    """What is not in the payload is not there, even if another module's payload has it."""
    found = {}
    for name in ("ansible_collections.amazon.aws.plugins.module_utils.botocore", "ansible.module_utils.common.yaml"):
        with contextlib.suppress(ImportError):
            __import__(name)
            found[name] = True
    return {"found": sorted(found)}


ACTS: dict[str, Act] = {
    name: act for name, act in globals().items() if getattr(act, "__module__", "") == __name__ and name[0] != "_"
}


def main() -> None:
    module = AnsibleModule({"act": {"required": True}, "path": {"type": "path"}})
    result = ACTS[module.params["act"]](module, module.params["path"])
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
