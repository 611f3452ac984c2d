# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A certificate of ACM that is validated by DNS, under a name that outlives it: other domains mean another certificate.

It is ``PENDING_VALIDATION`` until ACM has seen its validation records in the public DNS. A load balancer keeps the
certificate before it until it is given the new one; a later call removes what nothing uses any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation, PlatformError, Resource, managed_tags

Item = Mapping[str, Any]

# ListCertificates leaves out most of these unless they are asked for.
# https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
KEY_ALGORITHMS = (
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)
# States that nothing leads out of; a certificate of FAILED is left for a person to look at.
_OVER = ("EXPIRED", "INACTIVE", "REVOKED", "VALIDATION_TIMED_OUT")
# ACM has seen the records of a zone that works by then.
# https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
_VALIDATED_AFTER = timedelta(minutes=10)
_ZEROS = "0" * 16


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The certificate, and those before it that nothing uses any more."""
    desired = _desired(params) if params["state"] == "present" else None
    mine = _named(_read(aws), params["name"], desired)
    if desired is None:
        return _leaving(aws, params["name"], mine, first=params["name"])
    alive = [item for item in mine if item["Status"] not in _OVER]
    same = [item for item in alive if _differs(item, desired) == ()]
    current = next(iter(same or alive), None)
    if current and current["Status"] == "FAILED":
        raise _failure(params["name"], current)
    unused = [item for item in mine if item is not current and not item.get("InUseBy")]
    return [_certificate(aws, params, current, desired), *_leaving(aws, params["name"], unused)]


# -- desired ---------------------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    domain = params["domain_name"].lower()
    return {
        "domain_name": domain,
        "subject_alternative_names": sorted({name.lower() for name in params["subject_alternative_names"]} - {domain}),
        "key_algorithm": params["key_algorithm"],
        "tags": {**params["tags"], "Name": params["name"]},
    }


# -- found -----------------------------------------------------------------------------------------------------------


def find_by_name(aws: Aws, name: str) -> dict[str, Any] | None:
    """The attributes of the certificate under a name that is in use, or will be.

    Its ``validation_records`` are without those that another certificate of the region needs, too.
    """
    everything = _read(aws)
    mine = _named(everything, name, None)
    found = next((_normalised(item, {}) for item in mine if item["Status"] not in _OVER), None)
    if found is None:
        return None
    shared = [record for item in everything if item not in mine for record in _records(item)]
    return {**found, "validation_records": [one for one in found["validation_records"] if one not in shared]}


def _read(aws: Aws) -> list[dict[str, Any]]:
    """Every certificate of the region, as ``DescribeCertificate`` tells it, with its tags."""
    summaries = aws.pages(
        "acm", "list_certificates", "CertificateSummaryList", Includes={"keyTypes": list(KEY_ALGORITHMS)}
    )
    found = aws.gather(partial(_described, aws, summary["CertificateArn"]) for summary in summaries)
    return [item for item in found if item.get("Type") == "AMAZON_ISSUED"]


def _named(items: Sequence[dict[str, Any]], name: str, desired: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """All that carry the name, and those without any name that are what is wanted; issued ones first, then by age."""
    mine = [
        item
        for item in items
        if tags_of(item).get("Name", name if desired and _differs(item, desired) == () else "") == name
    ]
    mine.sort(key=lambda item: item["CreatedAt"], reverse=True)
    return sorted(mine, key=lambda item: item["Status"] != "ISSUED")


def _described(aws: Aws, arn: str) -> dict[str, Any]:
    gone = ("ResourceNotFoundException",)
    tags = aws.call_or_none("acm", "list_tags_for_certificate", gone, CertificateArn=arn)
    item = aws.call_or_none("acm", "describe_certificate", gone, CertificateArn=arn)
    return {**item["Certificate"], "Tags": tags.get("Tags")} if item and tags else {}


def _differs(item: Item, desired: Mapping[str, Any]) -> tuple[str, ...]:
    found = _normalised(item, {})
    return tuple(
        key for key in ("domain_name", "subject_alternative_names", "key_algorithm") if found[key] != desired[key]
    )


def _normalised(item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    domain = item["DomainName"].lower()
    return {
        "arn": item["CertificateArn"],
        "status": item["Status"],
        "requested": item["CreatedAt"].isoformat(),
        "in_use_by": sorted(item.get("InUseBy") or ()),
        "validation_records": _records(item),
        "domain_name": domain,
        "subject_alternative_names": sorted(
            {name.lower() for name in item.get("SubjectAlternativeNames") or ()} - {domain}
        ),
        # AWS tells RSA-2048 in some answers and RSA_2048 in others.
        "key_algorithm": item["KeyAlgorithm"].replace("-", "_"),
        "tags": managed_tags(tags_of(item), tags),
    }


def _records(item: Item) -> list[dict[str, Any]]:
    """The validation records that ACM has told, in the form of M(airas.platform.route53_records)."""
    told = [option["ResourceRecord"] for option in item.get("DomainValidationOptions") or () if _told(option)]
    values = {record["Name"].rstrip("."): record["Value"] for record in told}  # a wildcard shares its domain's record
    return [{"name": name, "type": "CNAME", "values": [value]} for name, value in sorted(values.items())]


def _told(option: Item) -> bool:
    return bool(option.get("ResourceRecord"))


# -- present ---------------------------------------------------------------------------------------------------------


def _certificate(aws: Aws, params: Mapping[str, Any], item: Item | None, desired: Mapping[str, Any]) -> Resource:
    def create(_known: dict[str, Any]) -> dict[str, Any]:
        others = desired["subject_alternative_names"]
        made = aws.create(
            "acm",
            "request_certificate",
            DomainName=desired["domain_name"],
            ValidationMethod="DNS",
            KeyAlgorithm=desired["key_algorithm"],
            Tags=tag_list(desired["tags"]),
            **({"SubjectAlternativeNames": others} if others else {}),
        )
        return {"arn": made["CertificateArn"], "status": "PENDING_VALIDATION", "validation_records": []}

    def retag(known: dict[str, Any]) -> None:
        aws.call("acm", "add_tags_to_certificate", CertificateArn=known["arn"], Tags=tag_list(desired["tags"]))

    return Resource(
        "acm_certificate",
        params["name"],
        before=_normalised(item, desired["tags"]) if item else None,
        after=desired,
        placeholders={
            "arn": arn_placeholder(aws),
            "validation_records": [
                {"name": f"_{_ZEROS}.{domain}", "type": "CNAME", "values": [f"_{_ZEROS}.acm-validations.aws"]}
                for domain in _validated(desired)
            ],
        },
        create=Operation("acm:RequestCertificate", create),
        updates=(Operation("acm:AddTagsToCertificate", retag, covers=("tags",)),),
        delete=Operation("acm:DeleteCertificate", partial(_delete_unused, aws)),
        replace_on=("domain_name", "subject_alternative_names", "key_algorithm"),
        new_first=True,
        settling=partial(_settling, params, desired),
    )


def arn_placeholder(aws: Aws) -> str:
    return aws.arn("acm", f"certificate/{_ZEROS}")


def _validated(desired: Mapping[str, Any]) -> list[str]:
    """The domains that have a validation record; a wildcard has its domain's."""
    return sorted({name.removeprefix("*.") for name in (desired["domain_name"], *desired["subject_alternative_names"])})


