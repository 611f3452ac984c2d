"""Service Quotas: the quotas that other extensions enforce, with their value in this account."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.servicequotas.responses import ServiceQuotasResponse

from emulator import world
from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference"


def _quota(self: Any, key: str, value: float) -> dict[str, Any]:
    quota = world.QUOTAS[key]
    service, code = key.split("/")
    return {
        "ServiceCode": service,
        "ServiceName": quota.service_name,
        "QuotaArn": f"arn:aws:servicequotas:{self.region}:{self.current_account}:{key}",
        "QuotaCode": code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


def _key(self: Any) -> str:
    return f"{self._get_param('ServiceCode')}/{self._get_param('QuotaCode')}"


@patch(ServiceQuotasResponse, "get_service_quota", aws=f"{API}/API_GetServiceQuota.html")
def get_service_quota(original: Any, self: Any) -> Any:
    """The account's own value of a quota."""
    key = _key(self)
    return ActionResult({"Quota": _quota(self, key, world.quota(key))}) if key in world.QUOTAS else original(self)


@patch(
    ServiceQuotasResponse,
    "get_aws_default_service_quota",
    added=True,
    aws=f"{API}/API_GetAWSDefaultServiceQuota.html",
)
def get_aws_default_service_quota(self: Any) -> ActionResult:
    """AWS's default value of a quota."""
    key = _key(self)
    if key not in world.QUOTAS:
        raise AwsError("NoSuchResourceException", "The specified resource does not exist.")
    return ActionResult({"Quota": _quota(self, key, world.QUOTAS[key].default)})


@patch(ServiceQuotasResponse, "list_service_quotas", added=True, aws=f"{API}/API_ListServiceQuotas.html")
def list_service_quotas(self: Any) -> ActionResult:
    """The account's own values of a service's quotas."""
    prefix = f"{self._get_param('ServiceCode')}/"
    return ActionResult({"Quotas": [_quota(self, k, world.quota(k)) for k in world.QUOTAS if k.startswith(prefix)]})
