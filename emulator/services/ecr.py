"""ECR: digests as AWS computes them, tags that move, exclusions from immutability, and layers that can be read."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.exceptions import ImageAlreadyExistsException, InvalidParameterException
from moto.ecr.models import ECRBackend, Image
from moto.ecr.responses import ECRResponse

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._ecr import layers

API = "https://docs.aws.amazon.com/AmazonECR/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide"

_LAYER_ACCOUNT = "000000000000"


@patch(Image, "_create_digest", aws=f"{API}/API_ImageIdentifier.html")
def create_digest(_original: Any, self: Any) -> None:
    """An image's digest is the SHA-256 of its manifest."""
    self._image_digest = f"sha256:{hashlib.sha256(self.image_manifest.encode()).hexdigest()}"


@patch(ECRBackend, "put_image", aws=f"{API}/API_PutImage.html")
def put_image(
    _original: Any,
    self: Any,
    repository_name: str,
    image_manifest: str,
    image_tag: str | None,
    image_manifest_mediatype: str | None = None,
    digest: str | None = None,
) -> Image:
    """A tag moves to the new image and leaves the old one untagged, unless tags are immutable."""
    repository = self._get_repository(repository_name)
    try:
        media_type = image_manifest_mediatype or json.loads(image_manifest).get("mediaType")
    except ValueError as error:
        raise InvalidParameterException("Invalid parameter at 'ImageManifest': 'Invalid JSON syntax'") from error
    if not media_type:
        raise InvalidParameterException("image manifest mediatype not provided in manifest or parameter")
    new = Image(self.account_id, image_tag, image_manifest, repository_name, media_type)
    if digest and digest != new.image_digest:
        raise AwsError("ImageDigestDoesNotMatchException", f"The digest {digest} does not match the manifest's.")
    image = next((known for known in repository.images if known.image_digest == new.image_digest), None)
    holder = next((known for known in repository.images if image_tag and image_tag in known.image_tags), None)
    if (image is not None and image is holder) or (image is not None and not image_tag):
        raise _exists(repository, image, image_tag)
    if holder is not None and image_tag:
        if _immutable(repository, image_tag):
            raise AwsError(
                "ImageTagAlreadyExistsException",
                f"The image tag '{image_tag}' already exists in the '{repository_name}' repository and cannot be "
                "overwritten because the tag is immutable.",
            )
        holder.remove_tag(image_tag)
        if not holder.image_tags:
            holder.image_tag = None
    if image is None:
        repository.images.append(new)
        return new
    image.update_tag(image_tag)
    found: Image = image
    return found


def _exists(repository: Any, image: Any, tag: str | None) -> ImageAlreadyExistsException:
    return ImageAlreadyExistsException(
        registry_id=repository.registry_id,
        image_tag=tag or "null",
        digest=image.image_digest,
        repository_name=repository.name,
    )


def _immutable(repository: Any, tag: str) -> bool:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"""
    filters = repository.image_tag_mutability_exclusion_filters or []
    excluded = any(fnmatch.fnmatchcase(tag, entry["filter"]) for entry in filters)
    setting = str(getattr(repository.image_tag_mutability, "value", repository.image_tag_mutability))
    return setting.startswith("IMMUTABLE") != (excluded and setting.endswith("_WITH_EXCLUSION"))


@patch(ECRBackend, "batch_get_image", aws=f"{API}/API_BatchGetImage.html")
def batch_get_image(original: Any, self: Any, image_ids: list[Mapping[str, Any]], **others: Any) -> Any:
    """Each image is told under the tag or digest that was asked for."""
    found = []
    failures = []
    for image_id in image_ids:
        answer = original(self, image_ids=[image_id], **others)
        failures += answer["failures"]
        for image in answer["images"]:
            told = {"imageDigest": image.image_digest}
            if "imageTag" in image_id:
                told["imageTag"] = image_id["imageTag"]
            found.append(
                {
                    "registryId": image.registry_id,
                    "repositoryName": image.repository_name,
                    "imageId": told,
                    "imageManifest": image.image_manifest,
                    "imageManifestMediaType": image.image_manifest_media_type,
                }
            )
    return {"images": found, "failures": failures}


@patch(ECRBackend, "complete_layer_upload", aws=f"{API}/API_CompleteLayerUpload.html")
def complete_layer_upload(
    original: Any, self: Any, repository_name: str, upload_id: str, layer_digests: list[str], **others: Any
) -> Any:
    """The layer's digest must be the one announced, and its bytes are kept."""
    repository = self._get_repository(repository_name)
    upload = repository.uploads.get(upload_id)
    content = bytes(upload.layer_parts) if upload is not None else b""
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if upload is not None and digest not in layer_digests:
        raise AwsError("InvalidLayerException", "The layer digest does not match the layer's content.")
    answer = original(self, repository_name=repository_name, upload_id=upload_id, layer_digests=layer_digests, **others)
    layers(repository)[digest] = content
    return answer


@patch(ECRResponse, "get_download_url_for_layer", aws=f"{API}/API_GetDownloadUrlForLayer.html")
def get_download_url_for_layer(_original: Any, self: Any) -> ActionResult:
    """A layer or an image configuration can be downloaded from S3, from a bucket of ECR's own."""
    from moto.s3.models import get_canned_acl, s3_backends

    name, digest = self._get_param("repositoryName"), self._get_param("layerDigest")
    repository = self.ecr_backend._get_repository(name)
    content = layers(repository).get(digest)
    if content is None:
        raise AwsError(
            "LayersNotFoundException",
            f"The layer with digest '{digest}' is not found in the repository with name '{name}'.",
        )
    bucket = f"prod-{self.region}-starport-layer-bucket"
    s3 = s3_backends[_LAYER_ACCOUNT]["aws"]
    if bucket not in s3.buckets:
        s3.create_bucket(bucket, self.region)
    # AWS's URL is signed; this one needs no signature.
    s3.put_object(bucket, digest.partition(":")[2], content).set_acl(get_canned_acl("public-read"))
    url = f"http://127.0.0.1:{os.environ['MOTO_PORT']}/{bucket}/{digest.partition(':')[2]}"
    return ActionResult({"downloadUrl": url, "layerDigest": digest})
