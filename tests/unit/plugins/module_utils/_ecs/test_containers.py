from __future__ import annotations

from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._ecs import _containers

CONTAINER: dict[str, Any] = {
    "name": "backend",
    "image": "app:1",
    "default_image": None,
    "essential": True,
    "cpu": None,
    "memory": None,
    "memory_reservation": None,
    "command": None,
    "entry_point": None,
    "environment": {},
    "secrets": {},
    "ports": [],
    "log": None,
    "health_check": None,
    "stop_timeout": None,
    "start_timeout": None,
    "depends_on": {},
    "mount_points": [],
    "readonly_root_filesystem": False,
    "user": None,
    "working_directory": None,
    "linux_parameters": None,
    "ulimits": {},
    "system_controls": {},
    "docker_labels": {},
    "restart_policy": None,
    "version_consistency": "enabled",
}
OPTIONS: dict[str, Any] = {
    "family": "app",
    "cpu": 256,
    "memory": 512,
    "architecture": "X86_64",
    "network_mode": "awsvpc",
    "requires_compatibilities": ["FARGATE"],
    "execution_role_arn": None,
    "task_role_arn": None,
    "pid_mode": None,
    "ephemeral_storage_gib": None,
    "volumes": [],
}
# What AWS answers for a container that was registered with a name, an image and a port.
DESCRIBED: dict[str, Any] = {
    "taskDefinitionArn": "arn:aws:ecs:ap-northeast-1:427979936961:task-definition/app:1",
    "family": "app",
    "revision": 1,
    "status": "ACTIVE",
    "networkMode": "awsvpc",
    "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
    "placementConstraints": [],
    "compatibilities": ["EC2", "FARGATE"],
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
    "registeredAt": "2026-01-01",
    "registeredBy": "arn:aws:iam::427979936961:root",
    "enableFaultInjection": False,
    "volumes": [{"name": "scratch", "host": {}}],
    "containerDefinitions": [
        {
            "name": "backend",
            "image": "app:1",
            "cpu": 0,
            "links": [],
            "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}],
            "essential": True,
            "entryPoint": [],
            "command": [],
            "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
            "environmentFiles": [],
            "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch"}],
            "volumesFrom": [],
            "linuxParameters": {"capabilities": {"add": [], "drop": []}, "devices": [], "tmpfs": []},
            "secrets": [],
            "dnsServers": [],
            "dnsSearchDomains": [],
            "extraHosts": [],
            "dockerSecurityOptions": [],
            "dockerLabels": {},
            "ulimits": [],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}, "secretOptions": []},
            "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
            "systemControls": [],
            "versionConsistency": "enabled",
            "readonlyRootFilesystem": False,
        }
    ],
}
SAME: dict[str, Any] = {
    "ports": [{"container_port": 8000, "protocol": "tcp", "name": None, "app_protocol": None}],
    "environment": {"A": 1, "B": 2},
    "mount_points": [{"source_volume": "scratch", "container_path": "/scratch", "read_only": False}],
    "log": {"driver": "awslogs", "options": {"awslogs-group": "g"}, "secret_options": {}},
    "health_check": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3, "start_period": None},
    "linux_parameters": {"init_process_enabled": False, "capabilities": None},
}


def request(container: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    return _containers.request({**OPTIONS, **options}, [{**CONTAINER, **(container or {})}])


def test_what_aws_adds_is_no_difference() -> None:
    wanted = request(SAME, volumes=[{"name": "scratch", "efs_volume_configuration": None}])
    assert _containers.normalised(wanted) == _containers.normalised(DESCRIBED)


def test_the_request_is_aws_own_form() -> None:
    wanted = request(
        {
            "environment": {"PORT": 8000, "DEBUG": False, "EMPTY": ""},
            "secrets": {"DATABASE_URL": "arn:secret"},
            "depends_on": {"init": "SUCCESS"},
            "entry_point": ["sh"],
            "stop_timeout": 120,
            "ulimits": {"nofile": {"soft": 1024, "hard": "4096"}},
            "linux_parameters": {"init_process_enabled": True, "capabilities": {"add": None, "drop": ["ALL"]}},
            "ports": [{"container_port": 8000, "protocol": "tcp", "name": "http", "app_protocol": "http"}],
        },
        ephemeral_storage_gib=30,
        architecture="ARM64",
        volumes=[{"name": "data", "efs_volume_configuration": {"file_system_id": "fs-1", "root_directory": None}}],
    )
    assert wanted["ephemeralStorage"] == {"sizeInGiB": 30}
    assert wanted["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert wanted["volumes"] == [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]
    [container] = wanted["containerDefinitions"]
    assert container == {
        "name": "backend",
        "image": "app:1",
        "essential": True,
        "entryPoint": ["sh"],
        "environment": [
            {"name": "DEBUG", "value": "false"},
            {"name": "EMPTY", "value": ""},
            {"name": "PORT", "value": "8000"},
        ],
        "secrets": [{"name": "DATABASE_URL", "valueFrom": "arn:secret"}],
        "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}],
        "stopTimeout": 120,
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "portMappings": [{"containerPort": 8000, "protocol": "tcp", "name": "http", "appProtocol": "http"}],
        "readonlyRootFilesystem": False,
        "versionConsistency": "enabled",
    }


def test_the_disk_that_aws_gives_anyway_is_not_asked_for() -> None:
    assert "ephemeralStorage" not in request(ephemeral_storage_gib=20)
    assert _containers.normalised(request(ephemeral_storage_gib=20)) == _containers.normalised(request())


def test_a_field_that_no_option_knows_is_seen() -> None:
    foreign = {**request(), "proxyConfiguration": {"type": "APPMESH", "containerName": "envoy"}}
    assert _containers.normalised(foreign)["proxy_configuration"] == {"type": "APPMESH", "container_name": "envoy"}


def test_a_port_of_the_host_counts_outside_of_awsvpc() -> None:
    def ports(mode: str, host: int) -> dict[str, Any]:
        container = {"name": "a", "portMappings": [{"containerPort": 80, "hostPort": host}]}
        found = _containers.normalised({"networkMode": mode, "containerDefinitions": [container]})
        return dict(found["containers"]["a"]["ports"])

    assert ports("awsvpc", 80) == ports("awsvpc", 0) == {"80/tcp": {}}
    assert ports("bridge", 80) == {"80/tcp": {"host_port": 80}}
    assert ports("bridge", 0) == {"80/tcp": {}}
