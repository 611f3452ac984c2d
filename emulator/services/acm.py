"""ACM: a certificate is issued once Route 53 holds its validation records, and kept while a listener uses it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/acm/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/acm/latest/userguide"

RECORDS = delays.declare("certificate.records", "RequestCertificate until the validation records are told")
ISSUING = delays.declare("certificate.issuing", "The validation records exist until the certificate is ISSUED")


def _digest(account_id: str, *parts: str) -> str:
    return hashlib.md5(":".join([account_id, *parts]).encode(), usedforsecurity=False).hexdigest()


def _record(account_id: str, domain: str) -> dict[str, str]:
    """A domain's validation record: the same in every certificate of an account, and for its wildcard.

    https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """
    base = domain.removeprefix("*.").lower()
    name, value = _digest(account_id, base), _digest(account_id, base, "value")
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in _digest(account_id, "zone")[:10])
    return {"Name": f"_{name}.{base}.", "Type": "CNAME", "Value": f"_{value}.{letters}.acm-validations.aws."}


def _published(account_id: str, record: dict[str, str]) -> bool:
    """Whether a public zone holds the record."""
    from moto.route53.models import route53_backends

    wanted = record["Value"].rstrip(".").lower()
    return any(
        rrset.type == "CNAME"
        and rrset.name.rstrip(".").lower() == record["Name"].rstrip(".").lower()
        and any(str(value).rstrip(".").lower() == wanted for value in rrset.records)
        for zone in list(route53_backends[account_id]["aws"].zones.values())
        if not zone.private_zone
        for rrset in list(zone.rrsets)
    )


def _account(certificate: CertBundle) -> str:
    return str(certificate.arn.split(":")[4])


def _domains(certificate: CertBundle) -> list[str]:
    """The certificate's domain, then its alternative names, in the order in which they were asked for."""
    asked: list[str] = vars(certificate).get("_emulator_domains") or [certificate.common_name, *certificate.sans]
    return list(dict.fromkeys(asked))


@patch(AWSCertificateManagerBackend, "request_certificate", aws=f"{API}/API_RequestCertificate.html")
def request_certificate(
    original: Any,
    self: Any,
    domain_name: str,
    idempotency_token: str | None,
    subject_alt_names: Sequence[str] | None,
    **others: Any,
) -> str:
    """The same token and domains within an hour give the same certificate; names keep their order."""
    domains = [domain_name, *(subject_alt_names or [])]
    key = None if idempotency_token is None else f"{idempotency_token}:{':'.join(domains)}"
    known = self._get_arn_from_idempotency_token(key) if key else None
    if known in self._certificates:
        return str(known)
    arn: str = original(
        self, domain_name=domain_name, idempotency_token=None, subject_alt_names=subject_alt_names, **others
    )
    vars(self._certificates[arn])["_emulator_domains"] = domains
    vars(self._certificates[arn])["_emulator_requested"] = time.monotonic()
    if key:
        self._set_idempotency_token_arn(key, arn)
    return arn


@patch(AWSCertificateManagerResponse, "request_certificate", aws=f"{API}/API_RequestCertificate.html")
def request_with_key(original: Any, self: Any) -> ActionResult:
    """A certificate has the kind of key that was asked for, RSA_2048 by default."""
    answer: ActionResult = original(self)
    certificate = self.acm_backend.get_certificate(answer.result["CertificateArn"])
    vars(certificate).setdefault("_emulator_key", self._get_param("KeyAlgorithm") or "RSA_2048")
    return answer


@patch(AWSCertificateManagerBackend, "list_certificates", aws=f"{API}/API_ListCertificates.html")
def list_certificates(original: Any, self: Any, statuses: list[str], includes: dict[str, Any]) -> Any:
    """Only certificates with RSA keys of 1024 and 2048 bits are listed, unless others are asked for."""
    return original(self, statuses=statuses, includes={"keyTypes": ["RSA_1024", "RSA_2048"], **(includes or {})})


@patch(CertBundle, "check", aws=f"{GUIDE}/dns-validation.html")
def check(_original: Any, self: Any) -> None:
    """A requested certificate is issued once every validation record is in a public zone."""
    held = vars(self)
    if self.status != "PENDING_VALIDATION" or self.type != "AMAZON_ISSUED":
        return
    account = _account(self)
    if not all(_published(account, _record(account, domain)) for domain in _domains(self)):
        held.pop("_emulator_published", None)
        return
    since = held.setdefault("_emulator_published", time.monotonic())
    if time.monotonic() - since >= delays.seconds(ISSUING):
        self.status = "ISSUED"
        held["_emulator_issued"] = utcnow()


@patch(CertBundle, "describe", aws=f"{API}/API_CertificateDetail.html")
def describe(original: Any, self: Any) -> dict[str, Any]:
    """Each domain tells its validation, and only an issued certificate its dates, serial and issuer."""
    answer: dict[str, Any] = original(self)
    certificate = answer["Certificate"]
    certificate["InUseBy"] = _listeners(self)
    if self.type != "AMAZON_ISSUED":
        return answer
    certificate["KeyAlgorithm"] = vars(self).get("_emulator_key", certificate["KeyAlgorithm"])
    domains, account = _domains(self), _account(self)
    told = time.monotonic() - vars(self).get("_emulator_requested", 0.0) >= delays.seconds(RECORDS)
    certificate["SubjectAlternativeNames"] = domains
    certificate["RenewalEligibility"] = (
        "ELIGIBLE" if self.status == "ISSUED" and certificate["InUseBy"] else "INELIGIBLE"
    )
    certificate["DomainValidationOptions"] = [
        {
            "DomainName": domain,
            "ValidationDomain": domain,
            "ValidationMethod": "DNS",
            "ValidationStatus": _status_of(self, account, domain),
            **({"ResourceRecord": _record(account, domain)} if told else {}),
        }
        for domain in domains
    ]
    certificate["IssuedAt"] = vars(self).get("_emulator_issued")
    if self.status != "ISSUED":
        for key in ("NotBefore", "NotAfter", "Serial", "Issuer", "IssuedAt"):
            certificate.pop(key, None)
    return answer


def _status_of(certificate: CertBundle, account: str, domain: str) -> str:
    """A domain is validated by itself, before the certificate is issued."""
    if certificate.status == "ISSUED" or _published(account, _record(account, domain)):
        return "SUCCESS"
    return certificate.status


def _listeners(certificate: CertBundle) -> list[str]:
    """The ARNs of load balancers whose listeners use the certificate."""
    from moto.elbv2.models import elbv2_backends

    region = certificate.arn.split(":")[3]
    balancers = list(elbv2_backends[_account(certificate)][region].load_balancers.values())
    return [
        balancer.arn
        for balancer in balancers
        if any(certificate.arn in (listener.certificates or []) for listener in balancer.listeners.values())
    ]


@patch(AWSCertificateManagerBackend, "delete_certificate", aws=f"{API}/API_DeleteCertificate.html")
def delete_certificate(original: Any, self: Any, arn: str) -> None:
    """A certificate that a load balancer uses stays."""
    certificate = self._certificates.get(arn)
    if certificate is not None and _listeners(certificate):
        raise AwsError("ResourceInUseException", f"Certificate {arn} in account {self.account_id} is in use.")
    original(self, arn=arn)
