"""The reconcile core, driven by a small family: a shelf in a store that lives in memory."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils import _reconcile
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    KNOWN_AFTER_APPLY,
    SENSITIVE,
    Guard,
    Operation,
    PlatformError,
    Refused,
    Resource,
    apply,
    check_numbers,
    diff_of,
    differences,
    is_placeholder,
    managed_tags,
    placeholder_id,
    plan_resource,
    reconcile,
)


class Store:
    """Stands in for AWS: shelves by name, a log of calls, and a fault that strikes after some calls."""

    def __init__(self, **shelves: dict[str, Any]) -> None:
        self.shelves = {name: {"id": f"sh-{name}", **shelf} for name, shelf in shelves.items()}
        self.calls: list[str] = []
        self.fail_after: int | None = None

    def _called(self, call: str) -> None:
        if self.fail_after is not None and len(self.calls) >= self.fail_after:
            raise PlatformError("the store is closed.", mend="Come back later.", call=call)
        self.calls.append(call)

    def shelf(self, name: str, desired: dict[str, Any] | None, **options: Any) -> Resource:
        def create(_known: dict[str, Any]) -> dict[str, Any]:
            self._called(f"create {name}")
            self.shelves[name] = {
                "id": f"sh-{name}",
                "size": desired["size"],
                "tags": dict(desired["tags"]),
                "locked": False,
            }
            return {"id": f"sh-{name}"}

        def update(attribute: str) -> Operation:
            def run(known: dict[str, Any]) -> None:
                self._called(f"{attribute} {known['id']}")
                self.shelves[name][attribute] = desired[attribute]

            return Operation(f"store:Put{attribute.title()}", run, covers=(attribute,))

        def delete(known: dict[str, Any]) -> None:
            self._called(f"delete {known['id']}")
            del self.shelves[name]

        before = self.shelves.get(name)
        if before is not None and desired is not None:
            before = {**before, "tags": managed_tags(before["tags"], desired["tags"])}
        return Resource(
            "shelf",
            name,
            before=before,
            after=desired,
            placeholders={"id": placeholder_id("sh")},
            create=Operation("store:CreateShelf", create, covers=("size", "tags")),
            updates=(update("tags"), update("locked"), update("size")),
            delete=Operation("store:DeleteShelf", delete),
            **options,
        )


class Module:
    """The edge of an AnsibleAWSModule: options in, one result out."""

    def __init__(self, *, check_mode: bool = False, **params: Any) -> None:
        self.check_mode = check_mode
        self.params = params
        self.result: dict[str, Any] = {}
        self.failure: dict[str, Any] = {}

    def exit_json(self, **result: Any) -> None:
        self.result = result

    def fail_json(self, msg: str, **result: Any) -> None:
        self.failure = {"msg": msg, **result}


WANTED = {"size": 3, "locked": True, "tags": {"Name": "a"}}
KEPT = {"size": 3, "locked": True, "tags": {"Name": "a", "aws:by": "somebody"}}


def run(store: Store, desired: dict[str, Any] | None, module: Module | None = None, **options: Any) -> Module:
    module = module or Module()
    reconcile(module, lambda: [store.shelf("a", desired, **options)])
    return module


def paths(module: Module) -> list[tuple[str, Any, Any]]:
    return [(c["path"], c["before"], c["after"]) for r in module.result["plan"] for c in r["changes"]]


def test_a_number_that_aws_would_not_take_is_named_with_its_limits() -> None:
    limits = {"days": (1, 35)}
    for values in ({"days": 1}, {"days": 35}, {"days": None}, {}):
        check_numbers(values, limits, "table/a")
    for days in (0, 36):
        with pytest.raises(PlatformError, match=f"table/a: days is {days}. AWS takes 1 to 35."):
            check_numbers({"days": days}, limits, "table/a")


def test_creates_with_the_attributes_that_creation_leaves_out() -> None:
    store = Store()
    module = run(store, WANTED)
    assert module.result["changed"] is True
    assert store.calls == ["create a", "locked sh-a"]
    assert store.shelves["a"]["locked"] is True
    assert module.result["resources"]["shelf/a"]["id"] == "sh-a"
    assert [c["call"] for c in module.result["plan"][0]["changes"] if c["path"] == "locked"] == ["store:PutLocked"]


def test_a_second_run_changes_nothing() -> None:
    store = Store()
    run(store, WANTED)
    store.calls.clear()
    module = run(store, WANTED)
    assert module.result["changed"] is False
    assert module.result["plan"] == []
    assert module.result["diff"] == []
    assert store.calls == []


def test_names_the_attribute_that_drifted_and_mends_only_that() -> None:
    store = Store(a={**KEPT, "locked": False})
    module = run(store, WANTED)
    assert paths(module) == [("locked", False, True)]
    assert store.calls == ["locked sh-a"]


def test_attributes_that_aws_adds_do_not_count() -> None:
    module = run(Store(a={**KEPT, "checksum": "xyz"}), WANTED)
    assert module.result["changed"] is False


def test_absent_deletes_and_then_has_nothing_to_do() -> None:
    store = Store(a=KEPT)
    assert run(store, None).result["plan"][0]["action"] == "delete"
    assert store.shelves == {}
    assert run(store, None).result["changed"] is False
    assert store.calls == ["delete sh-a"]


@pytest.mark.parametrize(
    ("held", "desired", "action"),
    [({}, WANTED, "create"), ({"a": {**KEPT, "size": 1}}, WANTED, "update"), ({"a": KEPT}, None, "delete")],
)
def test_check_mode_plans_what_a_run_does_and_writes_nothing(
    held: dict[str, Any], desired: dict[str, Any] | None, action: str
) -> None:
    checked, real = Store(**held), Store(**held)
    plan = run(checked, desired, Module(check_mode=True)).result
    assert checked.calls == []
    assert plan["changed"] is True
    assert plan["plan"][0]["action"] == action
    assert plan["plan"] == run(real, desired).result["plan"]
    assert real.calls


def test_a_plan_shows_ids_to_come_as_unknown_and_hands_out_placeholders() -> None:
    module = run(Store(), WANTED, Module(check_mode=True))
    assert ("id", None, KNOWN_AFTER_APPLY) in paths(module)
    assert is_placeholder(module.result["resources"]["shelf/a"]["id"])


def test_an_update_planned_in_check_mode_reports_the_attributes_to_come() -> None:
    module = run(Store(a={**KEPT, "size": 1}), WANTED, Module(check_mode=True))
    assert module.result["resources"]["shelf/a"]["size"] == 3


def test_secrets_are_masked_in_plan_diff_and_result() -> None:
    store = Store(a={**KEPT, "size": "old-canary"})
    module = run(store, {**WANTED, "size": "new-canary"}, secrets=frozenset({"size"}))
    assert paths(module) == [("size", SENSITIVE, SENSITIVE)]
    assert "canary" not in repr(module.result)
    assert store.shelves["a"]["size"] == "new-canary"


def test_a_replaced_resource_is_deleted_then_made_anew() -> None:
    store = Store(a={**KEPT, "size": 1})
    module = run(store, WANTED, replace_on=("size",), impacts={"replace": "outage"})
    assert store.calls == ["delete sh-a", "create a", "locked sh-a"]
    assert module.result["plan"][0]["action"] == "replace"
    assert module.result["plan"][0]["impact"] == "outage"
    assert paths(module) == [("size", 1, 3)]


def test_refuses_what_aws_cannot_change_and_says_how_to_mend_it() -> None:
    store = Store(a={**KEPT, "size": 1})
    module = run(store, WANTED, refuse_on={"size": "Put the old size back."})
    assert module.failure["msg"] == (
        "shelf/a: size is 1 and should be 3, but AWS cannot change it in place. Put the old size back. "
        "Nothing has been changed by this task."
    )
    assert store.calls == []


def test_an_interrupted_apply_says_how_far_it_came_and_the_next_run_completes_it() -> None:
    store = Store()
    store.fail_after = 1
    failed = run(store, WANTED).failure
    assert "Done before that: store:CreateShelf shelf/a; run again" in failed["msg"]
    assert failed["resource"] == "shelf/a"
    store.fail_after = None
    module = run(store, WANTED)
    assert paths(module) == [("locked", False, True)]
    assert store.calls == ["create a", "locked sh-a"]


def test_data_loss_in_a_protected_environment_needs_its_confirmation() -> None:
    loss = {"impacts": {"delete": "data loss"}}
    store = Store(a=KEPT)
    refused = run(store, None, Module(protected=True, environment="prod", confirm=[]), **loss)
    assert "-e confirm=prod:shelf/a" in refused.failure["msg"]
    assert store.calls == []
    confirmed = run(store, None, Module(protected=True, environment="prod", confirm=["prod:shelf/a"]), **loss)
    assert confirmed.result["changed"] is True


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    given: list[str] = []
    monkeypatch.setattr(_reconcile, "warn", given.append)
    return given


def test_a_plan_of_refused_data_loss_is_shown_with_a_warning(warnings: list[str]) -> None:
    module = Module(check_mode=True, protected=True, environment="prod", confirm=["dev:shelf/a"])
    run(Store(a=KEPT), None, module, impacts={"delete": "data loss"})
    assert module.result["plan"][0]["impact"] == "data loss"
    assert len(warnings) == 1
    assert "prod:shelf/a" in warnings[0]


def test_what_aws_says_of_a_resource_is_passed_on(warnings: list[str]) -> None:
    run(Store(a=KEPT), WANTED, warns=lambda known: f"it is {known['size']} wide")
    run(Store(a=KEPT), WANTED, warns=lambda _known: None)
    run(Store(), WANTED, Module(check_mode=True), warns=lambda _known: "it is not there yet")
    assert warnings == ["shelf/a: it is 3 wide"]


def test_unprotected_environments_need_no_confirmation() -> None:
    plan = plan_resource(Store(a=KEPT).shelf("a", None, impacts={"delete": "data loss"}))
    Guard(protected=False, environment="dev").check([plan])
    with pytest.raises(Refused):
        Guard(protected=True, environment="dev").check([plan])


def test_makes_everything_before_it_updates_and_deletes_in_reverse() -> None:
    store = Store(old={**KEPT}, older={**KEPT})
    resources = [
        store.shelf("a", WANTED),
        store.shelf("old", None),
        store.shelf("b", WANTED),
        store.shelf("older", None),
    ]
    done: list[str] = []
    apply([plan_resource(resource) for resource in resources], done)
    assert store.calls == ["create a", "create b", "locked sh-a", "locked sh-b", "delete sh-older", "delete sh-old"]
    assert len(done) == 6


def test_a_replacement_may_be_made_before_the_old_one_goes() -> None:
    store = Store(a={**KEPT, "size": 1})
    calls = []
    for new_first in (False, True):
        shelf = store.shelf("a", WANTED, replace_on=("size",), new_first=new_first)
        store.calls.clear()
        apply([plan_resource(shelf)], [])
        calls.append(list(store.calls))
        store.shelves["a"] = {"id": "sh-a", **KEPT, "size": 1}
    assert calls == [["delete sh-a", "create a", "locked sh-a"], ["create a", "locked sh-a", "delete sh-a"]]
    assert shelf.known["id"] == "sh-a"


def test_two_entries_of_one_name_are_refused() -> None:
    store, module = Store(), Module()
    reconcile(module, lambda: [store.shelf("a", WANTED), store.shelf("a", WANTED)])
    assert "shelf/a: it is listed twice. Keep one" in module.failure["msg"]
    assert store.calls == []


def test_pending_names_the_state_that_is_waited_for() -> None:
    store = Store(a={**KEPT, "state": "drying"})
    module = Module(wait=True, wait_timeout=60)
    run(store, WANTED, module, settling=lambda known: known.get("state"))
    assert module.result["pending"] == [{"resource": "shelf/a", "state": "drying"}]
    assert (module.result["wait"], module.result["wait_timeout"]) == (True, 60)


@pytest.mark.parametrize(("state", "resume"), [("drying", {"resume": {"coat": 2}}), (None, {})])
def test_a_pending_resource_may_ask_for_options(state: str | None, resume: dict[str, Any]) -> None:
    store, module = Store(a={**KEPT, "state": state}), Module(wait=True, wait_timeout=60)
    run(store, WANTED, module, settling=lambda known: known["state"], resume=lambda _known: {"coat": 2})
    assert {key: value for key, value in module.result.items() if key == "resume"} == resume


def test_differences_walk_mappings_and_compare_lists_whole() -> None:
    before = {"rules": {"tcp 443 from 0.0.0.0/0": "web", "tcp 22 from 0.0.0.0/0": ""}, "zones": ["a", "b"]}
    after = {"rules": {"tcp 443 from 0.0.0.0/0": "public web"}, "zones": ["a"]}
    assert list(differences(before, after)) == [
        ("rules[tcp 22 from 0.0.0.0/0]", "", None),
        ("rules[tcp 443 from 0.0.0.0/0]", "web", "public web"),
        ("zones", ["a", "b"], ["a"]),
    ]


@pytest.mark.parametrize(("before", "after"), [({}, {}), ([], []), (None, None), ({"a": {}}, {"a": {}})])
def test_equal_values_do_not_differ(before: Any, after: Any) -> None:
    assert list(differences(before, after)) == []


def test_an_empty_mapping_differs_from_nothing() -> None:
    assert list(differences({"rules": None}, {"rules": {}})) == [("rules", None, {})]


def test_the_diff_is_sorted_and_leaves_out_what_is_absent() -> None:
    plan = plan_resource(Store(a={**KEPT, "locked": False, "size": 1}).shelf("a", WANTED))
    diff = diff_of(plan)
    assert diff["before"] == "locked: false\nsize: 1\n"
    assert diff["after"] == "locked: true\nsize: 3\n"
    assert diff["before_header"] == "shelf/a"


def test_placeholders_are_found_inside_lists_and_mappings() -> None:
    assert is_placeholder({"ids": ["vpc-1", placeholder_id("vpc")]})
    assert not is_placeholder(["vpc-0a1b2c3d4e5f60718", 0, None, "427979936961"])


def slow_shelf(store: Store, desired: dict[str, Any] | None) -> Module:
    """One call of a module whose shelf is ``going`` for a while after its removal, and is made only once it is gone."""
    shelf = store.shelves.get("a")
    going = bool(shelf and shelf.get("going"))
    resource = store.shelf("a", desired, replace_on=("size",), settling=lambda known: known.get("going"))
    if going:
        resource.before, resource.known = None, {"going": "going"}

    def delete(known: dict[str, Any]) -> dict[str, Any]:
        store.calls.append(f"delete {known['id']}")
        store.shelves["a"]["going"] = "going"
        return {"going": "going"}

    resource.delete = Operation("store:DeleteShelf", delete)
    assert resource.create is not None
    resource.create = Operation("store:CreateShelf", resource.create.run, settled_only=True)
    module = Module()
    reconcile(module, lambda: [resource])
    return module


def test_a_replacement_waits_until_the_old_one_is_gone() -> None:
    store = Store(a=KEPT)
    wanted = {**WANTED, "size": 4}
    first = slow_shelf(store, wanted)
    assert store.calls == ["delete sh-a"]
    assert [plan["action"] for plan in first.result["plan"]] == ["replace"]
    assert first.result["pending"] == [{"resource": "shelf/a", "state": "going"}]

    second = slow_shelf(store, wanted)
    assert store.calls == ["delete sh-a"], "nothing is made while the old one is still there"
    assert (second.result["changed"], second.result["plan"]) == (False, []), "what was not done is not reported"
    assert second.result["pending"] == [{"resource": "shelf/a", "state": "going"}]

    del store.shelves["a"]
    third = slow_shelf(store, wanted)
    assert store.calls[1:] == ["create a"]
    assert [plan["action"] for plan in third.result["plan"]] == ["create"]
    assert third.result["pending"] == []


def test_a_removal_is_pending_until_it_is_over() -> None:
    store = Store(a=KEPT)
    first = slow_shelf(store, None)
    assert [plan["action"] for plan in first.result["plan"]] == ["delete"]
    assert first.result["pending"] == [{"resource": "shelf/a", "state": "going"}]
    second = slow_shelf(store, None)
    assert (second.result["changed"], second.result["pending"]) == (False, first.result["pending"])
    assert store.calls == ["delete sh-a"]
