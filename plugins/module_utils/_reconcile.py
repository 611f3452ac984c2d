# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Plan and apply: the shape that every module of this collection follows.

    read (AWS -> dict | None)  ->  desired (options -> dict)  ->  plan  ->  apply  ->  report

A module describes what it manages as a list of L(Resource)s: what AWS holds now (``before``), what the options ask
for (``after``), and the operations that lead from one to the other. This file compares the two, orders the operations,
runs them unless Ansible is in check mode, and reports. It knows nothing of AWS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ansible.module_utils.common.warnings import warn

State = Mapping[str, Any]
Impact = Literal["none", "restart", "outage", "data loss"]
Action = Literal["none", "create", "update", "replace", "delete"]

IMPACTS: tuple[Impact, ...] = ("none", "restart", "outage", "data loss")
KNOWN_AFTER_APPLY = "(known after apply)"
SENSITIVE = "(sensitive)"
NOTHING_DONE = "Nothing has been changed by this task."

# Sixteen zeros fit the hexadecimal tail of every id that AWS hands out (17 digits in EC2, 16 in Elastic Load Balancing)
# and no account id (12 digits) contains them.
_PLACEHOLDER = "0" * 16

# Options that the action plugin which waits for pending resources needs to know, defaults included.
_WAIT = ("wait", "wait_timeout")


def placeholder_id(prefix: str) -> str:
    """A well-formed EC2 id (``vpc`` -> ``vpc-00000000000000000``) for a resource that a plan has yet to create."""
    return f"{prefix}-{_PLACEHOLDER}0"


def is_placeholder(value: Any) -> bool:
    """Whether the value names, or holds somewhere inside, a resource that does not exist yet."""
    if isinstance(value, str):
        return _PLACEHOLDER in value
    if isinstance(value, Mapping):
        return any(is_placeholder(item) for item in value.values())
    if isinstance(value, (list, tuple, set)):
        return any(is_placeholder(item) for item in value)
    return False


