from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.airas.platform.plugins.module_utils._guard import removal
from ansible_collections.airas.platform.plugins.module_utils._reconcile import Refused

ROOT = Path(__file__).parents[5]
LAYERS = {"network": ["database", "cache"], "cache": [], "database": []}


def planned(*components: str, impact: str = "outage") -> list[dict[str, Any]]:
    return [{"resource": f"thing/{name}", "component": name, "impact": impact} for name in components]


@pytest.mark.parametrize(
    ("tags", "skipped", "found"),
    [
        ((), (), ["network", "cache", "database"]),
        (("all",), (), ["network", "cache", "database"]),
        (("database", "cache"), (), ["cache", "database"]),
        ((), ("network",), ["cache", "database"]),
    ],
)
def test_tags_choose_layers(tags: tuple[str, ...], skipped: tuple[str, ...], found: list[str]) -> None:
    assert removal.chosen(LAYERS, tags, skipped, "dev") == found


@pytest.mark.parametrize(
    ("tag", "words"), [("account", "all environments of the account share it"), ("netwrok", "no layer netwrok")]
)
def test_what_is_no_layer_is_refused(tag: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        removal.chosen(LAYERS, [tag], (), "dev")


def test_a_layer_that_others_stand_on_is_refused() -> None:
    there = planned("network", "database", "cache")
    with pytest.raises(Refused) as refused:
        removal.check_standing(there, LAYERS, ["network", "cache"], "dev")
    assert str(refused.value) == (
        "dev/network: database stands on it. "
        "Remove that too (--tags cache,database,network), or everything (no --tags)."
    )


@pytest.mark.parametrize(
    ("there", "going"),
    [
        (planned("network", "database"), ["database"]),
        (planned("network"), ["network"]),
        (planned("network", "database"), ["network", "cache", "database"]),
        (planned("database"), ["network"]),
    ],
)
def test_others_are_not(there: list[dict[str, Any]], going: list[str]) -> None:
    removal.check_standing(there, LAYERS, going, "dev")


def test_a_protected_environment_says_what_it_would_lose() -> None:
    there = planned("network") + planned("database", "cache", impact="data loss")
    with pytest.raises(Refused) as refused:
        removal.check_confirmed(there, "prod", [])
    assert str(refused.value) == (
        "prod: it is protected (stack_protected), and 3 resources would go; data would be lost with thing/database, "
        "thing/cache. If that is meant, run again with -e confirm=prod:destroy"
    )
    with pytest.raises(Refused, match=r"with thing/cache\."):
        removal.check_confirmed(there, "prod", ["prod:thing/database", "dev:destroy"])


@pytest.mark.parametrize("confirm", [["prod:destroy"], ["prod:thing/database"]])
def test_it_goes_when_that_is_confirmed(confirm: list[str]) -> None:
    removal.check_confirmed(planned("database", impact="data loss"), "prod", confirm)


def test_a_protected_environment_does_not_go_unconfirmed_even_if_no_data_would_be_lost() -> None:
    with pytest.raises(Refused, match=r"1 resources would go\."):
        removal.check_confirmed(planned("network"), "prod", [])
    removal.check_confirmed([], "prod", [])


def test_each_loss_gets_the_confirmation_that_the_module_asks_for() -> None:
    there = planned("network") + planned("database", impact="data loss")
    assert removal.losses(there, "prod") == ["prod:thing/database"]


def test_the_playbook_knows_every_layer_and_removes_first_what_stands_on_others() -> None:
    play = yaml.safe_load((ROOT / "playbooks/destroy.yml").read_text(encoding="utf-8"))[2]
    layers = play["tasks"][0]["airas.platform.removal_plan"]["layers"]
    assert set(layers) == {path.name for path in (ROOT / "roles").iterdir()} - {removal.SHARED}
    tasks = yaml.safe_load((ROOT / "playbooks/tasks/destroy.yml").read_text(encoding="utf-8"))
    removed = [task["tags"] for task in tasks if "ansible.builtin.import_role" in task]
    assert sorted(removed) == sorted(layers)
    # The topic is the exception: alarms go first, so that none rings for what is on its way out.
    too_early = {
        (name, above) for name in layers for above in layers[name] if removed.index(above) > removed.index(name)
    }
    assert too_early == {("observability", "workflow")}
