from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

FAMILY = "airas-dev-backend"
ADDRESS = f"ecs_task_definition/{FAMILY}"
REPOSITORY = "427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/airas-backend"
SECRET = "arn:aws:secretsmanager:ap-northeast-1:427979936961:secret:airas-dev/database-url-AbCdEf"
LOG = {
    "awslogs-group": f"/ecs/{FAMILY}",
    "awslogs-region": "ap-northeast-1",
    "awslogs-stream-prefix": "ecs",
}
BACKEND: dict[str, Any] = {
    "name": "backend",
    "image": f"{REPOSITORY}:1",
    "ports": [{"container_port": 8000}],
    "environment": {"PORT": 8000, "LOG_LEVEL": "info"},
    "secrets": {"DATABASE_URL": SECRET},
    "stop_timeout": 120,
    "health_check": {"command": ["CMD-SHELL", "curl -f http://localhost:8000/health"]},
    "linux_parameters": {"init_process_enabled": True},
    "log": {"options": LOG},
}
ARGS: dict[str, Any] = {
    "family": FAMILY,
    "cpu": 256,
    "memory": 512,
    "execution_role_arn": "arn:aws:iam::427979936961:role/airas-dev-execution",
    "task_role_arn": "arn:aws:iam::427979936961:role/airas-dev-task",
    "containers": [BACKEND],
    "tags": {"Environment": "dev"},
}

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]


def with_container(**changed: Any) -> dict[str, Any]:
    return {**ARGS, "containers": [{**BACKEND, **changed}]}


def revisions(boto: Boto, status: str = "ACTIVE") -> list[str]:
    arns = boto("ecs").list_task_definitions(familyPrefix=FAMILY, status=status)["taskDefinitionArns"]
    return [arn.rpartition("/")[2] for arn in arns]


def census(boto: Boto) -> dict[str, Any]:
    found = boto("ecs").describe_task_definition(taskDefinition=FAMILY, include=["TAGS"])
    definition = found["taskDefinition"]
    return {"revisions": revisions(boto), "containers": definition["containerDefinitions"], "tags": found["tags"]}


def test_plan_on_an_empty_account_names_every_field(
    apply: Run, writes: Callable[[], list[str]], changes: Callable[[Any], Any]
) -> None:
    result = apply("ecs_task_definition", ARGS, check=True)
    assert writes() == []
    assert {
        "architecture",
        "arn",
        "containers.backend.environment.LOG_LEVEL",
        "containers.backend.log.options.awslogs-group",
        "containers.backend.secrets.DATABASE_URL",
        "cpu",
        "execution_role_arn",
        "tags.Name",
    } <= set(changes(result)[ADDRESS])
    assert result["resources"][ADDRESS]["arn"].endswith(f"task-definition/{FAMILY}:0000000000000000")


def test_registered_then_unchanged(apply: Run, boto: Boto) -> None:
    first = apply("ecs_task_definition", ARGS)
    assert first["resources"][ADDRESS]["arn"].endswith(f"task-definition/{FAMILY}:1")
    again = apply("ecs_task_definition", ARGS)
    assert not again["changed"], again["plan"]
    assert again["resources"][ADDRESS]["arn"] == first["resources"][ADDRESS]["arn"]
    assert revisions(boto) == [f"{FAMILY}:1"]


CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "cpu": ({**ARGS, "cpu": 512, "memory": 1024}, {"cpu", "memory"}),
    "processor": ({**ARGS, "architecture": "ARM64"}, {"architecture"}),
    "role": ({**ARGS, "task_role_arn": "arn:aws:iam::427979936961:role/other"}, {"task_role_arn"}),
    "disk": ({**ARGS, "ephemeral_storage_gib": 30}, {"ephemeral_storage_gib"}),
    "variable": (
        with_container(environment={"PORT": 8000, "LOG_LEVEL": "debug"}),
        {"containers.backend.environment.LOG_LEVEL"},
    ),
    "variable gone": (with_container(environment={"PORT": 8000}), {"containers.backend.environment.LOG_LEVEL"}),
    "secret": (
        with_container(secrets={"DATABASE_URL": f"{SECRET[:-1]}z"}),
        {"containers.backend.secrets.DATABASE_URL"},
    ),
    "image": (with_container(image=f"{REPOSITORY}:2"), {"containers.backend.image"}),
    "command": (with_container(command=["celery"]), {"containers.backend.command"}),
    "sidecar": (
        {**ARGS, "containers": [BACKEND, {"name": "protect", "image": "x", "essential": False}]},
        {"containers.protect.image", "containers.protect.essential"},
    ),
}