def placeholders_in(value: Any, path: str = "") -> Iterator[str]:
    """The paths, such as ``network.vpc_id``, of the placeholders inside a value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from placeholders_in(item, path_to(path, str(key)))
    elif is_placeholder(value):
        yield path


class PlatformError(Exception):
    """A failure that a person can act on: what is wrong, at which resource, and how to mend it."""

    def __init__(self, problem: str, *, mend: str = "", resource: str = "", call: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend
        self.resource = resource
        self.call = call

    def __str__(self) -> str:
        subject = f"{self.resource}: " if self.resource else ""
        return f"{subject}{self.problem}" + (f" {self.mend}" if self.mend else "")


class Refused(PlatformError):
    """A change that the safety rules or AWS itself forbid; nothing has been written."""


def check_numbers(values: Mapping[str, Any], limits: Mapping[str, tuple[int, int]], resource: str) -> None:
    """Raises L(PlatformError) for a number that AWS would not take: a plan has to find it, and only a call would.

    ``limits`` holds the least and the most by name; what is not given is not checked.
    """
    for name, (least, most) in limits.items():
        value = values.get(name)
        if value is not None and not least <= value <= most:
            raise PlatformError(f"{name} is {value}.", mend=f"AWS takes {least} to {most}.", resource=resource)


@dataclass(frozen=True)
class Operation:
    """One AWS call, or a fixed sequence of them, and the top-level attributes that it brings about.

    ``call`` is the IAM action of the (main) call, such as ``ec2:CreateVpc``. ``run`` is given everything known of the
    resource so far (what AWS held before, overlaid by what earlier operations returned) and returns what it learned.
    AWS refuses some calls while a resource is settling. Such an operation is ``settled_only``: it is left out then, the
    resource is reported as pending, and the module's next call plans and runs it.
    """

    call: str
    run: Callable[[dict[str, Any]], State | None]
    covers: tuple[str, ...] = ()
    settled_only: bool = False


@dataclass
class Resource:
    """One AWS resource as it is and as it should be.

    ``before`` and ``after`` hold the same attributes, normalised alike by the family that made them; ``None`` means
    that the resource does not, or should not, exist. Attributes of ``before`` that ``after`` does not name (ids, ARNs,
    states) are information and never compared.
    """

    kind: str
    name: str
    before: State | None
    after: State | None
    # Makes the resource with the attributes it covers (all of them when it names none); updates bring the others.
    create: Operation | None = None
    updates: Sequence[Operation] = ()
    delete: Operation | None = None
    # What a plan shows for attributes that only AWS can give: {"id": "vpc-00000000000000000"}.
    placeholders: State = field(default_factory=dict)
    # Attributes that AWS cannot change in place: replaced (delete, then create) or refused with the reason and mend.
    replace_on: tuple[str, ...] = ()
    refuse_on: Mapping[str, str] = field(default_factory=dict)
    # How much a change of an attribute or of one path in it, or "create" / "delete" / "replace", hurts.
    impacts: Mapping[str, Impact] = field(default_factory=dict)
    # Where two may exist side by side, a replacement is made before the old one goes.
    new_first: bool = False
    secrets: frozenset[str] = frozenset()
    # Something that AWS says of the resource and a person has to know, though no change of ours mends it.
    warns: Callable[[State], str | None] = lambda _known: None
    # Names the state in which a slow resource is still settling, None once it has settled; raises when it has failed.
    settling: Callable[[State], str | None] = lambda known: None
    # While it is settling: options for the module's next call, for what that call could not tell by looking at AWS.
    resume: Callable[[State], State] = lambda _known: {}
    known: dict[str, Any] = field(init=False)
    begun: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.known = dict(self.before or {})

    @property
    def address(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def pending(self) -> str | None:
        """The state in which it is still settling, as far as is known."""
        return self.settling(self.known) if self.known else None

    def report(self) -> dict[str, Any]:
        """Everything known of the resource now; in a plan, placeholders stand for what AWS will give."""
        if self.after is None and not self.known:
            return {}
        desired = {
            key: value for key, value in (self.after or {}).items() if not (is_placeholder(value) and key in self.known)
        }
        everything = {**self.placeholders, **self.known, **desired, "name": self.name}
        return {key: SENSITIVE if key in self.secrets else value for key, value in everything.items()}


@dataclass(frozen=True)
class Change:
    """One attribute that differs: ``path`` such as ``tags.Name``; ``None`` stands for absent."""

    path: str
    before: Any
    after: Any
    call: str
    impact: Impact = "none"


@dataclass(frozen=True)
class ResourcePlan:
    """What has to happen to one resource: the attributes that change and, in order, the operations that do it."""

    resource: Resource
    action: Action
    changes: tuple[Change, ...] = ()
    deletes: tuple[Operation, ...] = ()
    creates: tuple[Operation, ...] = ()
    updates: tuple[Operation, ...] = ()

    @property
    def impact(self) -> Impact:
        return max((change.impact for change in self.changes), key=IMPACTS.index, default="none")

    def as_dict(self) -> dict[str, Any]:
        return {
            "resource": self.resource.address,
            "action": self.action,
            "impact": self.impact,
            "changes": [
                {
                    "path": change.path,
                    "before": _shown(change.before),
                    "after": _shown(change.after),
                    "call": change.call,
                    "impact": change.impact,
                }
                for change in self.changes
            ],
        }


# -- comparing -------------------------------------------------------------------------------------------------------


def managed_tags(actual: Mapping[str, str], desired: Mapping[str, str]) -> dict[str, str]:
    """The actual tags that the desired ones speak of: tags that others put on a resource are theirs."""
    return {key: value for key, value in actual.items() if key in desired}


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, before, after) of each leaf that differs; mappings are walked, all other values compared whole."""
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        left = before if isinstance(before, Mapping) else {}
        right = after if isinstance(after, Mapping) else {}
        if left or right:
            for key in sorted({*left, *right}, key=str):
                yield from differences(left.get(key), right.get(key), path_to(path, str(key)))
            return
    if before != after:
        yield path, before, after


def path_to(path: str, key: str) -> str:
    """The path of a key below a path, as changes spell it: ``tags.Name``, ``parameters[rds.force_ssl]``."""
    if not path:
        return key
    return f"{path}.{key}" if re.fullmatch(r"[\w-]+", key) else f"{path}[{key}]"


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _shown(value: Any) -> Any:
    if isinstance(value, str) and is_placeholder(value):
        return KNOWN_AFTER_APPLY
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    return value


# -- planning --------------------------------------------------------------------------------------------------------


def plan_resource(resource: Resource) -> ResourcePlan:
    """Compares, and picks the operations that mend the differences; raises L(Refused) where AWS allows none."""
    if resource.after is None:
        return _plan_delete(resource)
    if resource.before is None:
        return _plan_create(resource, "create")
    changed = {_top(path) for path, _before, _after in _managed_differences(resource)}
    for attribute in sorted(changed & set(resource.refuse_on)):
        raise Refused(
            f"{attribute} is {_shown(resource.before.get(attribute))!r} and should be "
            f"{_shown(resource.after[attribute])!r}, but AWS cannot change it in place.",
            mend=resource.refuse_on[attribute],
            resource=resource.address,
        )
    if changed & set(resource.replace_on):
        return _plan_create(resource, "replace")
    return _plan_update(resource, changed)


