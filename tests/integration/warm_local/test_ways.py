"""Every way to run the collection has it: the checkout, ansible-runner, Molecule, an installed copy."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from .conftest import BIN, HERE, ROOT, WARM, Ansible

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - amazon.aws.aws_caller_info:
      register: caller
    - ansible.builtin.assert:
        that: caller.account is defined
"""


def said_by(*command: str, cwd: Path, env: dict[str, str]) -> str:
    ended = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_inventories_of_a_plain_checkout(ansible: Ansible, aws: dict[str, str], environment: str) -> None:
    """By nothing but the checkout's ansible.cfg."""
    (ansible.home / "play.yml").write_text(PLAY)
    env = {**ansible.env, **aws, "ANSIBLE_VERBOSITY": "3"}
    del env["ANSIBLE_COLLECTIONS_PATH"]
    play = str(ansible.home / "play.yml")
    said = said_by("ansible-playbook", "-i", f"inventories/{environment}", play, cwd=ROOT, env=env)
    assert said.count(WARM) == 1


def test_an_installed_copy(ansible: Ansible, aws: dict[str, str]) -> None:
    """Built and installed by ansible-galaxy, away from the checkout."""
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()
    source = ansible.home / "source"
    for file in files:
        if not file.startswith("collections/") and (ROOT / file).is_file():
            (source / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, source / file)
    for file in ("README.md", "LICENSE"):
        (source / file).touch()
    installed = ansible.home / "installed"
    env = {**ansible.env, **aws, "ANSIBLE_COLLECTIONS_PATH": str(installed)}
    said_by("ansible-galaxy", "collection", "build", str(source), cwd=ansible.home, env=env)
    (tarball,) = ansible.home.glob("airas-platform-*.tar.gz")
    arguments = ["collection", "install", "--offline", "--no-deps", "-p", str(installed), str(tarball)]
    said_by("ansible-galaxy", *arguments, cwd=ansible.home, env=env)
    run = ansible.run([{"behave": {"act": "parent"}}] * 2, ANSIBLE_COLLECTIONS_PATH=str(installed))
    assert run.status == 0, run.output
    assert run.warm == 2
    assert len({result["parent"] for result in run.results}) == 1


def test_ansible_runner(ansible: Ansible) -> None:
    ansible.command([{"behave": {"act": "parent"}}])
    private = ansible.home / "private"
    for name, file in (("project", "play.yml"), ("inventory", "hosts.json")):
        (private / name).mkdir(parents=True)
        shutil.copy(ansible.home / file, private / name / file)
    said = said_by("ansible-runner", "run", str(private), "-p", "play.yml", "-vvv", cwd=ansible.home, env=ansible.env)
    assert said.count(WARM) == 1


def test_molecule(ansible: Ansible) -> None:
    scenario = ansible.home / "molecule" / "default"
    scenario.mkdir(parents=True)
    variables = {
        "ansible_connection": "airas.platform.warm_local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    (scenario / "molecule.yml").write_text(
        yaml.safe_dump(
            {
                "prerun": False,
                "platforms": [{"name": "instance"}],
                "provisioner": {
                    "name": "ansible",
                    "env": {"ANSIBLE_LIBRARY": str(HERE / "library"), "ANSIBLE_VERBOSITY": "3"},
                    "inventory": {"host_vars": {"instance": variables}},
                },
            }
        )
    )
    tasks = [{"behave": {"act": "parent"}}]
    (scenario / "converge.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    assert WARM in said_by("molecule", "converge", cwd=ansible.home, env=ansible.env)
