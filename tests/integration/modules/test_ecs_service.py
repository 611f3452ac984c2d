from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

CLUSTER = "airas-dev-cluster"
NAME = "airas-dev-backend"
ADDRESS = f"ecs_service/{NAME}"
IMAGE = "registry.example.com/airas-backend"
LOG_GROUP = f"/ecs/{NAME}"

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]


class Stack:
    """A cluster, a balanced target group and revisions of a task definition, all made past Ansible."""

    def __init__(self, boto: Boto) -> None:
        self.ecs = boto("ecs")
        self.ec2 = boto("ec2")
        elb = boto("elbv2")
        subnets = self.ec2.describe_subnets()["Subnets"]
        self.subnets = [subnet["SubnetId"] for subnet in subnets[:2]]
        vpc = subnets[0]["VpcId"]
        self.groups = [group["GroupId"] for group in self.ec2.describe_security_groups()["SecurityGroups"]][:1]
        self.ecs.create_cluster(clusterName=CLUSTER, capacityProviders=["FARGATE", "FARGATE_SPOT"])
        boto("logs").create_log_group(logGroupName=LOG_GROUP)
        made = elb.create_load_balancer(Name="airas-dev", Subnets=self.subnets, Scheme="internal")
        balancer = made["LoadBalancers"][0]
        self.target_group = elb.create_target_group(
            Name="airas-dev", Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )
        self.first = self.register("1")

    def register(self, tag: str) -> str:
        log = {"awslogs-group": LOG_GROUP, "awslogs-region": "ap-northeast-1", "awslogs-stream-prefix": "ecs"}
        made = self.ecs.register_task_definition(
            family=NAME,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn="arn:aws:iam::427979936961:role/airas-dev-execution",
            taskRoleArn="arn:aws:iam::427979936961:role/airas-dev-task",
            containerDefinitions=[
                {
                    "name": "backend",
                    "image": f"{IMAGE}:{tag}",
                    "portMappings": [{"containerPort": 8000}],
                    "logConfiguration": {"logDriver": "awslogs", "options": log},
                }
            ],
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    @property
    def args(self) -> dict[str, Any]:
        balancer = {"target_group_arn": self.target_group, "container_name": "backend", "container_port": 8000}
        return {
            "name": NAME,
            "cluster": CLUSTER,
            "task_definition": self.first,
            "desired_count": 2,
            "subnets": self.subnets,
            "security_groups": self.groups,
            "load_balancers": [balancer],
            "health_check_grace_period": 180,
            "deployment": {"alarms": ["airas-dev-target-5xx"]},
            "tags": {"Environment": "dev"},
        }

    def service(self) -> dict[str, Any]:
        [found] = self.ecs.describe_services(cluster=CLUSTER, services=[NAME], include=["TAGS"])["services"]
        return dict(found)

    def census(self) -> dict[str, Any]:
        service = self.service()
        kept = ("status", "desiredCount", "networkConfiguration", "loadBalancers", "deploymentConfiguration")
        return {"count": len(self.ecs.list_services(cluster=CLUSTER)["serviceArns"])} | {
            key: service[key] for key in (*kept, "healthCheckGracePeriodSeconds", "propagateTags")
        }


@pytest.fixture
def stack(boto: Boto) -> Stack:
    return Stack(boto)


@pytest.fixture
def settle(run_module: Run) -> Run:
    """Calls the module until nothing is pending, as the action plugin does, which also sleeps in between."""

    def run(args: dict[str, Any]) -> dict[str, Any]:
        result = run_module("ecs_service", args)
        for _call in range(20):
            if result.get("failed") or not result["pending"]:
                return result
            result = run_module("ecs_service", {**args, **result["resume"]})
        raise AssertionError(f"still pending after twenty calls: {result['pending']}")

    return run


def test_plan_where_nothing_is_there(apply: Run, writes: Callable[[], list[str]], changes: Any) -> None:
    group = "arn:aws:elasticloadbalancing:ap-northeast-1:427979936961:targetgroup/airas-dev/0000000000000000"
    revision = f"arn:aws:ecs:ap-northeast-1:427979936961:task-definition/{NAME}:0000000000000000"
    args = {
        "name": NAME,
        "cluster": CLUSTER,
        "task_definition": revision,
        "subnets": ["subnet-00000000000000000"],
        "load_balancers": [{"target_group_arn": group, "container_name": "backend", "container_port": 8000}],
    }
    result = apply("ecs_service", args, check=True)
    assert writes() == []
    assert {
        "arn",
        "capacity_providers.FARGATE.weight",
        "deployment.circuit_breaker",
        "deployment.strategy",
        "desired_count",
        "load_balancers.airas-dev.port",
        "load_balancers.airas-dev.target_group_arn",
        "network.subnets",
        "task_definition",
    } <= set(changes(result)[ADDRESS])


def test_made_in_one_call_rolled_out_then_unchanged(
    stack: Stack, settle: Run, apply: Run, run_module: Run, writes: Callable[[], list[str]], emulator: EmulatorServer
) -> None:
    before = len(writes())
    emulator.set_delays({"ecs_task.pending": 3600})
    first = run_module("ecs_service", stack.args)
    assert first["pending"] == [{"resource": ADDRESS, "state": "IN_PROGRESS, 0 of 2 tasks running"}]
    emulator.set_delays({})
    assert settle(stack.args)["pending"] == []
    again = apply("ecs_service", stack.args)
    assert not again["changed"], again["plan"]
    assert again["resources"][ADDRESS]["deployment_status"]["progress"] == "2 of 2 tasks running"
    assert writes()[before:] == ["ecs:CreateService"]


def _update(**options: Any) -> Callable[[Stack], Any]:
    return lambda stack: stack.ecs.update_service(cluster=CLUSTER, service=NAME, **options)


def _network(stack: Stack) -> None:
    place = {"awsvpcConfiguration": {"subnets": stack.subnets[:1], "assignPublicIp": "ENABLED"}}
    _update(networkConfiguration=place)(stack)


DRIFTS: dict[str, tuple[Callable[[Stack], Any], set[str]]] = {
    "count": (_update(desiredCount=1), {"desired_count"}),
    "revision": (lambda stack: _update(taskDefinition=stack.register("2"))(stack), {"task_definition"}),
    "network": (_network, {"network.subnets", "network.security_groups", "network.assign_public_ip"}),
    "no balancer": (_update(loadBalancers=[], healthCheckGracePeriodSeconds=0), {"load_balancers.airas-dev.port"}),
    "deployment": (
        _update(
            deploymentConfiguration={
                "deploymentCircuitBreaker": {"enable": False, "rollback": False},
                "maximumPercent": 150,
                "minimumHealthyPercent": 50,
            }
        ),
        {"deployment.circuit_breaker", "deployment.maximum_percent", "deployment.minimum_healthy_percent"},
    ),
    "exec": (_update(enableExecuteCommand=True), {"execute_command"}),
    "grace": (_update(healthCheckGracePeriodSeconds=5), {"health_check_grace_period"}),
    "tags": (_update(propagateTags="NONE", enableECSManagedTags=False), {"propagate_tags", "managed_tags"}),
    "spot": (
        _update(capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}], forceNewDeployment=True),
        {"capacity_providers.FARGATE.weight", "capacity_providers.FARGATE_SPOT.weight"},
    ),
    "rebalancing": (_update(availabilityZoneRebalancing="DISABLED"), {"availability_zone_rebalancing"}),
    "tag": (
        lambda stack: stack.ecs.tag_resource(
            resourceArn=stack.service()["serviceArn"], tags=[{"key": "Environment", "value": "prod"}]
        ),
        {"tags.Environment"},
    ),
}


