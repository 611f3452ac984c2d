# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Images in an ECR repository of this account: is one there, and which processors is it for?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.urls import open_url

from .._aws import Aws
from .._reconcile import PlatformError
from .repository import KIND, repository_uri

# What ECS calls a processor architecture, and what images call it.
ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}

_ACCEPTED = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
_SHOWN = 5
_TIMEOUT_S = 30


@dataclass(frozen=True)
class Image:
    """An image by its digest, with the tags that lead to it and when it was pushed (ISO 8601)."""

    repository: str
    digest: str
    tags: tuple[str, ...]
    pushed_at: str

    @property
    def name(self) -> str:
        return f"{self.repository}:{self.tags[0]}" if self.tags else f"{self.repository}@{self.digest}"


def find(aws: Aws, repository: str, *, tag: str = "", digest: str = "") -> Image:
    """The image with the tag or the digest; raises L(PlatformError) with what there is instead."""
    if found := look_up(aws, repository, tag=tag, digest=digest):
        return found
    raise PlatformError(
        f"it has no image {tag or digest}.", mend=_mend(aws, repository), resource=f"{KIND}/{repository}"
    )


def look_up(aws: Aws, repository: str, *, tag: str = "", digest: str = "") -> Image | None:
    """The image with the tag or the digest; None if there is no such image or repository."""
    by = {"imageTag": tag} if tag else {"imageDigest": digest}
    missing = ("ImageNotFoundException", "RepositoryNotFoundException")
    answer = aws.call_or_none("ecr", "describe_images", missing, repositoryName=repository, imageIds=[by])
    return _image(answer["imageDetails"][0]) if answer else None


def newest(aws: Aws, repository: str, number: int = _SHOWN) -> list[Image]:
    """The images that were pushed last, the newest first; none if there is no repository."""
    if aws.call_or_none("ecr", "describe_repositories", ("RepositoryNotFoundException",), repositoryNames=[repository]):
        images = aws.pages("ecr", "describe_images", "imageDetails", repositoryName=repository)
        return [_image(item) for item in sorted(images, key=lambda item: item["imagePushedAt"], reverse=True)[:number]]
    return []


def parsed(aws: Aws, reference: str) -> dict[str, str] | None:
    """``repository``, ``tag`` and ``digest`` of an image that lies in this account's ECR; None for other registries."""
    prefix = repository_uri(aws, "")
    match = re.fullmatch(r"(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?", reference[len(prefix) :])
    if not reference.startswith(prefix) or not match:
        return None
    tag = "" if match["digest"] else match["tag"] or "latest"
    return {"repository": match["repository"], "tag": tag, "digest": match["digest"] or ""}


def check_architecture(aws: Aws, image: Image, wanted: str) -> None:
    """Refuses an image that is not for ``wanted`` (X86_64 or ARM64); such a container never starts."""
    found = architectures(aws, image)
    if ARCHITECTURES[wanted] not in found:
        raise PlatformError(
            f"the image {image.name} is for {' and '.join(sorted(found)) or 'no known processor'}, "
            f"and the service runs on {wanted}.",
            mend=f"Build it with docker buildx build --platform linux/{ARCHITECTURES[wanted]}, and push it.",
            resource=f"{KIND}/{image.repository}",
        )


def architectures(aws: Aws, image: Image) -> frozenset[str]:
    """The processors that the image is for, as images call them; of an index, all that it lists."""
    answer = aws.call(
        "ecr",
        "batch_get_image",
        repositoryName=image.repository,
        imageIds=[{"imageDigest": image.digest}],
        acceptedMediaTypes=list(_ACCEPTED),
    )
    manifest = json.loads(answer["images"][0]["imageManifest"])
    if "manifests" in manifest:
        listed = {(entry.get("platform") or {}).get("architecture") or "unknown" for entry in manifest["manifests"]}
        return frozenset(listed - {"unknown"})  # attestations are listed, too
    return frozenset({str(_configuration(aws, image, manifest["config"]["digest"])["architecture"])})


def _configuration(aws: Aws, image: Image, digest: str) -> Mapping[str, Any]:
    """The image's own description of itself, which a registry keeps as it keeps layers."""
    url = aws.call("ecr", "get_download_url_for_layer", repositoryName=image.repository, layerDigest=digest)
    try:
        with open_url(url["downloadUrl"], timeout=_TIMEOUT_S) as answer:
            found: Mapping[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError) as error:
        raise PlatformError(
            f"the description of {image.name} cannot be downloaded: {error}.",
            mend="Check the network (ECR hands out layers by way of S3) and run again.",
            resource=f"{KIND}/{image.repository}",
            call="ecr:GetDownloadUrlForLayer",
        ) from error


def _image(item: Mapping[str, Any]) -> Image:
    pushed = item["imagePushedAt"]
    return Image(
        repository=item["repositoryName"],
        digest=item["imageDigest"],
        tags=tuple(sorted(item.get("imageTags") or ())),
        pushed_at=pushed.isoformat(timespec="seconds"),
    )


def _mend(aws: Aws, repository: str) -> str:
    tags = [image.tags[0] if image.tags else image.digest for image in newest(aws, repository)]
    if tags:
        return f"Push it, or choose another one; the newest are {', '.join(tags)}."
    return f"Push it first: docker push {repository_uri(aws, repository)}:<tag>"
