# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How a service is, on one screen: its deployment, tasks, image, targets and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from .._aws import Aws
from .._ecr import image as images
from ._common import Item
from ._reads import described_service, described_task_definition
from .deployment import last_failure, status_of

_EVENTS = 3
_STOPPED = ("STOPPED", "DEPROVISIONING", "STOPPING")


def of_service(aws: Aws, cluster: str, name: str) -> dict[str, Any]:
    """All of it; ``{"name": name, "found": False}`` if there is no such service.

    ``healthy`` says that the last deployment went well and all that should run runs and is reached.
    """
    service = described_service(aws, cluster, name)
    if service is None:
        return {"name": name, "found": False, "healthy": False}
    status = status_of(aws, service)
    reads: tuple[Callable[[], Any], ...] = (
        lambda: _images(aws, described_task_definition(aws, service["taskDefinition"]) or {}),
        lambda: _tasks(aws, cluster, name),
        lambda: last_failure(aws, cluster, name),
        lambda: _targets(aws, service),
    )
    pulled, tasks, failure, targets = aws.gather(reads)
    reached = all(item["healthy"] >= min(1, service["desiredCount"]) for item in targets)
    complete = service["runningCount"] == service["desiredCount"]
    return {
        "name": name,
        "found": True,
        "healthy": status.state == "COMPLETED" and complete and reached,
        "desired": service["desiredCount"],
        "running": service["runningCount"],
        "pending": service["pendingCount"],
        "revision": service["taskDefinition"].rpartition("/")[2],
        "deployment": {
            "state": status.state,
            "reason": status.reason,
            "progress": status.progress,
            "started_at": _time(_primary(service).get("createdAt")),
        },
        "images": pulled,
        "tasks": tasks,
        "targets": targets,
        "last_failure": str(failure) if failure else "",
        "events": [
            {"time": _time(event["createdAt"]), "message": event["message"]}
            for event in (service.get("events") or ())[:_EVENTS]
        ],
    }


def _primary(service: Item) -> Item:
    return next((item for item in service.get("deployments") or () if item["status"] == "PRIMARY"), {})


def _images(aws: Aws, definition: Item) -> list[dict[str, Any]]:
    return [
        {"container": item["name"], "image": item["image"], **_image(aws, item["image"])}
        for item in definition.get("containerDefinitions") or ()
    ]


def _image(aws: Aws, reference: str) -> dict[str, Any]:
    """What ECR knows of it. An image may have expired, or be none of ours, while it still runs."""
    place = images.parsed(aws, reference)
    found = images.look_up(aws, **place) if place else None
    if found is None:
        return {"tags": [], "pushed_at": "", "in_registry": False if place else None}
    return {"tags": list(found.tags), "pushed_at": found.pushed_at, "in_registry": True}


def _tasks(aws: Aws, cluster: str, name: str) -> list[dict[str, Any]]:
    arns = aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, serviceName=name)
    described: list[Item] = []
    for start in range(0, len(arns), 100):
        described += aws.call("ecs", "describe_tasks", cluster=cluster, tasks=arns[start : start + 100])["tasks"]
    return [
        {
            "id": task["taskArn"].rpartition("/")[2],
            "status": task["lastStatus"],
            "health": task.get("healthStatus", "UNKNOWN"),
            "revision": task["taskDefinitionArn"].rpartition(":")[2],
            "zone": task.get("availabilityZone", ""),
            "started_at": _time(task.get("startedAt")),
        }
        for task in sorted(described, key=lambda task: str(task.get("startedAt") or ""))
        if task["lastStatus"] not in _STOPPED
    ]


def _targets(aws: Aws, service: Item) -> list[dict[str, Any]]:
    """How the load balancer sees the tasks, by target group."""
    arns = [item["targetGroupArn"] for item in service.get("loadBalancers") or () if item.get("targetGroupArn")]
    return aws.gather(partial(_target_group, aws, arn) for arn in arns)


def _target_group(aws: Aws, arn: str) -> dict[str, Any]:
    answer = aws.call("elbv2", "describe_target_health", TargetGroupArn=arn)
    states = [item["TargetHealth"]["State"] for item in answer["TargetHealthDescriptions"]]
    return {
        "name": arn.split("/")[1],
        "healthy": states.count("healthy"),
        "others": {state: states.count(state) for state in sorted(set(states) - {"healthy"})},
    }


def _time(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


# -- alarms ----------------------------------------------------------------------------------------------------------


def alarms(aws: Aws, prefix: str) -> dict[str, list[str]]:
    """The names of the stack's alarms by state."""
    found: dict[str, list[str]] = {"ALARM": [], "INSUFFICIENT_DATA": [], "OK": []}
    for alarm in aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix):
        found[alarm["StateValue"]].append(alarm["AlarmName"])
    return {state: sorted(names) for state, names in found.items()}


# -- one screen ------------------------------------------------------------------------------------------------------


def lines(stack: str, services: Sequence[Item], states: Mapping[str, Sequence[str]]) -> list[str]:
    """What ``of_service`` and ``alarms`` found, for a person."""
    shown = [line for service in services for line in _service_lines(service)]
    ringing, quiet = states["ALARM"], len(states["OK"])
    counts = f"{len(ringing)} ringing, {quiet} quiet, {len(states['INSUFFICIENT_DATA'])} without data"
    return [*shown, f"alarms of {stack}: {counts}", *(f"  ALARM {name}" for name in ringing)]


def _service_lines(service: Item) -> list[str]:
    if not service["found"]:
        return [f"service {service['name']}: there is none yet; stand the stack up with site.yml"]
    deployment = service["deployment"]
    state = f"{deployment['state']} of {service['revision']}, started {deployment['started_at']}"
    found = [
        f"service {service['name']}: {'healthy' if service['healthy'] else 'NOT HEALTHY'}, {_count(service)}",
        f"  deployment {state}: {deployment['progress']}",
    ]
    if deployment["state"] != "COMPLETED" and deployment["reason"]:
        found.append(f"    {deployment['reason']}")
    found += [f"  image {_image_line(item)}" for item in service["images"]]
    found += [_task_line(task) for task in service["tasks"]]
    found += [_target_line(target) for target in service["targets"]]
    if service["last_failure"]:
        found += ["  last failure:", *(f"    {line}" for line in service["last_failure"].splitlines())]
    return [*found, *(f"  {event['time']} {event['message']}" for event in service["events"])]


def _count(service: Item) -> str:
    if service["desired"] == 0:
        return "asleep, or not deployed yet: no task is wanted"
    pending = f", {service['pending']} pending" if service["pending"] else ""
    return f"{service['running']} of {service['desired']} tasks running{pending}"


def _image_line(item: Item) -> str:
    tags = f" ({', '.join(item['tags'])})" if item["tags"] else ""
    pushed = f", pushed {item['pushed_at'][:16].replace('T', ' ')}" if item["pushed_at"] else ""
    missing = ", WHICH ECR DOES NOT HAVE: no task of it can start" if item["in_registry"] is False else ""
    return f"{item['container']}: {item['image'].rpartition('/')[2]}{tags}{pushed}{missing}"


def _task_line(task: Item) -> str:
    started = f", since {task['started_at']}" if task["started_at"] else ""
    return (
        f"  task {task['id']}: {task['status']}, {task['health']}, revision {task['revision']}, {task['zone']}{started}"
    )


def _target_line(target: Item) -> str:
    others = "".join(f", {number} {state}" for state, number in target["others"].items())
    return f"  target group {target['name']}: {target['healthy']} healthy{others}"
