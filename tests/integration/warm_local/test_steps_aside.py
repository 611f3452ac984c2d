"""Where the warm process cannot serve, the task runs as under `local`, and -vvv says why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import ASIDE, WARM, Ansible

OTHER = "{{ work }}/python"

CASES: dict[str, dict[str, Any]] = {
    "the task uses become": {"behave": {"act": "parent"}, "become": True, "become_method": "pretend"},
    "the task is asynchronous": {"behave": {"act": "parent"}, "async": 60, "poll": 1},
    "this is a command, and no pipelined module": {"in_shell": {}},
    "the interpreter is": {"behave": {"act": "parent"}, "vars": {"ansible_python_interpreter": OTHER}},
    "a running interpreter cannot take the task's value of PYTHONHASHSEED": {
        "behave": {"act": "parent"},
        "environment": {"PYTHONHASHSEED": "1"},
    },
    "the task's environment sets PWD, which the shell keeps for itself": {
        "behave": {"act": "parent"},
        "environment": {"PWD": "/"},
    },
}


def test_tasks_that_it_cannot_serve(ansible: Ansible) -> None:
    """All of them in one play, between two modules that it can serve."""
    (ansible.work / "python").symlink_to(sys.executable)
    tasks = [{"name": reason, **task} for reason, task in CASES.items()]
    served = {"behave": {"act": "parent"}}
    run = ansible.run([{"name": "before", **served}, *tasks, {"name": "after", **served}])
    assert run.status == 0, run.output
    process = run.result("before")["parent"]
    for reason in CASES:
        assert f"{ASIDE}{reason}" in run.said(reason)
        assert run.result(reason).get("parent") != process
    assert run.result("after")["parent"] == process
    assert WARM in run.said("before")
    assert WARM in run.said("after")


@pytest.mark.parametrize("switch", ["variable", "environment", "ini"])
def test_one_variable_switches_it_off(ansible: Ansible, switch: str) -> None:
    arguments, settings = [], {}
    if switch == "variable":
        arguments = ["-e", "airas_warm_local=false"]
    elif switch == "environment":
        settings = {"AIRAS_WARM_LOCAL": "no"}
    else:
        (ansible.home / "ansible.cfg").write_text("[airas]\nwarm_local = no\n")
    tasks = [
        {"behave": {"act": "surroundings"}},
        {"ansible.builtin.shell": "ls -A {{ lookup('env', 'HOME') }}/.ansible/tmp/*"},
    ]
    run = ansible.run(tasks, *arguments, **settings)
    assert run.status == 0, run.output
    assert (run.warm, run.aside) == (0, [])
    assert "airas_warm" not in run.results[1]["stdout"]
    assert len(run.results[0]["orig_argv"]) == 2  # not even pipelined


def test_a_process_that_does_not_start(ansible: Ansible) -> None:
    (ansible.home / "boto3.py").write_text("raise RuntimeError('broken on purpose')")
    run = ansible.run([{"behave": {"act": "parent"}}] * 2, PYTHONPATH=str(ansible.home))
    assert run.status == 0, run.output
    assert run.aside == ["the warm process has ended: RuntimeError: broken on purpose"]
    assert len({result["parent"] for result in run.results}) == 2


def test_a_process_that_dies_in_the_middle(ansible: Ansible) -> None:
    """The module in it has failed, and has run once; the ones after it run as under `local`."""
    tasks = [
        {"behave": {"act": "parent"}},
        {"behave": {"act": "kill_parent", "path": "{{ work }}/log"}, "ignore_errors": True},
        {"behave": {"act": "parent"}},
    ]
    run = ansible.run(tasks)
    before, killed, after = run.results
    assert run.status == 0, run.output
    assert killed["rc"] in (137, -9)
    assert [record["failed"] for record in run.records] == [False, True, False]
    assert Path(ansible.work / "log").read_text() == "ran\n"
    assert run.aside == ["the warm process has ended"]
    assert before["parent"] != after["parent"]
