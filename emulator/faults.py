"""Faults put in on purpose: refusals, throttling, delays and answers that never arrive.

A faults file (YAML or JSON) is a list of rules; the first rule that matches a call and is due acts on it:

    - service: ec2              # botocore's service name; a pattern such as * is allowed
      operation: Describe*      # default *
      match: {VpcId: vpc-1}     # parameters that the call must carry, nested ones too
      error: throttle           # an error code, or an alias: throttle, access_denied
      status: 400               # HTTP status of the error; the service's own by default
      message: Slow down.
      effect: refuse            # refuse: do not do the call. drop_after: do it, but lose the answer. delay: only delay
      every: 5                  # act on every 5th matching call
      probability: 0.2          # or on this share of them, drawn from `seed`
      seed: 1
      after: 3                  # leave the first 3 matching calls alone
      times: 2                  # act twice at most
      delay_ms: 200             # wait before anything else
"""

from __future__ import annotations

import fnmatch
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from emulator.live import ConfigurationError

REFUSE, DROP_AFTER, DELAY = "refuse", "drop_after", "delay"

# Codes and statuses by service: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html,
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html; the rest by protocol, as in their "Common Errors".
_THROTTLE = {
    "ec2": ("RequestLimitExceeded", 503),
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "lambda": ("TooManyRequestsException", 429),
    "s3": ("SlowDown", 503),
    "s3control": ("SlowDown", 503),
}
_THROTTLE_BY_PROTOCOL = {"rest-json": ("ThrottlingException", 429), "json": ("ThrottlingException", 400)}
_DENIED = {"ec2": ("UnauthorizedOperation", 403)}
_DENIED_BY_PROTOCOL = {"rest-json": ("AccessDeniedException", 403), "json": ("AccessDeniedException", 400)}
_STATUS = {"AccessDenied": 403, "UnauthorizedOperation": 403, "RequestLimitExceeded": 503, "SlowDown": 503}
_SERVER_ERRORS = {"InternalError": 500, "InternalFailure": 500, "InternalServerError": 500, "ServiceUnavailable": 503}


@dataclass(frozen=True)
class Rule:
    service: str = "*"
    operation: str = "*"
    match: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    status: int | None = None
    message: str | None = None
    effect: str | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    after: int = 0
    times: int | None = None
    delay_ms: float = 0

    @property
    def action(self) -> str:
        return self.effect or (REFUSE if self.error else DELAY)

    def concerns(self, service: str, operation: str, params: Mapping[str, Any]) -> bool:
        return (
            fnmatch.fnmatchcase(service, self.service)
            and fnmatch.fnmatchcase(operation, self.operation)
            and contains(params, self.match)
        )


@dataclass(frozen=True)
class Fault:
    """What a rule does to one call. `code`, `status` and `message` are None when the answer is simply lost or late."""

    action: str
    code: str | None
    status: int | None
    message: str | None
    delay_ms: float

    @property
    def label(self) -> str:
        return f"{self.action}:{self.code}" if self.code else self.action


class Faults:
    """The rules of one faults file with their counters; a new file starts new counters."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._counted = [_Counted(rule) for rule in rules]
        self._lock = threading.Lock()

    def pick(self, service: str, protocol: str, operation: str, params: Mapping[str, Any]) -> Fault | None:
        with self._lock:
            for counted in self._counted:
                if counted.rule.concerns(service, operation, params) and counted.is_due():
                    return _fault(counted.rule, service, protocol, operation)
        return None


class _Counted:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._seen = 0
        self._acted = 0
        self._random = random.Random(rule.seed)

    def is_due(self) -> bool:
        self._seen += 1
        number = self._seen - self.rule.after
        due = (
            number > 0
            and (self.rule.every is None or number % self.rule.every == 0)
            and (self.rule.probability is None or self._random.random() < self.rule.probability)
            and (self.rule.times is None or self._acted < self.rule.times)
        )
        self._acted += due
        return due


def _fault(rule: Rule, service: str, protocol: str, operation: str) -> Fault:
    code, status = error_of(rule.error, service, protocol) if rule.error else (None, None)
    message = rule.message or (_message(rule.error, service, operation) if rule.error else None)
    return Fault(rule.action, code, rule.status or status, message, rule.delay_ms)


def error_of(error: str, service: str, protocol: str) -> tuple[str, int]:
    """Error code and HTTP status with which `service` says `error` (a code, `throttle` or `access_denied`)."""
    if error == "throttle":
        return _THROTTLE.get(service) or _THROTTLE_BY_PROTOCOL.get(protocol, ("Throttling", 400))
    if error == "access_denied":
        return _DENIED.get(service) or _DENIED_BY_PROTOCOL.get(protocol, ("AccessDenied", 403))
    return error, _STATUS.get(error) or _SERVER_ERRORS.get(error, 400)


def _message(error: str, service: str, operation: str) -> str:
    if error == "throttle":
        return "Rate exceeded"
    if error in ("access_denied", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
        return f"User is not authorized to perform: {service}:{operation}"
    return f"{error} put in by the faults file for {service}:{operation}"


def contains(value: Any, subset: Any) -> bool:
    """Whether `value` carries all of `subset`: nested mappings in part, a list if each entry is found in it."""
    if isinstance(subset, Mapping):
        return isinstance(value, Mapping) and all(
            key in value and contains(value[key], wanted) for key, wanted in subset.items()
        )
    if isinstance(subset, (list, tuple)):
        return isinstance(value, (list, tuple)) and all(any(contains(v, w) for v in value) for w in subset)
    return bool(value == subset)


def parse_faults(document: Any) -> Faults:
    """Rules from a faults file; ConfigurationError names the rule that does not fit."""
    if document is None:
        return Faults([])
    if not isinstance(document, list):
        raise ConfigurationError("a list of rules is needed")
    return Faults([_rule(number, entry) for number, entry in enumerate(document, start=1)])


_TYPES: dict[str, tuple[type, ...]] = {
    "service": (str,),
    "operation": (str,),
    "match": (dict,),
    "error": (str,),
    "status": (int,),
    "message": (str,),
    "effect": (str,),
    "every": (int,),
    "probability": (int, float),
    "seed": (int,),
    "after": (int,),
    "times": (int,),
    "delay_ms": (int, float),
}


def _rule(number: int, entry: Any) -> Rule:
    if not isinstance(entry, dict):
        raise ConfigurationError(f"rule {number}: a mapping is needed, not {entry!r}")
    known = [f.name for f in fields(Rule)]
    for key, value in entry.items():
        if key not in known:
            raise ConfigurationError(f"rule {number}: unknown key '{key}'; known: {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, _TYPES[key]):
            wanted = " or ".join(t.__name__ for t in _TYPES[key])
            raise ConfigurationError(f"rule {number}: '{key}' must be {wanted}, not {value!r}")
        if isinstance(value, (int, float)) and value < (1 if key == "every" else 0):
            raise ConfigurationError(f"rule {number}: '{key}' is too small: {value!r}")
    rule = Rule(**entry)
    if rule.action not in (REFUSE, DROP_AFTER, DELAY):
        raise ConfigurationError(
            f"rule {number}: unknown effect '{rule.effect}'; known: {REFUSE}, {DROP_AFTER}, {DELAY}"
        )
    if rule.action == REFUSE and not rule.error:
        raise ConfigurationError(f"rule {number}: effect 'refuse' needs an 'error'")
    if rule.action == DELAY and not rule.delay_ms:
        raise ConfigurationError(f"rule {number}: give 'error', 'effect: drop_after' or 'delay_ms'")
    return rule
