# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a notification says: its state, what, where and why, and where to look. One function for each kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from envelopes import Item
from texts import text

Body = Mapping[str, Any]


@dataclass
class Notice:
    """``fields`` are keys of texts.py with their values; ``anchor`` is the place in the runbook."""

    state: str
    title: str
    anchor: str
    text: str = ""
    fields: Iterable[tuple[str, str]] = ()
    url: str = ""
    region: str = ""
    account: str = ""
    log_groups: tuple[str, ...] = ()
    has_logs: bool = False
    report: str = ""


def of_item(item: Item, language: str) -> Notice:
    body = item.body
    if isinstance(body, Mapping):
        for fits, make in _KINDS:
            if fits(body):
                return make(body, language)
    elif "Budget Name:" in str(body):
        return _budget(str(body), language)
    return anything(item, language)


def anything(item: Item, language: str) -> Notice:
    """What has no form of its own, legibly."""
    body = item.body
    if not isinstance(body, Mapping):
        shown = body if isinstance(body, str) else _code(body)
        return Notice("info", item.subject or text("other", language, name="AWS"), "other", shown)
    arns = [str(each) for each in body.get("resources") or []] if isinstance(body.get("resources"), list) else []
    source = str(body.get("source") or "AWS")
    name = str(body.get("detail-type") or item.subject or text("other", language, name=source))
    return Notice(
        "info",
        name,
        _slug(name),
        _code(body.get("detail", body)),
        [("source", _quoted(body.get("source"))), ("resources", "\n".join(map(_quoted, arns[:10])))],
        region=str(body.get("region") or ""),
        account=str(body.get("account") or ""),
    )


# -- CloudWatch ------------------------------------------------------------------------------------------------------

_STATES = {"ALARM": "alarm", "OK": "ok", "INSUFFICIENT_DATA": "unknown"}
_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}
_DATAPOINTS = re.compile(r"\[(-?[\d.]+(?:E-?\d+)?) \(")


def _alarm(body: Body, language: str) -> Notice:
    name, arn = str(body["AlarmName"]), _arn(body.get("AlarmArn"))
    trigger = _mapping(body.get("Trigger"))
    metrics = [each for each in trigger.get("Metrics") or [] if isinstance(each, Mapping)]
    reason = str(body.get("NewStateReason") or "")
    shown = next((each for each in metrics if each.get("ReturnData") is not False), {})
    label = str(shown.get("Label") or trigger.get("MetricName") or "")
    dimensions = _dimensions(trigger, metrics)
    fields = [
        ("value", _value(trigger, label, reason, language) if trigger else ""),
        ("what", _what(trigger, label, language)),
        ("expression", _quoted(shown.get("Expression"))),
        ("rule", _code_line(body.get("AlarmRule"))),
        ("children", _children(body)),
        ("where", "\n".join(f"{key}: `{value}`" for key, value in dimensions.items())),
        ("reason", _plain(reason)),
    ]
    return Notice(
        _STATES.get(str(body.get("NewStateValue")), "unknown"),
        name,
        name,
        _plain(body.get("AlarmDescription")),
        fields,
        _console(arn.region, "cloudwatch", f"#alarmsV2:alarm/{quote(name, safe='')}"),
        arn.region,
        arn.account or str(body.get("AWSAccountId") or ""),
        _log_groups(dimensions),
        has_logs=True,
    )


def _alarm_event(body: Body, language: str) -> Notice:
    """The same as an event of EventBridge."""
    detail = _mapping(body["detail"])
    state, arns = _mapping(detail.get("state")), body.get("resources") or [""]
    told = {
        "AlarmName": detail.get("alarmName"),
        "AlarmArn": arns[0],
        "AlarmDescription": _mapping(detail.get("configuration")).get("description"),
        "NewStateValue": state.get("value"),
        "NewStateReason": state.get("reason"),
    }
    return _alarm(told, language)


def _dimensions(trigger: Body, metrics: Iterable[Body]) -> dict[str, str]:
    found = [trigger, *(_mapping(_mapping(each.get("MetricStat")).get("Metric")) for each in metrics)]
    return {
        str(dimension.get("name")): str(dimension.get("value"))
        for each in found
        for dimension in each.get("Dimensions") or []
        if isinstance(dimension, Mapping)
    }