def _settling(params: Mapping[str, Any], desired: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    if len(known["validation_records"]) < len(_validated(desired)):
        return "without its validation records"
    if params["wait_for"] == "records" or known["status"] != "PENDING_VALIDATION":
        return None
    if datetime.now(UTC) - datetime.fromisoformat(known["requested"]) < _VALIDATED_AFTER:
        return "PENDING_VALIDATION"
    servers = " and ".join(params["name_servers"]) or "those of its hosted zone"
    return (
        "still PENDING_VALIDATION, as ACM cannot see its records in the public DNS (the registrar of the domain has to"
        f" name {servers} as its name servers)"
    )


def _failure(name: str, item: Item) -> PlatformError:
    return PlatformError(
        f"ACM could not issue {item['CertificateArn']}: {item.get('FailureReason') or 'no reason given'}.",
        mend="Mend that, delete the certificate, and run again.",
        resource=f"acm_certificate/{name}",
        call="acm:RequestCertificate",
    )


# -- absent ----------------------------------------------------------------------------------------------------------


def _leaving(aws: Aws, name: str, items: Sequence[Item], first: str = "") -> list[Resource]:
    """Those to be removed; every one but the ``first`` has the end of its ARN in its name."""
    names = [first, *[""] * len(items)]
    return [
        Resource(
            "acm_certificate",
            given or f"{name} ({item['CertificateArn'].rpartition('/')[2]})",
            before=_normalised(item, tags_of(item)),
            after=None,
            delete=Operation("acm:DeleteCertificate", partial(_delete_unused, aws), settled_only=True),
            impacts={"delete": "outage"},
            settling=lambda known: f"in use by {', '.join(known['in_use_by'])}" if known.get("in_use_by") else None,
        )
        for given, item in zip(names, items, strict=False)
    ]


def _delete_unused(aws: Aws, known: dict[str, Any]) -> None:
    if known.get("in_use_by"):  # until its load balancer has the new one
        return
    aws.call_or_none("acm", "delete_certificate", ("ResourceNotFoundException",), CertificateArn=known["arn"])
