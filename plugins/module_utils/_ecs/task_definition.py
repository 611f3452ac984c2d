# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A task definition: a family whose revisions never change, so each change of a field makes a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, PlatformError, Resource, managed_tags
from . import _containers
from ._common import Item, ecs_tags, tags_by_key
from ._reads import described_service, described_task_definition

KIND = "ecs_task_definition"
REVISION = "ecs_task_definition_revision"

# Memory in MiB that Fargate allows for each cpu value, as (least, most, step).
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
_FARGATE_SIZES: Mapping[int, tuple[tuple[int, ...], str]] = {
    256: ((512, 1024, 2048), "512, 1024 or 2048"),
    512: (tuple(range(1024, 4096 + 1, 1024)), "1024 to 4096 in steps of 1024"),
    1024: (tuple(range(2048, 8192 + 1, 1024)), "2048 to 8192 in steps of 1024"),
    2048: (tuple(range(4096, 16384 + 1, 1024)), "4096 to 16384 in steps of 1024"),
    4096: (tuple(range(8192, 30720 + 1, 1024)), "8192 to 30720 in steps of 1024"),
    8192: (tuple(range(16384, 61440 + 1, 4096)), "16384 to 61440 in steps of 4096"),
    16384: (tuple(range(32768, 122880 + 1, 8192)), "32768 to 122880 in steps of 8192"),
}
LONGEST_STOP_S = 120
LEAST_KEPT = 2
_STORAGE_GIB = (20, 200)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The family, and the old revisions that have to go."""
    if params["state"] == "absent":
        active, inactive = (_revisions(aws, params["family"], status) for status in ("ACTIVE", "INACTIVE"))
        return [*(_going(aws, arn, True) for arn in active), *(_going(aws, arn, False) for arn in inactive)]
    found = _read(aws, params)
    wanted = _containers.request(params, _with_images(params, found))
    check(params, wanted)
    current = _matching(found, wanted, params["tags"])
    family = _family(aws, params, current, wanted)
    return [family, *_pruned(aws, params, found, family)]


def task_definition_arn(aws: Aws, revision: str) -> str:
    """The ARN of ``family:7``; an ARN is returned as it is."""
    return revision if revision.startswith("arn:") else aws.arn("ecs", f"task-definition/{revision}")


def placeholder_arn(aws: Aws, family: str) -> str:
    """What a plan shows for a revision that is not registered yet."""
    return task_definition_arn(aws, f"{family}:{'0' * 16}")


# -- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """What there is of a family: its newest revision, the one that the service runs, and the ARNs of all."""

    newest: Item | None
    running: Item | None
    # Task definitions of the service's deployments: in use, or what a rollback goes back to.
    in_use: frozenset[str]
    active: tuple[str, ...]
    inactive: tuple[str, ...]


def _read(aws: Aws, params: Mapping[str, Any]) -> _Found:
    family, source = params["family"], params["image_from_service"]
    prunes = params["keep_revisions"] is not None
    reads: list[Callable[[], Any]] = [
        lambda: described_task_definition(aws, family),
        lambda: described_service(aws, source["cluster"], source["service"]) if source else None,
        lambda: _revisions(aws, family, "ACTIVE") if prunes else (),
        lambda: _revisions(aws, family, "INACTIVE") if prunes else (),
    ]
    newest, service, active, inactive = aws.gather(reads)
    running = described_task_definition(aws, service["taskDefinition"]) if service else None
    in_use = {item["taskDefinition"] for item in (service, *(service.get("deployments") or ()))} if service else ()
    return _Found(newest, running, frozenset(in_use), tuple(active), tuple(inactive))


def _revisions(aws: Aws, family: str, status: str) -> list[str]:
    """The ARNs of all revisions in a status, the newest first."""
    arns = aws.pages(
        "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status=status, sort="DESC"
    )
    # Said to be an exact match, but an emulator or a later AWS may match more.
    return [arn for arn in arns if arn.rpartition("/")[2].rpartition(":")[0] == family]


def _with_images(params: Mapping[str, Any], found: _Found) -> list[dict[str, Any]]:
    return [{**container, "image": _image(container, params, found)} for container in params["containers"]]


def _image(container: Item, params: Mapping[str, Any], found: _Found) -> str:
    """The image given, else the one that runs, else the default: what CI deployed is CI's."""
    if container["image"]:
        return str(container["image"])
    source = params["image_from_service"]
    running = {item["name"]: item["image"] for item in (found.running or {}).get("containerDefinitions") or ()}
    wanted = (source and source["container"]) or container["name"]
    if image := running.get(wanted) or container["default_image"]:
        return str(image)
    raise PlatformError(
        f"container {container['name']} has no image"
        + (f", and no service {source['service']} runs a container {wanted}." if source else "."),
        mend="Give containers[].image, or containers[].default_image for the first time.",
        resource=f"{KIND}/{params['family']}",
    )


