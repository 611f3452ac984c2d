"""Security Hub CSPM: enabling it, its settings, the standards, and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.config.models import config_backends
from moto.core.responses import ActionResult
from moto.securityhub.models import SecurityHubBackend, securityhub_backends
from moto.securityhub.responses import SecurityHubResponse

from emulator import delays
from emulator.extensions import Place, patch, serve
from emulator.protocol import AwsError
from emulator.services._common import state_of

API = "https://docs.aws.amazon.com/securityhub/1.0/APIReference"

PENDING = delays.declare("securityhub.standard.pending", "From BatchEnableStandards until the standard is enabled.")
DELETING = delays.declare("securityhub.standard.deleting", "From BatchDisableStandards until the standard is gone.")

Params = Mapping[str, Any]
Subscription = dict[str, Any]

# https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference.html
_CIS_1_2 = "ruleset/cis-aws-foundations-benchmark/v/1.2.0"
_FSBP = "aws-foundational-security-best-practices/v/1.0.0"
_STANDARDS = (
    _FSBP,
    "aws-resource-tagging-standard/v/1.0.0",
    "cis-aws-foundations-benchmark/v/1.4.0",
    "cis-aws-foundations-benchmark/v/3.0.0",
    "cis-aws-foundations-benchmark/v/5.0.0",
    "nist-800-171/v/2.0.0",
    "nist-800-53/v/5.0.0",
    "pci-dss/v/3.2.1",
    "pci-dss/v/4.0.1",
)


def _backend(place: Place) -> Any:
    return securityhub_backends[place.account_id][place.region]


def _enabled(place: Place) -> Any:
    backend = _backend(place)
    if not backend.enabled:
        raise AwsError(
            "InvalidAccessException", f"Account {place.account_id} is not subscribed to AWS Security Hub", 401
        )
    return backend


def _subscriptions(backend: Any) -> dict[str, Subscription]:
    """By the ARN of the standard."""
    found: dict[str, Subscription] = state_of(backend, "standards", dict)
    return found


def _settings(backend: Any) -> dict[str, Any]:
    found: dict[str, Any] = state_of(backend, "settings", dict)
    return found


# -- the hub ---------------------------------------------------------------------------------------------------------


@patch(SecurityHubResponse, "enable_security_hub", aws=f"{API}/API_EnableSecurityHub.html")
def enable_security_hub(_original: Any, self: Any) -> ActionResult:
    """It is enabled once, ResourceConflictException, and with two standards unless the request says otherwise."""
    backend = self.securityhub_backend
    if backend.enabled:
        raise AwsError("ResourceConflictException", "Account is already subscribed to Security Hub", 409)
    backend.enable_security_hub(tags=dict(self._get_param("Tags") or {}))
    _subscriptions(backend).clear()
    _settings(backend).update(
        AutoEnableControls=True,
        ControlFindingGenerator=self._get_param("ControlFindingGenerator") or "SECURITY_CONTROL",
    )
    if self._get_param("EnableDefaultStandards") is not False:
        place = Place(self.current_account, self.region)
        for arn in (_arn(place, _FSBP), f"arn:aws:securityhub:::{_CIS_1_2}"):
            _subscribe(place, arn)
    return ActionResult({})


@patch(SecurityHubBackend, "describe_hub", aws=f"{API}/API_DescribeHub.html")
def describe_hub(original: Any, self: Any, **others: Any) -> dict[str, Any]:
    """The hub is told with its settings; its tags are not part of it."""
    told = original(self, **others)
    return {key: value for key, value in told.items() if key != "Tags"} | _settings(self)


@serve("securityhub", "update_security_hub_configuration", aws=f"{API}/API_UpdateSecurityHubConfiguration.html")
def update_security_hub_configuration(place: Place, params: Params) -> None:
    """What the request names is set, the rest stays."""
    _settings(_enabled(place)).update(params)


# -- standards -------------------------------------------------------------------------------------------------------


def _arn(place: Place, standard: str) -> str:
    return f"arn:aws:securityhub:{place.region}::standards/{standard}"


@serve("securityhub", "describe_standards", aws=f"{API}/API_DescribeStandards.html")
def describe_standards(place: Place, params: Params) -> Params:
    """The standards that there are in the region, in pages."""
    size, start = params.get("MaxResults") or 100, int(params.get("NextToken") or 0)
    arns = [f"arn:aws:securityhub:::{_CIS_1_2}", *(_arn(place, standard) for standard in _STANDARDS)]
    page = [{"StandardsArn": arn, "Name": arn.split("/")[1]} for arn in arns[start : start + size]]
    return {"Standards": page, **({"NextToken": str(start + size)} if arns[start + size :] else {})}


@serve("securityhub", "get_enabled_standards", aws=f"{API}/API_GetEnabledStandards.html")
def get_enabled_standards(place: Place, params: Params) -> Params:
    """The standards that are enabled, or about to be, in pages."""
    wanted = params.get("StandardsSubscriptionArns")
    found = [
        item
        for item in _subscriptions(_enabled(place)).values()
        if not wanted or item["StandardsSubscriptionArn"] in wanted
    ]
    size, start = params.get("MaxResults") or 100, int(params.get("NextToken") or 0)
    more = {"NextToken": str(start + size)} if found[start + size :] else {}
    return {"StandardsSubscriptions": found[start : start + size], **more}


@serve("securityhub", "batch_enable_standards", aws=f"{API}/API_BatchEnableStandards.html")
def batch_enable_standards(place: Place, params: Params) -> Params:
    """Standards are enabled, incompletely where AWS Config records nothing; one that is enabled stays as it is."""
    _enabled(place)
    asked = [request["StandardsArn"] for request in params["StandardsSubscriptionRequests"]]
    for arn in asked:
        if arn not in (f"arn:aws:securityhub:::{_CIS_1_2}", *(_arn(place, standard) for standard in _STANDARDS)):
            raise AwsError("InvalidInputException", f"Invalid parameter 'StandardsArn'. {arn} is not a standard")
    return _answer(_subscribe(place, arn) for arn in asked)


def _answer(subscriptions: Iterable[Subscription]) -> Params:
    return {"StandardsSubscriptions": [dict(item) for item in subscriptions]}


def _subscribe(place: Place, arn: str) -> Subscription:
    subscriptions = _subscriptions(_backend(place))
    if arn in subscriptions:
        return subscriptions[arn]
    standard = arn.rpartition("standards/")[2] if "standards/" in arn else arn.rpartition("ruleset/")[2]
    subscription: Subscription = {
        "StandardsSubscriptionArn": f"arn:aws:securityhub:{place.region}:{place.account_id}:subscription/{standard}",
        "StandardsArn": arn,
        "StandardsInput": {},
        "StandardsStatus": "PENDING",
    }
    subscriptions[arn] = subscription

    def settle() -> None:
        if subscription["StandardsStatus"] != "PENDING":
            return
        recording = any(recorder.status.recording for recorder in _recorders(place))
        subscription["StandardsStatus"] = "READY" if recording else "INCOMPLETE"
        if not recording:
            subscription["StandardsStatusReason"] = {"StatusReasonCode": "NO_AVAILABLE_CONFIGURATION_RECORDER"}

    delays.schedule(PENDING, settle)
    return subscription


def _recorders(place: Place) -> list[Any]:
    """What AWS Config records with in the region."""
    return list(config_backends[place.account_id][place.region].recorders.values())


@serve("securityhub", "batch_disable_standards", aws=f"{API}/API_BatchDisableStandards.html")
def batch_disable_standards(place: Place, params: Params) -> Params:
    """Standards are disabled by the ARN of their subscription."""
    subscriptions = _subscriptions(_enabled(place))
    by_arn = {item["StandardsSubscriptionArn"]: item for item in subscriptions.values()}
    asked = params["StandardsSubscriptionArns"]
    for arn in asked:
        if arn not in by_arn:
            raise AwsError("InvalidInputException", f"Invalid parameter 'StandardsSubscriptionArns'. {arn}")
        by_arn[arn]["StandardsStatus"] = "DELETING"

    def settle() -> None:
        for arn in asked:
            subscriptions.pop(by_arn[arn]["StandardsArn"], None)

    delays.schedule(DELETING, settle)
    return _answer(by_arn[arn] for arn in asked)


# -- tags ------------------------------------------------------------------------------------------------------------


def _tags(place: Place, params: Params) -> dict[str, str]:
    backend = _backend(place)
    arn = f"arn:aws:securityhub:{place.region}:{place.account_id}:hub/default"
    if not backend.enabled or params["ResourceArn"] != arn:
        raise AwsError("ResourceNotFoundException", f"{params['ResourceArn']} was not found", 404)
    tags: dict[str, str] = backend.tags
    return tags


@serve("securityhub", "list_tags_for_resource", aws=f"{API}/API_ListTagsForResource.html")
def list_tags_for_resource(place: Place, params: Params) -> Params:
    """The hub's tags are told."""
    return {"Tags": _tags(place, params)}


@serve("securityhub", "tag_resource", aws=f"{API}/API_TagResource.html")
def tag_resource(place: Place, params: Params) -> None:
    """Tags are added to the hub, or replaced."""
    _tags(place, params).update(params["Tags"])


@serve("securityhub", "untag_resource", aws=f"{API}/API_UntagResource.html")
def untag_resource(place: Place, params: Params) -> None:
    """Tags are taken off the hub."""
    for key in params["TagKeys"]:
        _tags(place, params).pop(key, None)
