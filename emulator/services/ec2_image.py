"""Images: the published fck-nat images, and RegisterImage that keeps what it is told."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.utils import generic_filter

from emulator import world
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._ec2 import API
from emulator.world import PublicImage

FCK_NAT_OWNER = "568608671756"
_RELEASES = (("1.3.0", "20240125"), ("1.4.0", "20260701"))

# https://fck-nat.dev names the account; the images of a release are built on one day for both architectures.
FCK_NAT_IMAGES = tuple(
    PublicImage(
        name=f"fck-nat-al2023-hvm-{version}-{day}-{architecture}-ebs",
        owner=FCK_NAT_OWNER,
        architecture=architecture,
        creation_date=f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00.000Z",
    )
    for version, day in _RELEASES
    for architecture in ("arm64", "x86_64")
)


def _publish(backend: Any, image: PublicImage) -> None:
    # The id is drawn from name and region, so that it is the same after a reset.
    digest = hashlib.sha256(f"{backend.region_name}/{image.name}".encode()).hexdigest()
    image_id = f"ami-{digest[:17]}"
    if image_id in backend.amis or image_id in backend.deleted_amis:
        return
    ami = Ami(
        backend,
        image_id,
        name=image.name,
        description=image.name,
        owner_id=image.owner,
        public=True,
        architecture=image.architecture,
        virtualization_type="hvm",
        hypervisor="xen",
        creation_date=dt.datetime.fromisoformat(image.creation_date).replace(tzinfo=None),
        root_device_type="ebs",
        root_device_name="/dev/xvda",
        image_location=f"{image.owner}/{image.name}",
        region_name=f"{backend.region_name}a",
        boot_mode="uefi" if image.architecture == "arm64" else "uefi-preferred",
    )
    ami.imds_support = "v2.0"
    ami.ena_support = True
    backend.amis[image_id] = ami


@patch(AmiBackend, "_load_amis", aws=f"{API}/API_DescribeImages.html")
def load_amis(original: Any, self: Any) -> None:
    """Amazon's images are there when first asked for (moto makes 1,300 for each region, after every reset)."""
    self.load_amazon_images = lambda: original(self)


@patch(AmiBackend, "describe_images", aws=f"{API}/API_DescribeImages.html")
def describe_images(original: Any, self: Any, ami_ids: Any = None, filters: Any = None, **others: Any) -> list[Ami]:
    """The published fck-nat images are found by owner and name, with those of the world file."""
    for image in (*FCK_NAT_IMAGES, *world.settings.value().images):
        _publish(self, image)
    asked = ami_ids or (filters or {}).get("image-id") or ()
    known = asked and all(image_id in self.amis for image_id in asked)
    if not known and others.get("owners") != [FCK_NAT_OWNER] and "load_amazon_images" in self.__dict__:
        self.__dict__.pop("load_amazon_images")()
    images: list[Ami] = original(self, ami_ids=ami_ids, filters=filters, **others)
    if ami_ids and filters:  # moto leaves the filters aside when ids are given
        images = generic_filter(filters, images)
    return images


@patch(AmisResponse, "register_image", aws=f"{API}/API_RegisterImage.html")
def register_image(_original: Any, self: Any) -> ActionResult:
    """A registered image keeps architecture, root device, virtualization type and tags."""
    params, backend = self._get_params(), self.ec2_backend
    self.error_on_dryrun()
    if any(i.name == params["Name"] and i.owner_id == backend.account_id for i in backend.amis.values()):
        raise AwsError("InvalidAMIName.Duplicate", f"AMI name {params['Name']} is already in use by this account")
    ami = backend.register_image(params["Name"], params.get("Description"))
    ami.architecture = params.get("Architecture", "i386")
    ami.virtualization_type = params.get("VirtualizationType", "paravirtual")
    ami.root_device_name = params.get("RootDeviceName", ami.root_device_name)
    ami.root_device_type = "ebs"
    ami.image_location = f"{backend.account_id}/{params['Name']}"
    ami.add_tags(self._parse_tag_specification().get("image", {}))
    return ActionResult({"ImageId": ami.id})
