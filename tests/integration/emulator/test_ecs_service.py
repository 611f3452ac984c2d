from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

IMAGE = "registry.example.com/app"
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Stack:
    """A cluster, a balanced target group, and a task definition family."""

    def __init__(self, emulator: Any, network: Any) -> None:
        self.emulator = emulator
        self.ecs, self.elb = emulator.client("ecs"), emulator.client("elbv2")
        self.network = network
        self.group = emulator.client("ec2").create_security_group(
            GroupName="app", Description="app", VpcId=network.vpc
        )["GroupId"]
        self.ecs.create_cluster(clusterName="c", capacityProviders=["FARGATE", "FARGATE_SPOT"])
        balancer = self.elb.create_load_balancer(Name="app", Subnets=[network.subnet, network.other_subnet])
        self.targets = self.elb.create_target_group(
            Name="app", Protocol="HTTP", Port=8000, VpcId=network.vpc, TargetType="ip", HealthCheckPath="/health"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.targets}],
        )

    def register(self, image: str = f"{IMAGE}:1", **container: Any) -> str:
        definition = {
            "family": "app",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "taskRoleArn": "arn:aws:iam::427979936961:role/task",
            "executionRoleArn": "arn:aws:iam::427979936961:role/execution",
            "containerDefinitions": [
                {"name": "backend", "image": image, "portMappings": [{"containerPort": 8000}], **container}
            ],
        }
        return str(self.ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"])

    @property
    def place(self) -> dict[str, Any]:
        return {"awsvpcConfiguration": {"subnets": [self.network.subnet], "securityGroups": [self.group]}}

    def create(self, **options: Any) -> dict[str, Any]:
        request = {
            "cluster": "c",
            "serviceName": "s",
            "taskDefinition": "app",
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": self.place,
            "loadBalancers": [{"targetGroupArn": self.targets, "containerName": "backend", "containerPort": 8000}],
            **options,
        }
        made: dict[str, Any] = self.ecs.create_service(**request)["service"]
        return made

    def service(self, name: str = "s") -> dict[str, Any]:
        [found] = self.ecs.describe_services(cluster="c", services=[name])["services"]
        return dict(found)

    def update(self, **options: Any) -> dict[str, Any]:
        updated: dict[str, Any] = self.ecs.update_service(cluster="c", service="s", **options)["service"]
        return updated

    def health(self) -> list[str]:
        told = self.elb.describe_target_health(TargetGroupArn=self.targets)["TargetHealthDescriptions"]
        return [target["TargetHealth"]["State"] for target in told]

    def tasks(self, **filters: Any) -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster="c", **filters)["taskArns"]
        return list(self.ecs.describe_tasks(cluster="c", tasks=arns)["tasks"]) if arns else []

    def last_deployment(self) -> dict[str, Any]:
        [newest, *_] = self.ecs.list_service_deployments(cluster="c", service="s")["serviceDeployments"]
        [told] = self.ecs.describe_service_deployments(serviceDeploymentArns=[newest["serviceDeploymentArn"]])[
            "serviceDeployments"
        ]
        return dict(told)

    def messages(self) -> list[str]:
        return [event["message"] for event in self.service()["events"]]


@pytest.fixture
def stack(emulator: Any, network: Any) -> Stack:
    return Stack(emulator, network)


def _counts(service: dict[str, Any]) -> tuple[int, int, int]:
    return service["desiredCount"], service["pendingCount"], service["runningCount"]


