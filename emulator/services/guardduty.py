"""GuardDuty: one detector a region, its features, its tags, and sample findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.guardduty.models import Detector, GuardDutyBackend, guardduty_backends
from moto.guardduty.responses import GuardDutyResponse
from moto.moto_api._internal import mock_random

from emulator.extensions import Place, patch, serve
from emulator.protocol import AwsError
from emulator.services._events import emit

API = "https://docs.aws.amazon.com/guardduty/latest/APIReference"

Params = Mapping[str, Any]

_FOUNDATIONAL = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")
_OPTIONAL = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
_RUNTIME = {
    "EKS_RUNTIME_MONITORING": ("EKS_ADDON_MANAGEMENT",),
    "RUNTIME_MONITORING": ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"),
}
_STATUS = {True: "ENABLED", False: "DISABLED"}
# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-active.html
_SAMPLES = {
    "Recon:EC2/PortProbeUnprotectedPort": 2,
    "UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B": 5,
    "Backdoor:EC2/C&CActivity.B": 8,
}


def _refused(why: str) -> AwsError:
    return AwsError("BadRequestException", f"The request is rejected because {why}.")


def _new_features() -> dict[str, dict[str, Any]]:
    """What a new detector has where the request says nothing: all but the monitoring of what runs."""
    on = dict.fromkeys((*_FOUNDATIONAL, *_OPTIONAL), True) | dict.fromkeys(_RUNTIME, False)
    return {
        name: {
            "Name": name,
            "Status": _STATUS[status],
            "UpdatedAt": utcnow(),
            **({"AdditionalConfiguration": _additional(name, {})} if name in _RUNTIME else {}),
        }
        for name, status in on.items()
    }


def _additional(feature: str, statuses: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"Name": name, "Status": statuses.get(name, "DISABLED"), "UpdatedAt": utcnow()} for name in _RUNTIME[feature]
    ]


def _set_features(detector: Detector, asked: Iterable[Params]) -> None:
    """What is asked for takes the place of what is there; what is not stays."""
    features: dict[str, dict[str, Any]] = detector.__dict__.setdefault("named_features", _new_features())
    wanted = {item["name"]: item for item in asked}
    both = {name for name in _RUNTIME if wanted.get(name, {}).get("status") == "ENABLED"}
    if both == set(_RUNTIME):
        raise _refused("EKS_RUNTIME_MONITORING and RUNTIME_MONITORING cannot be specified together")
    for name, item in wanted.items():
        if name not in features or name in _FOUNDATIONAL:
            raise _refused(f"an invalid feature {name} is specified")
        features[name] |= {"Status": item["status"], "UpdatedAt": utcnow()}
        if additional := item.get("additionalConfiguration"):
            statuses = {entry["Name"]: entry["Status"] for entry in features[name].get("AdditionalConfiguration") or ()}
            statuses |= {entry["name"]: entry["status"] for entry in additional}
            if set(statuses) - set(_RUNTIME.get(name, ())):
                raise _refused(f"an invalid additional configuration of {name} is specified")
            features[name]["AdditionalConfiguration"] = _additional(name, statuses)


@patch(GuardDutyBackend, "create_detector", aws=f"{API}/API_CreateDetector.html")
def create_detector(original: Any, self: Any, features: Any, **others: Any) -> str:
    """An account has one detector in a region, with all features that the request does not switch off."""
    if self.detectors:
        raise _refused("a detector already exists for the current account")
    detector_id: str = original(self, features=features, **others)
    try:
        _set_features(self.detectors[detector_id], features or ())
    except AwsError:
        del self.detectors[detector_id]
        raise
    return detector_id


@patch(GuardDutyBackend, "update_detector", aws=f"{API}/API_UpdateDetector.html")
def update_detector(original: Any, self: Any, detector_id: str, features: Any, **others: Any) -> None:
    """Features that the request does not name stay as they are."""
    detector = self.get_detector(detector_id)
    _set_features(detector, features or ())
    original(self, detector_id=detector_id, features=None, **others)
    detector.updated_at = utcnow()


@patch(GuardDutyBackend, "delete_detector", aws=f"{API}/API_DeleteDetector.html")
def delete_detector(original: Any, self: Any, detector_id: str) -> None:
    """Only a detector that is there can be deleted."""
    self.get_detector(detector_id)
    original(self, detector_id=detector_id)


@patch(GuardDutyResponse, "get_detector", aws=f"{API}/API_GetDetector.html")
def get_detector(_original: Any, self: Any) -> ActionResult:
    """A detector's features are told, those that nobody can switch off among them."""
    detector = self.guardduty_backend.get_detector(self.path.split("/")[-1])
    return ActionResult(
        {
            "CreatedAt": f"{detector.created_at:%Y-%m-%dT%H:%M:%S.000Z}",
            "FindingPublishingFrequency": detector.finding_publish_freq,
            "ServiceRole": detector.service_role,
            "Status": _STATUS[bool(detector.enabled)],
            "UpdatedAt": f"{detector.updated_at:%Y-%m-%dT%H:%M:%S.000Z}",
            "Tags": detector.tags,
            "Features": list(detector.named_features.values()),
        }
    )


