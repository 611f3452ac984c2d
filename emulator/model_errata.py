"""Where botocore's models and the live AWS differ, so that validation follows AWS.

Each entry carries the reason; add one whenever a call that AWS takes is refused here.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class OpenEnum:
    """An enumeration that AWS extends between botocore releases: values of the form `form` pass unlisted."""

    service: str
    shape: str
    form: str
    reason: str


@dataclass(frozen=True)
class Waiver:
    """A constraint of the model that AWS does not apply. `kind` is required, type, enum, pattern, length or range."""

    service: str
    shape: str
    member: str
    kind: str
    reason: str


_REGION = r"[a-z]{2,}(-[a-z]+)+-\d"

OPEN_ENUMS = (
    OpenEnum(
        "ec2",
        "InstanceType",
        r"[a-z0-9-]+\.[a-z0-9-]+",
        "new instance types: https://aws.amazon.com/ec2/instance-types/",
    ),
    OpenEnum(
        "lambda",
        "Runtime",
        r"[a-z]+[0-9.a-z]*",
        "new runtimes: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    ),
    OpenEnum(
        "s3", "BucketLocationConstraint", _REGION, "new regions: https://docs.aws.amazon.com/general/latest/gr/s3.html"
    ),
    OpenEnum(
        "s3control",
        "BucketLocationConstraint",
        _REGION,
        "new regions: https://docs.aws.amazon.com/general/latest/gr/s3.html",
    ),
    OpenEnum(
        "s3",
        "BucketCannedACL",
        "log-delivery-write",
        "a bucket ACL that the model lacks: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html",
    ),
    OpenEnum("route53", "*Region", _REGION, "new regions: https://docs.aws.amazon.com/general/latest/gr/r53.html"),
)

WAIVERS: tuple[Waiver, ...] = ()


def open_enum(service: str, shape: str, value: str) -> bool:
    return any(
        e.service == service and fnmatch.fnmatchcase(shape, e.shape) and re.fullmatch(e.form, value) for e in OPEN_ENUMS
    )


def waived(service: str, shape: str, member: str, kind: str) -> bool:
    return any((w.service, w.shape, w.member, w.kind) == (service, shape, member, kind) for w in WAIVERS)