def _managed_differences(resource: Resource) -> list[tuple[str, Any, Any]]:
    after = resource.after or {}
    before = {key: value for key, value in (resource.before or {}).items() if key in after}
    return list(differences(before, after))


def _plan_create(resource: Resource, action: Literal["create", "replace"]) -> ResourcePlan:
    create = _required(resource, resource.create, "create")
    covered = set(create.covers or resource.after or ())
    updates = tuple(op for op in resource.updates if not set(op.covers) <= covered and _asks_for(resource, op))
    found = (
        _managed_differences(resource)
        if action == "replace"
        else list(differences({}, {**(resource.after or {}), **resource.placeholders}))
    )
    changes = []
    for path, before, after in found:
        by = next((op.call for op in updates if _top(path) in op.covers), create.call)
        changes.append(_change(resource, path, before, after, by, action))
    deletes = (_required(resource, resource.delete, "delete"),) if action == "replace" else ()
    return ResourcePlan(resource, action, tuple(changes), deletes, (create,), updates)


def _asks_for(resource: Resource, operation: Operation) -> bool:
    return any(attribute in (resource.after or {}) for attribute in operation.covers)


def _plan_update(resource: Resource, changed: set[str]) -> ResourcePlan:
    operations = tuple(op for op in resource.updates if changed & set(op.covers))
    calls = {attribute: op.call for op in reversed(operations) for attribute in op.covers}
    if uncovered := changed - set(calls):
        raise AssertionError(f"{resource.address}: no operation covers {sorted(uncovered)}")
    changes = tuple(
        _change(resource, path, before, after, calls[_top(path)], "update")
        for path, before, after in _managed_differences(resource)
    )
    return ResourcePlan(resource, "update" if changes else "none", changes, updates=operations)


def _plan_delete(resource: Resource) -> ResourcePlan:
    if resource.before is None:
        return ResourcePlan(resource, "none")
    delete = _required(resource, resource.delete, "delete")
    changes = tuple(
        _change(resource, path, before, None, delete.call, "delete")
        for path, before, _after in differences(resource.before, {})
    )
    return ResourcePlan(resource, "delete", changes, deletes=(delete,))


def _change(resource: Resource, path: str, before: Any, after: Any, call: str, action: Action) -> Change:
    attribute = _top(path)
    if attribute in resource.secrets:
        before, after = (SENSITIVE if value is not None else None for value in (before, after))
    if action == "update":
        impact = resource.impacts.get(path) or resource.impacts.get(attribute, "none")
    else:
        impact = resource.impacts.get(action, "none")
    return Change(path, before, after, call, impact)


def _required(resource: Resource, operation: Operation | None, verb: str) -> Operation:
    if operation is None:
        raise AssertionError(f"{resource.address}: the family has no operation to {verb} it")
    return operation


# -- guarding --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Guard:
    """Data loss in a protected environment needs a confirmation that names the environment and the resource."""

    protected: bool = False
    environment: str = ""
    confirm: frozenset[str] = frozenset()

    def check(self, plans: Iterable[ResourcePlan]) -> None:
        """Raises L(Refused) for the first plan that would lose data and is not confirmed."""
        for plan in plans:
            token = f"{self.environment}:{plan.resource.address}"
            if self.protected and plan.impact == "data loss" and token not in self.confirm:
                paths = ", ".join(change.path for change in plan.changes if change.impact == "data loss")
                what = f" ({paths})" if plan.action == "update" else ""  # else all of it
                raise Refused(
                    f"to {plan.action} it would lose data{what}, and the environment is protected.",
                    mend=f"If that is meant, run again with -e confirm={token}",
                    resource=plan.resource.address,
                )


# -- applying --------------------------------------------------------------------------------------------------------


def apply(plans: Sequence[ResourcePlan], done: list[str]) -> None:
    """Runs the operations: makes everything first, then updates, and removes in reverse order at the end.

    Resources of one call may refer to each other (a security group's rule to another group), which is why all are
    made before any is updated. ``done`` receives each completed operation, so that a failure can say how far it came.
    """
    replaced: dict[str, dict[str, Any]] = {}
    for plan in plans:
        if plan.action == "replace":
            if plan.resource.new_first:
                replaced[plan.resource.address] = dict(plan.resource.known)
                plan.resource.known.clear()
            else:
                _remove(plan, done)
        _run(plan, plan.creates, plan.resource.known, done)
    for plan in plans:
        _run(plan, plan.updates, plan.resource.known, done)
    for plan in reversed(plans):
        if plan.action == "delete":
            _remove(plan, done)
        elif old := replaced.get(plan.resource.address):
            _run(plan, plan.deletes, old, done)


