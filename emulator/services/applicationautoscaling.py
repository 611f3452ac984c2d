"""Application Auto Scaling of ECS services: bounds that hold, activities, and tags of scalable targets."""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.utils import utcnow

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services import ecs_service
from emulator.services._common import state_of

API = "https://docs.aws.amazon.com/autoscaling/application/APIReference"
GUIDE = "https://docs.aws.amazon.com/autoscaling/application/userguide"

CLAMPING = delays.declare("scalable_target.clamping", "Bounds are registered until the capacity is brought within them")


def _service(backend: Any, resource_id: str) -> Any:
    """The ECS service of `service/cluster/name`, or None."""
    _, cluster, name = resource_id.split("/")
    return backend.ecs_backend.services.get(f"{cluster}:{name}")


@patch(ApplicationAutoscalingBackend, "_ecs_service_exists_for_target", aws=f"{API}/API_RegisterScalableTarget.html")
def service_exists(_original: Any, self: Any, r_id: str) -> bool:
    """A target must be an existing service."""
    service = _service(self, r_id)
    if service is None or service.status == "INACTIVE":
        raise AwsError("ValidationException", f"ECS service doesn't exist: {r_id}")
    return True


@patch(ApplicationAutoscalingBackend, "register_scalable_target", aws=f"{API}/API_RegisterScalableTarget.html")
def register_scalable_target(
    original: Any,
    self: Any,
    namespace: str,
    r_id: str,
    dimension: str,
    min_capacity: int | None,
    max_capacity: int | None,
    **others: Any,
) -> Any:
    """Bounds are checked, kept when left out, and bring a service's desired count within them."""
    known = self.targets.get(dimension, {}).get(r_id)
    least = min_capacity if min_capacity is not None or known is None else known.min_capacity
    most = max_capacity if max_capacity is not None or known is None else known.max_capacity
    if least is None or most is None:
        raise AwsError("ValidationException", "Min capacity and max capacity are required for a new scalable target.")
    if least > most:
        raise AwsError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    target = original(
        self,
        namespace=namespace,
        r_id=r_id,
        dimension=dimension,
        min_capacity=min_capacity,
        max_capacity=max_capacity,
        **others,
    )
    # AWS names its service-linked role, whatever role was asked for.
    target.role_arn = (
        f"arn:aws:iam::{self.account_id}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
    suspended = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    target.suspended_state = {key: bool((target.suspended_state or {}).get(key)) for key in suspended}
    if namespace == "ecs":
        delays.schedule(CLAMPING, lambda: _clamp(self, target))
    return target


def _clamp(backend: Any, target: Any) -> None:
    """https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html"""
    service = _service(backend, target.resource_id)
    if service is None or service.status != "ACTIVE":
        return
    count = service.desired_count
    bounded = min(max(count, target.min_capacity), target.max_capacity)
    if bounded == count:
        return
    bound = "minimum" if bounded > count else "maximum"
    ecs_service.update(service, {"desiredCount": bounded})
    now = utcnow().timestamp()
    _activities(backend).insert(
        0,
        {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": target.service_namespace,
            "ResourceId": target.resource_id,
            "ScalableDimension": target.scalable_dimension,
            "Description": f"Setting desired count to {bounded}.",
            "Cause": f"{bound} capacity was set to {bounded}",
            "StartTime": now,
            "EndTime": now,
            "StatusCode": "Successful",
            "StatusMessage": f"Successfully set desired count to {bounded}. Change successfully fulfilled by ecs.",
        },
    )


def _activities(backend: Any) -> list[dict[str, Any]]:
    return state_of(backend, "activities", list)


@patch(
    ApplicationAutoScalingResponse,
    "describe_scaling_activities",
    added=True,
    aws=f"{API}/API_DescribeScalingActivities.html",
)
def describe_scaling_activities(self: Any) -> str:
    """What was scaled is told, newest first."""
    params = {key: self._get_param(key) for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    found = [
        activity
        for activity in _activities(self.applicationautoscaling_backend)
        if all(value in (None, activity[key]) for key, value in params.items())
    ]
    start, size = int(self._get_param("NextToken") or 0), self._get_param("MaxResults") or 50
    more = str(start + size) if start + size < len(found) else None
    return json.dumps({"ScalingActivities": found[start : start + size], **({"NextToken": more} if more else {})})


@patch(ApplicationAutoscalingBackend, "deregister_scalable_target", aws=f"{API}/API_DeregisterScalableTarget.html")
def deregister_scalable_target(original: Any, self: Any, namespace: str, r_id: str, dimension: str) -> None:
    """The target's policies, their alarms and scheduled actions go with it."""
    target = self.targets.get(dimension, {}).get(r_id)
    if target is None:
        raise AwsError(
            "ObjectNotFoundException",
            f"No scalable target found for service namespace: {namespace}, resource ID: {r_id}, scalable dimension: "
            f"{dimension}",
        )
    _tags(self).pop(target.arn, None)
    for policy in list(self.policies.values()):
        if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
            self.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)
    self.scheduled_actions = [
        action
        for action in self.scheduled_actions
        if (action.resource_id, action.scalable_dimension) != (r_id, dimension)
    ]
    original(self, namespace=namespace, r_id=r_id, dimension=dimension)


def _need_target(backend: Any, namespace: str, resource_id: str, dimension: str) -> None:
    if resource_id not in backend.targets.get(dimension, {}):
        raise AwsError(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {namespace}, resource ID: {resource_id}, scalable "
            f"dimension: {dimension}",
        )


@patch(ApplicationAutoscalingBackend, "put_scaling_policy", aws=f"{API}/API_PutScalingPolicy.html")
def put_scaling_policy(
    original: Any,
    self: Any,
    policy_name: str,
    service_namespace: str,
    resource_id: str,
    scalable_dimension: str,
    **others: Any,
) -> Any:
    """A policy needs its scalable target; one put again keeps its ARN and takes the place of its alarms."""
    _need_target(self, service_namespace, resource_id, scalable_dimension)
    held = list(self.policies.values())
    names = (policy_name, resource_id, scalable_dimension)
    known = next((p for p in held if (p.policy_name, p.resource_id, p.scalable_dimension) == names), None)
    if known is not None:
        known.delete_alarms(self.account_id, self.region_name)
    policy = original(
        self,
        policy_name=policy_name,
        service_namespace=service_namespace,
        resource_id=resource_id,
        scalable_dimension=scalable_dimension,
        **others,
    )
    if known is not None:
        policy.policy_arn, policy.creation_time = known.policy_arn, known.creation_time
    return policy


@patch(ApplicationAutoscalingBackend, "put_scheduled_action", aws=f"{API}/API_PutScheduledAction.html")
def put_scheduled_action(
    original: Any,
    self: Any,
    service_namespace: str,
    resource_id: str,
    scalable_dimension: str,
    timezone: str | None,
    **others: Any,
) -> None:
    """A scheduled action needs its scalable target, and a time zone must be a known one."""
    _need_target(self, service_namespace, resource_id, scalable_dimension)
    _check_zone(timezone)
    original(
        self,
        service_namespace=service_namespace,
        resource_id=resource_id,
        scalable_dimension=scalable_dimension,
        timezone=timezone,
        **others,
    )


def _check_zone(timezone: str | None) -> None:
    import zoneinfo

    if timezone and timezone not in zoneinfo.available_timezones():
        raise AwsError("ValidationException", f"Invalid timezone: {timezone}")


@patch(ApplicationAutoscalingBackend, "delete_scheduled_action", aws=f"{API}/API_DeleteScheduledAction.html")
def delete_scheduled_action(original: Any, self: Any, **names: Any) -> None:
    """An action that does not exist cannot be deleted."""
    before = len(self.scheduled_actions)
    original(self, **names)
    if len(self.scheduled_actions) == before:
        raise AwsError(
            "ObjectNotFoundException", f"No scheduled action found with name {names['scheduled_action_name']}"
        )


# --- tags -------------------------------------------------------------------------------------------------------------


def _tags(backend: Any) -> dict[str, dict[str, str]]:
    return state_of(backend, "tags", dict)


def _tagged(self: Any, arn: str) -> dict[str, str]:
    backend = self.applicationautoscaling_backend
    if not any(target.arn == arn for targets in backend.targets.values() for target in targets.values()):
        raise AwsError("ResourceNotFoundException", f"Resource not found: {arn}")
    return _tags(backend).setdefault(arn, {})


@patch(ApplicationAutoScalingResponse, "tag_resource", added=True, aws=f"{API}/API_TagResource.html")
def tag_resource(self: Any) -> str:
    """A scalable target carries tags."""
    _tagged(self, self._get_param("ResourceARN")).update(self._get_param("Tags"))
    return "{}"


@patch(ApplicationAutoScalingResponse, "untag_resource", added=True, aws=f"{API}/API_UntagResource.html")
def untag_resource(self: Any) -> str:
    """Tags can be taken away."""
    held = _tagged(self, self._get_param("ResourceARN"))
    for key in self._get_param("TagKeys"):
        held.pop(key, None)
    return "{}"


@patch(ApplicationAutoScalingResponse, "list_tags_for_resource", added=True, aws=f"{API}/API_ListTagsForResource.html")
def list_tags_for_resource(self: Any) -> str:
    """A scalable target tells its tags."""
    return json.dumps({"Tags": _tagged(self, self._get_param("ResourceARN"))})


@patch(ApplicationAutoScalingResponse, "register_scalable_target", aws=f"{API}/API_RegisterScalableTarget.html")
def register_with_tags(original: Any, self: Any) -> str:
    """Tags given with a target are kept."""
    answer: str = original(self)
    if self._get_param("Tags"):
        _tagged(self, json.loads(answer)["ScalableTargetARN"]).update(self._get_param("Tags"))
    return answer