def _what(trigger: Body, label: str, language: str) -> str:
    if not trigger:
        return ""
    namespace = f"{trigger['Namespace']} " if trigger.get("Namespace") else ""
    statistic = str(trigger.get("Statistic") or trigger.get("ExtendedStatistic") or "").title().replace("_", " ")
    periods = text(
        "periods",
        language,
        period=_period(trigger.get("Period") or _shared_period(trigger), language),
        times=trigger.get("EvaluationPeriods") or 1,
    )
    return ", ".join(filter(None, (f"{namespace}{label}", statistic, periods)))


def _shared_period(trigger: Body) -> Any:
    """A metric math alarm has the period of its metrics."""
    metrics = [_mapping(each) for each in trigger.get("Metrics") or []]
    return next((_mapping(each.get("MetricStat")).get("Period") for each in metrics if each.get("MetricStat")), 0)


def _period(seconds: Any, language: str) -> str:
    number = int(_float(seconds) or 0)
    if number and number % 60 == 0:
        return f"{number // 60} {text('unit_minutes', language)}"
    return f"{number} {text('unit_seconds', language)}"


def _value(trigger: Body, label: str, reason: str, language: str) -> str:
    """``93.1 % (> 80 %)``; CloudWatch only tells the value in the words of its reason."""
    unit = _unit(label)
    match = _DATAPOINTS.search(reason)
    value = _measured(float(match[1]), unit) if match else ""
    if not match and re.search(r"no datapoints? (was|were) received|Insufficient Data", reason):
        value = text("no_data", language)
    threshold, sign = _float(trigger.get("Threshold")), _SIGNS.get(str(trigger.get("ComparisonOperator")))
    known = threshold is not None and sign is not None
    limit = f"{sign} {_measured(threshold or 0.0, unit)}" if known else text("band", language)
    return f"**{value}** ({limit})" if value else limit


def _unit(label: str) -> str:
    if re.search(r"%|percent|Utilization$|rate\b", label, re.IGNORECASE):
        return "%"
    if re.search(r"Storage|Memory|Bytes", label):
        return "B"
    return "s" if re.search(r"Time$|Latency|^Age|AgeOf|latency", label) else ""


def _measured(number: float, unit: str) -> str:
    if unit == "B" and abs(number) >= 1024**2:
        step, name = (1024**3, "GiB") if abs(number) >= 1024**3 else (1024**2, "MiB")
        return f"{_number(number / step)} {name}"
    return f"{_number(number)} {unit}".strip()


def _number(number: float) -> str:
    return f"{number:,.3f}".rstrip("0").rstrip(".") if abs(number) < 1000 else f"{number:,.0f}"


def _children(body: Body) -> str:
    children = [_mapping(each) for each in body.get("TriggeringChildren") or []]
    return "\n".join(f"`{str(each.get('Arn')).rpartition(':alarm:')[2]}`" for each in children)


def _log_groups(dimensions: Mapping[str, str]) -> tuple[str, ...]:
    """The log of what an alarm watches, where the dimensions tell it."""
    if "ServiceName" in dimensions:
        return (f"/ecs/{dimensions['ServiceName']}",)
    if "DBInstanceIdentifier" in dimensions:
        return (f"/aws/rds/instance/{dimensions['DBInstanceIdentifier']}/postgresql",)
    return (f"/aws/lambda/{dimensions['FunctionName']}",) if "FunctionName" in dimensions else ()


# -- ECS -------------------------------------------------------------------------------------------------------------


