# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One ECS service: what it runs, where, behind which target groups, and how a new revision is rolled out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags
from ._common import Item, ecs_tags, strategy_by_provider, strategy_for_aws, tags_by_key
from ._reads import described_service
from .deployment import DeploymentStatus, refuse_failed, status_of
from .task_definition import task_definition_arn

KIND = "ecs_service"
STRATEGIES = ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")
PROPAGATE_TAGS = ("SERVICE", "TASK_DEFINITION", "NONE")

# Options under `deployment` that belong to one strategy: AWS's structure, and its fields with their options.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
_SHIFTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "CANARY": (
        "canaryConfiguration",
        {"canary_percent": "canaryPercent", "canary_bake_minutes": "canaryBakeTimeInMinutes"},
    ),
    "LINEAR": (
        "linearConfiguration",
        {"step_percent": "stepPercent", "step_bake_minutes": "stepBakeTimeInMinutes"},
    ),
}
# Options under load_balancers that only the newer strategies use.
_ADVANCED = {
    "alternate_target_group_arn": "alternateTargetGroupArn",
    "production_listener_rule_arn": "productionListenerRule",
    "test_listener_rule_arn": "testListenerRule",
    "role_arn": "roleArn",
}
_RESTARTING = ("task_definition", "capacity_providers", "platform_version", "network", "load_balancers", "rollout")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The service named by the options."""
    name, cluster, present = params["name"], params["cluster"], params["state"] == "present"
    if present:
        check(params)
    service, scaled = aws.gather(
        (lambda: described_service(aws, cluster, name), lambda: scalable_target(aws, cluster, name))
    )
    if present and service and service["status"] == "DRAINING":
        raise PlatformError(
            "AWS is still draining the service that was deleted.",
            mend="Run again when its last task has stopped: it can be made anew then.",
            resource=f"{KIND}/{name}",
        )
    before = _normalised(aws, service, params["tags"]) if service else None
    after = _desired(aws, params) if present else None
    if service and before and after is not None:
        if scaled or params["desired_count"] is None:
            del after["desired_count"]  # Application Auto Scaling's, or the operator's
        if started := params["started_deployment"]:
            refuse_failed(aws, cluster, name, started, status_of(aws, service), bool(_changed(before, after)))
        elif before["rollout"] == "FAILED":
            after["rollout"] = "COMPLETED"  # what failed is tried again
    return [_resource(aws, params, before, after)]


def service_arn(aws: Aws, cluster: str, name: str) -> str:
    return aws.arn("ecs", f"service/{cluster.rpartition('/')[2]}/{name}")


def scalable_resource_id(cluster: str, service: str) -> str:
    """What Application Auto Scaling calls the service."""
    return f"service/{cluster.rpartition('/')[2]}/{service}"


def scalable_target(aws: Aws, cluster: str, service: str) -> Item | None:
    """What makes the service's desired count Application Auto Scaling's, as DescribeScalableTargets returns it."""
    found = aws.pages(
        "application-autoscaling",
        "describe_scalable_targets",
        "ScalableTargets",
        ServiceNamespace="ecs",
        ResourceIds=[scalable_resource_id(cluster, service)],
        ScalableDimension="ecs:service:DesiredCount",
    )
    return found[0] if found else None


# -- checking --------------------------------------------------------------------------------------------------------


def check(params: Mapping[str, Any]) -> None:
    """Refuses what AWS would refuse, before anything is written; raises L(PlatformError)."""
    if problem := next(_problems(params), None):
        raise PlatformError(problem[0], mend=problem[1], resource=f"{KIND}/{params['name']}")


def _problems(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    deployment = params["deployment"]
    strategy = deployment["strategy"]
    for other, (_structure, fields) in _SHIFTS.items():
        given = [option for option in fields if deployment[option] is not None]
        if given and other != strategy:
            yield f"deployment.{given[0]} is for strategy {other}, and it is {strategy}.", "Leave it out."
        if other == strategy and len(given) < len(fields):
            yield f"strategy {strategy} is not complete.", f"Give deployment.{' and deployment.'.join(fields)}."
    if deployment["bake_minutes"] and strategy == "ROLLING":
        yield "deployment.bake_minutes is for the other strategies than ROLLING.", "Leave it out."
    for balancer in params["load_balancers"]:
        if strategy == "ROLLING" and balancer["alternate_target_group_arn"]:
            yield "an alternate target group is for the other strategies than ROLLING.", "Leave it out."
        if strategy != "ROLLING" and not balancer["alternate_target_group_arn"]:
            yield f"strategy {strategy} shifts traffic between two target groups.", "Give alternate_target_group_arn."
    if params["availability_zone_rebalancing"] and deployment["maximum_percent"] <= 100:
        yield (
            "availability_zone_rebalancing starts tasks before it stops others, and maximum_percent 100 forbids it.",
            "Raise deployment.maximum_percent, or set availability_zone_rebalancing: false.",
        )
    if deployment["minimum_healthy_percent"] >= 100 and deployment["maximum_percent"] <= 100:
        yield (
            "with minimum_healthy_percent 100 and maximum_percent 100 no task can ever be replaced.",
            "Lower the first or raise the second.",
        )


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any]:
    network = {
        "subnets": sorted(params["subnets"]),
        "security_groups": sorted(params["security_groups"]),
        "assign_public_ip": params["assign_public_ip"],
    }
    return {
        "task_definition": task_definition_arn(aws, params["task_definition"]),
        "desired_count": 1 if params["desired_count"] is None else params["desired_count"],
        "capacity_providers": strategy_by_provider(strategy_for_aws(params["capacity_provider_strategy"])),
        "platform_version": params["platform_version"],
        "network": network,
        "load_balancers": {
            _target_group(item["target_group_arn"]): _desired_balancer(item) for item in params["load_balancers"]
        },
        "deployment": _desired_deployment(params["deployment"]),
        "availability_zone_rebalancing": params["availability_zone_rebalancing"],
        "execute_command": params["execute_command"],
        "health_check_grace_period": params["health_check_grace_period"],
        "managed_tags": params["managed_tags"],
        "propagate_tags": params["propagate_tags"],
        "tags": {**params["tags"], "Name": params["name"]},
    }


def _target_group(arn: str) -> str:
    """``airas-dev`` of ``arn:...:targetgroup/airas-dev/0123456789abcdef``: the name that a person knows."""
    return arn.split("/")[1] if arn.count("/") > 1 else arn


def _desired_balancer(options: Item) -> dict[str, Any]:
    advanced = {ours: options[ours] for ours in _ADVANCED if options[ours]}
    return {
        "target_group_arn": options["target_group_arn"],
        "container": options["container_name"],
        "port": options["container_port"],
        **advanced,
    }


def _desired_deployment(options: Item) -> dict[str, Any]:
    _structure, shift = _SHIFTS.get(options["strategy"], ("", {}))
    return {
        "strategy": options["strategy"],
        "minimum_healthy_percent": options["minimum_healthy_percent"],
        "maximum_percent": options["maximum_percent"],
        "circuit_breaker": options["circuit_breaker"],
        "rollback": options["rollback"] and options["circuit_breaker"],
        "alarms": sorted(options["alarms"]),
        "rollback_on_alarm": options["rollback"] and bool(options["alarms"]),
        "bake_minutes": options["bake_minutes"],
        **{option: float(options[option]) for option in shift},
    }


# -- what there is ---------------------------------------------------------------------------------------------------


def _normalised(aws: Aws, service: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    status = status_of(aws, service)
    return {
        "arn": service["serviceArn"],
        "status": service["status"],
        "rollout": status.state,
        "deployment_status": _shown(status),
        "task_definition": service["taskDefinition"],
        "desired_count": service["desiredCount"],
        "capacity_providers": _normalised_providers(service),
        "platform_version": service.get("platformVersion") or "LATEST",
        "network": _normalised_network(service.get("networkConfiguration") or {}),
        "load_balancers": {
            _target_group(item.get("targetGroupArn", "")): _normalised_balancer(item)
            for item in service.get("loadBalancers") or ()
        },
        "deployment": _normalised_deployment(service.get("deploymentConfiguration") or {}),
        "availability_zone_rebalancing": service.get("availabilityZoneRebalancing") == "ENABLED",
        "execute_command": bool(service.get("enableExecuteCommand")),
        "health_check_grace_period": service.get("healthCheckGracePeriodSeconds") or 0,
        "managed_tags": bool(service.get("enableECSManagedTags")),
        "propagate_tags": service.get("propagateTags") or "NONE",
        "tags": managed_tags(tags_by_key(service), {**tags, "Name": ""}),
    }


def _normalised_providers(service: Item) -> dict[str, dict[str, int]]:
    """A launch type is the capacity provider of that name: to AWS's scheduler they are the same."""
    strategy = service.get("capacityProviderStrategy") or ()
    if not strategy and service.get("launchType"):
        strategy = [{"capacityProvider": service["launchType"], "weight": 1}]
    return strategy_by_provider(strategy)


