"""Targets of load balancers: registered, healthy in time, draining when they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from emulator import delays
from emulator.extensions import patch
from emulator.services._ecs import after, one_at_a_time

API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application"

INITIAL = delays.declare("target.initial", "A target is registered until its health checks have passed or failed")
DRAINING = delays.declare("target.draining", "A target is deregistered until it is gone (AWS's deregistration delay)")

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
_REASONS = {
    "healthy": (None, None),
    "initial": ("Elb.RegistrationInProgress", "Target registration is in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unused": ("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"),
}


def _nothing() -> None:
    pass


def add(
    group: FakeTargetGroup, target: Mapping[str, Any], passes: bool = True, then: Callable[[], None] = _nothing
) -> None:
    """Register a target; `then` runs once its health checks have ended as `passes` says, if it is still there."""
    held = {"Id": target["Id"], "Port": target.get("Port", group.port), "state": "initial"}
    group.targets[target["Id"]] = held
    group.deregistered_targets.pop(target["Id"], None)

    def checked() -> None:
        if held["state"] == "initial":
            held["state"] = "healthy" if passes else "unhealthy"
            then()

    after(INITIAL, checked)


def remove(group: FakeTargetGroup, identifier: str, then: Callable[[], None] = _nothing) -> None:
    """Deregister a target, if it is registered; `then` runs once it has drained."""
    held = group.targets.pop(identifier, {})
    held["state"] = "draining"
    if "Id" in held:
        group.deregistered_targets[identifier] = held

    def gone() -> None:
        if group.deregistered_targets.get(identifier) is held:
            del group.deregistered_targets[identifier]
        then()

    after(DRAINING, gone)


@patch(FakeTargetGroup, "register", aws=f"{GUIDE}/target-group-health-checks.html")
@one_at_a_time
def register(original: Any, self: Any, targets: Sequence[Mapping[str, Any]]) -> None:
    """A target is initial until its health checks have passed."""
    held = dict(self.targets)
    original(self, targets)
    for target in targets:
        if target["Id"] in held:
            self.targets[target["Id"]] = held[target["Id"]]
        else:
            add(self, target)


@patch(FakeTargetGroup, "deregister", aws=f"{API}/API_DeregisterTargets.html")
@one_at_a_time
def deregister(_original: Any, self: Any, targets: Sequence[Mapping[str, Any]]) -> None:
    """A deregistered target drains; one that is not registered is passed over."""
    for target in targets:
        if target["Id"] in self.targets:
            remove(self, target["Id"])


@patch(FakeTargetGroup, "health_for", aws=f"{API}/API_TargetHealth.html")
def health_for(original: Any, self: Any, target: Mapping[str, Any], **others: Any) -> FakeHealthStatus:
    """A target's health is its state, or unused while no load balancer sends to its group."""
    held = self.targets.get(target["Id"]) or self.deregistered_targets.get(target["Id"]) or {}
    state = held.get("state")
    health: FakeHealthStatus = original(self, target=target, **others)
    if state is None or (health.status != "healthy" and state != "draining"):
        return health
    if state != "draining" and not self.load_balancer_arns:
        state = "unused"
    health.status = state
    health.reason, health.description = _REASONS[state]
    return health


@patch(ELBv2Backend, "describe_target_health", aws=f"{API}/API_DescribeTargetHealth.html")
@one_at_a_time
def describe_target_health(
    original: Any, self: Any, target_group_arn: str, targets: Sequence[Mapping[str, Any]]
) -> Any:
    """Without targets named, those that drain are told too."""
    group = self.target_groups.get(target_group_arn)
    if group is not None and not targets:
        targets = [*group.targets.values(), *group.deregistered_targets.values()]
        if not targets:
            return []
    return original(self, target_group_arn=target_group_arn, targets=targets)
