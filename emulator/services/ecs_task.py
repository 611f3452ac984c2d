"""ECS tasks on Fargate: from PROVISIONING to STOPPED, with their interface, log lines, targets and exit codes.

No container runs: `emulator.images` says what the containers of an image do, and a pattern that nobody gave means a
healthy one. What AWS itself would refuse at the start is refused: an image that ECR does not hold or holds for another
architecture, a secret without a value, a missing log group.
"""

from __future__ import annotations

import datetime as dt
import functools
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs.responses import EC2ContainerServiceResponse

from emulator import delays, images
from emulator.extensions import patch
from emulator.images import Behaviour
from emulator.protocol import AwsError
from emulator.services import elbv2_target
from emulator.services._common import once
from emulator.services._ec2 import service_interface
from emulator.services._ecs import (
    API,
    Document,
    active_cluster,
    after,
    as_mapping,
    as_tags,
    invalid,
    one_at_a_time,
    page,
)
from emulator.services._ecs_news import task_changed
from emulator.services._ecs_start import StartFailure, check_start, open_streams
from emulator.services.ecs_task_definition import TaskDefinition, find_active

PROVISIONING = delays.declare("ecs_task.provisioning", "A task is asked for until it is PENDING")
PENDING = delays.declare("ecs_task.pending", "A task is PENDING (its image is pulled) until it runs or has failed")
RUNNING = delays.declare("ecs_task.running", "A container that ends by itself runs, besides its image's duration_s")
STOPPING = delays.declare("ecs_task.stopping", "A task's targets are drained until it is STOPPED")

_SIGTERM = 143
"""Exit code of a container that is told to stop and has no handler: 128 + 15."""


class Owner(Protocol):
    """Who started a task and follows its life: a service."""

    def task_healthy(self, task: Task) -> None:
        """The task runs, and its health checks have passed."""

    def task_sick(self, task: Task, reason: str) -> None:
        """A health check of the task has failed; `reason` is what ECS then stops it with."""

    def task_stopped(self, task: Task) -> None:
        """The task is STOPPED."""

    def task_released(self) -> None:
        """A task's protection may have ended."""


