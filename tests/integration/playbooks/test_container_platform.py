"""The container platform as site.yml makes it: what the specification says, the first start, and what is CI's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.testing import EmulatorServer
from tests.integration.playbooks.conftest import ROOT, Playbooks, Run
from tests.unit.test_specification import ROWS

Boto = Callable[[str], Any]
BASE = "network,storage,secrets,identity"
REPOSITORY = "airas-backend"
JOBS = "container_platform_task_protection_jobs_url=http://localhost:8000/jobs"
WORKER = '{"container_platform_worker_command": ["celery", "worker"]}'


def specified(environment: str) -> dict[str, Any]:
    """The values of the specification's table, by variable without the role's prefix."""
    prefix = "container_platform_"
    return {row[3].removeprefix(prefix): row[4] for row in ROWS if row[0] == environment and row[3].startswith(prefix)}


class Platform:
    """What AWS has of a stack's container platform."""

    def __init__(self, boto: Boto, stack: str, service: str = "backend") -> None:
        self.boto, self.stack = boto, stack
        self.place = {"cluster": f"{stack}-cluster", "service": f"{stack}-{service}"}

    def service(self) -> dict[str, Any]:
        found = self.boto("ecs").describe_services(cluster=self.place["cluster"], services=[self.place["service"]])
        return dict(found["services"][0])

    def definition(self) -> dict[str, Any]:
        revision = self.service()["taskDefinition"]
        return dict(self.boto("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"])

    def image(self) -> str:
        return str(self.definition()["containerDefinitions"][0]["image"])

    def balancer(self) -> dict[str, str]:
        elb = self.boto("elbv2")
        arn = elb.describe_load_balancers(Names=[f"{self.stack}-alb"])["LoadBalancers"][0]["LoadBalancerArn"]
        return {
            item["Key"]: item["Value"]
            for item in elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        }

    def measured(self) -> dict[str, Any]:
        """The rows of the specification, as AWS answers."""
        ecs, scaling = self.boto("ecs"), self.boto("application-autoscaling")
        definition, service = self.definition(), self.service()
        [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
        tracked = [policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for policy in policies]
        [group] = self.boto("elbv2").describe_target_groups(Names=[f"{self.stack}-backend"])["TargetGroups"]
        [cluster] = ecs.describe_clusters(clusters=[self.place["cluster"]], include=["SETTINGS"])["clusters"]
        logs = self.boto("logs").describe_log_groups(logGroupNamePrefix=f"/ecs/{self.stack}-backend")["logGroups"]
        return {
            "cpu_units": int(definition["cpu"]),
            "memory_mib": int(definition["memory"]),
            "min_tasks": target["MinCapacity"],
            "max_tasks": target["MaxCapacity"],
            "autoscaling_enabled": bool(tracked),
            "autoscaling_cpu_target_percent": int(tracked[0]) if tracked else None,
            "log_retention_days": logs[0]["retentionInDays"],
            "launch_type": service["capacityProviderStrategy"][0]["capacityProvider"],
            "health_check_path": group["HealthCheckPath"],
            "container_insights": cluster["settings"][0]["value"],
            "ecr_repository_name": self.image().partition("/")[2].partition(":")[0],
        }


def succeeded(run: Run) -> Run:
    assert run.status == 0, run.output
    return run


def test_what_the_specification_says_and_what_is_cis(
    playbooks: Playbooks, emulator: EmulatorServer, boto: Boto
) -> None:
    platform = Platform(boto, "airas-prod")
    boto("ecr").create_repository(repositoryName=REPOSITORY)
    emulator.put_image(REPOSITORY, "1")
    site = ("site.yml", "-i", "inventories/prod", "--tags")
    succeeded(playbooks.run(*site, f"{BASE},container_platform", "-e", "image_tag=1"))

    assert platform.measured() == specified("prod")
    assert platform.image().endswith(f"/{REPOSITORY}:1")
    attributes = platform.balancer()
    assert int(attributes["idle_timeout.timeout_seconds"]) >= 300
    assert attributes["deletion_protection.enabled"] == "true"
    assert attributes["access_logs.s3.bucket"] == f"airas-prod-logs-{emulator.account_id}"
    [container] = platform.definition()["containerDefinitions"]
    assert container["stopTimeout"] == 120
    assert platform.service()["healthCheckGracePeriodSeconds"] >= 180

    # The first task was alone; the second came when it was well.
    happened = [event["message"] for event in reversed(platform.service()["events"])]
    first_steps = [
        word for message in happened for word in ("has started 1 tasks", "deployment completed") if word in message
    ]
    assert first_steps[:3] == ["has started 1 tasks", "deployment completed", "has started 1 tasks"], happened
    assert platform.service()["desiredCount"] == 2

    # CI deploys, and autoscaling adds a task.
    emulator.put_image(REPOSITORY, "2")
    deployed = platform.image().rpartition(":")[0] + ":2"
    register(boto, platform.definition(), deployed)
    boto("ecs").update_service(**platform.place, taskDefinition=platform.place["service"], desiredCount=3)
    again = succeeded(playbooks.run(*site, "container_platform"))
    assert "changed=0 " in again.output, again.output
    assert platform.image() == deployed
    assert platform.service()["desiredCount"] == 3


def register(boto: Boto, definition: dict[str, Any], image: str) -> None:
    """The next revision, with another image and nothing else."""
    kept = ("family", "cpu", "memory", "networkMode", "requiresCompatibilities", "runtimePlatform")
    roles = ("executionRoleArn", "taskRoleArn")
    [container] = definition["containerDefinitions"]
    tags = boto("ecs").describe_task_definition(taskDefinition=definition["family"], include=["TAGS"])["tags"]
    boto("ecs").register_task_definition(
        **{key: definition[key] for key in (*kept, *roles)},
        containerDefinitions=[{**container, "image": image}],
        tags=tags,
    )


def test_the_first_image_of_a_new_stack_is_deployed_and_stays(
    playbooks: Playbooks, emulator: EmulatorServer, boto: Boto
) -> None:
    platform = Platform(boto, "airas-dev")
    site = ("site.yml", "-i", "inventories/dev", "--tags")
    run = succeeded(playbooks.run(*site, f"{BASE},container_platform", "-e", JOBS))
    assert "airas-dev-backend has no image, and therefore no task" in run.text
    assert "playbooks/deploy.yml -i inventories/dev -e image_tag=<tag>" in run.text
    assert "airas-dev HAS NO CERTIFICATE" in run.text
    assert platform.service()["desiredCount"] == 0
    expected = {**specified("dev"), "min_tasks": 0}  # no task may start yet
    assert platform.measured() == expected

    boto("ecr").create_repository(repositoryName=REPOSITORY)
    digest = emulator.put_image(REPOSITORY, "1")
    succeeded(playbooks.run("playbooks/deploy.yml", "-i", "inventories/dev", "-e", "image_tag=1"))
    service = platform.service()
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (1, "COMPLETED")
    again = succeeded(playbooks.run(*site, "container_platform", "-e", JOBS))
    assert "deploy.yml" not in again.text
    assert platform.image().endswith(f"/{REPOSITORY}@{digest}")
    backend, protection = platform.definition()["containerDefinitions"]
    assert backend["name"] == "backend"
    script = (ROOT / "sidecars" / "task_protection" / "protect.py").read_text(encoding="utf-8")
    assert protection["command"] == ["python", "-c", script.rstrip()]
    assert not protection["essential"]
    assert {"name": "PROTECT_JOBS_URL", "value": "http://localhost:8000/jobs"} in protection["environment"]

    with_worker = ("-e", "container_platform_worker_enabled=true", "-e", WORKER, "-e", JOBS)
    succeeded(playbooks.run(*site, "container_platform", "-e", "image_tag=1", *with_worker))
    # Celery's worker: the same image with another command, and no load balancer.
    worker = Platform(boto, "airas-dev", "worker")
    assert worker.image() == platform.image()
    assert worker.definition()["containerDefinitions"][0]["command"] == ["celery", "worker"]
    assert (worker.service()["runningCount"], worker.service()["loadBalancers"]) == (1, [])
    # It goes as it came.
    succeeded(playbooks.run(*site, "container_platform"))
    assert worker.service()["status"] != "ACTIVE"
    assert platform.measured() == specified("dev")


def test_a_size_that_fargate_has_not_is_refused_before_the_first_write(playbooks: Playbooks, writes: Any) -> None:
    run = playbooks.run("site.yml", "-i", "inventories/dev", "-e", "container_platform_memory_mib=4096")
    assert run.status == 2
    words = "container_platform_cpu_units, container_platform_memory_mib: Fargate has no memory 4096 with cpu 256."
    assert words in run.text, run.output
    assert writes() == []
