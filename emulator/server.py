"""The process: options, the listening socket, the ready line, and a clean end."""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from emulator import DEFAULT_ACCOUNT_ID, MOTO_VERSION, hooks
from emulator.live import ConfigurationError


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    _set_environment(options.account_id)
    # Importing moto takes most of the start-up time, so bad options and --help are answered before it.
    from emulator import delays, extensions, images, postgresql, world
    from emulator.faults import parse_faults
    from emulator.live import LiveFile

    try:
        with _quick_imports():
            _check_moto()
            loaded = extensions.load()
        if options.list_extensions:
            print(_table(loaded))
            return 0
        delays.settings.point_to(options.delays)
        world.settings.point_to(options.world)
        images.settings.point_to(options.images)
        faults = LiveFile(parse_faults, options.faults)
        for file in (delays.settings, world.settings, images.settings, faults):
            file.value()
        if options.database_ca:
            postgresql.servers.use(options.database_ca)
    except (extensions.ExtensionError, ConfigurationError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2
    return _serve(options, faults)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description="The embedded AWS, on 127.0.0.1 only.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0, the default, picks a free one")
    parser.add_argument("--account-id", type=_account_id, default=DEFAULT_ACCOUNT_ID, help="default: %(default)s")
    parser.add_argument("--calls", type=Path, metavar="FILE", help="append every API call to FILE as a JSON line")
    parser.add_argument("--delays", type=Path, metavar="FILE", help="how long slow things take (YAML, read live)")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="calls to refuse, throttle or lose (YAML, live)")
    parser.add_argument("--images", type=Path, metavar="FILE", help="what containers do, by image (YAML, read live)")
    parser.add_argument("--world", type=Path, metavar="FILE", help="quotas and public images (YAML, read live)")
    parser.add_argument(
        "--database-ca",
        type=Path,
        metavar="FILE",
        help="make RDS instances and ElastiCache groups real servers; the CA of their certificates is written to FILE",
    )
    parser.add_argument("--no-validate", action="store_true", help="do not check requests against the service models")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    parser.add_argument("--list-extensions", action="store_true", help="print patches, delays and quotas, and end")
    return parser


def _account_id(text: str) -> str:
    if not (len(text) == 12 and text.isdigit()):
        raise argparse.ArgumentTypeError(f"an AWS account id has 12 digits, not '{text}'")
    return text


def _set_environment(account_id: str) -> None:
    """moto reads its settings from the environment, some of them on import."""
    os.environ["MOTO_ACCOUNT_ID"] = account_id
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["MOTO_ENABLE_AMI_VALIDATION"] = "true"
    # moto's own calls to AWS must never leave this machine with real credentials.
    os.environ["AWS_ACCESS_KEY_ID"] = "testing"
    os.environ["AWS_SECRET_ACCESS_KEY"] = "testing"  # noqa: S105 - the emulator's own, no secret
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)


@contextlib.contextmanager
def _quick_imports() -> Iterator[None]:
    """Nearly halves the start-up time, which is all imports.

    moto's table of zones asks three new boto3 sessions for the same list of regions, and the garbage collector goes
    through everything imported so far again and again, though nothing of it is garbage.
    """
    import boto3

    gc.disable()
    session = boto3.Session
    boto3.Session = functools.cache(session)
    try:
        import moto.ec2.models.availability_zones_and_regions  # noqa: F401
    finally:
        boto3.Session = session
    yield
    gc.freeze()
    gc.enable()


def _check_moto() -> None:
    import moto

    from emulator import extensions

    extensions.check_moto(MOTO_VERSION, moto.__version__)


def _table(extensions: Sequence[Any]) -> str:
    from emulator import delays, world

    blocks = [
        f"{e.target}  [{'added' if e.added else 'changed'}]\n    {e.behaviour}\n    {e.aws}"
        for e in sorted(extensions, key=lambda e: e.target)
    ]
    blocks += [
        f"{key}  [delay, {default:g} s unless set]\n    {meaning}"
        for key, (meaning, default) in sorted(delays.DECLARED.items())
    ]
    blocks += [f"{q.key}  [quota, {q.default:g} unless set]\n    {q.name}" for q in world.QUOTAS.values()]
    return "\n".join(blocks)


def _serve(options: argparse.Namespace, faults: Any) -> int:
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    from emulator.calls import CallLog
    from emulator.gateway import Gateway

    class QuietHandler(MotoRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:
            """Say nothing: the call log is the record."""

    # moto warns of error codes that a service model lacks; AWS's common errors are among them.
    warnings.filterwarnings("ignore", message=r"Exception\(AwsError\) with code")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    if options.with_parent:
        threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    call_log = CallLog(options.calls) if options.calls else None
    gateway = Gateway(faults, call_log, validate=not options.no_validate)
    try:
        server = make_server("127.0.0.1", options.port, gateway, threaded=True, request_handler=QuietHandler)
    except (OSError, SystemExit) as error:
        print(f"emulator: cannot listen on 127.0.0.1:{options.port}: {error}; try --port 0", file=sys.stderr)
        return 2
    # moto asks this for the URL of its own server, for instance when it delivers a message to itself.
    os.environ["MOTO_PORT"] = str(server.server_port)
    try:
        print(f"emulator ready on http://127.0.0.1:{server.server_port} (account {options.account_id})", flush=True)
        # Whatever moto prints from now on is diagnostics; stdout holds the ready line alone.
        with contextlib.redirect_stdout(sys.stderr):
            server.serve_forever()
    finally:
        server.server_close()
        hooks.run_exit_hooks()
    return 0


def _end(*_: object) -> None:
    # A second signal must not interrupt the exit hooks, which stop what the emulator started.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def _end_with_parent(parent: int) -> None:
    """Wait for `parent` to end, then end like after SIGTERM."""
    try:
        descriptor = os.pidfd_open(parent)
    except (AttributeError, OSError):  # not Linux, or the parent is gone already
        while os.getppid() == parent:
            time.sleep(1)
    else:
        select.select([descriptor], [], [])
    os.kill(os.getpid(), signal.SIGTERM)
