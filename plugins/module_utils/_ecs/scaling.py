# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How many tasks a service runs: the bounds, the metrics that move it between them, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags
from ._common import Item
from .service import scalable_resource_id, scalable_target

TARGET = "scalable_target"
POLICY = "scaling_policy"
ACTION = "scheduled_action"
METRICS = ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget")

_SERVICE = "application-autoscaling"
_DIMENSION = "ecs:service:DesiredCount"
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
_COOLDOWN_S = 300


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The scalable target, and each policy and scheduled action: the listed ones, and those that have to go.

    Policies and actions go with their target, so an absent target is all there is to say.
    """
    present = params["state"] == "present"
    if present:
        check(params)
    target, policies, actions = _read(aws, params)
    found = _target(aws, params, target)
    if not present:
        return [found]
    wanted_policies = {item["name"]: _desired_policy(item) for item in params["target_tracking"]}
    wanted_actions = {item["name"]: _desired_action(item) for item in params["scheduled_actions"]}
    return [
        found,
        *(
            _policy(aws, params, name, policies.get(name), wanted_policies.get(name))
            for name in (*wanted_policies, *(name for name in policies if name not in wanted_policies))
        ),
        *(
            _action(aws, params, name, actions.get(name), wanted_actions.get(name))
            for name in (*wanted_actions, *(name for name in actions if name not in wanted_actions))
        ),
    ]


# -- checking --------------------------------------------------------------------------------------------------------


def check(params: Mapping[str, Any]) -> None:
    """Refuses what AWS would refuse half-way; raises L(PlatformError)."""
    if problem := next(_problems(params), None):
        raise PlatformError(problem[0], mend=problem[1], resource=f"{TARGET}/{params['service']}")


def _problems(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if params["min_capacity"] > params["max_capacity"]:
        yield "min_capacity is above max_capacity.", "Lower the first or raise the second."
    for action in params["scheduled_actions"]:
        if action["min_capacity"] is None and action["max_capacity"] is None:
            yield f"scheduled action {action['name']} changes nothing.", "Give its min_capacity, max_capacity or both."
        if not action["schedule"].startswith(("cron(", "rate(", "at(")):
            yield f"schedule {action['schedule']!r} is none.", "Write cron(0 21 ? * MON-FRI *), rate(...) or at(...)."
    for policy in params["target_tracking"]:
        if (policy["metric"] == "ALBRequestCountPerTarget") != bool(policy["resource_label"]):
            yield (
                f"scaling policy {policy['name']} has resource_label {policy['resource_label']!r}.",
                "ALBRequestCountPerTarget, and no other, needs app/<balancer>/<id>/targetgroup/<group>/<id>.",
            )


# -- what there is ---------------------------------------------------------------------------------------------------


def _place(params: Mapping[str, Any]) -> dict[str, str]:
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": scalable_resource_id(params["cluster"], params["service"]),
        "ScalableDimension": _DIMENSION,
    }


def _read(
    aws: Aws, params: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    place = _place(params)
    reads: list[Callable[[], Any]] = [
        lambda: scalable_target(aws, params["cluster"], params["service"]),
        lambda: aws.pages(_SERVICE, "describe_scaling_policies", "ScalingPolicies", **place),
        lambda: aws.pages(_SERVICE, "describe_scheduled_actions", "ScheduledActions", **place),
    ]
    target, policies, actions = aws.gather(reads)
    return (
        _normalised_target(target, _tags(aws, target), params["tags"]) if target else None,
        {item["PolicyName"]: _normalised_policy(item) for item in policies},
        {item["ScheduledActionName"]: _normalised_action(item) for item in actions},
    )


def _tags(aws: Aws, target: Item) -> Mapping[str, str]:
    arn = target.get("ScalableTargetARN")
    if not arn:
        return {}
    tags: Mapping[str, str] = aws.call(_SERVICE, "list_tags_for_resource", ResourceARN=arn).get("Tags") or {}
    return tags


def _normalised_target(item: Item, tags: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, Any]:
    suspended = item.get("SuspendedState") or {}
    return {
        "arn": item.get("ScalableTargetARN"),
        "min_capacity": item["MinCapacity"],
        "max_capacity": item["MaxCapacity"],
        "suspended": any(suspended.values()),
        "tags": managed_tags(tags, {**wanted, "Name": ""}),
    }


def _normalised_policy(item: Item) -> dict[str, Any]:
    """A policy of another type, or with a metric of its own, shows just that, and so differs from any wanted one."""
    found = item.get("TargetTrackingScalingPolicyConfiguration") or {}
    metric = found.get("PredefinedMetricSpecification") or {}
    return {
        "arn": item.get("PolicyARN"),
        "type": item["PolicyType"],
        "metric": metric.get("PredefinedMetricType"),
        "resource_label": metric.get("ResourceLabel"),
        "target_value": float(found.get("TargetValue") or 0),
        "scale_in_cooldown": found.get("ScaleInCooldown", _COOLDOWN_S),
        "scale_out_cooldown": found.get("ScaleOutCooldown", _COOLDOWN_S),
        "disable_scale_in": found.get("DisableScaleIn", False),
    }


def _normalised_action(item: Item) -> dict[str, Any]:
    bounds = item.get("ScalableTargetAction") or {}
    return {
        "arn": item.get("ScheduledActionARN"),
        "schedule": item["Schedule"],
        "timezone": item.get("Timezone") or "UTC",
        "min_capacity": bounds.get("MinCapacity"),
        "max_capacity": bounds.get("MaxCapacity"),
        "limited": bool(item.get("StartTime") or item.get("EndTime")),
    }


# -- what there should be --------------------------------------------------------------------------------------------


def _desired_target(params: Mapping[str, Any], before: State | None) -> dict[str, Any]:
    desired = {
        "min_capacity": params["min_capacity"],
        "max_capacity": params["max_capacity"],
        "suspended": False,
        "tags": {**params["tags"], "Name": params["service"]},
    }
    if before and (before["min_capacity"], before["max_capacity"]) in _scheduled_bounds(params):
        # The clock has set these, and they are as wanted as the others: at night a service may be asleep.
        del desired["min_capacity"], desired["max_capacity"]
    return desired


def _scheduled_bounds(params: Mapping[str, Any]) -> set[tuple[int, int]]:
    """The bounds that the scheduled actions leave; one that sets only one of them leaves the other as it was."""
    lows = {params["min_capacity"], *(action["min_capacity"] for action in params["scheduled_actions"])} - {None}
    highs = {params["max_capacity"], *(action["max_capacity"] for action in params["scheduled_actions"])} - {None}
    found: set[tuple[int, int]] = set()
    for action in params["scheduled_actions"]:
        low, high = action["min_capacity"], action["max_capacity"]
        found |= {
            (left, right)
            for left in ({low} if low is not None else lows)
            for right in ({high} if high is not None else highs)
        }
    return found


def _desired_policy(options: Item) -> dict[str, Any]:
    return {
        "type": "TargetTrackingScaling",
        "metric": options["metric"],
        "resource_label": options["resource_label"] or None,
        "target_value": float(options["target_value"]),
        "scale_in_cooldown": options["scale_in_cooldown"],
        "scale_out_cooldown": options["scale_out_cooldown"],
        "disable_scale_in": options["disable_scale_in"],
    }


def _desired_action(options: Item) -> dict[str, Any]:
    return {
        "schedule": options["schedule"],
        "timezone": options["timezone"],
        "min_capacity": options["min_capacity"],
        "max_capacity": options["max_capacity"],
        "limited": False,
    }


# -- what leads there ------------------------------------------------------------------------------------------------


def _target(aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None) -> Resource:
    place, present = _place(params), params["state"] == "present"
    after = _desired_target(params, before) if present else None
    wanted = after or {}
    tags = wanted.get("tags", {})

    def register(extra: Mapping[str, Any]) -> dict[str, Any]:
        bounds = {
            theirs: wanted[ours]
            for ours, theirs in (("min_capacity", "MinCapacity"), ("max_capacity", "MaxCapacity"))
            if ours in wanted
        }
        suspended = dict.fromkeys(
            ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
        )
        send = aws.create if extra else aws.call  # AWS takes tags for a new target only, so once
        try:
            answer = send(_SERVICE, "register_scalable_target", **place, **bounds, SuspendedState=suspended, **extra)
        except AwsError as error:
            if error.code != "ValidationException" or "exist" not in str(error):
                raise
            raise PlatformError(
                f"there is no service {params['service']} in cluster {params['cluster']}.",
                mend="Make the service first.",
                call=error.call,
            ) from error
        return {"arn": answer.get("ScalableTargetARN")}

    def tag(known: dict[str, Any]) -> None:
        aws.call(_SERVICE, "tag_resource", ResourceARN=known["arn"], Tags=dict(tags))

    return Resource(
        TARGET,
        params["service"],
        before=before,
        after=after,
        placeholders={"arn": aws.arn(_SERVICE, f"scalable-target/{'0' * 16}")},
        create=Operation("application-autoscaling:RegisterScalableTarget", lambda _known: register({"Tags": tags})),
        updates=(
            Operation(
                "application-autoscaling:RegisterScalableTarget",
                lambda _known: register({}),
                covers=("min_capacity", "max_capacity", "suspended"),
            ),
            Operation("application-autoscaling:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation(
            "application-autoscaling:DeregisterScalableTarget",
            lambda _known: _delete(aws, "deregister_scalable_target", **place),
        ),
    )


def _delete(aws: Aws, operation: str, **arguments: Any) -> None:
    aws.call_or_none(_SERVICE, operation, ("ObjectNotFoundException",), **arguments)


def _policy(
    aws: Aws, params: Mapping[str, Any], name: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    place, wanted = _place(params), after or {}

    def put(_known: dict[str, Any]) -> dict[str, Any]:
        label = {"ResourceLabel": wanted["resource_label"]} if wanted["resource_label"] else {}
        answer = aws.call(
            _SERVICE,
            "put_scaling_policy",
            PolicyName=name,
            PolicyType=wanted["type"],
            **place,
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": wanted["target_value"],
                "PredefinedMetricSpecification": {"PredefinedMetricType": wanted["metric"], **label},
                "ScaleInCooldown": wanted["scale_in_cooldown"],
                "ScaleOutCooldown": wanted["scale_out_cooldown"],
                "DisableScaleIn": wanted["disable_scale_in"],
            },
        )
        return {"arn": answer["PolicyARN"]}

    operation = Operation("application-autoscaling:PutScalingPolicy", put, covers=tuple(wanted))
    return Resource(
        POLICY,
        f"{params['service']}/{name}",
        before=before,
        after=after,
        create=operation,
        updates=(operation,),
        delete=Operation(
            "application-autoscaling:DeleteScalingPolicy",
            lambda _known: _delete(aws, "delete_scaling_policy", PolicyName=name, **place),
        ),
        replace_on=("type",),
    )


def _action(
    aws: Aws, params: Mapping[str, Any], name: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    place, wanted = _place(params), after or {}

    def put(_known: dict[str, Any]) -> None:
        bounds = {"MinCapacity": wanted["min_capacity"], "MaxCapacity": wanted["max_capacity"]}
        aws.call(
            _SERVICE,
            "put_scheduled_action",
            ScheduledActionName=name,
            **place,
            Schedule=wanted["schedule"],
            Timezone=wanted["timezone"],
            ScalableTargetAction={key: value for key, value in bounds.items() if value is not None},
        )

    def delete(_known: dict[str, Any]) -> None:
        _delete(aws, "delete_scheduled_action", ScheduledActionName=name, **place)

    # PutScheduledAction forgets times that it is not given, but keeps a bound: that goes with the action only.
    # https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
    gone = [key for key in ("min_capacity", "max_capacity") if wanted.get(key) is None]
    lost = tuple(key for key in gone if (before or {}).get(key) is not None)
    operation = Operation("application-autoscaling:PutScheduledAction", put, covers=tuple(wanted))
    return Resource(
        ACTION,
        f"{params['service']}/{name}",
        before=before,
        after=after,
        create=operation,
        updates=(operation,),
        delete=Operation("application-autoscaling:DeleteScheduledAction", delete),
        replace_on=lost,
    )
