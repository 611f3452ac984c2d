# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A session in a running container: the command that opens it, and what is missing for it."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._aws import Aws
from .._guard.findings import Finding
from .._reconcile import PlatformError
from ._common import Item
from ._reads import described_service
from .image_revision import running_definition

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
_NEEDED = "ssmmessages:OpenControlChannel"
_PLUGIN = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)
_SWITCH = "Set container_platform_exec_enabled: true in the inventory and run site.yml."

Which = Callable[[str], "str | None"]


def session(aws: Aws, params: Mapping[str, Any], which: Which = shutil.which) -> dict[str, Any]:
    """``{"command": [...], "missing": [Finding, ...]}``; the command also stands there when something is missing."""
    cluster, name = params["cluster"], params["service"]
    definition = running_definition(aws, cluster, name)
    service = described_service(aws, cluster, name) or {}
    task = _task(aws, params)
    command = [
        *("aws", "ecs", "execute-command", "--region", aws.region, "--cluster", cluster),
        *("--task", _id(task["taskArn"]) if task else "<task>", "--container", params["container"]),
        *("--interactive", "--command", params["command"]),
    ]
    missing = [
        *_on_controller(which),
        *_in_aws(aws, service, definition),
        *_in_task(params, task, bool(service.get("enableExecuteCommand"))),
    ]
    return {"command": command, "line": shlex.join(command), "missing": missing}


def _task(aws: Aws, params: Mapping[str, Any]) -> Item | None:
    """The task asked for by its id or the beginning of it, else the newest that runs; None if there is none."""
    cluster, asked = params["cluster"], params["task"] or ""
    arns = aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, serviceName=params["service"])
    found = [arn for arn in arns if _id(arn).startswith(asked)]
    if asked and not found:
        raise PlatformError(
            f"it runs no task {asked}.",
            mend=f"Choose one of: {', '.join(map(_id, arns)) or 'there is none'}.",
            resource=f"ecs_service/{params['service']}",
        )
    if not found:
        return None
    tasks = aws.call("ecs", "describe_tasks", cluster=cluster, tasks=found[:100])["tasks"]
    running = [task for task in tasks if task["lastStatus"] == "RUNNING"]
    return max(running, key=lambda task: str(task.get("startedAt")), default=None)


def _on_controller(which: Which) -> Iterator[Finding]:
    if not which("aws"):
        yield Finding("aws", "the AWS CLI is not on this machine.", "Install it: https://aws.amazon.com/cli/")
    if not which("session-manager-plugin"):
        yield Finding("session-manager-plugin", "it is not on this machine.", f"Install it: {_PLUGIN}")


def _in_aws(aws: Aws, service: Item, definition: Item) -> Iterator[Finding]:
    if not service.get("enableExecuteCommand"):
        yield Finding(service["serviceName"], "execute command is off.", _SWITCH)
    role = str(definition.get("taskRoleArn") or "").rpartition("/")[2]
    if not role:
        yield Finding(service["serviceName"], "its tasks have no task role.", "Give the task definition one.")
    elif not _allows(aws, role):
        yield Finding(role, f"no inline policy of the role allows {_NEEDED}.", _SWITCH)


def _allows(aws: Aws, role: str) -> bool:
    """Whether an inline policy names the action; a role that is not there allows nothing."""
    if aws.call_or_none("iam", "get_role", ("NoSuchEntity",), RoleName=role) is None:
        return False
    names = aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
    policies = (aws.call("iam", "get_role_policy", RoleName=role, PolicyName=name) for name in names)
    return any(_NEEDED in json.dumps(policy["PolicyDocument"]) for policy in policies)


def _in_task(params: Mapping[str, Any], task: Item | None, enabled: bool) -> Iterator[Finding]:
    if task is None:
        yield Finding(params["service"], "none of its tasks runs.", "Look at playbooks/status.yml; wake it, or deploy.")
        return
    names = [container["name"] for container in task["containers"]]
    if params["container"] not in names:
        yield Finding(params["container"], "the task has no such container.", f"Name one of: {', '.join(names)}.")
    elif enabled and not task.get("enableExecuteCommand"):
        mend = "Deploy again, or stop the task: the next one can be entered."
        yield Finding(_id(task["taskArn"]), "it was started before execute command was switched on.", mend)


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
