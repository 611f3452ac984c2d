# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One task that runs a command to its end, as a service's tasks are run: a migration, a repair, a look inside."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, PlatformError, Resource, State, is_placeholder
from ._common import Item
from ._reads import described_service, described_task_definition
from .deployment import failure_of, last_log_lines
from .task_definition import task_definition_arn

KIND = "ecs_task"
STARTED_BY = "airas.platform"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The task: one to start, or the one (``task``) that an earlier call started."""
    cluster, name = params["cluster"], params["service"]
    service = described_service(aws, cluster, name)
    if service is None:
        raise PlatformError(
            f"there is no such service in the cluster {cluster}, whose network the task would use.",
            mend="Stand the stack up first: ansible-playbook site.yml",
            resource=f"ecs_service/{name}",
        )
    after = _wanted(aws, params, service)
    address = f"{after['task_definition'].rpartition('/')[2].rpartition(':')[0]}: {shlex.join(params['command'])}"
    before = {**after, **_followed(aws, params, address)} if params["task"] else None
    return [
        Resource(
            KIND,
            address,
            before=before,
            after=after,
            create=Operation("ecs:RunTask", _run(aws, params, service, after, address)),
            settling=_settling,
            resume=lambda known: {"task": known["task_arn"]},
        )
    ]


def _wanted(aws: Aws, params: Mapping[str, Any], service: Item) -> dict[str, Any]:
    arn = task_definition_arn(aws, params["task_definition"] or service["taskDefinition"])
    if not is_placeholder(arn):
        definition = described_task_definition(aws, arn)
        names = [item["name"] for item in (definition or {}).get("containerDefinitions") or ()]
        if params["container"] not in names:
            raise PlatformError(
                f"the revision {arn.rpartition('/')[2]} has no container {params['container']}.",
                mend=f"Name one of: {', '.join(names)}." if names else "Name a revision that is there.",
                resource=f"ecs_service/{params['service']}",
            )
    sizes = {key: params[key] for key in ("cpu", "memory") if params[key]}
    return {"task_definition": arn, "container": params["container"], "command": list(params["command"]), **sizes}


def _run(
    aws: Aws, params: Mapping[str, Any], service: Item, wanted: State, address: str
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        sizes = {key: str(wanted[key]) for key in ("cpu", "memory") if key in wanted}
        answer = aws.create(
            "ecs",
            "run_task",
            cluster=params["cluster"],
            taskDefinition=wanted["task_definition"],
            # Not the service's capacity providers: what runs once is not to be interrupted as Spot is.
            launchType="FARGATE",
            platformVersion=service.get("platformVersion") or "LATEST",
            networkConfiguration=service["networkConfiguration"],
            overrides={
                "containerOverrides": [{"name": wanted["container"], "command": wanted["command"]}],
                **sizes,
            },
            startedBy=STARTED_BY,
            enableECSManagedTags=True,
            propagateTags="TASK_DEFINITION",
        )
        for failure in answer.get("failures") or ():
            raise PlatformError(
                f"AWS does not start it: {failure.get('reason')} {failure.get('detail') or ''}".rstrip() + ".",
                mend="Run again when there is capacity, or with another size.",
                resource=f"{KIND}/{address}",
                call="ecs:RunTask",
            )
        return _state(answer["tasks"][0])

    return run


def _followed(aws: Aws, params: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The task that was started; raises L(PlatformError) with its last words once it has ended other than well."""
    answer = aws.call("ecs", "describe_tasks", cluster=params["cluster"], tasks=[params["task"]])
    if not answer.get("tasks"):
        raise PlatformError(
            f"AWS does not know the task {params['task'].rpartition('/')[2]} any more.",
            mend="It is forgotten an hour after its end; the log group has what it wrote.",
            resource=f"{KIND}/{address}",
            call="ecs:DescribeTasks",
        )
    task, lines = answer["tasks"][0], params["log_lines"]
    state = _state(task, params["container"])
    if state["status"] == "STOPPED" and state["exit_code"] != 0:
        raise PlatformError(
            f"it ended with exit code {state['exit_code']}."
            if state["exit_code"] is not None
            else "it ended without running to its end.",
            mend=f"\n{failure_of(aws, task, lines)}\n",
            resource=f"{KIND}/{address}",
            call="ecs:RunTask",
        )
    wanted = lines if state["status"] == "STOPPED" else 1
    return {**state, "log": last_log_lines(aws, task, [params["container"]], wanted)}


def _state(task: Item, container: str = "") -> dict[str, Any]:
    found: Item = next((item for item in task.get("containers") or () if item["name"] == container), {})
    return {
        "task_arn": task["taskArn"],
        "status": task["lastStatus"],
        "exit_code": found.get("exitCode"),
        "stopped_reason": task.get("stoppedReason") or "",
        "log": [],
    }


def _settling(known: State) -> str | None:
    if known["status"] == "STOPPED":
        return None
    return known["status"] + "".join(f": {line}" for line in known["log"])
