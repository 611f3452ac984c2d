"""A varied set of modules gives the same results under `local` and under `warm_local`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from emulator.testing import EmulatorServer
from tests.processes import eventually

from .conftest import HERE, Ansible, Run

TASKS: list[dict[str, Any]] = yaml.safe_load((HERE / "differential.yml").read_text())
NAMES = [task["name"] for task in TASKS]
NO_MODULES = {"ansible.builtin.raw", "ansible.builtin.script", "ansible.builtin.debug"}

# No two processes, files, requests or points in time have these in common.
VOLATILE = re.compile(
    r"""
    ^(start|end|delta|elapsed|atime|mtime|ctime|date|create_date|created_timestamp|last_modified_timestamp
    |inode|version|role_id|x-amzn-requestid|request_id|_original_basename|RECORD_PATH
    |ansible_date_time
    |exception  # a traceback: its files are those of the zip file, or those of the parked modules
    |orig_argv  # `local` starts the interpreter with a file, and not with a program on stdin
    )$
    """,
    re.VERBOSE,
)
# Random names, and where the code of a module is said to be: in its zip file, or where its parked module_utils are.
REPLACED = (
    (r"[^ \"']*/ansible_[\w.]+_payload_\w+/ansible_[\w.]+_payload\.zip", "ZIP"),
    (r"/[^ \"']*/site-packages(?=/ansible)", "ZIP"),
    (r"ansible-tmp-[\d.]+-\d+-\d+", "TMP"),
    (r"ansible\.\w{8}\.x", "ansible.RANDOM.x"),
    (r"\b(vpc|vpc-cidr-assoc|subnet)-[0-9a-f]{17}\b", r"\1-ID"),
)

LONGEST_NAMED = 100_000


def comparable(value: Any, home: str) -> Any:
    if isinstance(value, Mapping):
        return {key: comparable(item, home) for key, item in value.items() if not VOLATILE.match(key)}
    if isinstance(value, list):
        return [comparable(item, home) for item in value]
    if isinstance(value, str):
        if len(value) > LONGEST_NAMED:
            return value  # output in bulk names nothing, and the patterns take time without end over it
        value = value.replace(home, "HOME")
        for pattern, replacement in REPLACED:
            value = re.sub(pattern, replacement, value)
    return value


def differences(local: Any, warm: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ: the path, and the value on either side."""
    if isinstance(local, dict) and isinstance(warm, dict):
        for key in sorted(local.keys() | warm.keys()):
            yield from differences(local.get(key, "nothing"), warm.get(key, "nothing"), f"{path}.{key}")
    elif isinstance(local, list) and isinstance(warm, list) and len(local) == len(warm):
        for number, (one, other) in enumerate(zip(local, warm, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
    elif local != warm:
        yield path, local, warm


def test_every_task_has_the_same_result(
    emulator: EmulatorServer, aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """All tasks, once each way, each time in an AWS that has just begun. One test: what takes time is the runs."""
    tasks = [{**task, "ignore_errors": True} for task in TASKS]
    local, warm = (
        run_tasks(Ansible(tmp_path_factory.mktemp("home")), emulator, aws, tasks, connection)
        for connection in ("ansible.builtin.local", "airas.platform.warm_local")
    )
    for run in (local, warm):
        assert run.status == 0, run.output
        assert [record["task"] for record in run.records] == NAMES
    found = [
        f"{name}{path}: {one!r:.300} is {other!r:.300}"
        for name, ours, theirs in zip(NAMES, local.results, warm.results, strict=True)
        for path, one, other in differences(ours, theirs)
    ]
    assert not found, "\n".join(found)

    # And it was not because the warm connection stepped aside.
    modules = sum(len(task.get("loop", [1])) for task in TASKS if not task.keys() & NO_MODULES)
    assert warm.warm >= modules
    assert warm.aside == ["this is a command, and no pipelined module"]
    assert local.warm == 0


def run_tasks(ansible: Ansible, emulator: EmulatorServer, aws: dict[str, str], tasks: object, connection: str) -> Run:
    emulator.reset()
    for name in ("script.sh", "template.j2"):
        shutil.copy(HERE / name, ansible.home)
    run = ansible.run(tasks, connection=connection, **aws)
    assert eventually(lambda: not ansible.left()), ansible.left()
    return Run(run.status, run.output, [comparable(record, str(ansible.home)) for record in run.records])
