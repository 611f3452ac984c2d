# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``container_platform`` offers to the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws
from .._ecs._common import Item
from .._ecs._reads import described_service, described_task_definition
from .._ecs.cluster import cluster_arn
from .._ecs.service import scalable_target, service_arn
from .._ecs.task_definition import placeholder_arn as placeholder_revision
from .._elb import listeners, load_balancer, target_groups
from .._elb._common import described_load_balancer

CONTAINER = "backend"
# The tag of the image that a service without tasks has until the first one is deployed.
NO_IMAGE = "none-yet"


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``.

    ``image`` is empty until one has been deployed; ``started`` says whether tasks have ever been asked for.
    """
    name = query["name"]
    cluster, service_name, balancer_name = f"{name}-cluster", f"{name}-backend", f"{name}-alb"
    reads: tuple[Callable[[], Any], ...] = (
        lambda: described_service(aws, cluster, service_name),
        lambda: scalable_target(aws, cluster, service_name),
        lambda: described_load_balancer(aws, balancer_name),
        lambda: target_groups.described(aws, service_name),
    )
    service, target, balancer, groups = aws.gather(reads)
    revision = service["taskDefinition"] if service else placeholder_revision(aws, service_name)
    group = groups[0]["TargetGroupArn"] if groups else target_groups.placeholder_arn(aws, service_name)
    arn = balancer["LoadBalancerArn"] if balancer else load_balancer.placeholder_arn(aws, balancer_name)
    dns_name = balancer["DNSName"] if balancer else load_balancer.placeholder_dns_name(aws, balancer_name)
    return {
        "cluster_name": cluster,
        "cluster_arn": cluster_arn(aws, cluster),
        "service_name": service_name,
        "service_arn": service_arn(aws, cluster, service_name),
        "task_definition_arn": revision,
        "image": _image(described_task_definition(aws, revision)),
        "started": _started(service, target),
        "load_balancer_arn": arn,
        "load_balancer_name": balancer_name,
        "load_balancer_dns_name": dns_name,
        "load_balancer_zone_id": balancer["CanonicalHostedZoneId"] if balancer else "",
        "target_group_arn": group,
        "target_group_name": listeners.target_group_name(group),
        "url": _url(aws, arn, dns_name) if balancer else f"http://{dns_name}",
        "log_group": f"/ecs/{service_name}",
    }


def _image(definition: Item | None) -> str:
    containers = (definition or {}).get("containerDefinitions") or ()
    image = next((str(item["image"]) for item in containers if item["name"] == CONTAINER), "")
    return "" if image.endswith(f":{NO_IMAGE}") else image


def _started(service: Item | None, target: Item | None) -> bool:
    """Not before a service that is there has had an image, until when its scaling may go down to no task."""
    if service is None or service["desiredCount"]:
        return service is not None
    return target is not None and not target["MinCapacity"] == 0 < target["MaxCapacity"]


def _url(aws: Aws, arn: str, dns_name: str) -> str:
    """By the domain of the certificate, if there is one."""
    secure = [item for item in listeners.described(aws, arn) if item["Protocol"] == "HTTPS"]
    certificates = secure[0].get("Certificates") if secure else None
    if not certificates:
        return f"http://{dns_name}"
    certificate = certificates[0]["CertificateArn"]
    domain = aws.call("acm", "describe_certificate", CertificateArn=certificate)["Certificate"]["DomainName"]
    return f"https://{domain}"