def _normalised_network(configuration: Item) -> dict[str, Any]:
    found = configuration.get("awsvpcConfiguration") or {}
    return {
        "subnets": sorted(found.get("subnets") or ()),
        "security_groups": sorted(found.get("securityGroups") or ()),
        "assign_public_ip": found.get("assignPublicIp") == "ENABLED",
    }


def _normalised_balancer(item: Item) -> dict[str, Any]:
    advanced = item.get("advancedConfiguration") or {}
    return {
        "target_group_arn": item.get("targetGroupArn"),
        "container": item.get("containerName"),
        "port": item.get("containerPort"),
        **{ours: advanced[theirs] for ours, theirs in _ADVANCED.items() if advanced.get(theirs)},
    }


def _normalised_deployment(found: Item) -> dict[str, Any]:
    breaker, alarms = found.get("deploymentCircuitBreaker") or {}, found.get("alarms") or {}
    strategy = found.get("strategy") or "ROLLING"
    structure, shift = _SHIFTS.get(strategy, ("", {}))
    names = sorted(alarms.get("alarmNames") or ()) if alarms.get("enable") else []
    return {
        "strategy": strategy,
        "minimum_healthy_percent": found.get("minimumHealthyPercent", 100),
        "maximum_percent": found.get("maximumPercent", 200),
        "circuit_breaker": bool(breaker.get("enable")),
        "rollback": bool(breaker.get("enable") and breaker.get("rollback")),
        "alarms": names,
        "rollback_on_alarm": bool(names and alarms.get("rollback")),
        "bake_minutes": found.get("bakeTimeInMinutes") or 0,
        **{option: float((found.get(structure) or {}).get(theirs) or 0) for option, theirs in shift.items()},
    }