def _remove(plan: ResourcePlan, done: list[str]) -> None:
    _run(plan, plan.deletes, plan.resource.known, done)
    if not plan.resource.pending:  # else AWS is still removing it
        plan.resource.known.clear()


def _run(plan: ResourcePlan, operations: Iterable[Operation], known: dict[str, Any], done: list[str]) -> None:
    resource = plan.resource
    for operation in operations:
        if operation.settled_only and resource.pending:
            continue
        try:
            known.update(operation.run(known) or {})
        except PlatformError as error:
            error.resource = error.resource or resource.address
            raise
        done.append(f"{operation.call} {resource.address}")
        resource.begun = True


# -- reporting -------------------------------------------------------------------------------------------------------


class ModuleLike(Protocol):
    """What this file needs of AnsibleAWSModule."""

    check_mode: bool
    params: dict[str, Any]

    def exit_json(self, **result: Any) -> None: ...
    def fail_json(self, msg: str, **result: Any) -> None: ...


def diff_of(plan: ResourcePlan) -> dict[str, str]:
    """Ansible's before and after texts: one sorted ``path: value`` line for each attribute that changes."""
    lines: dict[str, list[str]] = {"before": [], "after": []}
    for change in sorted(plan.changes, key=lambda change: change.path):
        for side, value in (("before", change.before), ("after", change.after)):
            if value is not None:
                lines[side].append(f"{change.path}: {_text(_shown(value))}\n")
    return {
        "before_header": plan.resource.address,
        "after_header": f"{plan.resource.address} ({plan.action})",
        "before": "".join(lines["before"]),
        "after": "".join(lines["after"]),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def report(plans: Sequence[ResourcePlan], resources: Sequence[Resource]) -> dict[str, Any]:
    """The result of a module: ``changed``, ``diff``, ``plan``, ``resources`` by address, what is still ``pending``."""
    changing = [plan for plan in plans if plan.action != "none"]
    return {
        "changed": bool(changing),
        "diff": [diff_of(plan) for plan in changing],
        "plan": [plan.as_dict() for plan in changing],
        "resources": {resource.address: shown for resource in resources if (shown := resource.report())},
        "pending": _pending(resources),
        **_resume(resources),
    }


def _resume(resources: Iterable[Resource]) -> dict[str, Any]:
    options = {
        key: value
        for resource in resources
        if resource.pending
        for key, value in resource.resume(resource.known).items()
    }
    return {"resume": options} if options else {}


def _pending(resources: Iterable[Resource]) -> list[dict[str, str]]:
    return [{"resource": resource.address, "state": state} for resource in resources if (state := resource.pending)]


def reconcile(module: ModuleLike, read: Callable[[], Sequence[Resource]]) -> None:
    """The body of every module: read, plan, guard, apply unless in check mode, report; ends the module."""
    done: list[str] = []
    try:
        resources = read()
        _refuse_doubles(resources)
        plans = [plan_resource(resource) for resource in resources]
        _guard(module, plans)
        if not module.check_mode:
            apply(plans, done)
            plans = [plan for plan in plans if plan.resource.begun]  # the others are for a later call
        result = {**report(plans, resources), **{key: module.params[key] for key in _WAIT if key in module.params}}
    except PlatformError as error:
        module.fail_json(msg=_failure(error, done), resource=error.resource, call=error.call, applied=done)
        return
    for resource in resources:
        if resource.known and (warning := resource.warns(resource.known)):
            warn(f"{resource.address}: {warning}")
    module.exit_json(**result)


def _refuse_doubles(resources: Iterable[Resource]) -> None:
    seen: set[str] = set()
    for resource in resources:
        if resource.address in seen:
            raise PlatformError("it is listed twice.", mend="Keep one of the two entries.", resource=resource.address)
        seen.add(resource.address)


def _guard(module: ModuleLike, plans: Sequence[ResourcePlan]) -> None:
    guard = Guard(
        bool(module.params.get("protected")),
        module.params.get("environment") or "",
        frozenset(module.params.get("confirm") or ()),
    )
    try:
        guard.check(plans)
    except Refused as refusal:
        if not module.check_mode:
            raise
        # A plan shows what is asked for, and that it will not happen. (AnsibleAWSModule.warn would hand the warning to
        # exit_json, which ansible-core has deprecated.)
        warn(f"This would be refused: {refusal}")


def _failure(error: PlatformError, done: Sequence[str]) -> str:
    if not done:
        return f"{error} {NOTHING_DONE}"
    return f"{error} Done before that: {', '.join(done)}; run again to go on from there."