class Task:
    """One task. `desired` and `last_status` as DescribeTasks tells them."""

    def __init__(
        self,
        backend: Any,
        cluster: Any,
        definition: TaskDefinition,
        options: Mapping[str, Any],
        *,
        owner: Owner | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.id = secrets.token_hex(16)
        self.backend = backend
        self.cluster_name = cluster.name
        self.cluster_arn = cluster.arn
        self.task_arn = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:task/{cluster.name}/{self.id}"
        self.definition = definition
        self.options = options
        self.owner = owner
        self.tags = as_tags(tags or {})
        self.desired_status = "RUNNING"
        self.last_status = "PROVISIONING"
        self.healthy = False
        self.stop_code: str | None = None
        self.stopped_reason: str | None = None
        self.times: dict[str, dt.datetime] = {"createdAt": utcnow()}
        self.protected_until: float | None = None
        self.interface: Any = None
        self.groups: list[Any] = []
        self.containers = [
            {
                "containerArn": f"{self.task_arn.replace(':task/', ':container/')}/{uuid.uuid4()}",
                "name": container["name"],
            }
            for container in definition.containers
        ]

    @property
    def overrides(self) -> Mapping[str, Any]:
        return self.options.get("overrides") or {}

    @property
    def alive(self) -> bool:
        """Neither stopped nor about to be."""
        return self.desired_status == "RUNNING"

    @property
    def protected(self) -> bool:
        return self.protected_until is not None and time.time() < self.protected_until

    def command(self, container: Document) -> list[str]:
        """The container's command, as overridden for this task."""
        for override in self.overrides.get("containerOverrides", []):
            if override.get("name") == container["name"] and override.get("command"):
                return [str(part) for part in override["command"]]
        return [str(part) for part in container.get("command") or []]

    def behaviour(self, container: Document) -> Behaviour:
        told = images.behaviour(images.settings.value(), container["image"], self.command(container))
        one_off = Behaviour(exit_code=None if self.owner or not container["essential"] else 0)
        if told is None:
            return one_off
        if told.exit_code is None and not told.stays and not told.unhealthy and one_off.exit_code is not None:
            return Behaviour(**{**vars(told), "exit_code": one_off.exit_code})
        return told

    # --- life ---

    def begin(self) -> None:
        self._attach()
        after(PROVISIONING, self._pull)

    def _pull(self) -> None:
        if self.alive:
            self.last_status = "PENDING"
            self.times["pullStartedAt"] = utcnow()
            after(PENDING, self._start)

    def _start(self) -> None:
        if not self.alive:
            return
        try:
            check_start(self)
            streams = open_streams(self)
        except StartFailure as failure:
            self.times["executionStoppedAt"] = utcnow()
            for container in self.containers:
                if container["name"] == failure.container:
                    container["reason"] = failure.reason
            self._end("TaskFailedToStart", failure.reason)
            return
        self.last_status = "RUNNING"
        self.times |= {"pullStoppedAt": utcnow(), "startedAt": utcnow(), "connectivityAt": utcnow()}
        task_changed(self)
        behaviours = [(container, self.behaviour(container)) for container in self.definition.containers]
        for container, behaviour in behaviours:
            if container["name"] in streams:
                streams[container["name"]](behaviour.log_lines)
        ends = [
            (behaviour.duration_s, container, behaviour)
            for container, behaviour in behaviours
            if container["essential"] and behaviour.exit_code is not None and not behaviour.stays
        ]
        if ends:
            duration, container, behaviour = min(ends, key=lambda end: end[0])
            after(RUNNING, lambda: self._exit(container, behaviour), duration)
            if not duration and not delays.seconds(RUNNING):
                return  # it is over before a health check could pass
        self._check_health(any(behaviour.unhealthy for _, behaviour in behaviours))

    def _check_health(self, sick: bool) -> None:
        balancers = self.options.get("loadBalancers") or []
        for number, balancer in enumerate(balancers):
            group = target_group(self.backend, balancer.get("targetGroupArn"))
            if group is not None and self.interface is not None:
                self.groups.append(group)
                reason = f"Task failed ELB health checks in (target-group {balancer['targetGroupArn']})"
                last = number == len(balancers) - 1
                target = {"Id": self.interface.private_ip_address, "Port": balancer.get("containerPort")}
                elbv2_target.add(group, target, not sick, functools.partial(self._checked, sick, reason, last))
        if self.groups:
            return
        checked = any("healthCheck" in container for container in self.definition.containers)
        if sick and checked:
            after(elbv2_target.INITIAL, lambda: self._checked(True, "Task failed container health checks", True))
        else:
            self._checked(False, "", True)

    def _checked(self, sick: bool, reason: str, last: bool) -> None:
        if not self.alive or self.last_status != "RUNNING":
            return
        if sick:
            if self.owner:
                self.owner.task_sick(self, reason)
        elif last:
            self.healthy = True
            if self.owner:
                self.owner.task_healthy(self)

    def _exit(self, container: Document, behaviour: Behaviour) -> None:
        """An essential container ends, and the task with it."""
        if not self.alive:
            return
        for own in self.containers:
            own["exitCode"] = behaviour.exit_code if own["name"] == container["name"] else _SIGTERM
        self.stop("EssentialContainerExited", behaviour.stopped_reason or "Essential container in task exited")

    def stop(self, code: str, reason: str) -> None:
        """Stop the task: its targets drain, its containers end, its interface goes."""
        if not self.alive:
            return
        self.desired_status = "STOPPED"
        self.stop_code, self.stopped_reason = code, reason
        self.times["stoppingAt"] = utcnow()
        if self.last_status == "RUNNING":
            self.last_status = "DEACTIVATING"
            for own in self.containers:
                own.setdefault("exitCode", _SIGTERM)
        groups, self.groups = self.groups, []
        waiting = len(groups)

        def drained() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                after(STOPPING, self._stopped)

        for group in groups:
            elbv2_target.remove(group, self.interface.private_ip_address, drained)
        if not groups:
            after(STOPPING, self._stopped)

    def _end(self, code: str, reason: str) -> None:
        """The task ends without ever having run."""
        self.desired_status = "STOPPED"
        self.stop_code, self.stopped_reason = code, reason
        self.times["stoppingAt"] = utcnow()
        self._stopped()

    def _stopped(self) -> None:
        self.last_status = "STOPPED"
        self.healthy = False
        self.times["stoppedAt"] = utcnow()
        self.times.setdefault("executionStoppedAt", utcnow())
        self._detach()
        _forget_old(self.backend.tasks[self.cluster_name])
        task_changed(self)
        if self.owner:
            self.owner.task_stopped(self)

    # --- network ---

    def _attach(self) -> None:
        from moto.ec2.models import ec2_backends

        wanted = (self.options.get("networkConfiguration") or {}).get("awsvpcConfiguration")
        if not wanted:
            return
        ec2 = ec2_backends[self.backend.account_id][self.backend.region_name]
        subnets = wanted["subnets"]
        subnet = ec2.get_subnet(subnets[len(self.backend.tasks.get(self.cluster_name, {})) % len(subnets)])
        arn = f"arn:aws:ecs:{self.backend.region_name}:{self.backend.account_id}:attachment/{uuid.uuid4()}"
        self.interface = service_interface(ec2, subnet, "interface", arn, wanted.get("securityGroups"))

    def _detach(self) -> None:
        from moto.ec2.models import ec2_backends

        if self.interface is not None:
            ec2_backends[self.backend.account_id][self.backend.region_name].enis.pop(self.interface.id, None)

    # --- view ---

    def view(self, *, tags: bool = False) -> Document:
        definition = self.definition.document
        architecture = definition.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
        family = definition.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX")
        exec_enabled = bool(self.options.get("enableExecuteCommand"))
        return {
            "taskArn": self.task_arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition.arn,
            "group": self.options["group"],
            "startedBy": self.options.get("startedBy"),
            "launchType": self.options.get("launchType") or "FARGATE",
            "capacityProviderName": self.options.get("capacityProviderName"),
            "platformVersion": "1.4.0",
            "platformFamily": "Linux" if family == "LINUX" else family,
            "availabilityZone": self.interface.subnet.availability_zone if self.interface else None,
            "connectivity": "CONNECTED" if "connectivityAt" in self.times else None,
            "cpu": self.overrides.get("cpu") or definition.get("cpu"),
            "memory": self.overrides.get("memory") or definition.get("memory"),
            "ephemeralStorage": definition.get("ephemeralStorage") or {"sizeInGiB": 20},
            "attributes": [{"name": "ecs.cpu-architecture", "value": "arm64" if architecture == "ARM64" else "x86_64"}],
            "desiredStatus": self.desired_status,
            "lastStatus": self.last_status,
            "healthStatus": self._health(),
            "enableExecuteCommand": exec_enabled,
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **self.overrides},
            "stopCode": self.stop_code,
            "stoppedReason": self.stopped_reason,
            "containers": [
                self._container_view(own, container, exec_enabled)
                for own, container in zip(self.containers, self.definition.containers, strict=True)
            ],
            "attachments": [self._attachment()] if self.interface else [],
            "tags": self.tags if tags else [],
            "version": 1,
            **self.times,
        }

    def _health(self) -> str:
        if not any("healthCheck" in container for container in self.definition.containers):
            return "UNKNOWN"
        return "HEALTHY" if self.healthy else "UNKNOWN"

    def _container_view(self, own: Document, container: Document, exec_enabled: bool) -> Document:
        status = {"PROVISIONING": "PENDING", "DEACTIVATING": "RUNNING"}.get(self.last_status, self.last_status)
        agent = {"name": "ExecuteCommandAgent", "lastStatus": "RUNNING" if status == "RUNNING" else "PENDING"}
        interfaces = (
            [{"attachmentId": self._attachment()["id"], "privateIpv4Address": self.interface.private_ip_address}]
            if self.interface
            else []
        )
        return {
            **own,
            "taskArn": self.task_arn,
            "image": container["image"],
            "runtimeId": f"{self.id}-{int(self.times['createdAt'].timestamp())}",
            "lastStatus": status,
            "healthStatus": self._health() if "healthCheck" in container else "UNKNOWN",
            "networkBindings": [],
            "networkInterfaces": interfaces,
            "managedAgents": [agent] if exec_enabled and container["essential"] else [],
            "cpu": str(container["cpu"]),
            "memory": str(container["memory"]) if "memory" in container else None,
        }

    def _attachment(self) -> Document:
        interface = self.interface
        status = {"PROVISIONING": "PRECREATED", "STOPPED": "DELETED"}.get(self.last_status, "ATTACHED")
        return {
            "id": interface.description.rpartition("/")[2],
            "type": "ElasticNetworkInterface",
            "status": status,
            "details": [
                {"name": "subnetId", "value": interface.subnet.id},
                {"name": "networkInterfaceId", "value": interface.id},
                {"name": "macAddress", "value": interface.mac_address},
                {"name": "privateIPv4Address", "value": interface.private_ip_address},
            ],
        }


