"""What the modules behind status, logs, exec, sleep and wake tell and do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from tests.integration.service_stack import CLUSTER, LOG_GROUP, NAME, REPOSITORY, ServiceStack

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]

STATUS = {"name": "airas-dev", "cluster": CLUSTER, "services": [NAME]}
SESSION = {"cluster": CLUSTER, "service": NAME, "container": "backend"}
DATABASE = "rds_instance/airas-dev-db"


@pytest.fixture
def stack(emulator: EmulatorServer, boto: Boto) -> ServiceStack:
    return ServiceStack(emulator, boto)


def test_a_healthy_service(stack: ServiceStack, apply: Run, boto: Boto) -> None:
    for name, state in (("airas-dev-cpu", "ALARM"), ("airas-dev-memory", "OK"), ("airas-prod-cpu", "ALARM")):
        boto("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="n",
            MetricName="m",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        boto("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    status = apply("stack_status", STATUS)
    [service] = status["services"]
    assert (service["healthy"], service["running"], service["revision"]) == (True, 1, f"{NAME}:1")
    assert status["alarms"]["ALARM"] == ["airas-dev-cpu"]
    assert not status["healthy"], "an alarm rings"
    screen = "\n".join(status["lines"])
    for words in (
        f"service {NAME}: healthy, 1 of 1 tasks running",
        f"deployment COMPLETED of {NAME}:1, started ",
        f"image backend: {REPOSITORY}@{stack.digest} (1), pushed ",
        ": RUNNING, UNKNOWN, revision 1, ap-northeast-1",
        f"target group {NAME}: 1 healthy",
        "alarms of airas-dev: 1 ringing, 1 quiet, 0 without data",
        "ALARM airas-dev-cpu",
    ):
        assert words in screen, screen


def test_a_service_that_fails(stack: ServiceStack, apply: Run) -> None:
    stack.emulator.set_images({"*:broken": {"exit_code": 1, "log_lines": ["boom"]}})
    stack.emulator.set_delays({"ecs_service.restart": 3600})
    definition = stack.register("registry.example.com/app:broken")
    stack.ecs.update_service(cluster=CLUSTER, service=NAME, taskDefinition=definition)
    stack.service()
    stack.ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "1"}])
    [service] = apply("stack_status", STATUS)["services"]
    assert not service["healthy"]
    assert service["deployment"]["state"] == "IN_PROGRESS"
    assert "container backend: exit code 1" in service["last_failure"]
    stack.ecs.update_service(cluster=CLUSTER, service=NAME, taskDefinition=stack.first)
    screen = "\n".join(apply("stack_status", STATUS)["lines"])
    assert "WHICH ECR DOES NOT HAVE" in screen


def test_no_service_and_none_awake(emulator: EmulatorServer, boto: Boto, apply: Run) -> None:
    assert "there is none yet" in apply("stack_status", STATUS)["lines"][0]
    ServiceStack(emulator, boto, desired=0)
    assert "no task is wanted" in apply("stack_status", STATUS)["lines"][0]


def test_the_log_is_filtered_and_cut(stack: ServiceStack, run_module: Run, apply: Run, boto: Boto) -> None:
    logs, now = boto("logs"), int(time.time() * 1000)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName="ecs/backend/1")
    events = [{"timestamp": now - 7_200_000, "message": "ERROR old"}]
    events += [{"timestamp": now - 1000 + number, "message": f"ERROR {number}"} for number in range(5)]
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName="ecs/backend/1", logEvents=events)
    found = apply("log_events", {"log_group": LOG_GROUP, "limit": 2})
    assert [event["message"] for event in found["events"]] == ["ERROR 3", "ERROR 4"]
    older = apply("log_events", {"log_group": LOG_GROUP, "since": "3h", "pattern": "ERROR"})
    assert len(older["lines"]) == 6
    assert "there is no such log group" in run_module("log_events", {"log_group": "/none"})["msg"]
    assert "since is 'soon'" in run_module("log_events", {"log_group": LOG_GROUP, "since": "soon"})["msg"]


def test_what_is_missing_for_a_session(
    stack: ServiceStack, apply: Run, run_module: Run, boto: Boto, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told = apply("ecs_exec_session", SESSION)
    for words in (
        "4 things",
        "AWS CLI",
        "session-manager-plugin",
        "execute command is off",
        "airas-dev-task: no inline",
    ):
        assert words in told["missing"]
    for program in ("aws", "session-manager-plugin"):
        path = tmp_path / program
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    iam = boto("iam")
    iam.create_role(RoleName="airas-dev-task", AssumeRolePolicyDocument="{}")
    statement = {"Effect": "Allow", "Action": "ssmmessages:OpenControlChannel", "Resource": "*"}
    allow = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="airas-dev-task", PolicyName="exec", PolicyDocument=allow)
    stack.ecs.update_service(cluster=CLUSTER, service=NAME, enableExecuteCommand=True)
    assert "it was started before execute command was switched on" in apply("ecs_exec_session", SESSION)["missing"]
    stack.ecs.update_service(cluster=CLUSTER, service=NAME, forceNewDeployment=True)
    while len(stack.service()["deployments"]) > 1:
        pass
    ready = apply("ecs_exec_session", {**SESSION, "command": "printenv PORT"})
    assert ready["missing"] == ""
    [task] = stack.ecs.list_tasks(cluster=CLUSTER, serviceName=NAME)["taskArns"]
    assert ready["line"].endswith(
        f"--cluster {CLUSTER} --task {task.rpartition('/')[2]} --container backend --interactive "
        "--command 'printenv PORT'"
    )
    assert "it runs no task ffff" in run_module("ecs_exec_session", {**SESSION, "task": "ffff"})["msg"]


def test_a_database_sleeps_and_wakes(boto: Boto, apply: Run, changes: Any, run_module: Run) -> None:
    args = {"name": "airas-dev-db", "state": "stopped"}
    assert apply("rds_instance_power", args)["resources"] == {}
    rds = boto("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="airas-dev-db",
        DBInstanceClass="db.t3.small",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="airas_admin",
        ManageMasterUserPassword=True,
    )

    def settled(args: dict[str, Any]) -> dict[str, Any]:
        first = result = apply("rds_instance_power", args)
        while result["pending"]:
            result = apply("rds_instance_power", args)
        return first if first["changed"] else result

    assert changes(apply("rds_instance_power", args, check=True)) == {DATABASE: ["state"]}
    assert settled(args)["changed"]
    assert not settled(args)["changed"]
    assert rds.describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] == "stopped"
    assert settled({**args, "state": "running"})["changed"]
    assert rds.describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] == "available"