def _matching(found: _Found, wanted: Item, tags: Mapping[str, str]) -> dict[str, Any] | None:
    """The revision to compare with: one that already is as wanted, else the one that runs, else the newest.

    The newest may be one that was deployed and rolled back, or that an interrupted run registered; registering what is
    there already would make doubles.
    """
    own = [item for item in (found.running, found.newest) if item and item["family"] == wanted["family"]]
    candidates = [_normalised(item, tags) for item in own]
    after = _containers.normalised(wanted)
    same = [item for item in candidates if {key: item.get(key) for key in (*_compared(item), *after)} == after]
    return next(iter((*same, *candidates)), None)


def _compared(item: Item) -> list[str]:
    return [key for key in item if key not in ("arn", "revision", "status", "tags")]


def _normalised(item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        **_containers.normalised(item),
        "arn": item["taskDefinitionArn"],
        "revision": item["revision"],
        "tags": managed_tags(tags_by_key(item), {**tags, "Name": ""}),
    }


# -- checking --------------------------------------------------------------------------------------------------------


def check(params: Mapping[str, Any], wanted: Item) -> None:
    """Refuses what AWS would refuse, before anything is written; raises L(PlatformError)."""
    resource = f"{KIND}/{params['family']}"
    if problem := next(_problems(params, wanted["containerDefinitions"]), None):
        raise PlatformError(problem[0], mend=problem[1], resource=resource)


def _problems(params: Mapping[str, Any], containers: list[Item]) -> Iterator[tuple[str, str]]:
    if "FARGATE" in params["requires_compatibilities"]:
        yield from _size_problems(params)
    if params["keep_revisions"] is not None and params["keep_revisions"] < LEAST_KEPT:
        yield f"keep_revisions is {params['keep_revisions']}.", f"Keep {LEAST_KEPT} at least: one to roll back to."
    names = [container["name"] for container in containers]
    for name in names:
        if names.count(name) > 1:
            yield f"two containers are called {name}.", "Give each its own name."
    if not any(container["essential"] for container in params["containers"]):
        yield "no container is essential.", "Set essential: true for the one whose end ends the task."
    for container in containers:
        yield from _container_problems(container, params, names)