_KEPT = 50


def _forget_old(tasks: dict[str, Task]) -> None:
    """AWS tells of a stopped task for an hour or so; here the newest stay, so that no crash loop fills the memory."""
    stopped = [arn for arn, task in tasks.items() if task.last_status == "STOPPED"]
    for arn in stopped[:-_KEPT]:
        del tasks[arn]


def start(
    backend: Any,
    cluster: Any,
    definition: TaskDefinition,
    options: Mapping[str, Any],
    *,
    owner: Owner | None = None,
    tags: Mapping[str, str] | None = None,
) -> Task:
    """Start a task; `options` are RunTask's, or a service's with `loadBalancers`."""
    task = Task(backend, cluster, definition, options, owner=owner, tags=tags)
    backend.tasks.setdefault(cluster.name, {})[task.task_arn] = task
    task.begin()
    return task


def target_group(backend: Any, arn: str | None) -> Any:
    from moto.elbv2.models import elbv2_backends

    return elbv2_backends[backend.account_id][backend.region_name].target_groups.get(arn)


def task_tags(definition: TaskDefinition, options: Mapping[str, Any], owner_tags: Any, managed: Any) -> dict[str, str]:
    """A task's tags: those propagated, then its own, then ECS's.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html
    """
    source = {"TASK_DEFINITION": definition.tags, "SERVICE": owner_tags}.get(options.get("propagateTags") or "NONE", ())
    ecs = {f"aws:ecs:{key}": value for key, value in managed.items()} if options.get("enableECSManagedTags") else {}
    return {**as_mapping(source), **ecs}