def _deployment(body: Body, language: str) -> Notice:
    detail, arn = _mapping(body["detail"]), _first_arn(body)
    cluster, _slash, name = arn.resource.removeprefix("service/").rpartition("/")
    event = str(detail.get("eventName") or "")
    state, title = "info", "service_event"
    if event.startswith("SERVICE_DEPLOYMENT"):
        state, title = "info", "deployment_progress"
    if event.endswith("DEPLOYMENT_FAILED"):
        state, title = "alarm", "deployment_failed"
    elif event.endswith("DEPLOYMENT_COMPLETED"):
        state, title = "ok", "deployment_completed"
    elif detail.get("eventType") in ("ERROR", "WARN"):
        state = {"ERROR": "alarm", "WARN": "warning"}[str(detail["eventType"])]
    return Notice(
        state,
        text(title, language, name=name),
        "deployment-failed" if state == "alarm" else "deployment",
        _plain(detail.get("reason")),
        [
            ("event", _quoted(event)),
            ("where", _quoted(f"{cluster} / {name}")),
            ("deployment", _quoted(detail.get("deploymentId"))),
        ],
        _ecs(arn.region, cluster, f"services/{name}/deployments"),
        arn.region,
        arn.account,
        (f"/ecs/{name}",) if name else (),
        has_logs=True,
    )


def _task(body: Body, language: str) -> Notice:
    detail = _mapping(body["detail"])
    cluster, arn = _arn(detail.get("clusterArn")).resource.removeprefix("cluster/"), _arn(detail.get("taskArn"))
    group = str(detail.get("group") or "").partition(":")[2] or "ECS"
    containers = [_mapping(each) for each in detail.get("containers") or []]
    code = str(detail.get("stopCode") or "")
    failed = code == "TaskFailedToStart" or (
        code == "EssentialContainerExited" and any(each.get("exitCode") != 0 for each in containers)
    )
    identifier = arn.resource.rpartition("/")[2]
    return Notice(
        "alarm" if failed else "warning" if "Spot" in code else "info",
        text("task_failed" if failed else "task_stopped", language, name=group),
        "task-stopped",
        _plain(detail.get("stoppedReason")),
        [
            ("containers", "\n".join(_container(each, language) for each in containers[:10])),
            ("where", _quoted(f"{cluster} / {group}")),
            ("stop_code", _quoted(code)),
            ("task", _quoted(identifier)),
            ("task_definition", _quoted(_arn(detail.get("taskDefinitionArn")).resource.rpartition("/")[2])),
        ],
        _ecs(arn.region, cluster, f"tasks/{identifier}"),
        arn.region,
        arn.account,
        (f"/ecs/{group}",),
        has_logs=True,
    )


def _container(container: Body, language: str) -> str:
    code = container.get("exitCode")
    told = text("exit", language, code=code) if code is not None else ""
    return ": ".join(filter(None, (f"`{container.get('name')}`", told, _plain(container.get("reason")))))


def _ecs(region: str, cluster: str, page: str) -> str:
    return f"https://{region}.console.aws.amazon.com/ecs/v2/clusters/{cluster}/{page}?region={region}" if region else ""


# -- RDS -------------------------------------------------------------------------------------------------------------

_DATABASE_STATES = {
    "failure": "alarm",
    "low storage": "alarm",
    "failover": "warning",
    "availability": "warning",
    "security": "warning",
    "read replica": "warning",
    "recovery": "ok",
    "restoration": "ok",
}


def _database(body: Body, language: str) -> Notice:
    detail = _mapping(body["detail"])
    return _database_notice(
        language,
        _arn(detail.get("SourceArn")),
        str(detail.get("SourceIdentifier") or ""),
        str(detail.get("EventID") or ""),
        [str(each) for each in detail.get("EventCategories") or []],
        str(detail.get("Message") or ""),
    )


def _database_subscription(body: Body, language: str) -> Notice:
    """The form of an event subscription of RDS."""
    return _database_notice(
        language,
        _arn(body.get("Source ARN")),
        str(body.get("Source ID") or ""),
        str(body.get("Event ID") or "").rpartition("#")[2],
        [],
        str(body.get("Event Message") or ""),
    )


def _database_notice(language: str, arn: Arn, name: str, event: str, categories: list[str], message: str) -> Notice:
    states = [_DATABASE_STATES[each] for each in categories if each in _DATABASE_STATES]
    worst = min(states, key=("alarm", "warning", "ok").index, default="info")
    return Notice(
        worst,
        text("database_event", language, name=name),
        "rds-event",
        _plain(message),
        [("event", _quoted(event)), ("category", ", ".join(categories)), ("where", _quoted(name))],
        _console(arn.region, "rds", f"#database:id={quote(name)};is-cluster=false"),
        arn.region,
        arn.account,
        (f"/aws/rds/instance/{name}/postgresql",) if name else (),
        has_logs=True,
    )


