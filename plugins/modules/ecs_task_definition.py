#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_task_definition
short_description: An ECS task definition that gets a new revision when, and only when, a field changes
version_added: 0.1.0
description:
  - Compares every field of the revision that runs with what the options ask for. The plan names each field that makes
    a new revision, such as C(containers.backend.environment.LOG_LEVEL).
  - A container without an image keeps the one that runs, so that deployments made elsewhere stay.
  - A revision that already is as wanted is used again, also one that an interrupted run registered.
  - Other tags alone make no new revision.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  family:
    description: The family's name. With O(state=absent) all of its revisions are removed.
    type: str
    required: true
  cpu:
    description: CPU units of a task, 1024 for a virtual CPU. Required with O(state=present).
    type: int
  memory:
    description: Memory of a task in MiB. Required with O(state=present).
    type: int
  architecture:
    description: The processor that the images are built for.
    type: str
    choices: [X86_64, ARM64]
    default: X86_64
  network_mode:
    description: How the containers reach the network; Fargate knows V(awsvpc) only.
    type: str
    choices: [awsvpc, bridge, host, none]
    default: awsvpc
  requires_compatibilities:
    description: What the task definition has to run on.
    type: list
    elements: str
    default: [FARGATE]
  execution_role_arn:
    description: The role that pulls images, reads secrets and writes logs before and beside the containers.
    type: str
  task_role_arn:
    description: The role that the containers themselves have.
    type: str
  pid_mode:
    description: Whose processes a container sees; V(task) is the one choice on Fargate.
    type: str
    choices: [task, host]
  ephemeral_storage_gib:
    description: Disk space of a task in GiB, 20 to 200; AWS gives 20.
    type: int
  volumes:
    description: Volumes that containers can mount.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What O(containers[].mount_points[].source_volume) calls it.
        type: str
        required: true
      efs_volume_configuration:
        description: An EFS file system; without one the volume lives as long as its task.
        type: dict
        suboptions:
          file_system_id:
            description: The file system.
            type: str
            required: true
          root_directory:
            description: The directory that is mounted.
            type: str
          transit_encryption:
            description: Whether the traffic is encrypted.
            type: str
            choices: [ENABLED, DISABLED]
            default: ENABLED
          transit_encryption_port:
            description: The port of the encrypted traffic; AWS chooses one otherwise.
            type: int
          authorization_config:
            description: Through which access point, and whether with the task's role.
            type: dict
            suboptions:
              access_point_id:
                description: The access point.
                type: str
              iam:
                description: Whether the task's role decides.
                type: str
                choices: [ENABLED, DISABLED]
  containers:
    description: The containers of a task. Required with O(state=present).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The container's name.
        type: str
        required: true
      image:
        description: The image, by tag or digest. Without it the one that runs is kept, see O(image_from_service).
        type: str
      default_image:
        description: The image as long as neither O(containers[].image) is given nor a service runs one.
        type: str
      essential:
        description: Whether the end of this container ends the task.
        type: bool
        default: true
      cpu:
        description: CPU units set aside for the container.
        type: int
      memory:
        description: The most memory that it may use, in MiB.
        type: int
      memory_reservation:
        description: Memory set aside for it, in MiB.
        type: int
      command:
        description: The command with its arguments, instead of the image's.
        type: list
        elements: str
      entry_point:
        description: The entry point, instead of the image's.
        type: list
        elements: str
      environment:
        description: Environment variables by name; these are visible to everybody who may describe the task definition.
        type: dict
        default: {}
      secrets:
        description: Environment variables by name, each with the ARN of the secret or parameter that holds its value.
        type: dict
        default: {}
      ports:
        description: The ports that it listens on.
        type: list
        elements: dict
        default: []
        suboptions:
          container_port:
            description: The port.
            type: int
            required: true
          protocol:
            description: The protocol.
            type: str
            choices: [tcp, udp]
            default: tcp
          name:
            description: What service connect calls it.
            type: str
          app_protocol:
            description: What is spoken over it, for service connect.
            type: str
            choices: [http, http2, grpc]
      log:
        description: Where standard output goes.
        type: dict
        suboptions:
          driver:
            description: The log driver.
            type: str
            default: awslogs
          options:
            description: Options of the driver, such as C(awslogs-group).
            type: dict
            default: {}
          secret_options:
            description: Options whose values are read from the ARN of a secret or parameter.
            type: dict
            default: {}
      health_check:
        description: A command that tells whether the container is well.
        type: dict
        suboptions:
          command:
            description: The command, as V(CMD) or V(CMD-SHELL) and its arguments.
            type: list
            elements: str
            required: true
          interval:
            description: Seconds between two checks.
            type: int
            default: 30
          timeout:
            description: Seconds after which a check has failed.
            type: int
            default: 5
          retries:
            description: Failed checks in a row that make it unhealthy.
            type: int
            default: 3
          start_period:
            description: Seconds in which failed checks do not count.
            type: int
      stop_timeout:
        description: Seconds between SIGTERM and SIGKILL; Fargate waits 120 at most.
        type: int
      start_timeout:
        description: Seconds that containers wait for one that they depend on.
        type: int
      depends_on:
        description:
          - Containers by name, each with what it has to be before this one starts, V(START), V(COMPLETE), V(SUCCESS) or
            V(HEALTHY).
        type: dict
        default: {}
      mount_points:
        description: Volumes that it sees.
        type: list
        elements: dict
        default: []
        suboptions:
          source_volume:
            description: One of O(volumes).
            type: str
            required: true
          container_path:
            description: Where it is mounted.
            type: str
            required: true
          read_only:
            description: Whether it can only be read.
            type: bool
            default: false
      readonly_root_filesystem:
        description: Whether the image's own file system can only be read.
        type: bool
        default: false
      user:
        description: The user that the command runs as.
        type: str
      working_directory:
        description: The directory that the command starts in.
        type: str
      linux_parameters:
        description: Kernel settings.
        type: dict
        suboptions:
          init_process_enabled:
            description: Whether an init process forwards signals and reaps processes; exec sessions want it.
            type: bool
            default: false
          capabilities:
            description: Kernel capabilities to C(add) or C(drop).
            type: dict
            suboptions:
              add:
                description: Added ones; Fargate allows SYS_PTRACE only.
                type: list
                elements: str
              drop:
                description: Dropped ones.
                type: list
                elements: str
      ulimits:
        description: Limits by name, each with C(soft) and C(hard).
        type: dict
        default: {}
      system_controls:
        description: Kernel parameters by name.
        type: dict
        default: {}
      docker_labels:
        description: Labels of the container.
        type: dict
        default: {}
      restart_policy:
        description: Whether ECS restarts the container without ending the task.
        type: dict
        suboptions:
          enabled:
            description: Whether it does.
            type: bool
            default: true
          ignored_exit_codes:
            description: Exit codes after which it does not.
            type: list
            elements: int
          restart_attempt_period:
            description: Seconds that the container must have run before.
            type: int
            default: 300
      version_consistency:
        description: Whether a tag is resolved once for all tasks of a deployment.
        type: str
        choices: [enabled, disabled]
        default: enabled
  image_from_service:
    description: The service whose running image containers without an O(containers[].image) keep.
    type: dict
    suboptions:
      cluster:
        description: The service's cluster.
        type: str
        required: true
      service:
        description: The service.
        type: str
        required: true
      container:
        description: The container of the service that carries the image; by default the one of the same name.
        type: str
  keep_revisions:
    description:
      - How many revisions are kept, this one included; older ones are deregistered and deleted, except those that
        O(image_from_service) uses. Inactive ones are deleted.
      - If not given, all are kept.
    type: int
