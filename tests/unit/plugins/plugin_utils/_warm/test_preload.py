"""What is imported before any module comes, looked at in an interpreter that has imported nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any

from ansible_collections.airas.platform.plugins.plugin_utils._warm.protocol import startup_environment

from .conftest import ROOT, ROOTS

# Runs as the warm process does, and notes each variable of the environment that is read on the way.
LOOK = """
import json, os, sys
read = set()
get = os._Environ.__getitem__
os._Environ.__getitem__ = lambda self, name: (read.add(name), get(self, name))[1]
sys.path.insert(0, sys.argv[1])
from _warm import models, preload
preload.libraries()
models.install()
parked = preload.module_utils(sys.argv[2:])
left = sorted(name for name in sys.modules if name in parked)
import boto3
from ansible.module_utils.common import warnings as fresh
messages = parked["ansible.module_utils.common.warnings"].module
print(json.dumps({
    "read": sorted(read),
    "parked": sorted(parked),
    "left": left,
    "controller": sorted(name for name in sys.modules if name.startswith(("ansible._internal", "ansible.plugins"))),
    "session": boto3.DEFAULT_SESSION is None,
    "messages": [str(entry) for entry in messages.get_warning_messages() + messages.get_deprecation_messages()],
    "apart": messages is not fresh,
    "digest": parked["ansible.module_utils.basic"].digest.hex(),
    "threads": len(os.listdir("/proc/self/task")),
    "descriptors": len(os.listdir("/proc/self/fd")),
}))
"""


@cache
def looked() -> dict[str, Any]:
    arguments = [sys.executable, "-c", LOOK, str(ROOT / "plugins" / "plugin_utils"), *ROOTS]
    found: dict[str, Any] = json.loads(subprocess.run(arguments, capture_output=True, check=True).stdout)
    return found


def test_whatever_importing_reads_is_known() -> None:
    read = dict.fromkeys(looked()["read"], "")
    assert read
    assert startup_environment(read) == read


def test_what_is_parked() -> None:
    parked = set(looked()["parked"])
    assert "ansible.module_utils.basic" in parked
    for collection in ("amazon.aws", "community.aws"):
        assert {name for name in parked if name.startswith(f"ansible_collections.{collection}.plugins.module_utils.")}
    # It computes from its place in the file system what it tells other interpreters to import.
    assert "ansible.module_utils.common.respawn" not in parked
    assert looked()["left"] == []
    assert looked()["apart"]


def test_this_collection_is_parked() -> None:
    plugins = ROOT / "plugins"
    own = {
        ".".join(file.relative_to(plugins).with_suffix("").parts).removesuffix(".__init__")
        for file in plugins.glob("module_utils/**/*.py")
    }
    parked = {name for name in looked()["parked"] if name.startswith("ansible_collections.airas.platform.plugins.")}
    assert {f"ansible_collections.airas.platform.plugins.{name}" for name in own} <= parked


def test_nothing_of_a_call_is_there_before_it() -> None:
    assert looked()["session"]
    assert looked()["messages"] == []
    assert looked()["controller"] == []


def test_a_fork_loses_nothing() -> None:
    assert looked()["threads"] == 1
    assert looked()["descriptors"] == 4  # the standard streams, and the listing


def test_a_module_util_that_warns_when_imported_is_left_alone() -> None:
    """It would have its say in every module's result; so it has it where it is imported."""
    program = """
import pathlib, sys, tempfile
sys.path.insert(0, sys.argv[1])
from _warm import preload
root = pathlib.Path(tempfile.mkdtemp())
utils = root / "ansible_collections/airas/platform/plugins/module_utils"
utils.mkdir(parents=True)
(utils / "quiet.py").write_text("")
(utils / "warns.py").write_text("from ansible.module_utils.common.warnings import warn; warn('on import')")
(utils / "uses.py").write_text("from . import warns")
(utils / "broken.py").write_text("import no_such_library")
parked = preload.module_utils([str(root)])
package = "ansible_collections.airas.platform.plugins.module_utils"
print(sorted(name.rpartition(".")[2] for name in parked if name.startswith(f"{package}.")))
print(parked["ansible.module_utils.common.warnings"].module.get_warning_messages())
print(sorted(name for name in vars(parked[package].module) if name[0] != "_"))
"""
    arguments = [sys.executable, "-c", program, str(ROOT / "plugins" / "plugin_utils")]
    lines = subprocess.run(arguments, capture_output=True, check=True, text=True).stdout.splitlines()
    assert lines == ["['quiet']", "()", "['quiet']"]