def test_a_service_rolls_out(stack: Stack) -> None:
    stack.register()
    made = stack.create(tags=[{"key": "a", "value": "b"}], propagateTags="SERVICE", enableECSManagedTags=True)
    assert _counts(made) == (2, 0, 0)
    [deployment] = made["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} in progress."

    service = stack.service()
    assert _counts(service) == (2, 0, 2)
    [deployment] = service["deployments"]
    assert deployment["rolloutState"] == "COMPLETED"
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."
    assert stack.health() == ["healthy", "healthy"]
    messages = stack.messages()
    assert messages[0] == "(service s) has reached a steady state."
    assert f"(service s) (deployment {deployment['id']}) deployment completed." in messages
    assert f"(service s) registered 1 targets in (target-group {stack.targets})" in messages
    assert "has started 2 tasks: (task " in messages[-1]

    first, _ = stack.tasks(serviceName="s")
    assert (first["group"], first["startedBy"], first["lastStatus"]) == ("service:s", deployment["id"], "RUNNING")
    [told] = stack.ecs.describe_tasks(cluster="c", tasks=[first["taskArn"]], include=["TAGS"])["tasks"]
    tags = {tag["key"]: tag["value"] for tag in told["tags"]}
    assert tags == {"a": "b", "aws:ecs:clusterName": "c", "aws:ecs:serviceName": "s"}
    [cluster] = stack.ecs.describe_clusters(clusters=["c"])["clusters"]
    assert (cluster["activeServicesCount"], cluster["runningTasksCount"]) == (1, 2)
    assert stack.last_deployment()["status"] == "SUCCESSFUL"


def test_states_on_the_way(emulator: Any, stack: Stack) -> None:
    stack.register()
    emulator.set_delays({"ecs_task.pending": 3600, "target.initial": 3600})
    stack.create()
    assert _counts(stack.service()) == (2, 2, 0)
    assert {task["lastStatus"] for task in stack.tasks()} == {"PENDING"}
    assert stack.health() == []
    emulator.set_delays({"target.initial": 3600})
    service = stack.service()
    assert (_counts(service), service["deployments"][0]["rolloutState"]) == ((2, 0, 2), "IN_PROGRESS")
    assert stack.health() == ["initial", "initial"]
    emulator.set_delays({})
    assert stack.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_an_update_replaces_tasks_once_the_new_ones_are_healthy(emulator: Any, stack: Stack) -> None:
    first = stack.register()
    stack.create()
    stack.service()
    second = stack.register(f"{IMAGE}:2")
    emulator.set_delays({"target.initial": 3600})
    assert [d["taskDefinition"] for d in stack.update(taskDefinition="app")["deployments"]] == [second, first]
    service = stack.service()
    assert [(d["status"], d["runningCount"]) for d in service["deployments"]] == [("PRIMARY", 2), ("ACTIVE", 2)]
    emulator.set_delays({"target.draining": 3600})
    service = stack.service()
    assert [(d["status"], d["runningCount"]) for d in service["deployments"]] == [("PRIMARY", 2), ("ACTIVE", 2)]
    assert sorted(stack.health()) == ["draining", "draining", "healthy", "healthy"]
    assert "(service s) has begun draining connections on 1 tasks." in stack.messages()
    emulator.set_delays({})
    service = stack.service()
    assert [d["taskDefinition"] for d in service["deployments"]] == [second]
    assert _counts(service) == (2, 0, 2)
    [stopped, _] = stack.tasks(desiredStatus="STOPPED")
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"
    assert stopped["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")


def test_the_circuit_breaker_rolls_back(emulator: Any, stack: Stack) -> None:
    first = stack.register()
    stack.create(deploymentConfiguration=BREAKER, desiredCount=1)
    good = stack.service()["deployments"][0]["id"]
    emulator.set_images({"*:2": {"exit_code": 1, "log_lines": ["boom"]}})
    second = stack.register(f"{IMAGE}:2")
    bad = stack.update(taskDefinition=second)["deployments"][0]["id"]
    service = stack.service()
    [deployment] = service["deployments"]
    assert (deployment["id"], deployment["rolloutState"], service["taskDefinition"]) == (good, "COMPLETED", first)
    assert stack.health() == ["healthy"]
    messages = stack.messages()
    assert f"(service s) (deployment {bad}) deployment failed: tasks failed to start." in messages
    assert f"(service s) rolling back to deployment {good}." in messages
    stopped = stack.tasks(desiredStatus="STOPPED")
    assert {task["stoppedReason"] for task in stopped} == {"Essential container in task exited"}
    assert [task["containers"][0]["exitCode"] for task in stopped] == [1, 1, 1]
    record = stack.last_deployment()
    assert record["status"] == "ROLLBACK_SUCCESSFUL"
    assert record["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    [revision] = stack.ecs.describe_service_revisions(serviceRevisionArns=[record["rollback"]["serviceRevisionArn"]])[
        "serviceRevisions"
    ]
    assert revision["taskDefinition"] == first
    [target] = stack.ecs.describe_service_revisions(serviceRevisionArns=[record["targetServiceRevision"]["arn"]])[
        "serviceRevisions"
    ]
    assert target["taskDefinition"] == second


def test_rollback_is_seen_on_the_way(emulator: Any, stack: Stack) -> None:
    stack.register()
    stack.create(deploymentConfiguration=BREAKER, desiredCount=1)
    good = stack.service()["deployments"][0]["id"]
    emulator.set_images({"*:2": {"starts": False}})
    emulator.set_delays({"ecs_service.restart": 3600, "ecs_service.scheduling": 0})
    stack.update(taskDefinition=stack.register(f"{IMAGE}:2"))
    newest = stack.service()["deployments"][0]
    assert (newest["failedTasks"], newest["rolloutState"]) == (1, "IN_PROGRESS")
    [task] = stack.tasks(desiredStatus="STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: ")
    emulator.set_delays({"ecs_service.scheduling": 3600})
    primary, failed = stack.service()["deployments"]
    assert primary["rolloutStateReason"] == f"ECS deployment circuit breaker: rolling back to deploymentId {good}."
    assert (failed["status"], failed["rolloutState"], failed["failedTasks"]) == ("ACTIVE", "FAILED", 3)
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert stack.last_deployment()["status"] == "ROLLBACK_IN_PROGRESS"


def test_a_failing_first_deployment_stalls(emulator: Any, stack: Stack) -> None:
    emulator.set_images({"*": {"unhealthy": True}})
    stack.register()
    stack.create(deploymentConfiguration=BREAKER, desiredCount=1)
    [deployment] = stack.service()["deployments"]
    assert (deployment["rolloutState"], deployment["failedTasks"]) == ("FAILED", 3)
    assert stack.tasks() == []
    [stopped, *_] = stack.tasks(desiredStatus="STOPPED")
    assert stopped["stoppedReason"] == f"Task failed ELB health checks in (target-group {stack.targets})"
    assert any("(port 8000) is unhealthy in (target-group " in message for message in stack.messages())


def test_without_a_circuit_breaker_tasks_are_tried_again_and_again(emulator: Any, stack: Stack) -> None:
    emulator.set_images({"*": {"exit_code": 3}})
    stack.register()
    stack.create(desiredCount=1)
    failed = []
    for _ in range(3):
        [deployment] = stack.service()["deployments"]
        assert deployment["rolloutState"] == "IN_PROGRESS"
        failed.append(deployment["failedTasks"])
    assert failed == sorted(set(failed))
    emulator.set_images({})
    for _ in range(2):
        [deployment] = stack.service()["deployments"]
    assert (deployment["rolloutState"], deployment["failedTasks"]) == ("COMPLETED", 0)


@pytest.mark.parametrize(
    ("desired", "threshold", "expected"),
    [
        (1, None, 3),
        (8, None, 4),
        (1, {"type": "COUNT", "value": 5}, 5),
        (4, {"type": "UNBOUNDED_PERCENT", "value": 25}, 1),
    ],
)
def test_thresholds(stack: Stack, desired: int, threshold: dict[str, Any] | None, expected: int) -> None:
    stack.register()
    breaker: dict[str, Any] = {"enable": True, "rollback": False}
    if threshold:
        breaker["thresholdConfiguration"] = threshold
    stack.create(desiredCount=desired, deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    assert stack.last_deployment()["deploymentCircuitBreaker"]["threshold"] == expected


def test_deployment_alarms(emulator: Any, stack: Stack) -> None:
    cloudwatch = emulator.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    first = stack.register()
    alarms = {"alarmNames": ["errors"], "enable": True, "rollback": True}
    stack.create(deploymentConfiguration={"alarms": alarms})
    stack.service()
    emulator.set_delays({"target.initial": 3600})
    stack.update(taskDefinition=stack.register(f"{IMAGE}:2"))
    assert stack.service()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    stack.service()
    emulator.set_delays({})
    service = stack.service()
    assert (service["taskDefinition"], len(service["deployments"])) == (first, 1)
    record = stack.last_deployment()
    assert record["alarms"] == {"status": "TRIGGERED", "alarmNames": ["errors"], "triggeredAlarmNames": ["errors"]}
    assert record["status"] == "ROLLBACK_SUCCESSFUL"


def test_what_makes_a_deployment(stack: Stack) -> None:
    stack.register()
    stack.create()
    [deployment] = stack.service()["deployments"]
    same: list[dict[str, Any]] = [
        {"desiredCount": 3},
        {"taskDefinition": "app"},
        {"healthCheckGracePeriodSeconds": 180},
        {"enableExecuteCommand": True},
        {"deploymentConfiguration": {"maximumPercent": 150, **BREAKER}},
        {"availabilityZoneRebalancing": "DISABLED"},
    ]
    for change in same:
        stack.update(**change)
        service = stack.service()
        assert [d["id"] for d in service["deployments"]] == [deployment["id"]], change
    assert _counts(service) == (3, 0, 3)
    assert service["deploymentConfiguration"] == {
        **BREAKER,
        "maximumPercent": 150,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    assert (service["healthCheckGracePeriodSeconds"], service["enableExecuteCommand"]) == (180, True)
    stack.update(forceNewDeployment=True)
    [newer] = stack.service()["deployments"]
    assert newer["id"] != deployment["id"]
    place = {"awsvpcConfiguration": {"subnets": [stack.network.other_subnet], "securityGroups": [stack.group]}}
    stack.update(networkConfiguration=place)
    [newest] = stack.service()["deployments"]
    assert newest["id"] != newer["id"]
    assert newest["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == [stack.network.other_subnet]
    assert len(stack.ecs.list_service_deployments(cluster="c", service="s")["serviceDeployments"]) == 3


def test_every_option_is_kept(stack: Stack) -> None:
    stack.register()
    options: dict[str, Any] = {
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 200,
            "minimumHealthyPercent": 50,
            "alarms": {"alarmNames": ["a"], "enable": True, "rollback": True},
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 5,
        },
        "availabilityZoneRebalancing": "DISABLED",
        "healthCheckGracePeriodSeconds": 180,
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "propagateTags": "TASK_DEFINITION",
        "networkConfiguration": {
            "awsvpcConfiguration": {**stack.place["awsvpcConfiguration"], "assignPublicIp": "ENABLED"}
        },
        "capacityProviderStrategy": [
            {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
            {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 3},
        ],
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "tags": [{"key": "a", "value": "b"}],
    }
    balancers = [{"targetGroupArn": stack.targets, "containerName": "backend", "containerPort": 8000}]
    request = {"cluster": "c", "serviceName": "s", "taskDefinition": "app", "desiredCount": 3}
    made = stack.ecs.create_service(**request, **options, loadBalancers=balancers)["service"]
    assert made["loadBalancers"] == balancers
    for key, value in options.items():
        assert made[key] == value, key
    assert "launchType" not in made
    stack.service()
    assert sorted(task["capacityProviderName"] for task in stack.tasks()) == ["FARGATE", "FARGATE", "FARGATE_SPOT"]
    assert (
        stack.ecs.describe_services(cluster="c", services=["s"], include=["TAGS"])["services"][0]["tags"]
        == made["tags"]
    )
    connect = {"enabled": True, "namespace": "n"}
    updated = stack.update(serviceConnectConfiguration=connect)
    assert updated["deployments"][0]["serviceConnectConfiguration"] == connect


def test_blue_green(emulator: Any, stack: Stack) -> None:
    other = stack.elb.create_target_group(
        Name="green", Protocol="HTTP", Port=8000, VpcId=stack.network.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    balancer = {"targetGroupArn": stack.targets, "containerName": "backend", "containerPort": 8000}
    configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}
    stack.register()
    with pytest.raises(stack.ecs.exceptions.InvalidParameterException):
        stack.create(deploymentConfiguration=configuration)
    advanced = {
        "alternateTargetGroupArn": other,
        "productionListenerRule": "arn:aws:elasticloadbalancing:ap-northeast-1:427979936961:listener-rule/app/a/b/c/d",
        "roleArn": "arn:aws:iam::427979936961:role/ecs",
    }
    made = stack.create(
        deploymentConfiguration=configuration, loadBalancers=[{**balancer, "advancedConfiguration": advanced}]
    )
    assert made["loadBalancers"][0]["advancedConfiguration"] == advanced
    assert made["deploymentConfiguration"]["strategy"] == "BLUE_GREEN"
    assert stack.service()["deployments"][0]["rolloutState"] == "COMPLETED"
    emulator.set_delays({"ecs_service.bake": 3600})
    stack.update(taskDefinition=stack.register(f"{IMAGE}:2"))
    assert [d["runningCount"] for d in stack.service()["deployments"]] == [2, 2]
    assert stack.last_deployment()["lifecycleStage"] == "BAKE_TIME"
    emulator.set_delays({})
    assert [d["runningCount"] for d in stack.service()["deployments"]] == [2]
    assert stack.last_deployment()["status"] == "SUCCESSFUL"


def test_a_service_without_tasks_deploys_too(stack: Stack) -> None:
    stack.register()
    stack.create(desiredCount=0)
    assert stack.service()["deployments"][0]["rolloutState"] == "COMPLETED"
    second = stack.register(f"{IMAGE}:2")
    stack.update(taskDefinition=second)
    [deployment] = stack.service()["deployments"]
    assert (deployment["taskDefinition"], deployment["rolloutState"]) == (second, "COMPLETED")


def test_scale_to_zero_and_delete(emulator: Any, stack: Stack, refused: Callable[..., Any]) -> None:
    stack.register()
    stack.create()
    stack.service()
    with refused("InvalidParameterException", "scaled above 0"):
        stack.ecs.delete_service(cluster="c", service="s")
    stack.update(desiredCount=0)
    assert _counts(stack.service()) == (0, 0, 0)
    assert stack.health() == []
    stack.update(desiredCount=1)
    stack.service()
    with refused("ClusterContainsServicesException"):
        stack.ecs.delete_cluster(cluster="c")
    emulator.set_delays({"ecs_task.stopping": 3600})
    assert stack.ecs.delete_service(cluster="c", service="s", force=True)["service"]["status"] == "DRAINING"
    assert stack.service()["status"] == "DRAINING"
    with refused("InvalidParameterException", "Draining"):
        stack.create()
    with refused("DependencyViolation"):
        emulator.client("ec2").delete_security_group(GroupId=stack.group)
    emulator.set_delays({})
    assert stack.service()["status"] == "INACTIVE"
    assert stack.ecs.list_services(cluster="c")["serviceArns"] == []
    with refused("ServiceNotActiveException"):
        stack.update(desiredCount=1)
    emulator.client("ec2").delete_security_group(GroupId=stack.group)
    stack.ecs.delete_cluster(cluster="c")


def test_a_deployment_can_be_stopped(emulator: Any, stack: Stack, refused: Callable[..., Any]) -> None:
    first = stack.register()
    stack.create()
    stack.service()
    done = stack.last_deployment()["serviceDeploymentArn"]
    with refused("ConflictException"):
        stack.ecs.stop_service_deployment(serviceDeploymentArn=done)
    emulator.set_delays({"target.initial": 3600})
    stack.update(taskDefinition=stack.register(f"{IMAGE}:2"))
    stack.service()
    stack.ecs.stop_service_deployment(serviceDeploymentArn=stack.last_deployment()["serviceDeploymentArn"])
    emulator.set_delays({})
    assert stack.service()["taskDefinition"] == first
    assert stack.last_deployment()["status"] == "ROLLBACK_SUCCESSFUL"


def test_protected_tasks_outlive_a_deployment(stack: Stack, refused: Callable[..., Any]) -> None:
    stack.register()
    stack.create(desiredCount=1)
    stack.service()
    [task] = stack.tasks()
    protect = {"cluster": "c", "tasks": [task["taskArn"]]}
    [told] = stack.ecs.update_task_protection(**protect, protectionEnabled=True, expiresInMinutes=60)["protectedTasks"]
    assert (told["protectionEnabled"], told["taskArn"]) == (True, task["taskArn"])
    assert "expirationDate" in told
    stack.update(taskDefinition=stack.register(f"{IMAGE}:2"))
    assert [d["runningCount"] for d in stack.service()["deployments"]] == [1, 1]
    stack.ecs.update_task_protection(**protect, protectionEnabled=False)
    assert [d["runningCount"] for d in stack.service()["deployments"]] == [1]
    with refused("InvalidParameterException"):
        stack.ecs.update_task_protection(**protect, protectionEnabled=True, expiresInMinutes=2881)
    [failure] = stack.ecs.get_task_protection(**protect)["failures"]
    assert failure["reason"] == "TASK_NOT_VALID"


def test_a_stopped_task_is_replaced(stack: Stack) -> None:
    stack.register()
    stack.create(desiredCount=1)
    stack.service()
    [task] = stack.tasks()
    stopped = stack.ecs.stop_task(cluster="c", task=task["taskArn"], reason="by hand")["task"]
    assert (stopped["desiredStatus"], stopped["stoppedReason"]) == ("STOPPED", "by hand")
    [other] = stack.tasks()
    assert other["taskArn"] != task["taskArn"]
    assert stack.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_refusals(stack: Stack, refused: Callable[..., Any]) -> None:
    stack.register()
    balancer = {"targetGroupArn": stack.targets, "containerName": "backend", "containerPort": 8000}
    place = stack.place["awsvpcConfiguration"]
    unbalanced = stack.elb.create_target_group(
        Name="t", Protocol="HTTP", Port=8000, VpcId=stack.network.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"cluster": "none"}, "ClusterNotFoundException", ""),
        ({"taskDefinition": "none"}, "ClientException", "TaskDefinition not found."),
        ({"loadBalancers": [{**balancer, "containerName": "x"}]}, "InvalidParameterException", "does not exist"),
        ({"loadBalancers": [{**balancer, "containerPort": 1}]}, "InvalidParameterException", "container port 1"),
        ({"loadBalancers": [{**balancer, "targetGroupArn": unbalanced}]}, "InvalidParameterException", "associated"),
        ({"loadBalancers": [], "healthCheckGracePeriodSeconds": 9}, "InvalidParameterException", "grace period"),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}, "InvalidParameterException", "both"),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {**place, "subnets": ["subnet-0123456789abcdef0"]}}},
            "InvalidParameterException",
            "InvalidSubnetID.NotFound",
        ),
        (
            {"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 100}},
            "InvalidParameterException",
            "block deployments",
        ),
    ]
    for change, code, message in cases:
        with refused(code, message):
            stack.create(**change)
    stack.create()
    with refused("InvalidParameterException", "not idempotent"):
        stack.create(desiredCount=5)
    assert stack.create()["serviceName"] == "s"
    with refused("ServiceNotFoundException"):
        stack.ecs.update_service(cluster="c", service="none", desiredCount=1)


def test_services_are_listed_in_pages(stack: Stack) -> None:
    stack.register()
    for number in range(12):
        stack.create(serviceName=f"s{number:02}", desiredCount=0, loadBalancers=[])
    first = stack.ecs.list_services(cluster="c")
    assert len(first["serviceArns"]) == 10
    rest = stack.ecs.list_services(cluster="c", nextToken=first["nextToken"])
    assert (len(rest["serviceArns"]), "nextToken" in rest) == (2, False)
    [failure] = stack.ecs.describe_services(cluster="c", services=["none"])["failures"]
    assert failure["reason"] == "MISSING"


def test_without_fargate_there_is_no_place_for_a_task(stack: Stack) -> None:
    stack.register()
    stack.ecs.create_service(
        cluster="c", serviceName="s", taskDefinition="app", desiredCount=1, networkConfiguration=stack.place
    )
    assert _counts(stack.service()) == (1, 0, 0)
    assert stack.service()["launchType"] == "EC2"
    [message] = stack.messages()
    assert "was unable to place a task because no container instance met all of its requirements" in message