"""

EXAMPLES = r"""
- name: The backend, with the image that runs
  airas.platform.ecs_task_definition:
    family: airas-dev-backend
    cpu: 256
    memory: 512
    execution_role_arn: arn:aws:iam::427979936961:role/airas-dev-execution
    task_role_arn: arn:aws:iam::427979936961:role/airas-dev-task
    containers:
      - name: backend
        default_image: 427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/airas-backend:latest
        ports:
          - container_port: 8000
        environment:
          PORT: "8000"
        secrets:
          DATABASE_URL: arn:aws:secretsmanager:ap-northeast-1:427979936961:secret:airas-dev/database-url-AbCdEf
        stop_timeout: 120
        log:
          options:
            awslogs-group: /ecs/airas-dev-backend
            awslogs-region: ap-northeast-1
            awslogs-stream-prefix: ecs
    image_from_service:
      cluster: airas-dev-cluster
      service: airas-dev-backend
    keep_revisions: 10
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description:
    - By address (V(ecs_task_definition/airas-dev-backend)), C(arn) and C(revision) of the revision that is as wanted,
      with its fields; C(containers) by name. In a plan the C(arn) of a revision yet to come is a placeholder.
    - Revisions that go are V(ecs_task_definition_revision/airas-dev-backend:3).
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._ecs import task_definition
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def _list(**options: Any) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "default": [], "options": options}


