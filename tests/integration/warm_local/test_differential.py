"""A varied set of modules gives the same results under `local` and under `warm_local`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from emulator.testing import EmulatorServer

from .conftest import HERE, Ansible, Run, eventually

TASKS: list[dict[str, Any]] = yaml.safe_load((HERE / "differential.yml").read_text())
NAMES = [task["name"] for task in TASKS]

# No two processes, files, requests or points in time have these in common.
VOLATILE = re.compile(
    r"""
    ^(start|end|delta|elapsed|atime|mtime|ctime|date|create_date|created_timestamp|last_modified_timestamp
    |inode|version|role_id|x-amzn-requestid|_original_basename|RECORD_PATH
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


def comparable(value: Any, home: str) -> Any:
    if isinstance(value, Mapping):
        return {key: comparable(item, home) for key, item in value.items() if not VOLATILE.match(key)}
    if isinstance(value, list):
        return [comparable(item, home) for item in value]
    if isinstance(value, str):
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


@pytest.fixture(scope="module")
def runs(
    emulator_server: EmulatorServer, aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Run]:
    """All tasks, once each way, each time in an AWS that has just begun."""
    tasks = [{**task, "ignore_errors": True} for task in TASKS]
    runs = {}
    for connection in ("ansible.builtin.local", "airas.platform.warm_local"):
        emulator_server.reset()
        ansible = Ansible(tmp_path_factory.mktemp("differential") / "home")
        for name in ("script.sh", "template.j2"):
            shutil.copy(HERE / name, ansible.home)
        run = ansible.run(tasks, connection=connection, **aws)
        records = [comparable(record, str(ansible.home)) for record in run.records]
        runs[connection.rpartition(".")[2]] = Run(run.status, run.output, records)
        assert eventually(lambda: not ansible.left()), ansible.left()  # noqa: B023
    return runs


@pytest.mark.parametrize("name", NAMES)
def test_the_same_result(runs: dict[str, Run], name: str) -> None:
    local, warm = ([record for record in run.records if record["task"] == name] for run in runs.values())
    assert len(local) == len(warm) == 1
    found = [f"{path}: {one!r:.300} is {other!r:.300}" for path, one, other in differences(local, warm)]
    assert not found, "\n".join(found)


def test_tasks_really_ran_warm(runs: dict[str, Run]) -> None:
    modules = [name for name in NAMES if name not in ("raw", "script", "debug")]
    behaviours = next(len(task["loop"]) for task in TASKS if "loop" in task)
    assert runs["warm_local"].warm >= len(modules) - 1 + behaviours
    assert runs["warm_local"].aside == ["this is a command, and no pipelined module"]
    assert runs["local"].warm == 0


def test_no_task_is_left_out(runs: dict[str, Run]) -> None:
    for run in runs.values():
        assert [record["task"] for record in run.records] == NAMES
        assert run.status == 0