def _shown(status: DeploymentStatus) -> dict[str, Any]:
    return {
        "id": status.id,
        "task_definition": status.task_definition,
        "state": status.state,
        "reason": status.reason,
        "progress": status.progress,
        "is_rollback": status.is_rollback,
    }


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(
    aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    name, cluster, wanted = params["name"], params["cluster"], after or {}

    def tag(known: dict[str, Any]) -> None:
        aws.call("ecs", "tag_resource", resourceArn=known["arn"], tags=ecs_tags(wanted["tags"]))

    def delete(_known: dict[str, Any]) -> dict[str, Any]:
        missing = ("ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException")
        answer = aws.call_or_none("ecs", "delete_service", missing, cluster=cluster, service=name, force=True)
        return {"status": answer["service"]["status"] if answer else "INACTIVE"}

    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": service_arn(aws, cluster, name)},
        create=Operation("ecs:CreateService", _create(aws, params, wanted)),
        updates=(
            Operation(
                "ecs:UpdateService",
                _update(aws, params, wanted, _changed(before or {}, wanted)),
                covers=tuple(key for key in wanted if key != "tags"),
            ),
            Operation("ecs:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("ecs:DeleteService", delete, settled_only=True),
        impacts={"delete": "outage", **dict.fromkeys(_RESTARTING, "restart")},
        settling=_settling,
        resume=lambda known: {"started_deployment": known["deployment_status"]["id"]},
    )


def _changed(before: State, wanted: State) -> set[str]:
    return {key for key, value in wanted.items() if key != "tags" and before.get(key) != value}


def _create(
    aws: Aws, params: Mapping[str, Any], wanted: Mapping[str, Any]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        request = {**_request(wanted), "desiredCount": wanted["desired_count"], "tags": ecs_tags(wanted["tags"])}
        if not wanted["health_check_grace_period"]:
            del request["healthCheckGracePeriodSeconds"]  # AWS has refused it where nothing checks the health
        # The first use of ECS in an account makes its service-linked role, which takes a moment to be usable.
        made = aws.once_consistent(
            lambda: aws.create(
                "ecs",
                "create_service",
                cluster=params["cluster"],
                serviceName=params["name"],
                schedulingStrategy="REPLICA",
                deploymentController={"type": "ECS"},
                **request,
            ),
            _role_is_new,
        )["service"]
        return _after_write(aws, made)

    return run


def _role_is_new(error: AwsError) -> bool:
    return error.code == "InvalidParameterException" and "service linked role" in str(error)


def _update(
    aws: Aws, params: Mapping[str, Any], wanted: Mapping[str, Any], changed: set[str]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Sends what changed and nothing else: AWS takes some fields for a wish to deploy, even with their old values."""

    def run(_known: dict[str, Any]) -> dict[str, Any]:
        request = _request({key: wanted[key] for key in changed})
        if "desired_count" in changed:
            request["desiredCount"] = wanted["desired_count"]
        # Other capacity providers are taken with a new deployment only, and what failed needs one.
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
        if changed & {"capacity_providers", "rollout"}:
            request["forceNewDeployment"] = True
        answer = aws.call("ecs", "update_service", cluster=params["cluster"], service=params["name"], **request)
        return _after_write(aws, answer["service"])

    return run


def _after_write(aws: Aws, service: Item) -> dict[str, Any]:
    status = status_of(aws, service)
    return {
        "arn": service["serviceArn"],
        "status": service["status"],
        "task_definition": service["taskDefinition"],
        "rollout": status.state,
        "deployment_status": _shown(status),
    }


def _request(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes as CreateService and UpdateService both take them; only those that are in ``wanted``."""
    forms: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
        "task_definition": ("taskDefinition", str),
        "capacity_providers": ("capacityProviderStrategy", _strategy),
        "platform_version": ("platformVersion", str),
        "network": ("networkConfiguration", _network),
        "load_balancers": ("loadBalancers", lambda found: [_balancer(item) for item in found.values()]),
        "deployment": ("deploymentConfiguration", _deployment),
        "availability_zone_rebalancing": ("availabilityZoneRebalancing", _switch),
        "execute_command": ("enableExecuteCommand", bool),
        "managed_tags": ("enableECSManagedTags", bool),
        "propagate_tags": ("propagateTags", str),
        "health_check_grace_period": ("healthCheckGracePeriodSeconds", int),
    }
    return {theirs: form(wanted[ours]) for ours, (theirs, form) in forms.items() if ours in wanted}


def _switch(on: bool) -> str:
    return "ENABLED" if on else "DISABLED"


def _strategy(providers: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    return [{"capacityProvider": provider, **share} for provider, share in providers.items()]


def _network(wanted: Item) -> dict[str, Any]:
    return {
        "awsvpcConfiguration": {
            "subnets": wanted["subnets"],
            "securityGroups": wanted["security_groups"],
            "assignPublicIp": _switch(wanted["assign_public_ip"]),
        }
    }


def _balancer(wanted: Item) -> dict[str, Any]:
    advanced = {theirs: wanted[ours] for ours, theirs in _ADVANCED.items() if ours in wanted}
    return {
        "targetGroupArn": wanted["target_group_arn"],
        "containerName": wanted["container"],
        "containerPort": wanted["port"],
        **({"advancedConfiguration": advanced} if advanced else {}),
    }


def _deployment(wanted: Item) -> dict[str, Any]:
    structure, shift = _SHIFTS.get(wanted["strategy"], ("", {}))
    return {
        "strategy": wanted["strategy"],
        "minimumHealthyPercent": wanted["minimum_healthy_percent"],
        "maximumPercent": wanted["maximum_percent"],
        "deploymentCircuitBreaker": {"enable": wanted["circuit_breaker"], "rollback": wanted["rollback"]},
        "alarms": {
            "alarmNames": wanted["alarms"],
            "enable": bool(wanted["alarms"]),
            "rollback": wanted["rollback_on_alarm"],
        },
        **({"bakeTimeInMinutes": wanted["bake_minutes"]} if wanted["strategy"] != "ROLLING" else {}),
        **({structure: {theirs: _number(wanted[ours]) for ours, theirs in shift.items()}} if structure else {}),
    }


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


# -- settling --------------------------------------------------------------------------------------------------------


def _settling(known: State) -> str | None:
    """Of a service that is rolling out, how far it is; of one that has been deleted, that its tasks have to stop."""
    if known["status"] == "DRAINING":
        return "DRAINING"
    status = known["deployment_status"]
    return f"IN_PROGRESS, {status['progress']}" if status["state"] == "IN_PROGRESS" else None