def test_each_drift_is_named_and_repaired(stack: Stack, settle: Run, apply: Run, changes: Any) -> None:
    settle(stack.args)
    expected = stack.census()
    for what, (change, paths) in DRIFTS.items():
        change(stack)
        plan = apply("ecs_service", stack.args, check=True)
        assert paths <= set(changes(plan)[ADDRESS]), what
        assert not settle(stack.args).get("failed"), what
        again = apply("ecs_service", stack.args)
        assert not again["changed"], (what, again["plan"])
        assert stack.census() == expected, what


def test_a_desired_count_that_autoscaling_owns_is_left_alone(stack: Stack, settle: Run, apply: Run, boto: Boto) -> None:
    settle(stack.args)
    boto("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{CLUSTER}/{NAME}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=4,
    )
    stack.ecs.update_service(cluster=CLUSTER, service=NAME, desiredCount=4)
    assert not apply("ecs_service", stack.args)["changed"]
    settle({**stack.args, "execute_command": True})
    assert stack.service()["desiredCount"] == 4


def test_a_broken_image_ends_with_the_reason_and_what_ran_before(
    stack: Stack, settle: Run, apply: Run, emulator: EmulatorServer
) -> None:
    settle(stack.args)
    broken = {"exit_code": 1, "log_lines": ["Traceback", "psycopg.OperationalError: cannot connect"]}
    emulator.set_images({f"{IMAGE}:broken": broken})
    failed = settle({**stack.args, "task_definition": stack.register("broken")})
    assert failed["failed"]
    assert f"AWS has gone back to {NAME}:1" in failed["msg"]
    assert "Essential container in task exited" in failed["msg"]
    assert "container backend: exit code 1" in failed["msg"]
    assert "psycopg.OperationalError: cannot connect" in failed["msg"]
    assert stack.service()["taskDefinition"] == stack.first
    settle(stack.args)
    assert not apply("ecs_service", stack.args)["changed"]


