from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

ROLE = "arn:aws:iam::427979936961:role/execution"
LOGS = {
    "logDriver": "awslogs",
    "options": {
        "awslogs-group": "/ecs/app",
        "awslogs-region": "ap-northeast-1",
        "awslogs-stream-prefix": "ecs",
    },
}
DEFINITION: dict[str, Any] = {
    "family": "job",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": ROLE,
    "taskRoleArn": ROLE,
    "containerDefinitions": [{"name": "main", "image": "registry.example.com/app:1", "logConfiguration": LOGS}],
}


@pytest.fixture
def ecs(emulator: Any) -> Any:
    client = emulator.client("ecs")
    client.create_cluster(clusterName="c")
    emulator.client("logs").create_log_group(logGroupName="/ecs/app")
    return client


@pytest.fixture
def run(ecs: Any, network: Any) -> Callable[..., dict[str, Any]]:
    def run_task(**options: Any) -> dict[str, Any]:
        request = {
            "cluster": "c",
            "taskDefinition": "job",
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": [network.subnet]}},
            **options,
        }
        made: list[dict[str, Any]] = ecs.run_task(**request)["tasks"]
        return made[0]

    return run_task


def _register(ecs: Any, **changes: Any) -> dict[str, Any]:
    container = {**DEFINITION["containerDefinitions"][0], **changes.pop("container", {})}
    request = {**DEFINITION, "containerDefinitions": [container], **changes}
    made: dict[str, Any] = ecs.register_task_definition(**request)["taskDefinition"]
    return made


def _told(ecs: Any, task: dict[str, Any]) -> dict[str, Any]:
    [found] = ecs.describe_tasks(cluster="c", tasks=[task["taskArn"]])["tasks"]
    return dict(found)