# -- Secrets Manager, ACM, Health, GuardDuty -------------------------------------------------------------------------


def _rotation(body: Body, language: str) -> Notice:
    detail = _mapping(body["detail"])
    event, told = str(detail.get("eventName") or ""), _mapping(detail.get("additionalEventData"))
    arn = _arn(told.get("SecretId") or told.get("secretId"))
    # AWS puts six characters behind the name.
    name = re.sub(r"-\w{6}$", "", arn.resource.removeprefix("secret:")) or "?"
    state, title = {
        "RotationStarted": ("info", "rotation_started"),
        "RotationSucceeded": ("ok", "rotation_done"),
    }.get(event, ("alarm", "rotation_failed"))
    region = arn.region or str(body.get("region") or "")
    return Notice(
        state,
        text(title, language, name=name),
        "rotation-failed" if state == "alarm" else "rotation",
        text("rotation_failed_text", language) if state == "alarm" else "",
        [("secret", _quoted(name)), ("event", _quoted(event)), ("reason", _plain(detail.get("errorMessage")))],
        f"https://{region}.console.aws.amazon.com/secretsmanager/secret?name={quote(name, safe='')}&region={region}",
        region,
        arn.account or str(body.get("account") or ""),
        (f"/aws/lambda/{name.replace('/', '-')}-rotation",),
        has_logs=True,
    )


def _certificate(body: Body, language: str) -> Notice:
    detail, arn, kind = _mapping(body["detail"]), _first_arn(body), str(body["detail-type"])
    name, days = str(detail.get("CommonName") or "?"), _float(detail.get("DaysToExpiry"))
    if "Expired" in kind:
        state, title = "alarm", "certificate_expired"
    elif "Action" in kind:
        state, title = "alarm", "certificate_action"
    else:
        state, title = "alarm" if days is not None and days <= 14 else "warning", "certificate_expiring"
    reason = detail.get("RenewalStatusReason")
    return Notice(
        state,
        text(title, language, name=name),
        "certificate-expiry",
        "",
        [
            ("days", text("days_value", language, days=_number(days)) if days is not None else ""),
            ("certificate", _quoted(arn.resource.removeprefix("certificate/"))),
            ("reason", _quoted(reason)),
        ],
        _console(arn.region, "acm", f"#/certificates/{arn.resource.removeprefix('certificate/')}"),
        arn.region,
        arn.account,
    )


def _health(body: Body, language: str) -> Notice:
    detail = _mapping(body["detail"])
    told = [_mapping(each) for each in detail.get("eventDescription") or []]
    entities = [str(_mapping(each).get("entityValue")) for each in detail.get("affectedEntities") or []]
    category = str(detail.get("eventTypeCategory") or "")
    state = {"issue": "alarm", "scheduledChange": "warning"}.get(category, "info")
    if detail.get("statusCode") == "closed":
        state = "ok"
    return Notice(
        state,
        text("health", language, name=str(detail.get("eventTypeCode") or detail.get("service") or "AWS")),
        "health",
        _plain("\n".join(str(each.get("latestDescription") or "") for each in told)),
        [
            ("service", _quoted(detail.get("service"))),
            ("category", category),
            ("ends", str(detail.get("endTime") or "")),
            ("affected", _listed(entities, language)),
        ],
        "https://health.aws.amazon.com/health/home#/account/dashboard/open-issues",
        str(detail.get("eventRegion") or body.get("region") or ""),
        str(body.get("account") or ""),
    )


# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
_HIGH, _MEDIUM = 7.0, 4.0


