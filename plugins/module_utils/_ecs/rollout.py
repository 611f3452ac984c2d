# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A service moved to a revision, or to a number of tasks, and followed until it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._aws import Aws
from .._ecr import image as images
from .._reconcile import Operation, PlatformError, Refused, Resource, State, is_placeholder
from ._common import Item
from ._reads import described_service, described_task_definition
from .deployment import DeploymentStatus, last_failure, refuse_failed, status_of
from .service import KIND, scalable_target
from .task_definition import task_definition_arn

PREVIOUS = "previous"
# DescribeServiceRevisions takes so many.
_REVISIONS = 20


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The service, with the revision and the number of tasks that the options ask for, and its lower bound."""
    cluster, name, started = params["cluster"], params["service"], params["started_deployment"]
    service = described_service(aws, cluster, name)
    if service is None:
        raise PlatformError(
            f"there is no such service in the cluster {cluster}.",
            mend="Stand the stack up first: ansible-playbook site.yml",
            resource=f"{KIND}/{name}",
        )
    status = status_of(aws, service)
    before = _state(aws, cluster, service, status)
    after: dict[str, Any] = {}
    if params["task_definition"]:
        after["task_definition"] = _wanted(aws, params, service)
    if started:
        refuse_failed(aws, cluster, name, started, status, _differs(before, after))
    elif status.state == "FAILED" and params["desired_count"] is None:
        after["rollout"] = "COMPLETED"  # what failed is tried again
    settled = _progress(before) is None and not _differs(before, after)
    if (count := _wanted_count(aws, params, service, settled)) is not None:
        after["desired_count"] = count
        if count and _from_nothing(before) and not params["task_definition"]:
            _look_for_images(aws, before["images"])
    return [_resource(aws, params, before, after), *_bound(aws, params)]


def _state(aws: Aws, cluster: str, service: Item, status: DeploymentStatus) -> dict[str, Any]:
    return {
        "arn": service["serviceArn"],
        "task_definition": service["taskDefinition"],
        "images": _images(described_task_definition(aws, service["taskDefinition"])),
        "desired_count": service["desiredCount"],
        "running_count": service["runningCount"],
        "rollout": status.state,
        "deployment": status.id,
        "progress": status.progress,
        "failing": _failing(aws, cluster, service["serviceName"], status),
    }


def _images(definition: Item | None) -> dict[str, str]:
    return {item["name"]: item["image"] for item in (definition or {}).get("containerDefinitions") or ()}


def _failing(aws: Aws, cluster: str, name: str, status: DeploymentStatus) -> str:
    """Why a task of the deployment under way stopped, before AWS gives it up."""
    failure = last_failure(aws, cluster, name, status.id) if status.state == "IN_PROGRESS" and status.failed else None
    return "; ".join((failure.reason, *failure.containers)) if failure else ""


def _from_nothing(before: State) -> bool:
    return bool(before["desired_count"] == 0 == before["running_count"])


def _look_for_images(aws: Aws, found: Mapping[str, str]) -> None:
    """Fails, with what there is instead, for an image of this account's ECR that is not there (any more)."""
    for reference in found.values():
        if place := images.parsed(aws, reference):
            images.find(aws, **place)


def _differs(before: State, after: State) -> bool:
    return any(before.get(key) != value for key, value in after.items())


# -- what there should be --------------------------------------------------------------------------------------------


def _wanted(aws: Aws, params: Mapping[str, Any], service: Item) -> str:
    """The ARN of the revision asked for, which is still there, with its images; a placeholder is taken as it is."""
    asked = str(params["task_definition"])
    if is_placeholder(asked):
        return asked
    family = service["taskDefinition"].rpartition("/")[2].rpartition(":")[0]
    if asked == PREVIOUS:
        arn = _previous(aws, params, service)
    else:
        arn = task_definition_arn(aws, f"{family}:{asked}" if asked.isdigit() else asked)
    definition = described_task_definition(aws, arn)
    if definition is None or definition["status"] != "ACTIVE" or definition["family"] != family:
        raise PlatformError(
            f"there is no revision {arn.rpartition('/')[2]} to run.",
            mend=f"Choose one of: {', '.join(_newest_revisions(aws, family)) or 'none is left'}.",
            resource=f"{KIND}/{params['service']}",
        )
    if not params["started_deployment"]:
        _look_for_images(aws, _images(definition))
    return str(definition["taskDefinitionArn"])


def _newest_revisions(aws: Aws, family: str, number: int = 5) -> list[str]:
    arns = aws.pages(
        "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE", sort="DESC"
    )
    return [arn.rpartition("/")[2] for arn in arns][:number]


def _previous(aws: Aws, params: Mapping[str, Any], service: Item) -> str:
    """What the last deployment before that went well brought: a revision in between may be one that failed."""
    for revision in _succeeded(aws, params):
        if revision != service["taskDefinition"]:
            return revision
    raise PlatformError(
        "nothing else has run well here in the last 90 days, which is what AWS remembers.",
        mend="Name the revision to go back to: -e revision=<number>",
        resource=f"{KIND}/{params['service']}",
    )