def test_a_task_ends_with_its_exit_code_and_logs(emulator: Any, ecs: Any, run: Any, ec2: Any) -> None:
    emulator.set_images(
        {"*/app:1": {"exit_code": 1, "commands": {"*migrate*": {"exit_code": 0, "log_lines": ["one", "two"]}}}}
    )
    _register(ecs)
    command = {"containerOverrides": [{"name": "main", "command": ["python", "migrate.py"]}]}
    task = run(overrides=command, startedBy="deploy", tags=[{"key": "a", "value": "b"}])
    assert (task["lastStatus"], task["desiredStatus"], task["tags"]) == (
        "PROVISIONING",
        "RUNNING",
        [{"key": "a", "value": "b"}],
    )
    ended = _told(ecs, task)
    assert (ended["lastStatus"], ended["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert ended["stoppedReason"] == "Essential container in task exited"
    assert ended["containers"][0]["exitCode"] == 0
    assert ended["overrides"]["containerOverrides"] == command["containerOverrides"]
    stream = f"ecs/main/{task['taskArn'].split('/')[-1]}"
    events = emulator.client("logs").get_log_events(logGroupName="/ecs/app", logStreamName=stream)["events"]
    assert [event["message"] for event in events] == ["one", "two"]
    assert _told(ecs, run())["containers"][0]["exitCode"] == 1
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_states_and_stop(emulator: Any, ecs: Any, run: Any, ec2: Any) -> None:
    emulator.set_images({"*": {"stays": True}})
    emulator.set_delays({"ecs_task.pending": 3600})
    _register(ecs)
    task = run(enableExecuteCommand=True)
    assert _told(ecs, task)["lastStatus"] == "PENDING"
    emulator.set_delays({"ecs_task.stopping": 3600})
    running = _told(ecs, task)
    assert running["lastStatus"] == running["containers"][0]["lastStatus"] == "RUNNING"
    [interface] = ec2.describe_network_interfaces()["NetworkInterfaces"]
    details = {detail["name"]: detail["value"] for detail in running["attachments"][0]["details"]}
    assert details["networkInterfaceId"] == interface["NetworkInterfaceId"]
    session = ecs.execute_command(cluster="c", task=task["taskArn"], command="/bin/sh", interactive=True)
    assert session["containerName"] == "main"
    assert session["session"]["sessionId"].startswith("ecs-execute-command-")
    ecs.stop_task(cluster="c", task=task["taskArn"], reason="enough")
    assert _told(ecs, task)["lastStatus"] == "DEACTIVATING"
    emulator.set_delays({})
    ended = _told(ecs, task)
    assert (ended["lastStatus"], ended["stopCode"], ended["stoppedReason"]) == ("STOPPED", "UserInitiated", "enough")
    assert ended["containers"][0]["exitCode"] == 143


def test_listing_and_failures(emulator: Any, ecs: Any, run: Any, refused: Any) -> None:
    emulator.set_images({"*": {"stays": True}})
    _register(ecs)
    task = run(startedBy="me")
    run()
    assert len(ecs.list_tasks(cluster="c")["taskArns"]) == 2
    assert ecs.list_tasks(cluster="c", startedBy="me")["taskArns"] == [task["taskArn"]]
    assert ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"] == []
    first = ecs.list_tasks(cluster="c", maxResults=1)
    assert len(ecs.list_tasks(cluster="c", maxResults=1, nextToken=first["nextToken"])["taskArns"]) == 1
    assert ecs.describe_tasks(cluster="c", tasks=["0" * 32])["failures"][0]["reason"] == "MISSING"
    with refused("ServiceNotFoundException"):
        ecs.list_tasks(cluster="c", serviceName="none")
    with refused("InvalidParameterException", "execute command was not enabled"):
        ecs.execute_command(cluster="c", task=task["taskArn"], command="/bin/sh", interactive=True)
    with refused("InvalidParameterException", "not a container"):
        run(overrides={"containerOverrides": [{"name": "other"}]})
    with refused("InvalidParameterException", "Network Configuration"):
        ecs.run_task(cluster="c", taskDefinition="job", launchType="FARGATE")
    [failure] = ecs.get_task_protection(cluster="c", tasks=[task["taskArn"]])["failures"]
    assert failure["reason"] == "TASK_NOT_VALID"
    with refused("ClusterContainsTasksException"):
        ecs.delete_cluster(cluster="c")


def test_what_keeps_a_task_from_starting(emulator: Any, ecs: Any, run: Any) -> None:
    secrets, ssm = emulator.client("secretsmanager"), emulator.client("ssm")
    secret = secrets.create_secret(Name="app/key")["ARN"]
    _register(ecs, container={"secrets": [{"name": "KEY", "valueFrom": secret}]})
    ended = _told(ecs, run())
    assert ended["stopCode"] == "TaskFailedToStart"
    assert ended["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets or registry auth")
    assert "exitCode" not in ended["containers"][0]
    secrets.put_secret_value(SecretId=secret, SecretString=json.dumps({"a": "b"}))
    assert _told(ecs, run())["stopCode"] == "EssentialContainerExited"
    _register(ecs, container={"secrets": [{"name": "KEY", "valueFrom": f"{secret}:other::"}]})
    assert "did not contain json key other" in _told(ecs, run())["stoppedReason"]

    parameter = "arn:aws:ssm:ap-northeast-1:427979936961:parameter/app/url"
    _register(ecs, container={"secrets": [{"name": "URL", "valueFrom": parameter}]})
    assert "invalid ssm parameters: /app/url" in _told(ecs, run())["stoppedReason"]
    ssm.put_parameter(Name="/app/url", Value="x", Type="String")
    assert _told(ecs, run())["stopCode"] == "EssentialContainerExited"

    emulator.client("logs").delete_log_group(logGroupName="/ecs/app")
    assert "The specified log group does not exist." in _told(ecs, run())["stoppedReason"]


def test_images_must_be_in_ecr_for_the_architecture(emulator: Any, ecs: Any, run: Any) -> None:
    emulator.client("ecr").create_repository(repositoryName="app")
    registry = "427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/app"
    _register(ecs, container={"image": f"{registry}:1"})
    ended = _told(ecs, run())
    assert ended["stoppedReason"] == ended["containers"][0]["reason"]
    assert ended["stoppedReason"].startswith("CannotPullContainerError: ")
    digest = emulator.put_image("app", "1", architecture="amd64")
    assert _told(ecs, run())["stopCode"] == "EssentialContainerExited"
    arm = {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    _register(ecs, container={"image": f"{registry}@{digest}"}, runtimePlatform=arm)
    assert "does not contain descriptor matching platform 'linux/arm64'" in _told(ecs, run())["stoppedReason"]
    emulator.put_image("app", "both", architecture=["amd64", "arm64"])
    _register(ecs, container={"image": f"{registry}:both"}, runtimePlatform=arm)
    assert _told(ecs, run())["stopCode"] == "EssentialContainerExited"


def test_task_definitions_keep_every_field(ecs: Any) -> None:
    container = {
        "environment": [{"name": "A", "value": "b"}],
        "secrets": [{"name": "S", "valueFrom": "arn:aws:secretsmanager:ap-northeast-1:427979936961:secret:x"}],
        "portMappings": [{"containerPort": 8000, "name": "http", "appProtocol": "http"}],
        "healthCheck": {"command": ["CMD", "true"], "startPeriod": 60},
        "stopTimeout": 120,
        "command": ["serve"],
        "readonlyRootFilesystem": True,
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
        "linuxParameters": {"initProcessEnabled": True},
    }
    top = {
        "ephemeralStorage": {"sizeInGiB": 30},
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "volumes": [{"name": "tmp"}],
        "enableFaultInjection": True,
    }
    made = _register(ecs, container=container, **top, tags=[{"key": "a", "value": "b"}])
    assert {key: made[key] for key in top} == top
    [kept] = made["containerDefinitions"]
    assert {key: kept[key] for key in container if key not in ("portMappings", "healthCheck")} == {
        key: value for key, value in container.items() if key not in ("portMappings", "healthCheck")
    }
    assert kept["portMappings"] == [{**container["portMappings"][0], "hostPort": 8000, "protocol": "tcp"}]  # type: ignore[index]
    assert kept["healthCheck"] == {**container["healthCheck"], "interval": 30, "timeout": 5, "retries": 3}  # type: ignore[dict-item]
    assert (kept["essential"], kept["cpu"], kept["mountPoints"]) == (True, 0, [])
    assert (made["status"], made["revision"], made["compatibilities"]) == ("ACTIVE", 1, ["EC2", "FARGATE"])
    assert "tags" not in ecs.describe_task_definition(taskDefinition="job")
    told = ecs.describe_task_definition(taskDefinition="job", include=["TAGS"])
    assert (told["taskDefinition"], told["tags"]) == (made, [{"key": "a", "value": "b"}])


def test_the_life_of_a_revision(ecs: Any, refused: Any) -> None:
    first, second = (_register(ecs)["taskDefinitionArn"] for _ in range(2))
    assert ecs.list_task_definitions(familyPrefix="job", sort="DESC")["taskDefinitionArns"] == [second, first]
    ecs.deregister_task_definition(taskDefinition=second)
    assert ecs.describe_task_definition(taskDefinition="job")["taskDefinition"]["taskDefinitionArn"] == first
    assert ecs.describe_task_definition(taskDefinition=second)["taskDefinition"]["status"] == "INACTIVE"
    with refused("ClientException", "inactive"):
        ecs.run_task(cluster="c", taskDefinition=second)
    [failure] = ecs.delete_task_definitions(taskDefinitions=[first])["failures"]
    assert "still in ACTIVE status" in failure["reason"]
    [deleted] = ecs.delete_task_definitions(taskDefinitions=[second])["taskDefinitions"]
    assert deleted["status"] == "DELETE_IN_PROGRESS"
    with refused("ClientException", "Unable to describe task definition."):
        ecs.describe_task_definition(taskDefinition=second)
    assert _register(ecs)["revision"] == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"memory": "4096"}, "No Fargate configuration exists for given values: 256 CPU, 4096 memory."),
        ({"networkMode": "bridge"}, "Fargate only supports network mode"),
        ({"family": "a b"}, "Family contains invalid characters"),
        ({"executionRoleArn": None}, "execution role ARN to support log driver awslogs"),
        ({"ephemeralStorage": {"sizeInGiB": 20}}, "between 21 and 200"),
        ({"container": {"stopTimeout": 121}}, "120 seconds"),
        ({"container": {"essential": False}}, "essential"),
        ({"container": {"portMappings": [{"containerPort": 80, "hostPort": 81}]}}, "must match"),
        ({"container": {"dependsOn": [{"containerName": "x", "condition": "START"}]}}, "does not exist"),
        (
            {
                "container": {
                    "environment": [{"name": "A", "value": ""}],
                    "secrets": [{"name": "A", "valueFrom": "x"}],
                }
            },
            "The secret name must be unique",
        ),
    ],
)
def test_bad_task_definitions(ecs: Any, refused: Any, change: dict[str, Any], message: str) -> None:
    request = {key: value for key, value in {**DEFINITION, **change}.items() if value is not None}
    container = {**DEFINITION["containerDefinitions"][0], **request.pop("container", {})}
    with refused("ClientException", message):
        ecs.register_task_definition(**{**request, "containerDefinitions": [container]})