def _finding(body: Body, language: str) -> Notice:
    detail = _mapping(body["detail"])
    resource, service = _mapping(detail.get("resource")), _mapping(detail.get("service"))
    severity, count = _float(detail.get("severity")) or 0.0, _float(service.get("count")) or 1.0
    region = str(detail.get("region") or body.get("region") or "")
    return Notice(
        "alarm" if severity >= _HIGH else "warning" if severity >= _MEDIUM else "info",
        text("finding", language, name=str(detail.get("type") or "GuardDuty")),
        "guardduty-finding",
        _plain(detail.get("description") or detail.get("title")),
        [
            ("severity", _number(severity)),
            ("affected", _listed(_affected(resource), language)),
            ("category", _quoted(resource.get("resourceType"))),
            ("seen", text("seen_value", language, count=_number(count)) if count > 1 else ""),
        ],
        _console(region, "guardduty", f"#/findings?search=id%3D{quote(str(detail.get('id') or ''))}"),
        region,
        str(detail.get("accountId") or body.get("account") or ""),
    )


def _affected(resource: Mapping[str, Any]) -> list[str]:
    """What the finding is about, by the names that its kinds of resources have."""
    named = [
        _mapping(resource.get("instanceDetails")).get("instanceId"),
        _mapping(resource.get("accessKeyDetails")).get("userName"),
        _mapping(resource.get("ecsClusterDetails")).get("name"),
        _mapping(resource.get("lambdaDetails")).get("functionName"),
        _mapping(resource.get("rdsDbInstanceDetails")).get("dbInstanceIdentifier"),
        *(_mapping(each).get("name") for each in resource.get("s3BucketDetails") or []),
    ]
    return [str(name) for name in named if name]


# -- Budgets ---------------------------------------------------------------------------------------------------------


def _budget(message: str, language: str) -> Notice:
    """Budgets publishes a letter, at the end of which the figures stand as ``Budget Name: airas-dev``."""
    told = dict(re.findall(r"^\s*([A-Z][\w ]+): (.+?)\s*$", message, re.MULTILINE))
    name, kind = told.get("Budget Name", "?"), told.get("Alert Type", "ACTUAL").upper()
    amount = told.get(f"{kind} Amount") or told.get("ACTUAL Amount") or told.get("FORECASTED Amount") or ""
    whole, limit = _money(told.get("Budgeted Amount")), _money(told.get("Alert Threshold"))
    forecast = kind.startswith("FORECAST")
    exceeded = not forecast and whole is not None and limit is not None and limit >= whole
    account = re.search(r"AWS Account (\d{12})", message)
    return Notice(
        "alarm" if exceeded else "warning",
        text("budget_forecast" if forecast else "budget_actual", language, name=name),
        "budget",
        "",
        [
            ("spent", f"**{amount}**" if amount else ""),
            ("threshold", told.get("Alert Threshold", "")),
            ("budget", told.get("Budgeted Amount", "")),
        ],
        "https://console.aws.amazon.com/costmanagement/home#/budgets",
        account=account[1] if account else "",
    )


def _money(value: str | None) -> float | None:
    match = re.search(r"[\d,]+(\.\d+)?", value or "")
    return float(match[0].replace(",", "")) if match and match[0].strip(",") else None


# -- this collection -------------------------------------------------------------------------------------------------

_SHOWN_RESOURCES = 15
_SHOWN_VALUE = 40
_MARKS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


def _report(body: Body, language: str) -> Notice:
    """What a playbook publishes: a test, or the report that the callback plan_report writes."""
    if body.get("type") == "test":
        name = str(body.get("stack") or "")
        said = _plain(body.get("text")) or text("test_text", language)
        return Notice("info", text("test", language, name=name), "test", said)
    report = _mapping(body.get("report")) or body
    name = str(report.get("stack") or body.get("stack") or "?")
    resources = [_mapping(each) for each in report.get("resources") or []]
    failures = [_mapping(each) for each in report.get("failures") or []]
    drift = report.get("mode") == "plan" or body.get("type") == "drift"
    if failures:
        state, title = "alarm", "run_failed"
    elif resources or report.get("unplanned"):
        state, title = ("warning", "drift") if drift else ("info", "run_changed")
    else:
        state, title = "ok", "no_drift" if drift else "run_nothing"
    return Notice(
        state,
        text(title, language, name=name),
        "drift" if drift else "run",
        text("drift_text", language) if title == "drift" else "",
        [
            ("failures", "\n".join(map(_failure, failures[:5]))),
            ("changes", _changes(resources, language)),
            ("playbook", _quoted(report.get("playbook"))),
        ],
        report=str(body.get("url") or ""),
    )


