# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Target groups: how their targets are reached, checked, chosen and let go.

AWS cannot change a group's port, protocol, VPC or kind of target, and no two groups have the same name. A group that
has to be replaced therefore gets a second name (C(airas-dev-backend-2)), and the old one goes as soon as no listener
uses it any more: with the next call of the module, if not with this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from .._aws import Aws, tag_list
from .._reconcile import Operation, PlatformError, Resource, is_placeholder, managed_tags
from ._common import Item, all_tags, attribute_list, by_key, described_target_group, retag, text

KIND = "target_group"
PROTOCOLS = ("HTTP", "HTTPS")
PROTOCOL_VERSIONS = ("HTTP1", "HTTP2", "GRPC")
TARGET_TYPES = ("ip", "instance")
ALGORITHMS = ("round_robin", "least_outstanding_requests", "weighted_random")
LONGEST_NAME = 30  # of AWS's 32, two for the second name

_SECOND = "-2"
_IMMUTABLE = ("port", "protocol", "protocol_version", "vpc_id", "target_type")
_NO_ID = "0" * 16
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
_RANGES: Mapping[str, range] = {
    "interval": range(5, 300 + 1),
    "timeout": range(2, 120 + 1),
    "healthy_threshold": range(2, 10 + 1),
    "unhealthy_threshold": range(2, 10 + 1),
}
_DELAY_S = range(3600 + 1)
_SLOW_START_S = range(30, 900 + 1)
_STICKY_S = range(1, 604800 + 1)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The groups of the options, and those that a replacement has left behind."""
    present = params["state"] == "present"
    if present:
        for group in params["target_groups"]:
            check(group, params)
    found: list[Resource] = []
    for group in params["target_groups"]:
        wanted = _desired(group, params) if present else None
        held = _find(aws, group["name"], params["tags"])
        current = _current(held, wanted)
        if wanted is not None:
            found.append(_group(aws, group["name"], current, wanted, len(held) > 1))
        found += [
            _going(aws, group["name"] if item is current else _tail(item["arn"]), item)
            for item in held
            if not present or (item is not current and not item["in_use"])
        ]
    return found


def _tail(arn: str) -> str:
    """``airas-dev-backend/0123456789abcdef``: what tells a group from the one that has taken its place."""
    return arn.partition("targetgroup/")[2]


def placeholder_arn(aws: Aws, name: str) -> str:
    """What a plan shows for a group that does not exist yet."""
    return aws.arn("elasticloadbalancing", f"targetgroup/{name}/{_NO_ID}")


def described(aws: Aws, name: str) -> list[Item]:
    """The groups of both names, as DescribeTargetGroups returns them; the one that a load balancer uses first."""
    items = aws.gather(partial(described_target_group, aws, each) for each in (name, name + _SECOND))
    return sorted((item for item in items if item), key=lambda item: not item.get("LoadBalancerArns"))


# -- checking --------------------------------------------------------------------------------------------------------


def check(group: Item, params: Mapping[str, Any]) -> None:
    """Refuses what AWS would refuse half-way; raises L(PlatformError)."""
    if problem := next(_problems(group, params), None):
        raise PlatformError(problem[0], mend=problem[1], resource=f"{KIND}/{group['name']}")


def _problems(group: Item, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if len(group["name"]) > LONGEST_NAME:
        yield "the name is too long.", f"Use {LONGEST_NAME} characters: a replacement adds two."
    if not params["vpc_id"]:
        yield "vpc_id is missing.", "Give the VPC of the targets."
    health = group["health_check"]
    for option, allowed in _RANGES.items():
        if health[option] not in allowed:
            yield f"health_check.{option} is {health[option]}.", f"AWS takes {allowed.start} to {allowed.stop - 1}."
    if health["timeout"] >= health["interval"]:
        yield (
            f"health_check.timeout {health['timeout']} is not below health_check.interval {health['interval']}.",
            "A check has to end before the next one begins.",
        )
    if group["deregistration_delay"] not in _DELAY_S:
        yield f"deregistration_delay is {group['deregistration_delay']}.", "AWS takes 0 to 3600 seconds."
    if group["slow_start"] and group["slow_start"] not in _SLOW_START_S:
        yield f"slow_start is {group['slow_start']}.", "AWS takes 30 to 900 seconds, or 0 for none."
    if group["slow_start"] and group["algorithm"] != "round_robin":
        yield f"slow_start does not go with algorithm {group['algorithm']}.", "Leave one of the two out."
    if group["anomaly_mitigation"] and group["algorithm"] != "weighted_random":
        yield "anomaly_mitigation goes with algorithm weighted_random only.", "Leave one of the two out."
    sticky = group["stickiness"]
    if sticky and sticky["duration"] not in _STICKY_S:
        yield f"stickiness.duration is {sticky['duration']}.", "AWS takes 1 to 604800 seconds."


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(group: Item, params: Mapping[str, Any]) -> dict[str, Any]:
    sticky = group["stickiness"]
    return {
        "port": group["port"],
        "protocol": group["protocol"],
        "protocol_version": group["protocol_version"],
        "target_type": group["target_type"],
        "vpc_id": params["vpc_id"],
        "health_check": dict(group["health_check"]),
        "deregistration_delay": group["deregistration_delay"],
        "slow_start": group["slow_start"],
        "algorithm": group["algorithm"],
        "anomaly_mitigation": group["anomaly_mitigation"],
        "stickiness": _stickiness(sticky["cookie"] or "", sticky["duration"]) if sticky else {},
        "tags": {**params["tags"], "Name": group["name"]},
    }


def _stickiness(cookie: str, duration: int) -> dict[str, Any]:
    """Empty where no client is kept at one target; ``cookie`` is the application's own, else the load balancer's."""
    return {**({"cookie": cookie} if cookie else {}), "duration": duration}


def _attributes(wanted: Item) -> dict[str, str]:
    sticky = wanted["stickiness"]
    kind = "app_cookie" if "cookie" in sticky else "lb_cookie"
    found = {
        "deregistration_delay.timeout_seconds": text(wanted["deregistration_delay"]),
        "slow_start.duration_seconds": text(wanted["slow_start"]),
        "load_balancing.algorithm.type": wanted["algorithm"],
        "stickiness.enabled": text(bool(sticky)),
    }
    if wanted["algorithm"] == "weighted_random":
        found["load_balancing.algorithm.anomaly_mitigation"] = "on" if wanted["anomaly_mitigation"] else "off"
    if sticky:
        found |= {"stickiness.type": kind, f"stickiness.{kind}.duration_seconds": text(sticky["duration"])}
    if "cookie" in sticky:
        found["stickiness.app_cookie.cookie_name"] = sticky["cookie"]
    return found


# -- what there is ---------------------------------------------------------------------------------------------------


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    items = described(aws, name)
    arns = [item["TargetGroupArn"] for item in items]
    answers = aws.gather(
        partial(aws.call, "elbv2", "describe_target_group_attributes", TargetGroupArn=arn) for arn in arns
    )
    tagged = all_tags(aws, arns)
    return [
        {
            **_normalised(item, by_key(answer["Attributes"])),
            "tags": managed_tags(tagged[item["TargetGroupArn"]], {**tags, "Name": ""}),
        }
        for item, answer in zip(items, answers, strict=True)
    ]


def _normalised(item: Item, attributes: Mapping[str, str]) -> dict[str, Any]:
    kind = attributes.get("stickiness.type", "lb_cookie")
    sticky = attributes.get("stickiness.enabled") == "true"
    cookie = attributes.get("stickiness.app_cookie.cookie_name", "") if kind == "app_cookie" else ""
    duration = int(attributes.get(f"stickiness.{kind}.duration_seconds") or 0)
    return {
        "arn": item["TargetGroupArn"],
        "aws_name": item["TargetGroupName"],
        "in_use": bool(item.get("LoadBalancerArns")),
        "port": item["Port"],
        "protocol": item["Protocol"],
        "protocol_version": item.get("ProtocolVersion") or "HTTP1",
        "target_type": item["TargetType"],
        "vpc_id": item["VpcId"],
        "health_check": {
            "path": item.get("HealthCheckPath"),
            "port": item["HealthCheckPort"],
            "protocol": item["HealthCheckProtocol"],
            "interval": item["HealthCheckIntervalSeconds"],
            "timeout": item["HealthCheckTimeoutSeconds"],
            "healthy_threshold": item["HealthyThresholdCount"],
            "unhealthy_threshold": item["UnhealthyThresholdCount"],
            "matcher": (item.get("Matcher") or {}).get("HttpCode") or (item.get("Matcher") or {}).get("GrpcCode"),
        },
        "deregistration_delay": int(attributes["deregistration_delay.timeout_seconds"]),
        "slow_start": int(attributes.get("slow_start.duration_seconds") or 0),
        "algorithm": attributes.get("load_balancing.algorithm.type") or "round_robin",
        "anomaly_mitigation": attributes.get("load_balancing.algorithm.anomaly_mitigation") == "on",
        "stickiness": _stickiness(cookie, duration) if sticky else {},
    }


def _current(held: list[dict[str, Any]], wanted: Item | None) -> dict[str, Any] | None:
    """Of two groups, the one that can become what is wanted; else the one that is in use."""
    fitting = [item for item in held if wanted is None or not _misfits(item, wanted)]
    return next(iter((*fitting, *held)), None)


def _misfits(item: Item, wanted: Item) -> bool:
    return any(item[key] != wanted[key] and not is_placeholder(wanted[key]) for key in _IMMUTABLE)


# -- what leads there ------------------------------------------------------------------------------------------------


def _group(aws: Aws, name: str, before: dict[str, Any] | None, wanted: dict[str, Any], both: bool) -> Resource:
    if before and both and _misfits(before, wanted):
        raise PlatformError(
            f"both {name} and {name}{_SECOND} exist, and neither can become what is wanted.",
            mend="Delete the one that no listener uses, and run again.",
            resource=f"{KIND}/{name}",
        )
    free = name + _SECOND if before and before["aws_name"] == name else name

    def check_health(known: dict[str, Any]) -> None:
        aws.call("elbv2", "modify_target_group", TargetGroupArn=known["arn"], **_health_check(wanted))

    def set_attributes(known: dict[str, Any]) -> None:
        attributes = attribute_list(_attributes(wanted))
        aws.call("elbv2", "modify_target_group_attributes", TargetGroupArn=known["arn"], Attributes=attributes)

    return Resource(
        KIND,
        name,
        before=before,
        after=wanted,
        placeholders={"arn": placeholder_arn(aws, name)},
        create=Operation(
            "elasticloadbalancing:CreateTargetGroup",
            _create(aws, free, wanted),
            covers=(*_IMMUTABLE, "health_check", "tags"),
        ),
        updates=(
            Operation("elasticloadbalancing:ModifyTargetGroup", check_health, covers=("health_check",)),
            Operation(
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                set_attributes,
                covers=("deregistration_delay", "slow_start", "algorithm", "anomaly_mitigation", "stickiness"),
            ),
            retag(aws, wanted["tags"]),
        ),
        delete=Operation("elasticloadbalancing:DeleteTargetGroup", _delete_unless_in_use(aws)),
        replace_on=_IMMUTABLE,
        new_first=True,
        impacts={"replace": "outage"},
    )


def _create(aws: Aws, name: str, wanted: Item) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "elbv2",
            "create_target_group",
            Name=name,
            Protocol=wanted["protocol"],
            ProtocolVersion=wanted["protocol_version"],
            Port=wanted["port"],
            VpcId=wanted["vpc_id"],
            TargetType=wanted["target_type"],
            **_health_check(wanted),
            Tags=tag_list(wanted["tags"]),
        )["TargetGroups"][0]
        return {"arn": made["TargetGroupArn"], "aws_name": made["TargetGroupName"], "in_use": False}

    return run


def _health_check(wanted: Item) -> dict[str, Any]:
    health = wanted["health_check"]
    code = "GrpcCode" if wanted["protocol_version"] == "GRPC" else "HttpCode"
    return {
        "HealthCheckEnabled": True,
        "HealthCheckPath": health["path"],
        "HealthCheckPort": health["port"],
        "HealthCheckProtocol": health["protocol"],
        "HealthCheckIntervalSeconds": health["interval"],
        "HealthCheckTimeoutSeconds": health["timeout"],
        "HealthyThresholdCount": health["healthy_threshold"],
        "UnhealthyThresholdCount": health["unhealthy_threshold"],
        "Matcher": {code: health["matcher"]},
    }


def _delete_unless_in_use(aws: Aws) -> Callable[[dict[str, Any]], None]:
    def run(known: dict[str, Any]) -> None:
        # The listeners have yet to move to the new one; a later call finds it unused and removes it.
        gone = ("TargetGroupNotFound", "ResourceInUse")
        aws.call_or_none("elbv2", "delete_target_group", gone, TargetGroupArn=known["arn"])

    return run


def _going(aws: Aws, name: str, item: dict[str, Any]) -> Resource:
    def delete(known: dict[str, Any]) -> None:
        missing = ("TargetGroupNotFound",)
        aws.call_or_none("elbv2", "delete_target_group", missing, TargetGroupArn=known["arn"])

    return Resource(
        KIND,
        name,
        before=item,
        after=None,
        delete=Operation("elasticloadbalancing:DeleteTargetGroup", delete),
        impacts={"delete": "outage" if item["in_use"] else "none"},
    )