def _succeeded(aws: Aws, params: Mapping[str, Any]) -> Iterator[str]:
    """The task definitions of deployments that went well, the newest first."""
    found = aws.pages(
        "ecs",
        "list_service_deployments",
        "serviceDeployments",
        cluster=params["cluster"],
        service=params["service"],
        status=["SUCCESSFUL"],
    )
    targets = [item["targetServiceRevisionArn"] for item in found]
    for start in range(0, len(targets), _REVISIONS):
        yield from _definitions(aws, targets[start : start + _REVISIONS])


def _definitions(aws: Aws, revisions: list[str]) -> list[str]:
    answer = aws.call("ecs", "describe_service_revisions", serviceRevisionArns=revisions)
    by_arn = {item["serviceRevisionArn"]: str(item["taskDefinition"]) for item in answer.get("serviceRevisions") or ()}
    return [by_arn[arn] for arn in revisions if arn in by_arn]


def _wanted_count(aws: Aws, params: Mapping[str, Any], service: Item, settled: bool) -> int | None:
    """The number of tasks to have next. A service without tasks starts one first, and the others when it is well.

    Tables are made by the first task on an empty database, and two at once would get into each other's way.
    """
    count, least = service["desiredCount"], params["minimum_tasks"]
    if params["desired_count"] is not None:
        _refuse_autoscaled(aws, params, count)
        return int(params["desired_count"])
    if count >= least:
        return None
    return 1 if count == 0 else least if settled else None


def _refuse_autoscaled(aws: Aws, params: Mapping[str, Any], count: int) -> None:
    """Under a scaling policy the number of tasks is not ours; scheduled actions alone do not mind."""
    cluster, name = params["cluster"], params["service"]
    if params["desired_count"] == count:
        return
    target = scalable_target(aws, cluster, name)
    policies = target and aws.pages(
        "application-autoscaling",
        "describe_scaling_policies",
        "ScalingPolicies",
        ServiceNamespace="ecs",
        ResourceId=target["ResourceId"],
    )
    if policies:
        raise Refused(
            "the number of its tasks is Application Auto Scaling's.",
            mend="Change its bounds in the inventory and run site.yml.",
            resource=f"{KIND}/{name}",
        )


def _bound(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The scalable target, where it may still go down to no task because nothing had been deployed yet."""
    least = params["minimum_tasks"]
    target = scalable_target(aws, params["cluster"], params["service"]) if least else None
    if target is None or not target["MinCapacity"] == 0 < least <= target["MaxCapacity"]:
        return []

    def register(_known: dict[str, Any]) -> None:
        place = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
        aws.call("application-autoscaling", "register_scalable_target", **place, MinCapacity=least)

    call = "application-autoscaling:RegisterScalableTarget"
    return [
        Resource(
            "scalable_target",
            params["service"],
            before={"min_capacity": 0},
            after={"min_capacity": least},
            updates=(Operation(call, register, covers=("min_capacity",)),),
        )
    ]


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(aws: Aws, params: Mapping[str, Any], before: dict[str, Any], after: dict[str, Any]) -> Resource:
    return Resource(
        KIND,
        params["service"],
        before=before,
        after=after,
        updates=(Operation("ecs:UpdateService", _update(aws, params, before, after), covers=tuple(after)),),
        impacts={
            "task_definition": "restart",
            "rollout": "restart",
            **({"desired_count": "outage"} if after.get("desired_count") == 0 else {}),
        },
        settling=lambda known: _progress(known, params["minimum_tasks"] if params["desired_count"] is None else 0),
        # Which revision was the previous one cannot be told any more once it runs.
        resume=lambda known: {
            "started_deployment": known["deployment"],
            **({"task_definition": after["task_definition"]} if "task_definition" in after else {}),
        },
    )


def _update(
    aws: Aws, params: Mapping[str, Any], before: State, after: State
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        changed = {key: value for key, value in after.items() if before.get(key) != value}
        names = {"task_definition": "taskDefinition", "desired_count": "desiredCount"}
        request = {theirs: changed[ours] for ours, theirs in names.items() if ours in changed}
        # The circuit breaker watches a deployment. More tasks for one that is complete, be it without any, are started
        # again without end if they fail.
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
        if "rollout" in changed or (request.get("desiredCount") and _from_nothing(before)):
            request["forceNewDeployment"] = True
        answer = aws.call("ecs", "update_service", cluster=params["cluster"], service=params["service"], **request)
        return _state(aws, params["cluster"], answer["service"], status_of(aws, answer["service"]))

    return run


def _progress(known: State, least: int = 0) -> str | None:
    """How far it is; None once all that it should run runs. A failed deployment is not under way."""
    if known["rollout"] == "FAILED":
        return None
    moving = known["rollout"] == "IN_PROGRESS" or known["running_count"] != known["desired_count"]
    if not moving and known["desired_count"] >= least:
        return None
    failing = f" ({known['failing']})" if known["failing"] else ""
    return f"{'IN_PROGRESS' if moving else 'STARTED'}, {known['progress']}{failing}"