# -- tags ------------------------------------------------------------------------------------------------------------


def _of_id(place: Place, detector_id: str) -> Detector:
    detectors = guardduty_backends[place.account_id][place.region].detectors
    if detector_id not in detectors:
        raise _refused("the input detectorId is not owned by the current account")
    return detectors[detector_id]


def _of_arn(place: Place, params: Params) -> Detector:
    return _of_id(place, params["ResourceArn"].rpartition("detector/")[2])


@serve("guardduty", "list_tags_for_resource", aws=f"{API}/API_ListTagsForResource.html")
def list_tags_for_resource(place: Place, params: Params) -> Params:
    """A detector's tags are told."""
    return {"Tags": _of_arn(place, params).tags}


@serve("guardduty", "tag_resource", aws=f"{API}/API_TagResource.html")
def tag_resource(place: Place, params: Params) -> None:
    """Tags are added to a detector, or replaced."""
    _of_arn(place, params).tags.update(params["Tags"])


@serve("guardduty", "untag_resource", aws=f"{API}/API_UntagResource.html")
def untag_resource(place: Place, params: Params) -> None:
    """Tags are taken off a detector."""
    for key in params["TagKeys"]:
        _of_arn(place, params).tags.pop(key, None)


# -- findings --------------------------------------------------------------------------------------------------------


@serve("guardduty", "create_sample_findings", aws=f"{API}/API_CreateSampleFindings.html")
def create_sample_findings(place: Place, params: Params) -> None:
    """Sample findings of the types asked for become events, as real ones do."""
    detector = _of_id(place, params["DetectorId"])
    arn = f"arn:aws:guardduty:{place.region}:{place.account_id}:detector/{detector.id}"
    for kind in params.get("FindingTypes") or _SAMPLES:
        if kind not in _SAMPLES:
            raise _refused("an invalid finding type is specified")
        finding_id = mock_random.get_random_hex(32)
        emit(
            place.account_id,
            place.region,
            "aws.guardduty",
            "GuardDuty Finding",
            [],
            {
                "schemaVersion": "2.0",
                "accountId": place.account_id,
                "region": place.region,
                "partition": "aws",
                "id": finding_id,
                "arn": f"{arn}/finding/{finding_id}",
                "type": kind,
                "severity": _SAMPLES[kind],
                "title": f"Sample of {kind}.",
                "description": "A sample finding.",
                "resource": {"resourceType": "Instance" if ":EC2/" in kind else "AccessKey"},
                "service": {"serviceName": "guardduty", "detectorId": detector.id, "count": 1},
            },
        )
