"""What others need to know of ECR's images."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from emulator.services._common import state_of


@dataclass(frozen=True)
class Reference:
    """An image in an account's ECR, by tag or digest."""

    account: str
    region: str
    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, image: str, account: str, region: str) -> Reference | None:
        """The reference that `image` is, if it is in ECR of this account; other registries are out of reach here."""
        match = re.fullmatch(
            rf"{account}\.dkr\.ecr\.(?P<region>{region})\.amazonaws\.com/(?P<repository>[^:@]+)"
            r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:.+))?",
            image,
        )
        if match is None:
            return None
        tag = match["tag"] or (None if match["digest"] else "latest")
        return cls(account, match["region"], match["repository"], None if match["digest"] else tag, match["digest"])


def layers(repository: Any) -> dict[str, bytes]:
    """The contents of a repository's uploaded layers and image configurations, by digest."""
    return state_of(repository, "layers", dict)


def find_image(reference: Reference) -> Any:
    """moto's image, or None."""
    from moto.ecr.models import ecr_backends

    repository = ecr_backends[reference.account][reference.region].repositories.get(reference.repository)
    if repository is None:
        return None
    return next(
        (
            image
            for image in repository.images
            if (reference.digest and image.get_image_digest() == reference.digest)
            or (reference.tag and reference.tag in image.image_tags)
        ),
        None,
    )


def platforms(reference: Reference) -> frozenset[str] | None:
    """The architectures that the image is for (empty if it does not tell), or None if there is no such image."""
    from moto.ecr.models import ecr_backends

    image = find_image(reference)
    if image is None:
        return None
    manifest = json.loads(image.image_manifest)
    if "manifests" in manifest:
        return frozenset(
            entry["platform"]["architecture"]
            for entry in manifest["manifests"]
            if entry.get("platform", {}).get("architecture", "unknown") != "unknown"
        )
    repository = ecr_backends[reference.account][reference.region].repositories[reference.repository]
    configuration = layers(repository).get(manifest.get("config", {}).get("digest", ""))
    if not configuration:
        return frozenset()
    return frozenset({json.loads(configuration)["architecture"]})