def _size_problems(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if problem := size_problem(params["cpu"], params["memory"]):
        yield problem
    least, most = _STORAGE_GIB
    storage = params["ephemeral_storage_gib"]
    if storage is not None and not least <= storage <= most:
        yield f"ephemeral_storage_gib is {storage}.", f"Fargate gives {least} to {most} GiB."


def _container_problems(container: Item, params: Mapping[str, Any], names: list[str]) -> Iterator[tuple[str, str]]:
    name = container["name"]
    secrets = {item["name"] for item in container.get("secrets", ())}
    for twice in sorted(secrets & {item["name"] for item in container.get("environment", ())}):
        yield f"container {name} has {twice} both in environment and in secrets.", "Keep one of the two."
    if secrets and not params["execution_role_arn"]:
        yield f"container {name} has secrets, and nobody may read them.", "Give execution_role_arn."
    if "FARGATE" in params["requires_compatibilities"] and container.get("stopTimeout", 0) > LONGEST_STOP_S:
        seconds = container["stopTimeout"]
        yield f"container {name} has stop_timeout {seconds}.", f"Fargate waits {LONGEST_STOP_S} s at most."
    others = [other for other in names if other != name]
    for other in container.get("dependsOn", ()):
        if other["containerName"] not in others:
            yield f"container {name} depends on {other['containerName']}.", f"Name one of: {', '.join(others)}."
    volumes = {volume["name"] for volume in params["volumes"]}
    for mount in container.get("mountPoints", ()):
        if mount["sourceVolume"] not in volumes:
            yield f"container {name} mounts volume {mount['sourceVolume']}, which is not there.", "Add it to volumes."


def size_problem(cpu: int, memory: int) -> tuple[str, str] | None:
    """What is wrong with the size of a task on Fargate, and how to mend it."""
    if cpu not in _FARGATE_SIZES:
        return f"Fargate has no cpu {cpu}.", f"Choose one of {', '.join(map(str, _FARGATE_SIZES))}."
    allowed, text = _FARGATE_SIZES[cpu]
    return None if memory in allowed else (f"Fargate has no memory {memory} with cpu {cpu}.", f"Choose {text} (MiB).")


# -- what leads there ------------------------------------------------------------------------------------------------


def _family(aws: Aws, params: Mapping[str, Any], current: dict[str, Any] | None, wanted: Item) -> Resource:
    name = params["family"]
    tags = {**params["tags"], "Name": name}
    fields = _containers.normalised(wanted)
    if current:  # a field that AWS has and nobody asked for is a difference, too
        fields = {**dict.fromkeys(_compared(current)), **fields}
    register = Operation("ecs:RegisterTaskDefinition", _register(aws, wanted, tags), covers=(*fields, "tags"))

    def tag(known: dict[str, Any]) -> None:
        aws.call("ecs", "tag_resource", resourceArn=known["arn"], tags=ecs_tags(tags))

    renewed = current is not None and any(current.get(key) != value for key, value in fields.items())
    found = Resource(
        KIND,
        name,
        before=current,
        after={**fields, "tags": tags},
        placeholders={"arn": placeholder_arn(aws, name)},
        create=register,
        updates=(register,) if renewed else (Operation("ecs:TagResource", tag, covers=("tags",)),),
        impacts=dict.fromkeys(fields, "restart"),
    )
    if renewed:  # a plan has to offer the new revision's ARN, which is not known yet, instead of the old one's
        found.known.update(arn=placeholder_arn(aws, name), revision=None)
    return found


def _register(aws: Aws, wanted: Item, tags: Mapping[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create("ecs", "register_task_definition", **wanted, tags=ecs_tags(tags))["taskDefinition"]
        return {"arn": made["taskDefinitionArn"], "revision": made["revision"]}

    return run


def _pruned(aws: Aws, params: Mapping[str, Any], found: _Found, family: Resource) -> list[Resource]:
    """The revisions beyond the newest ``keep_revisions``, and what an earlier run only deregistered."""
    keep = params["keep_revisions"]
    if keep is None:
        return []
    current = str(family.known.get("arn", ""))
    coming = 0 if current in found.active else 1
    used = {*found.in_use, current}
    return [
        *(_going(aws, arn, True) for arn in found.active[keep - coming :] if arn not in used),
        *(_going(aws, arn, False) for arn in found.inactive if arn not in used),
    ]


def _going(aws: Aws, arn: str, active: bool) -> Resource:
    """A revision that goes. Tasks that run it go on; AWS keeps it until the last of them has stopped.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/delete-task-definition-v2.html
    """

    def delete(_known: dict[str, Any]) -> None:
        if active:
            aws.call("ecs", "deregister_task_definition", taskDefinition=arn)
        answer = aws.call("ecs", "delete_task_definitions", taskDefinitions=[arn])
        for failure in answer.get("failures") or ():
            raise PlatformError(
                f"AWS does not delete it: {failure.get('reason')} {failure.get('detail') or ''}.",
                mend="Stop what uses it, and run again.",
                call="ecs:DeleteTaskDefinitions",
            )

    return Resource(
        REVISION,
        arn.rpartition("/")[2],
        before={"arn": arn},
        after=None,
        delete=Operation("ecs:DeleteTaskDefinitions", delete),
    )
