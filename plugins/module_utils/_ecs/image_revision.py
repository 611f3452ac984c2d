# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A revision of what a service runs in which only the image differs: what a deployment brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws
from .._ecr import image as images
from .._ecr.repository import repository_uri
from .._reconcile import Operation, PlatformError, Resource
from . import _containers
from ._common import Item
from ._reads import described_service, described_task_definition
from .task_definition import KIND, placeholder_arn


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The family of the task definition that the service runs; what is wrong with the image is said before."""
    running = running_definition(aws, params["cluster"], params["service"])
    container = params["container"]
    names = [item["name"] for item in running["containerDefinitions"]]
    if container not in names:
        raise PlatformError(
            f"the service runs no container {container}.",
            mend=f"Name one of: {', '.join(names)}.",
            resource=f"ecs_service/{params['service']}",
        )
    image = images.find(aws, params["repository"], tag=params["tag"] or "", digest=params["digest"] or "")
    platform = running.get("runtimePlatform") or {}
    images.check_architecture(aws, image, platform.get("cpuArchitecture") or "X86_64")
    reference = f"{repository_uri(aws, image.repository)}@{image.digest}"
    return [_family(aws, container, _latest(aws, running, container, reference), running, reference, image)]


def running_definition(aws: Aws, cluster: str, service: str) -> Item:
    """The task definition of the service's newest deployment; raises L(PlatformError) if there is no service."""
    found = described_service(aws, cluster, service)
    definition = described_task_definition(aws, found["taskDefinition"]) if found else None
    if definition is None:
        raise PlatformError(
            f"there is no such service in the cluster {cluster}.",
            mend="Stand the stack up first: ansible-playbook site.yml",
            resource=f"ecs_service/{service}",
        )
    return definition


def _latest(aws: Aws, running: Item, container: str, reference: str) -> Item:
    """What runs, or the newest revision if that is what it would become: registered by a run that did not end well."""
    newest = described_task_definition(aws, running["family"])
    wanted = _containers.normalised(_with_image(running, container, reference))
    return newest if newest and _containers.normalised(newest) == wanted else running


def _with_image(definition: Item, container: str, reference: str) -> dict[str, Any]:
    return {
        **definition,
        "containerDefinitions": [
            {**item, "image": reference} if item["name"] == container else item
            for item in definition["containerDefinitions"]
        ],
    }


def _family(aws: Aws, container: str, current: Item, running: Item, reference: str, image: images.Image) -> Resource:
    before = {item["name"]: item["image"] for item in current["containerDefinitions"]}
    found = Resource(
        KIND,
        current["family"],
        before={
            "arn": current["taskDefinitionArn"],
            "revision": current["revision"],
            "images": before,
            "tags": list(image.tags),
            "pushed_at": image.pushed_at,
        },
        after={"images": {**before, container: reference}},
        updates=(
            Operation("ecs:RegisterTaskDefinition", _register(aws, running, container, reference), covers=("images",)),
        ),
        impacts={"images": "restart"},
    )
    if before[container] != reference:  # a plan has to offer the new revision's ARN, which is not known yet
        found.known.update(arn=placeholder_arn(aws, current["family"]), revision=None)
    return found


def _register(aws: Aws, running: Item, container: str, reference: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        wanted = _containers.registrable(_with_image(running, container, reference))
        tags = {"tags": running["tags"]} if running["tags"] else {}
        made = aws.create("ecs", "register_task_definition", **wanted, **tags)["taskDefinition"]
        return {"arn": made["taskDefinitionArn"], "revision": made["revision"]}

    return run
