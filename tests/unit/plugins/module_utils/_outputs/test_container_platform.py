from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._outputs import container_platform
from ansible_collections.airas.platform.plugins.module_utils._reconcile import placeholders_in

QUERY = {"name": "airas-dev"}
PREFIX = "arn:aws:elasticloadbalancing:ap-northeast-1:427979936961"
BALANCER = {
    "LoadBalancerArn": f"{PREFIX}:loadbalancer/app/airas-dev-alb/50dc6c495c0c9188",
    "DNSName": "airas-dev-alb-1.ap-northeast-1.elb.amazonaws.com",
    "CanonicalHostedZoneId": "Z14GRHDCWA56QT",
}
GROUP = {"TargetGroupArn": f"{PREFIX}:targetgroup/airas-dev-backend/6d0ecf831eec9f09", "LoadBalancerArns": ["x"]}
REVISION = "arn:aws:ecs:ap-northeast-1:427979936961:task-definition/airas-dev-backend:7"

Fake = Callable[..., Any]


def stack(image: str = "repository:1", desired: int = 2, least: int = 2) -> dict[str, Any]:
    service = {"status": "ACTIVE", "taskDefinition": REVISION, "desiredCount": desired}
    containers = [{"name": "backend", "image": image}]
    return {
        "describe_services": {"services": [service]},
        "describe_task_definition": {"taskDefinition": {"containerDefinitions": containers}},
        "describe_scalable_targets": {"ScalableTargets": [{"MinCapacity": least, "MaxCapacity": 4}]},
        "describe_load_balancers": {"LoadBalancers": [BALANCER]},
        "describe_target_groups": {"TargetGroups": [GROUP]},
        "describe_listeners": {"Listeners": [{"Port": 80, "Protocol": "HTTP"}]},
    }


def test_what_is_there(fake_aws: Fake) -> None:
    assert container_platform.read(fake_aws(**stack()), QUERY) == {
        "cluster_name": "airas-dev-cluster",
        "cluster_arn": "arn:aws:ecs:ap-northeast-1:427979936961:cluster/airas-dev-cluster",
        "service_name": "airas-dev-backend",
        "service_arn": "arn:aws:ecs:ap-northeast-1:427979936961:service/airas-dev-cluster/airas-dev-backend",
        "task_definition_arn": REVISION,
        "image": "repository:1",
        "started": True,
        "load_balancer_arn": BALANCER["LoadBalancerArn"],
        "load_balancer_name": "airas-dev-alb",
        "load_balancer_dns_name": BALANCER["DNSName"],
        "load_balancer_zone_id": "Z14GRHDCWA56QT",
        "target_group_arn": GROUP["TargetGroupArn"],
        "target_group_name": "airas-dev-backend",
        "url": f"http://{BALANCER['DNSName']}",
        "log_group": "/ecs/airas-dev-backend",
    }


def test_with_a_certificate_the_url_is_its_domain(fake_aws: Fake) -> None:
    secure = {"Port": 443, "Protocol": "HTTPS", "Certificates": [{"CertificateArn": "arn"}]}
    answers = stack() | {
        "describe_listeners": {"Listeners": [secure]},
        "describe_certificate": {"Certificate": {"DomainName": "api-dev.example.com"}},
    }
    assert container_platform.read(fake_aws(**answers), QUERY)["url"] == "https://api-dev.example.com"


@pytest.mark.parametrize(("desired", "least", "started"), [(0, 0, False), (0, 2, True), (1, 0, True), (2, 2, True)])
def test_it_has_started_when_tasks_were_asked_for(fake_aws: Fake, desired: int, least: int, started: bool) -> None:
    """Asleep it has no task either, but its bounds say that it has had some."""
    outputs = container_platform.read(fake_aws(**stack(desired=desired, least=least)), QUERY)
    assert outputs["started"] is started


def test_what_stands_in_for_an_image_is_none(fake_aws: Fake) -> None:
    outputs = container_platform.read(fake_aws(**stack(image=f"repository:{container_platform.NO_IMAGE}")), QUERY)
    assert outputs["image"] == ""


def test_what_is_not_there_yet_has_placeholders_of_the_right_shape(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        describe_services=refusal("ClusterNotFoundException"),
        describe_load_balancers=refusal("LoadBalancerNotFound"),
        describe_target_groups=refusal("TargetGroupNotFound"),
    )
    outputs = container_platform.read(aws, QUERY)
    assert list(placeholders_in(outputs)) == [
        "task_definition_arn",
        "load_balancer_arn",
        "load_balancer_dns_name",
        "target_group_arn",
        "url",
    ]
    assert outputs["started"] is False
    assert outputs["load_balancer_arn"].startswith(f"{PREFIX}:loadbalancer/app/airas-dev-alb/")