def _dict(**options: Any) -> dict[str, Any]:
    return {"type": "dict", "options": options}


NAMED = {"type": "str", "required": True}
TEXT = {"type": "str"}
NUMBER = {"type": "int"}
TEXTS = {"type": "list", "elements": "str"}
MAPPING: dict[str, Any] = {"type": "dict", "default": {}}
# Holds names and ARNs, never a value.
SECRETS = {**MAPPING, "no_log": False}
SWITCH = {"type": "str", "choices": ["ENABLED", "DISABLED"]}

VOLUME = {
    "name": NAMED,
    "efs_volume_configuration": _dict(
        file_system_id=NAMED,
        root_directory=TEXT,
        transit_encryption={**SWITCH, "default": "ENABLED"},
        transit_encryption_port=NUMBER,
        authorization_config=_dict(access_point_id=TEXT, iam=SWITCH),
    ),
}
CONTAINER: dict[str, Any] = {
    "name": NAMED,
    "image": TEXT,
    "default_image": TEXT,
    "essential": {"type": "bool", "default": True},
    "cpu": NUMBER,
    "memory": NUMBER,
    "memory_reservation": NUMBER,
    "command": TEXTS,
    "entry_point": TEXTS,
    "environment": MAPPING,
    "secrets": SECRETS,
    "ports": _list(
        container_port={"type": "int", "required": True},
        protocol={"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
        name=TEXT,
        app_protocol={"type": "str", "choices": ["http", "http2", "grpc"]},
    ),
    "log": _dict(driver={"type": "str", "default": "awslogs"}, options=MAPPING, secret_options=SECRETS),
    "health_check": _dict(
        command={**TEXTS, "required": True},
        interval={"type": "int", "default": 30},
        timeout={"type": "int", "default": 5},
        retries={"type": "int", "default": 3},
        start_period=NUMBER,
    ),
    "stop_timeout": NUMBER,
    "start_timeout": NUMBER,
    "depends_on": MAPPING,
    "mount_points": _list(source_volume=NAMED, container_path=NAMED, read_only={"type": "bool", "default": False}),
    "readonly_root_filesystem": {"type": "bool", "default": False},
    "user": TEXT,
    "working_directory": TEXT,
    "linux_parameters": _dict(
        init_process_enabled={"type": "bool", "default": False}, capabilities=_dict(add=TEXTS, drop=TEXTS)
    ),
    "ulimits": MAPPING,
    "system_controls": MAPPING,
    "docker_labels": MAPPING,
    "restart_policy": _dict(
        enabled={"type": "bool", "default": True},
        ignored_exit_codes={"type": "list", "elements": "int"},
        restart_attempt_period={"type": "int", "default": 300},
    ),
    "version_consistency": {"type": "str", "choices": ["enabled", "disabled"], "default": "enabled"},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "family": NAMED,
            "cpu": NUMBER,
            "memory": NUMBER,
            "architecture": {"type": "str", "choices": ["X86_64", "ARM64"], "default": "X86_64"},
            "network_mode": {"type": "str", "choices": ["awsvpc", "bridge", "host", "none"], "default": "awsvpc"},
            "requires_compatibilities": {**TEXTS, "default": ["FARGATE"]},
            "execution_role_arn": TEXT,
            "task_role_arn": TEXT,
            "pid_mode": {"type": "str", "choices": ["task", "host"]},
            "ephemeral_storage_gib": NUMBER,
            "volumes": _list(**VOLUME),
            "containers": _list(**CONTAINER),
            "image_from_service": _dict(cluster=NAMED, service=NAMED, container=TEXT),
            "keep_revisions": NUMBER,
            **_options.state(),
            **_options.tags(),
        },
        required_if=[("state", "present", ("cpu", "memory"))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: task_definition.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
