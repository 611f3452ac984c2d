"""A running service behind a load balancer, made past Ansible, for tests of what operators do with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.testing import EmulatorServer

CLUSTER = "airas-dev-cluster"
NAME = "airas-dev-backend"
REPOSITORY = "airas-backend"
REGISTRY = f"427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/{REPOSITORY}"
LOG_GROUP = f"/ecs/{NAME}"
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class ServiceStack:
    """dev's cluster, repository, target group and service with the names that the collection gives them.

    The image ``1`` runs; ``desired`` tasks of it, none for a stack that has not had an image yet.
    """

    def __init__(self, emulator: EmulatorServer, boto: Callable[[str], Any], desired: int = 1) -> None:
        self.emulator = emulator
        self.ecs, self.ecr = boto("ecs"), boto("ecr")
        self.ecr.create_repository(repositoryName=REPOSITORY)
        self.digest = emulator.put_image(REPOSITORY, "1")
        subnets = boto("ec2").describe_subnets()["Subnets"]
        groups = boto("ec2").describe_security_groups()["SecurityGroups"]
        self.ecs.create_cluster(clusterName=CLUSTER, capacityProviders=["FARGATE", "FARGATE_SPOT"])
        boto("logs").create_log_group(logGroupName=LOG_GROUP)
        self.first = self.register(f"{REGISTRY}@{self.digest}")
        place = {"subnets": [subnets[0]["SubnetId"]], "securityGroups": [groups[0]["GroupId"]]}
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=NAME,
            taskDefinition=self.first,
            desiredCount=desired,
            capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
            networkConfiguration={"awsvpcConfiguration": place},
            loadBalancers=[
                {"targetGroupArn": _target_group(boto, subnets), "containerName": "backend", "containerPort": 8000}
            ],
            deploymentConfiguration=BREAKER,
        )
        while self.service()["deployments"][0]["rolloutState"] != "COMPLETED":
            pass

    def register(self, image: str) -> str:
        log = {"awslogs-group": LOG_GROUP, "awslogs-region": "ap-northeast-1", "awslogs-stream-prefix": "ecs"}
        made = self.ecs.register_task_definition(
            family=NAME,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
            executionRoleArn="arn:aws:iam::427979936961:role/airas-dev-execution",
            taskRoleArn="arn:aws:iam::427979936961:role/airas-dev-task",
            containerDefinitions=[
                {
                    "name": "backend",
                    "image": image,
                    "portMappings": [{"containerPort": 8000}],
                    "environment": [{"name": "PORT", "value": "8000"}],
                    "logConfiguration": {"logDriver": "awslogs", "options": log},
                }
            ],
            tags=[{"key": "Environment", "value": "dev"}],
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def service(self) -> dict[str, Any]:
        [found] = self.ecs.describe_services(cluster=CLUSTER, services=[NAME], include=["TAGS"])["services"]
        return dict(found)

    def image(self) -> str:
        """What the service runs, by digest or tag."""
        definition = self.ecs.describe_task_definition(taskDefinition=self.service()["taskDefinition"])
        return str(definition["taskDefinition"]["containerDefinitions"][0]["image"]).removeprefix(REGISTRY)

    def revisions(self) -> list[str]:
        arns = self.ecs.list_task_definitions(familyPrefix=NAME)["taskDefinitionArns"]
        return [arn.rpartition("/")[2] for arn in arns]


def _target_group(boto: Callable[[str], Any], subnets: list[dict[str, Any]]) -> str:
    elb = boto("elbv2")
    two = [subnet["SubnetId"] for subnet in subnets[:2]]
    balancer = elb.create_load_balancer(Name="airas-dev-alb", Subnets=two, Scheme="internal")["LoadBalancers"][0]
    group: str = elb.create_target_group(
        Name=NAME, Protocol="HTTP", Port=8000, VpcId=subnets[0]["VpcId"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return group