def _failure(failure: Body) -> str:
    return f"{_quoted(failure.get('task'))} {_plain(failure.get('message'))}"


def _changes(resources: list[Mapping[str, Any]], language: str) -> str:
    lines = []
    for each in resources[:_SHOWN_RESOURCES]:
        changes = [_changed(_mapping(change)) for change in each.get("changes") or []]
        told = f": {', '.join(changes[:5])}" if each.get("action") in ("update", "replace") else ""
        impact = f" ({each['impact']})" if each.get("impact") not in (None, "none") else ""
        lines.append(f"{_MARKS.get(str(each.get('action')), '?')} `{each.get('resource')}`{told}{impact}")
    if len(resources) > _SHOWN_RESOURCES:
        lines.append(text("more", language, count=len(resources) - _SHOWN_RESOURCES))
    return "\n".join(lines)


def _changed(change: Body) -> str:
    """The attribute; where both are short texts, what AWS has and what the inventory says too."""
    path, values = str(change.get("path")), (change.get("before"), change.get("after"))
    if not all(isinstance(value, str) and 0 < len(value) <= _SHOWN_VALUE for value in values):
        return path
    return f"{path} ({' → '.join(map(_quoted, values))})"


# -- parts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arn:
    region: str = ""
    account: str = ""
    resource: str = ""


def _arn(value: Any) -> Arn:
    parts = str(value or "").split(":", 5)
    return Arn(parts[3], parts[4], parts[5]) if len(parts) == 6 and parts[0] == "arn" else Arn()


def _first_arn(body: Body) -> Arn:
    found = body.get("resources")
    return _arn(found[0]) if isinstance(found, list) and found else Arn()


def _console(region: str, service: str, fragment: str) -> str:
    return f"https://{region}.console.aws.amazon.com/{service}/home?region={region}{fragment}" if region else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _plain(value: Any) -> str:
    """Text of others, in which nothing is formatted."""
    return re.sub(r"([\\*_~`|>\[\]#])", r"\\\1", str(value)) if value else ""


def _quoted(value: Any) -> str:
    return f"`{str(value).replace('`', chr(39))}`" if value else ""


def _code_line(value: Any) -> str:
    return f"```\n{str(value).replace('```', '')}\n```" if value else ""


def _code(value: Any) -> str:
    written = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return f"```json\n{written.replace('```', '')}\n```"


def _listed(values: list[str], language: str) -> str:
    lines = [_quoted(value) for value in values[:10]]
    if len(values) > len(lines):
        lines.append(text("more", language, count=len(values) - len(lines)))
    return "\n".join(lines)


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower()).strip("-") or "other"


def _event(source: str, *kinds: str) -> Callable[[Body], bool]:
    return lambda body: body.get("source") == source and str(body.get("detail-type", "")).startswith(kinds)


_KINDS: tuple[tuple[Callable[[Body], bool], Callable[[Body, str], Notice]], ...] = (
    (lambda body: "AlarmName" in body and "NewStateValue" in body, _alarm),
    (_event("aws.cloudwatch", "CloudWatch Alarm State Change"), _alarm_event),
    (_event("aws.ecs", "ECS Deployment State Change", "ECS Service Action"), _deployment),
    (_event("aws.ecs", "ECS Task State Change"), _task),
    (_event("aws.rds", "RDS DB"), _database),
    (lambda body: "Event Message" in body and "Source ID" in body, _database_subscription),
    (
        lambda body: (
            body.get("source") == "aws.secretsmanager"
            and str(_mapping(body.get("detail")).get("eventName", "")).startswith("Rotation")
        ),
        _rotation,
    ),
    (_event("aws.acm", "ACM Certificate"), _certificate),
    (_event("aws.health", "AWS Health"), _health),
    (_event("aws.guardduty", "GuardDuty Finding"), _finding),
    (lambda body: body.get("source") == "airas.platform", _report),
)
