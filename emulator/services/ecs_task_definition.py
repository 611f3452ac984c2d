"""ECS task definitions: every field kept, AWS's defaults and refusals, and the life of a revision."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs.responses import EC2ContainerServiceResponse

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._common import state_of
from emulator.services._ecs import API, GUIDE, Document, after, client_error, invalid, later, one_at_a_time, page

DELETING = delays.declare("ecs_task_definition.deleting", "DeleteTaskDefinitions until the revision is gone")

_OPTIONS = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
    "requiresCompatibilities",
)


def _between(first: int, last: int, step: int = 1024) -> range:
    return range(first, last + 1, step)


# CPU units by MiB of memory: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
_FARGATE_MEMORY: dict[int, tuple[int, ...] | range] = {
    256: (512, 1024, 2048),
    512: _between(1024, 4096),
    1024: _between(2048, 8192),
    2048: _between(4096, 16384),
    4096: _between(8192, 30720),
    8192: _between(16384, 61440, 4096),
    16384: _between(32768, 122880, 8192),
}


class TaskDefinition:
    """One revision; `document` is what DescribeTaskDefinition tells of it, but for its status."""

    def __init__(self, arn: str, revision: int, document: Document, tags: list[dict[str, str]]) -> None:
        self.arn = arn
        self.family: str = document["family"]
        self.revision = revision
        self.document = document
        self.tags = tags
        self.status = "ACTIVE"

    @property
    def containers(self) -> list[Document]:
        containers: list[Document] = self.document["containerDefinitions"]
        return containers

    def view(self) -> Document:
        return {**self.document, "status": self.status}


def find(backend: Any, reference: str, message: str = "TaskDefinition not found.") -> TaskDefinition:
    """The revision that an ARN, `family:revision`, or a family (its latest active one) names."""
    family, _, revision = reference.rsplit("/", maxsplit=1)[-1].partition(":")
    revisions: dict[int, TaskDefinition] = backend.task_definitions.get(family, {})
    if revision:
        found = revisions.get(int(revision)) if revision.isdigit() else None
    else:
        found = next((known for _, known in sorted(revisions.items(), reverse=True) if known.status == "ACTIVE"), None)
    if found is None:
        raise client_error(message)
    return found


def find_active(backend: Any, reference: str) -> TaskDefinition:
    definition = find(backend, reference)
    if definition.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    return definition


# --- register ---------------------------------------------------------------------------------------------------------


@patch(EC2ContainerServiceResponse, "register_task_definition", aws=f"{API}/API_RegisterTaskDefinition.html")
@one_at_a_time
def register_task_definition(_original: Any, self: Any) -> ActionResult:
    """A revision keeps every field, with AWS's defaults, and Fargate's rules are checked."""
    backend, params = self.ecs_backend, copy.deepcopy(dict(self._get_params()))
    document = _with_defaults(params)
    _check(document)
    counters: dict[str, int] = state_of(backend, "task_definition_revisions", dict)
    family = document["family"]
    revision = counters[family] = counters.get(family, 0) + 1
    arn = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:task-definition/{family}:{revision}"
    document |= {
        "taskDefinitionArn": arn,
        "revision": revision,
        "registeredAt": utcnow(),
        "registeredBy": f"arn:aws:iam::{backend.account_id}:user/testing",
    }
    definition = TaskDefinition(arn, revision, document, params.get("tags") or [])
    backend.task_definitions.setdefault(family, {})[revision] = definition
    return ActionResult({"taskDefinition": definition.view(), "tags": definition.tags})


def _with_defaults(params: Mapping[str, Any]) -> Document:
    document = {key: params[key] for key in _OPTIONS if params.get(key) is not None}
    for key, unit in (("cpu", _cpu_units), ("memory", _memory_mib)):
        if key in document:
            document[key] = unit(str(document[key]))
    document["volumes"] = params.get("volumes") or []
    document["placementConstraints"] = params.get("placementConstraints") or []
    fargate = "FARGATE" in document.get("requiresCompatibilities", [])
    awsvpc = document.get("networkMode") == "awsvpc"
    document["compatibilities"] = ["EC2", "FARGATE"] if fargate or (awsvpc and "cpu" in document) else ["EC2"]
    if not fargate:
        document.setdefault("networkMode", "bridge")
    document["containerDefinitions"] = [
        _container(container, document.get("networkMode")) for container in params.get("containerDefinitions") or []
    ]
    document["requiresAttributes"] = _attributes(document)
    return document


def _cpu_units(value: str) -> str:
    match = re.fullmatch(r"\s*([0-9.]+)\s*vCPU\s*", value, re.IGNORECASE)
    return str(int(float(match[1]) * 1024)) if match else value


def _memory_mib(value: str) -> str:
    match = re.fullmatch(r"\s*([0-9.]+)\s*GB\s*", value, re.IGNORECASE)
    return str(int(float(match[1]) * 1024)) if match else value


def _container(given: Document, network_mode: str | None) -> Document:
    container = {
        "cpu": 0,
        "portMappings": [],
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        **given,
    }
    container["portMappings"] = [_port(mapping, network_mode) for mapping in container["portMappings"]]
    if "healthCheck" in container:
        container["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **container["healthCheck"]}
    if "logConfiguration" in container:
        container["logConfiguration"] = {"options": {}, "secretOptions": [], **container["logConfiguration"]}
    return container


def _port(given: Document, network_mode: str | None) -> Document:
    own = given.get("containerPort")
    host = own if network_mode in ("awsvpc", "host") and own is not None else 0
    return {**({"hostPort": host} if own is not None else {}), "protocol": "tcp", **given}


def _attributes(document: Document) -> list[Document]:
    """A task's needs of its host, as far as this stack's tasks have any."""
    needs = {"com.amazonaws.ecs.capability.docker-remote-api.1.18"}
    containers = document["containerDefinitions"]
    if document.get("networkMode") == "awsvpc":
        needs.add("ecs.capability.task-eni")
    if document.get("taskRoleArn"):
        needs.add("com.amazonaws.ecs.capability.task-iam-role")
    if document.get("executionRoleArn"):
        needs |= {"ecs.capability.execution-role-awslogs", "ecs.capability.execution-role-ecr-pull"}
    if any(".dkr.ecr." in container.get("image", "") for container in containers):
        needs.add("com.amazonaws.ecs.capability.ecr-auth")
    if any(container.get("logConfiguration", {}).get("logDriver") == "awslogs" for container in containers):
        needs.add("com.amazonaws.ecs.capability.logging-driver.awslogs")
    return [{"name": name} for name in sorted(needs)]


def _check(document: Document) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", document["family"]):
        raise client_error(
            "Family contains invalid characters. Family names may include up to 255 letters, numbers, hyphens, and "
            "underscores."
        )
    containers = document["containerDefinitions"]
    if not containers:
        raise client_error("TaskDefinition must have at least one container definition.")
    for container in containers:
        _check_container(container, document)
    names = [container["name"] for container in containers]
    if len(set(names)) < len(names):
        raise client_error("Container names must be unique within a task definition.")
    if not any(container["essential"] for container in containers):
        raise client_error("A task definition must have at least one essential container.")
    for container in containers:
        for dependency in container.get("dependsOn", []):
            if dependency["containerName"] not in names:
                raise client_error(f"Invalid dependency: container '{dependency['containerName']}' does not exist.")
    if "FARGATE" in document.get("requiresCompatibilities", []):
        _check_fargate(document)


def _check_container(container: Document, document: Document) -> None:
    for key in ("name", "image"):
        if not container.get(key):
            raise client_error(f"Container.{key} should not be null or blank.")
    name = container["name"]
    if not document.get("memory") and not container.get("memory") and not container.get("memoryReservation"):
        raise client_error(
            f"Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be "
            "specified."
        )
    if container.get("secrets") and not document.get("executionRoleArn"):
        raise client_error(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        )
    variables = [variable["name"] for variable in container["environment"]]
    for secret in [variable["name"] for variable in container.get("secrets", [])]:
        if secret in variables:
            raise client_error(
                "The secret name must be unique and not shared with any new or existing environment variables set on "
                f"the container, such as '{secret}'."
            )
        variables.append(secret)
    if document.get("networkMode") == "awsvpc" and any(
        mapping.get("hostPort", mapping.get("containerPort")) != mapping.get("containerPort")
        for mapping in container["portMappings"]
    ):
        raise client_error("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
    options = container.get("logConfiguration", {}).get("options", {})
    if container.get("logConfiguration", {}).get("logDriver") == "awslogs":
        needed = ["awslogs-group", "awslogs-region"]
        if "FARGATE" in document.get("requiresCompatibilities", []):
            needed.append("awslogs-stream-prefix")
        if set(needed) - set(options):
            raise client_error(f"Log driver awslogs requires options: {', '.join(needed)}")


def _check_fargate(document: Document) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
    if document.get("networkMode") != "awsvpc":
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    for key in ("cpu", "memory"):
        if key not in document:
            raise client_error(f"Fargate requires that '{key}' be defined at the task level.")
    cpu, memory = document["cpu"], document["memory"]
    if not (cpu.isdigit() and memory.isdigit() and int(memory) in _FARGATE_MEMORY.get(int(cpu), ())):
        raise client_error(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            f"See the Amazon ECS documentation for the valid values."
        )
    containers = document["containerDefinitions"]
    if sum(container["cpu"] for container in containers) > int(cpu):
        raise client_error("The sum of the CPU units of the containers must not be greater than the task's CPU.")
    if any(container.get("memory", 0) > int(memory) for container in containers):
        raise client_error("Invalid 'memory' setting for container: it must not be greater than the task's memory.")
    if any(container.get("stopTimeout", 0) > 120 for container in containers):
        raise client_error("Invalid 'stopTimeout' setting for container: the maximum on Fargate is 120 seconds.")
    if document.get("pidMode", "task") != "task":
        raise client_error(
            f"Tasks using the Fargate launch type do not support pidMode '{document['pidMode']}'. The supported value "
            "for pidMode is 'task'."
        )
    size = document.get("ephemeralStorage", {}).get("sizeInGiB", 21)
    if not 21 <= size <= 200:
        raise client_error("Invalid ephemeral storage: sizeInGiB must be between 21 and 200.")
    if not document.get("executionRoleArn"):
        for what, needed in (
            ("support ECR images", any(".dkr.ecr." in container["image"] for container in containers)),
            (
                "support log driver awslogs",
                any(c.get("logConfiguration", {}).get("logDriver") == "awslogs" for c in containers),
            ),
        ):
            if needed:
                raise client_error(f"Fargate requires task definition to have execution role ARN to {what}.")


# --- read -------------------------------------------------------------------------------------------------------------


@patch(EC2ContainerServiceResponse, "describe_task_definition", aws=f"{API}/API_DescribeTaskDefinition.html")
@one_at_a_time
def describe_task_definition(_original: Any, self: Any) -> ActionResult:
    """A family stands for its latest active revision; tags come only when asked for."""
    reference = self._get_param("taskDefinition")
    definition = find(self.ecs_backend, reference, "Unable to describe task definition.")
    wanted = "TAGS" in (self._get_param("include") or [])
    return ActionResult({"taskDefinition": definition.view(), **({"tags": definition.tags} if wanted else {})})


@patch(EC2ContainerServiceResponse, "list_task_definitions", aws=f"{API}/API_ListTaskDefinitions.html")
@one_at_a_time
def list_task_definitions(_original: Any, self: Any) -> ActionResult:
    """Revisions of one status are listed by family and revision, oldest first unless sorted DESC, in pages of 100."""
    params = self._get_params()
    family, status = params.get("familyPrefix"), params.get("status") or "ACTIVE"
    found = [
        definition
        for name, revisions in self.ecs_backend.task_definitions.items()
        for definition in revisions.values()
        if family in (None, name) and definition.status == status
    ]
    found.sort(key=lambda definition: (definition.family, definition.revision), reverse=params.get("sort") == "DESC")
    arns, token = page(params, [definition.arn for definition in found], 100)
    return ActionResult({"taskDefinitionArns": arns, "nextToken": token})


@patch(EC2ContainerServiceResponse, "list_task_definition_families", aws=f"{API}/API_ListTaskDefinitionFamilies.html")
@one_at_a_time
def list_task_definition_families(_original: Any, self: Any) -> ActionResult:
    """A family is ACTIVE while it has an active revision."""
    params = self._get_params()
    prefix, status = params.get("familyPrefix") or "", params.get("status") or "ACTIVE"
    families = []
    for family, revisions in sorted(self.ecs_backend.task_definitions.items()):
        active = any(definition.status == "ACTIVE" for definition in revisions.values())
        if revisions and family.startswith(prefix) and status in ("ALL", "ACTIVE" if active else "INACTIVE"):
            families.append(family)
    shown, token = page(params, families, 100)
    return ActionResult({"families": shown, "nextToken": token})


# --- end --------------------------------------------------------------------------------------------------------------


@patch(EC2ContainerServiceResponse, "deregister_task_definition", aws=f"{GUIDE}/deregister-task-definition-v2.html")
@one_at_a_time
def deregister_task_definition(_original: Any, self: Any) -> ActionResult:
    """A deregistered revision is INACTIVE: what runs from it goes on, and nothing new starts from it."""
    reference = self._get_param("taskDefinition")
    if ":" not in reference.split("/")[-1]:
        raise client_error("Revision is missing.")
    definition = find(self.ecs_backend, reference, "The specified task definition does not exist.")
    definition.status = "INACTIVE"
    definition.document["deregisteredAt"] = utcnow()
    return ActionResult({"taskDefinition": definition.view()})


@patch(EC2ContainerServiceResponse, "delete_task_definitions", aws=f"{API}/API_DeleteTaskDefinitions.html")
@one_at_a_time
def delete_task_definitions(_original: Any, self: Any) -> ActionResult:
    """Inactive revisions are DELETE_IN_PROGRESS until no task or service uses them any more, then gone."""
    references = self._get_param("taskDefinitions") or []
    if not 1 <= len(references) <= 10:
        raise invalid("The number of task definitions must be between 1 and 10.")
    deleted, failures = [], []
    for reference in references:
        try:
            definition = find(self.ecs_backend, reference, "The specified task definition does not exist.")
            if definition.status == "ACTIVE":
                raise client_error(
                    "The specified task definition is still in ACTIVE status. Please deregister the target and try "
                    "again."
                )
        except AwsError as error:
            failures.append({"arn": reference, "reason": error.message})
            continue
        definition.status = "DELETE_IN_PROGRESS"
        definition.document["deleteRequestedAt"] = utcnow()
        _remove_in_time(self.ecs_backend, definition)
        deleted.append(definition.view())
    return ActionResult({"taskDefinitions": deleted, "failures": failures})


def _remove_in_time(backend: Any, definition: TaskDefinition) -> None:
    def remove() -> None:
        if _in_use(backend, definition.arn):
            later(DELETING, remove)
        else:
            backend.task_definitions[definition.family].pop(definition.revision, None)

    after(DELETING, remove)


def _in_use(backend: Any, arn: str) -> bool:
    tasks = (task for tasks in backend.tasks.values() for task in tasks.values())
    return any(task.definition.arn == arn and task.last_status != "STOPPED" for task in tasks) or any(
        service.status != "INACTIVE" and arn in service.task_definitions() for service in backend.services.values()
    )