def test_each_field_that_changes_is_named_and_makes_a_revision(apply: Run, boto: Boto, changes: Any) -> None:
    apply("ecs_task_definition", ARGS)
    for number, (what, (args, paths)) in enumerate(CHANGES.items()):
        plan = apply("ecs_task_definition", args, check=True)
        assert set(changes(plan)[ADDRESS]) == paths, what
        assert plan["resources"][ADDRESS]["arn"].endswith(":0000000000000000"), what
        assert apply("ecs_task_definition", args)["plan"] == plan["plan"], what
        assert not apply("ecs_task_definition", args)["changed"], what
        assert len(revisions(boto)) == 2 * number + 2, what
        apply("ecs_task_definition", ARGS)


def test_other_tags_make_no_revision(apply: Run, boto: Boto, changes: Any) -> None:
    made = apply("ecs_task_definition", ARGS)
    args = {**ARGS, "tags": {"Environment": "prod"}}
    result = apply("ecs_task_definition", args)
    assert changes(result) == {ADDRESS: ["tags.Environment"]}
    assert result["resources"][ADDRESS]["arn"] == made["resources"][ADDRESS]["arn"]
    assert not apply("ecs_task_definition", args)["changed"]
    assert revisions(boto) == [f"{FAMILY}:1"]


def test_what_somebody_added_is_taken_away(apply: Run, boto: Boto, changes: Any) -> None:
    apply("ecs_task_definition", ARGS)
    ecs = boto("ecs")
    found = ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
    container = copy.deepcopy(found["containerDefinitions"][0])
    container |= {"user": "root", "privileged": False, "dnsServers": ["10.0.0.2"]}
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "runtimePlatform")
    roles = ("executionRoleArn", "taskRoleArn")
    ecs.register_task_definition(
        **{key: found[key] for key in (*kept, *roles)},
        containerDefinitions=[container],
        tags=[{"key": "Environment", "value": "dev"}, {"key": "Name", "value": FAMILY}],
    )
    assert set(changes(apply("ecs_task_definition", ARGS))[ADDRESS]) == {
        "containers.backend.user",
        "containers.backend.dns_servers",
    }
    assert not apply("ecs_task_definition", ARGS)["changed"]


def test_old_revisions_go(apply: Run, boto: Boto) -> None:
    for number in range(4):
        apply("ecs_task_definition", with_container(image=f"{REPOSITORY}:{number}"))
    args = {**with_container(image=f"{REPOSITORY}:4"), "keep_revisions": 2}
    plan = apply("ecs_task_definition", args, check=True)
    gone = [item["resource"].rpartition(":")[2] for item in plan["plan"] if item["action"] == "delete"]
    assert gone == ["3", "2", "1"]
    apply("ecs_task_definition", args)
    assert revisions(boto) == [f"{FAMILY}:4", f"{FAMILY}:5"]
    assert revisions(boto, "INACTIVE") == []
    assert not apply("ecs_task_definition", args)["changed"]


