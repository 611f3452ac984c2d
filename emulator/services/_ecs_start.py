"""What must be in place for a task to start, and AWS's words when it is not.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException

from emulator.services import _ecr
from emulator.services._ecs import Document

_PULL = "pull image manifest has been retried 1 time(s): failed to resolve ref"
_UNREAD = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable "
    "to retrieve secret from"
)


class StartFailure(Exception):
    """A task cannot start: `reason` as its stoppedReason says it, `container` whose fault it is, if one's."""

    def __init__(self, reason: str, container: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.container = container


def check_start(task: Any) -> None:
    """Raise StartFailure for a secret without a value, or an image that cannot be pulled."""
    for container in task.definition.containers:
        for secret in container.get("secrets", []):
            _check_secret(task.backend, secret["valueFrom"])
    for container in task.definition.containers:
        behaviour = task.behaviour(container)
        if not behaviour.starts:
            image = container["image"]
            usual = f"CannotPullContainerError: {_PULL} {image}: {image}: not found"
            raise StartFailure(behaviour.stopped_reason or usual, container["name"])
        _check_image(task, container)


def _check_image(task: Any, container: Document) -> None:
    """An image in a repository of this account must be there, for the task's architecture."""
    image = container["image"]
    reference = _ecr.Reference.parse(image, task.backend.account_id, task.backend.region_name)
    if reference is None:
        return
    platforms = _ecr.platforms(reference)
    if platforms is None:
        raise StartFailure(f"CannotPullContainerError: {_PULL} {image}: {image}: not found", container["name"])
    wanted = task.definition.document.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
    architecture = {"X86_64": "amd64", "ARM64": "arm64"}.get(wanted, wanted)
    if platforms and architecture not in platforms:
        raise StartFailure(
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain "
            f"descriptor matching platform 'linux/{architecture}'",
            container["name"],
        )


def _check_secret(backend: Any, reference: str) -> None:
    if ":secretsmanager:" in reference:
        _check_secretsmanager(backend, reference)
    else:
        _check_parameter(backend, reference)


def _check_secretsmanager(backend: Any, reference: str) -> None:
    """`arn:aws:secretsmanager:region:account:secret:name[:json-key[:version-stage[:version-id]]]`"""
    from moto.secretsmanager.models import secretsmanager_backends

    parts = reference.split(":")
    arn = ":".join(parts[:7])
    manager = secretsmanager_backends[backend.account_id][parts[3]]
    key, stage, version = [*parts[7:], "", "", ""][:3]
    try:
        value = manager.get_secret_value(arn, version, stage or "AWSCURRENT").get("SecretString")
    except (ServiceException, JsonRESTError) as error:
        code = getattr(error, "code", None) or getattr(error, "error_type", "ResourceNotFoundException")
        raise StartFailure(
            f"{_UNREAD} asm: service call has been retried 1 time(s): failed to fetch secret {arn} from secrets "
            f"manager: {code}: {error.message}"
        ) from error
    if key and key not in json.loads(value or "{}"):
        raise StartFailure(
            f"{_UNREAD} asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not "
            f"contain json key {key}"
        )


def _check_parameter(backend: Any, reference: str) -> None:
    from moto.ssm.models import ssm_backends

    if ssm_backends[backend.account_id][backend.region_name].get_parameter(reference) is None:
        name = reference.split(":parameter", 1)[-1]
        raise StartFailure(f"{_UNREAD} ssm: service call has been retried 1 time(s): invalid ssm parameters: {name}")


def open_streams(task: Any) -> dict[str, Callable[[Sequence[str]], None]]:
    """A writer of log lines by container, for those that log to CloudWatch Logs; StartFailure without their group."""
    return {
        container["name"]: writer
        for container in task.definition.containers
        if (writer := _open_stream(task, container)) is not None
    }


def _open_stream(task: Any, container: Document) -> Callable[[Sequence[str]], None] | None:
    from moto.logs.models import logs_backends

    configuration = container.get("logConfiguration", {})
    if configuration.get("logDriver") != "awslogs":
        return None
    options = configuration["options"]
    logs = logs_backends[task.backend.account_id][options["awslogs-region"]]
    group = options["awslogs-group"]
    if group not in logs.groups:
        if options.get("awslogs-create-group") != "true":
            raise StartFailure(
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
                "failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
                "exist."
            )
        logs.create_log_group(group, {})
    stream = f"{options.get('awslogs-stream-prefix', 'ecs')}/{container['name']}/{task.id}"
    logs.create_log_stream(group, stream)

    def write(lines: Sequence[str]) -> None:
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
        if events and logs.groups[group].subscription_filters:
            # What subscribes may call the emulator, which is busy with this transition.
            threading.Thread(target=logs.put_log_events, args=(group, stream, events), daemon=True).start()
        elif events:
            logs.put_log_events(group, stream, events)

    return write
