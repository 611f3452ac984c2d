"""The collection as a whole: what no tool checks and a contributor can forget."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))
PLAYBOOKS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("playbooks/*.yml")}
LOCK = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
IMPORTED = {
    Path(play.get("ansible.builtin.import_playbook", "")).stem for plays in PLAYBOOKS.values() for play in plays
}
ROLES = sorted(path.name for path in ROOT.glob("roles/*"))
SCENARIOS = sorted({path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")} - {"default", "site"})


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def tracked_files() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.rstrip("\0").split("\0"):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            yield path


def test_every_module_is_in_the_action_group() -> None:
    assert sorted(load("meta/runtime.yml")["action_groups"]["aws"]) == MODULES


def test_every_route_leads_from_a_module_to_an_action_plugin() -> None:
    for module, route in load("meta/runtime.yml")["plugin_routing"]["modules"].items():
        assert module in MODULES
        plugin = route["action_plugin"].removeprefix("airas.platform.")
        assert (ROOT / "plugins" / "action" / f"{plugin}.py").is_file(), route["action_plugin"]


def test_the_version_is_a_release_number() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", load("galaxy.yml")["version"])


def test_dependencies_are_the_same_for_every_installer() -> None:
    ranges = {entry["name"]: entry["version"] for entry in load("requirements.yml")["collections"]}
    assert ranges == load("galaxy.yml")["dependencies"]


def test_the_execution_environment_has_the_locked_versions() -> None:
    locked = set(re.findall(r"^[\w.-]+==[\w.]+", LOCK, re.MULTILINE))
    wanted = load("execution-environment.yml")["dependencies"]
    pins = [*wanted["python"], wanted["ansible_core"]["package_pip"], wanted["ansible_runner"]["package_pip"]]
    assert set(pins) <= locked


def test_the_lock_names_no_index_and_no_path() -> None:
    line = re.compile(r"(    --hash=sha256:[0-9a-f]{64}|[\w.-]+==[\w.]+( ;.*)?)( \\)?")
    strange = [text for text in LOCK.splitlines() if not line.fullmatch(text)]
    assert strange == []


def test_no_file_names_a_package_index_or_a_directory_of_one_machine() -> None:
    forbidden = re.compile(r"//(?:[\w-]+\.)*(?:pypi|pythonhosted)\.org|(?<![\w.}/])/(?:root|work|home)/\w")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []


def test_the_checkout_is_a_collections_path() -> None:
    link = ROOT / "collections" / "ansible_collections" / "airas" / "platform"
    assert link.readlink() == Path("../../..")


def test_playbooks_read_the_projects_constants() -> None:
    # A link to the file: a link to the directory fails ansible-test sanity.
    assert (ROOT / "playbooks/group_vars/all.yml").readlink() == Path("../../group_vars/all.yml")


@pytest.mark.parametrize("playbook", sorted(set(PLAYBOOKS) - IMPORTED))
def test_the_readme_lists_the_playbook(playbook: str) -> None:
    assert f"| `{playbook}` |" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("role", ROLES)
class TestRole:
    def specs(self, role: str) -> dict[str, Any]:
        specs: dict[str, Any] = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]
        return specs

    def test_every_entry_point_is_specified(self, role: str) -> None:
        tasks = {path.stem for path in (ROOT / "roles" / role / "tasks").glob("*.yml")}
        assert {"main"} | tasks & {"absent", "outputs"} <= set(self.specs(role)) <= tasks
        for spec in self.specs(role).values():
            assert spec["short_description"]
            assert spec["description"]

    def test_every_variable_is_described_and_carries_the_roles_name(self, role: str) -> None:
        for spec in self.specs(role).values():
            for name, option in spec.get("options", {}).items():
                assert name.startswith(f"{role}_")
                assert option["type"], name
            for path, option in options(spec):
                assert option["description"], path

    def test_its_defaults_are_the_documented_ones(self, role: str) -> None:
        path = ROOT / "roles" / role / "defaults" / "main.yml"
        defaults = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}
        public = {name: value for name, value in defaults.items() if not name.startswith("__")}
        documented = self.specs(role)["main"].get("options", {})
        assert set(public) <= set(documented)
        # antsibull-docs refuses a template as the default of anything but a string.
        plain = {name: value for name, value in public.items() if "{{" not in str(value)}
        assert plain == {name: option["default"] for name, option in documented.items() if "default" in option}

    def test_it_has_a_scenario(self, role: str) -> None:
        assert role in SCENARIOS


def options(spec: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every option of an argument spec at every depth, with its dotted path."""
    for name, option in (spec.get("options") or {}).items():
        yield prefix + name, option
        yield from options(option, f"{prefix}{name}.")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_proves_that_drift_is_found(scenario: str) -> None:
    assert scenario in ROLES
    assert load(f"molecule/{scenario}/scenario.yml")["drift"]
    assert load(f"molecule/{scenario}/drift.yml")