@pytest.fixture
def running(boto: Boto, apply: Run) -> Callable[[str], None]:
    """Deploys an image the way CI does, past Ansible: registers a revision with it and updates the service."""
    apply("ecs_task_definition", ARGS)
    ecs = boto("ecs")
    subnet = boto("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    ecs.create_cluster(clusterName="airas-dev-cluster")
    ecs.create_service(
        cluster="airas-dev-cluster",
        serviceName=FAMILY,
        taskDefinition=FAMILY,
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )

    def deploy(image: str) -> None:
        found = ecs.describe_task_definition(taskDefinition=FAMILY, include=["TAGS"])
        definition = found["taskDefinition"]
        [container] = definition["containerDefinitions"]
        arguments = ("networkMode", "requiresCompatibilities", "cpu", "memory", "runtimePlatform")
        roles = ("executionRoleArn", "taskRoleArn")
        made = ecs.register_task_definition(
            family=FAMILY,
            **{key: definition[key] for key in (*arguments, *roles)},
            containerDefinitions=[{**container, "image": image}],
            tags=found["tags"],
        )["taskDefinition"]
        ecs.update_service(cluster="airas-dev-cluster", service=FAMILY, taskDefinition=made["taskDefinitionArn"])

    return deploy


KEPT = {
    **with_container(image=None, default_image=f"{REPOSITORY}:first"),
    "image_from_service": {"cluster": "airas-dev-cluster", "service": FAMILY},
}


def test_the_image_that_runs_is_kept(apply: Run, running: Callable[[str], None], changes: Any) -> None:
    running(f"{REPOSITORY}:ci")
    result = apply("ecs_task_definition", KEPT)
    assert not result["changed"], result["plan"]
    assert result["resources"][ADDRESS]["containers"]["backend"]["image"] == f"{REPOSITORY}:ci"
    louder = {**KEPT, "containers": [{**KEPT["containers"][0], "environment": {"PORT": 8000, "LOG_LEVEL": "debug"}}]}
    result = apply("ecs_task_definition", louder)
    assert changes(result) == {ADDRESS: ["containers.backend.environment.LOG_LEVEL"]}
    assert result["resources"][ADDRESS]["containers"]["backend"]["image"] == f"{REPOSITORY}:ci"
    # The service does not run it yet, and a second run finds it all the same.
    assert not apply("ecs_task_definition", louder)["changed"]


def test_a_revision_that_was_rolled_back_is_not_taken_for_the_running_one(
    apply: Run, running: Callable[[str], None], boto: Boto
) -> None:
    running(f"{REPOSITORY}:bad")
    boto("ecs").update_service(cluster="airas-dev-cluster", service=FAMILY, taskDefinition=f"{FAMILY}:1")
    result = apply("ecs_task_definition", KEPT)
    assert not result["changed"], result["plan"]
    assert result["resources"][ADDRESS]["arn"].endswith(f"{FAMILY}:1")


def test_before_the_first_deployment_there_is_a_default(apply: Run, run_module: Run) -> None:
    result = apply("ecs_task_definition", KEPT, check=True)
    assert result["resources"][ADDRESS]["containers"]["backend"]["image"] == f"{REPOSITORY}:first"
    without = {**KEPT, "containers": [{**KEPT["containers"][0], "default_image": None}]}
    refused = run_module("ecs_task_definition", without, check=True)
    assert (
        "container backend has no image, and no service airas-dev-backend runs a container backend." in refused["msg"]
    )


def test_absent_twice(apply: Run, boto: Boto) -> None:
    apply("ecs_task_definition", ARGS)
    apply("ecs_task_definition", with_container(image=f"{REPOSITORY}:2"))
    boto("ecs").deregister_task_definition(taskDefinition=f"{FAMILY}:1")
    result = apply("ecs_task_definition", {"family": FAMILY, "state": "absent"})
    assert {item["resource"].rpartition("/")[2] for item in result["plan"]} == {f"{FAMILY}:1", f"{FAMILY}:2"}
    assert revisions(boto) == revisions(boto, "INACTIVE") == []
    assert not apply("ecs_task_definition", {"family": FAMILY, "state": "absent"})["changed"]


def test_interrupted_runs_end_the_same(interrupt_each_write: Callable[..., None], apply: Run, boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        apply("ecs_task_definition", ARGS)
        apply("ecs_task_definition", with_container(image=f"{REPOSITORY}:2"))
        return {**with_container(image=f"{REPOSITORY}:3"), "keep_revisions": 2}

    interrupt_each_write("ecs_task_definition", prepare, lambda: census(boto))


def test_throttled_one_call_in_five(emulator: EmulatorServer, apply: Run, boto: Boto) -> None:
    emulator.set_faults([{"service": "ecs", "error": "throttle", "every": 5}])
    for number in range(3):
        apply("ecs_task_definition", {**with_container(image=f"{REPOSITORY}:{number}"), "keep_revisions": 2})
    emulator.set_faults([])
    assert revisions(boto) == [f"{FAMILY}:2", f"{FAMILY}:3"]