# --- network and capacity, checked for tasks and services alike -------------------------------------------------------


def check_network(backend: Any, definition: TaskDefinition, options: Mapping[str, Any]) -> None:
    from moto.ec2.models import ec2_backends

    if definition.document.get("networkMode") != "awsvpc":
        return
    wanted = (options.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if not wanted:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if not wanted.get("subnets"):
        raise invalid("subnets can not be empty.")
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    subnets = {subnet.id for subnet in ec2.describe_subnets()}
    for subnet in wanted["subnets"]:
        if subnet not in subnets:
            raise invalid(
                f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist "
                "(ErrorCode: InvalidSubnetID.NotFound)"
            )
    groups = {group.id for group in ec2.describe_security_groups()}
    for group in wanted.get("securityGroups") or []:
        if group not in groups:
            raise invalid(
                f"Error retrieving security group information for [{group}]: The security group '{group}' does not "
                "exist (ErrorCode: InvalidGroup.NotFound)"
            )


def capacity(cluster: Any, definition: TaskDefinition, options: Mapping[str, Any]) -> Document:
    """`launchType` or `capacityProviderStrategy` in force: what is asked for, else the cluster's default."""
    launch_type, strategy = (options.get("launchType"), options.get("capacityProviderStrategy"))
    if launch_type and strategy:
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    if not launch_type and not strategy:
        strategy = getattr(cluster, "default_capacity_provider_strategy", None)
    for item in strategy or []:
        if item["capacityProvider"] not in (cluster.capacity_providers or []):
            raise invalid(f"The specified capacity provider '{item['capacityProvider']}' was not found.")
    chosen = {"capacityProviderStrategy": strategy} if strategy else {"launchType": launch_type or "EC2"}
    fargate = chosen.get("launchType") == "FARGATE" or any(
        item["capacityProvider"].startswith("FARGATE") for item in strategy or []
    )
    if fargate and "FARGATE" not in definition.document["compatibilities"]:
        raise invalid("Task definition does not support launch_type FARGATE.")
    return chosen


def provider_of(chosen: Mapping[str, Any], number: int) -> str | None:
    """The capacity provider of the task with this number: first the bases, then by weight."""
    turns: list[str] = []
    for item in chosen.get("capacityProviderStrategy") or []:
        turns += [item["capacityProvider"]] * item.get("base", 0)
    if number < len(turns):
        return turns[number]
    weighted = [
        item["capacityProvider"]
        for item in chosen.get("capacityProviderStrategy") or []
        for _ in range(item.get("weight", 0))
    ]
    return weighted[(number - len(turns)) % len(weighted)] if weighted else None


# --- calls ------------------------------------------------------------------------------------------------------------


@patch(EC2ContainerServiceResponse, "run_task", aws=f"{API}/API_RunTask.html")
@one_at_a_time
def run_task(_original: Any, self: Any) -> ActionResult:
    """Tasks start PROVISIONING and run their course: RUNNING, then STOPPED with an exit code."""
    backend, params = self.ecs_backend, self._get_params()
    cluster = active_cluster(backend, params.get("cluster"))
    definition = find_active(backend, params["taskDefinition"])
    check_network(backend, definition, params)
    chosen = capacity(cluster, definition, params)
    if chosen.get("launchType") == "EC2":
        raise invalid("No Container Instances were found in your cluster.")
    _check_overrides(definition, params)
    _check_exec(definition, params)
    count = params.get("count") or 1
    if not 1 <= count <= 10:
        raise invalid("The number of tasks must be between 1 and 10.")
    managed = {"clusterName": cluster.name}
    tags = task_tags(definition, params, (), managed) | as_mapping(params.get("tags"))
    options = {**params, "group": params.get("group") or f"family:{definition.family}"}

    def started() -> list[Task]:
        return [
            start(
                backend,
                cluster,
                definition,
                {**options, "launchType": "FARGATE", "capacityProviderName": provider_of(chosen, number)},
                tags=tags,
            )
            for number in range(count)
        ]

    token = {**params, "ClientToken": params.get("clientToken")}
    tasks = once(backend, "RunTask", token, started)
    return ActionResult({"tasks": [task.view(tags=True) for task in tasks], "failures": []})


def _check_overrides(definition: TaskDefinition, params: Mapping[str, Any]) -> None:
    names = [container["name"] for container in definition.containers]
    for override in (params.get("overrides") or {}).get("containerOverrides") or []:
        if override.get("name") not in names:
            raise invalid(
                "Override for container named " + f"{override.get('name')} is not a container in the TaskDefinition."
            )


def _check_exec(definition: TaskDefinition, params: Mapping[str, Any]) -> None:
    role = (params.get("overrides") or {}).get("taskRoleArn") or definition.document.get("taskRoleArn")
    if params.get("enableExecuteCommand") and not role:
        raise invalid(
            "The service couldn't be created because a valid taskRoleArn is not being used. Specify a valid task role "
            "in your task definition and try again."
        )


def find_task(backend: Any, cluster: Any, reference: str) -> Task | None:
    identifier = reference.rsplit("/", maxsplit=1)[-1]
    tasks: dict[str, Task] = backend.tasks.get(cluster.name, {})
    return next((task for task in tasks.values() if task.id == identifier), None)


def _missing(backend: Any, cluster: Any, reference: str) -> Document:
    prefix = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:task"
    return {"arn": f"{prefix}/{cluster.name}/{reference.rpartition('/')[2]}", "reason": "MISSING"}


@patch(EC2ContainerServiceResponse, "describe_tasks", aws=f"{API}/API_DescribeTasks.html")
@one_at_a_time
def describe_tasks(_original: Any, self: Any) -> ActionResult:
    """Up to 100 tasks are told, those unknown as failures, tags only when asked for."""
    backend, params = self.ecs_backend, self._get_params()
    cluster = active_cluster(backend, params.get("cluster"))
    references = params.get("tasks") or []
    if not references:
        raise invalid("Tasks cannot be empty.")
    if len(references) > 100:
        raise invalid("Tasks must not have more than 100 elements.")
    with_tags = "TAGS" in (params.get("include") or [])
    tasks, failures = [], []
    for reference in references:
        task = find_task(backend, cluster, reference)
        if task is None:
            failures.append(_missing(backend, cluster, reference))
        else:
            tasks.append(task.view(tags=with_tags))
    return ActionResult({"tasks": tasks, "failures": failures})


@patch(EC2ContainerServiceResponse, "list_tasks", aws=f"{API}/API_ListTasks.html")
@one_at_a_time
def list_tasks(_original: Any, self: Any) -> ActionResult:
    """Tasks wanted RUNNING are listed unless STOPPED ones are asked for, in pages of 100."""
    backend, params = self.ecs_backend, self._get_params()
    cluster = active_cluster(backend, params.get("cluster"))
    service = params.get("serviceName")
    if service:
        service = service.split("/")[-1]
        if f"{cluster.name}:{service}" not in backend.services:
            raise AwsError("ServiceNotFoundException", "Service not found.")
    wanted = params.get("desiredStatus") or "RUNNING"
    arns = [
        task.task_arn
        for task in backend.tasks.get(cluster.name, {}).values()
        if task.desired_status == wanted
        and params.get("family") in (None, task.definition.family)
        and params.get("startedBy") in (None, task.options.get("startedBy"))
        and params.get("launchType") in (None, "FARGATE")
        and (service is None or task.options["group"] == f"service:{service}")
        and not params.get("containerInstance")
    ]
    shown, token = page(params, arns, 100)
    return ActionResult({"taskArns": shown, "nextToken": token})


@patch(EC2ContainerServiceResponse, "stop_task", aws=f"{API}/API_StopTask.html")
@one_at_a_time
def stop_task(_original: Any, self: Any) -> ActionResult:
    """A task is stopped with the caller's reason, whether it is protected or not; a service replaces it."""
    backend, params = self.ecs_backend, self._get_params()
    cluster = active_cluster(backend, params.get("cluster"))
    task = find_task(backend, cluster, params["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    task.stop("UserInitiated", params.get("reason") or "Task stopped by user")
    return ActionResult({"task": task.view(tags=True)})


@patch(EC2ContainerServiceResponse, "execute_command", added=True, aws=f"{API}/API_ExecuteCommand.html")
@one_at_a_time
def execute_command(self: Any) -> ActionResult:
    """A session is opened to a running container of a task that was started with execute command enabled."""
    backend, params = self.ecs_backend, self._get_params()
    cluster = active_cluster(backend, params.get("cluster"))
    task = find_task(backend, cluster, params["task"])
    if task is None or task.last_status == "STOPPED":
        raise invalid("The execute command failed because the task is not found or stopped.")
    names = [container["name"] for container in task.containers]
    if not params.get("container") and len(names) > 1:
        raise invalid("Container name is required when there are multiple containers in the task.")
    name = params.get("container") or names[0]
    if name not in names:
        raise invalid(f"The container {name} was not found in the task.")
    if not task.options.get("enableExecuteCommand"):
        raise invalid(
            "The execute command failed because execute command was not enabled when the task was run or the execute "
            "command agent isn't running. Wait and try again or run a new task with execute command enabled and try "
            "again."
        )
    if task.last_status != "RUNNING":
        raise AwsError(
            "TargetNotConnectedException", "The execute command failed due to an internal error. Try again later."
        )
    session = f"ecs-execute-command-{secrets.token_hex(12)}"
    return ActionResult(
        {
            "clusterArn": cluster.arn,
            "containerArn": task.containers[names.index(name)]["containerArn"],
            "containerName": name,
            "interactive": params["interactive"],
            "taskArn": task.task_arn,
            "session": {
                "sessionId": session,
                "streamUrl": f"wss://ssmmessages.{backend.region_name}.amazonaws.com/v1/data-channel/{session}"
                "?role=publish_subscribe",
                "tokenValue": secrets.token_urlsafe(64),
            },
        }
    )


# --- protection -------------------------------------------------------------------------------------------------------


@patch(EC2ContainerServiceResponse, "update_task_protection", added=True, aws=f"{API}/API_UpdateTaskProtection.html")
@one_at_a_time
def update_task_protection(self: Any) -> ActionResult:
    """A service's task is kept from scale-in and deployments for up to 48 hours, 2 unless told otherwise."""
    params = self._get_params()
    minutes = params.get("expiresInMinutes") or 120
    if not 1 <= minutes <= 2880:
        raise invalid("expiresInMinutes must be between 1 and 2880.")

    def change(task: Task) -> None:
        task.protected_until = time.time() + minutes * 60 if params["protectionEnabled"] else None
        owner = task.owner
        if owner is not None:
            after(PROVISIONING, owner.task_released, minutes * 60 if params["protectionEnabled"] else 0)

    return _protection(self.ecs_backend, params, change)


@patch(EC2ContainerServiceResponse, "get_task_protection", added=True, aws=f"{API}/API_GetTaskProtection.html")
@one_at_a_time
def get_task_protection(self: Any) -> ActionResult:
    """Protection is told for the tasks named, or for every task of the cluster's services."""
    return _protection(self.ecs_backend, self._get_params(), lambda _task: None)


def _protection(backend: Any, params: Mapping[str, Any], change: Any) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html"""
    cluster = active_cluster(backend, params.get("cluster"))
    references = params.get("tasks") or [
        task.task_arn for task in backend.tasks.get(cluster.name, {}).values() if task.owner and task.alive
    ]
    protected, failures = [], []
    for reference in references:
        task = find_task(backend, cluster, reference)
        if task is None:
            failures.append(_missing(backend, cluster, reference))
        elif task.owner is None:
            failures.append(
                {"arn": task.task_arn, "reason": "TASK_NOT_VALID", "detail": "Task must belong to a service"}
            )
        elif not task.alive:
            failures.append({"arn": task.task_arn, "reason": "TASK_NOT_VALID", "detail": "Task is stopped"})
        else:
            change(task)
            until = dt.datetime.fromtimestamp(task.protected_until or 0, dt.UTC) if task.protected else None
            protected.append({"taskArn": task.task_arn, "protectionEnabled": task.protected, "expirationDate": until})
    return ActionResult({"protectedTasks": protected, "failures": failures})