def test_an_image_that_cannot_be_pulled(stack: Stack, settle: Run, emulator: EmulatorServer) -> None:
    settle(stack.args)
    reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s)"
    emulator.set_images({f"{IMAGE}:absent": {"starts": False, "stopped_reason": reason}})
    failed = settle({**stack.args, "task_definition": stack.register("absent")})
    assert failed["failed"]
    assert reason in failed["msg"]


def test_what_failed_is_deployed_again_by_the_next_run(
    stack: Stack, settle: Run, apply: Run, emulator: EmulatorServer, changes: Any
) -> None:
    """The very first deployment has nothing to go back to, and its cause may lie outside of the task definition."""
    emulator.set_images({f"{IMAGE}:1": {"exit_code": 1}})
    failed = settle(stack.args)
    assert failed["failed"]
    assert "the deployment failed: ECS deployment circuit breaker" in failed["msg"]
    emulator.set_images({})
    assert changes(apply("ecs_service", stack.args, check=True)) == {ADDRESS: ["rollout"]}
    assert not settle(stack.args).get("failed")
    assert not apply("ecs_service", stack.args)["changed"]


def test_blue_green(stack: Stack, apply: Run, settle: Run, boto: Boto) -> None:
    elb = boto("elbv2")
    vpc = elb.describe_target_groups()["TargetGroups"][0]["VpcId"]
    other = elb.create_target_group(Name="airas-dev-b", Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip")
    [listener] = elb.describe_listeners(
        LoadBalancerArn=elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    )["Listeners"]
    [rule] = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    balancer = {
        **stack.args["load_balancers"][0],
        "alternate_target_group_arn": other["TargetGroups"][0]["TargetGroupArn"],
        "production_listener_rule_arn": rule["RuleArn"],
        "role_arn": "arn:aws:iam::427979936961:role/airas-dev-ecs-balancer",
    }
    canary = {"strategy": "CANARY", "canary_percent": 10, "canary_bake_minutes": 5, "bake_minutes": 5}
    args = {**stack.args, "load_balancers": [balancer], "deployment": canary}
    apply("ecs_service", args)
    found = stack.service()["deploymentConfiguration"]
    assert found["strategy"] == "CANARY"
    assert found["canaryConfiguration"] == {"canaryPercent": 10, "canaryBakeTimeInMinutes": 5}
    again = apply("ecs_service", args)
    assert not again["changed"], again["plan"]


def test_absent_twice(stack: Stack, settle: Run) -> None:
    settle(stack.args)
    gone = {"name": NAME, "cluster": CLUSTER, "state": "absent"}
    assert not settle(gone).get("failed")
    assert not settle(gone)["changed"]
    assert stack.ecs.list_services(cluster=CLUSTER)["serviceArns"] == []


def test_absent_without_its_cluster(apply: Run) -> None:
    assert not apply("ecs_service", {"name": NAME, "cluster": CLUSTER, "state": "absent"})["changed"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"deployment": {"canary_percent": 5}}, "deployment.canary_percent is for strategy CANARY"),
        ({"deployment": {"strategy": "LINEAR"}}, "strategy LINEAR is not complete"),
        ({"deployment": {"maximum_percent": 100}}, "availability_zone_rebalancing starts tasks before"),
        ({"deployment": {"strategy": "BLUE_GREEN"}}, "shifts traffic between two target groups"),
    ],
)
def test_wrong_input(wrong: dict[str, Any], message: str, stack: Stack, run_module: Run) -> None:
    assert message in run_module("ecs_service", {**stack.args, **wrong})["msg"]


def test_interrupted_runs_end_the_same(interrupt_each_write: Callable[..., None], boto: Boto, settle: Run) -> None:
    stacks: list[Stack] = []

    def prepare() -> dict[str, Any]:
        stacks.append(Stack(boto))
        settle({**stacks[-1].args, "execute_command": True})
        stacks[-1].ecs.tag_resource(
            resourceArn=stacks[-1].service()["serviceArn"], tags=[{"key": "Environment", "value": "prod"}]
        )
        return stacks[-1].args

    def census() -> Any:
        found = stacks[-1].service()
        return found["enableExecuteCommand"], sorted(tag["value"] for tag in found["tags"])

    interrupt_each_write("ecs_service", prepare, census)


def test_throttled_one_call_in_five(stack: Stack, settle: Run, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"service": "ecs", "error": "throttle", "every": 5}])
    assert not settle(stack.args).get("failed")
    assert not settle({**stack.args, "execute_command": True}).get("failed")
    emulator.set_faults([])
    assert stack.service()["enableExecuteCommand"]
