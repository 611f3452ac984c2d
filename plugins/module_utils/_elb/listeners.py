# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All listeners of a load balancer with their rules: what is listed is there as listed, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from .._aws import Aws, tag_list
from .._reconcile import Operation, PlatformError, Resource, is_placeholder, managed_tags
from ._common import Item, all_tags, attribute_list, by_key, retag

KIND = "listener"
RULE = "listener_rule"
PROTOCOLS = ("HTTP", "HTTPS")
ACTIONS = ("forward", "redirect", "fixed_response")
# TLS 1.3 and 1.2 with forward secrecy, with or without post-quantum key exchange: what AWS recommends, and what its
# console chooses. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-attributes.html
HSTS = "routing.http.response.strict_transport_security.header_value"

# AWS's defaults: the client's own host, path and query are kept.
_REDIRECT = {"protocol": "#{protocol}", "port": "#{port}", "host": "#{host}", "path": "/#{path}", "query": "#{query}"}
# Conditions that are a list of values each: the option, AWS's field and structure.
_CONDITIONS = {
    "hosts": ("host-header", "HostHeaderConfig"),
    "paths": ("path-pattern", "PathPatternConfig"),
    "methods": ("http-request-method", "HttpRequestMethodConfig"),
    "sources": ("source-ip", "SourceIpConfig"),
}
_FIELDS = {field: (option, structure) for option, (field, structure) in _CONDITIONS.items()}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """Each listener, followed by its rules: the listed ones, and those that have to go."""
    arn, listed = params["load_balancer_arn"], {} if params["state"] == "absent" else _by_port(params)
    balancer = load_balancer_name(arn)
    for port, listener_options in listed.items():
        check(listener_options, f"{KIND}/{balancer}:{port}")
    held = _read(aws, arn, params["tags"])
    found: list[Resource] = []
    for port in (*listed, *(port for port in held if port not in listed)):
        options: Item | None = listed.get(port)
        listener = _listener(aws, params, f"{balancer}:{port}", held.get(port), options)
        found.append(listener)
        if options:  # rules go with their listener
            found += _rules(aws, params, listener, (held.get(port) or {}).get("held_rules", {}), options)
    return found


def load_balancer_name(arn: str) -> str:
    """``airas-dev-alb`` of ``arn:...:loadbalancer/app/airas-dev-alb/0123456789abcdef``."""
    return arn.split("/")[2] if arn.count("/") > 2 else arn


def target_group_name(arn: str) -> str:
    """``airas-dev-backend`` of ``arn:...:targetgroup/airas-dev-backend/0123456789abcdef``."""
    return arn.split("/")[1] if arn.count("/") > 1 else arn


# -- checking --------------------------------------------------------------------------------------------------------


def _by_port(params: Mapping[str, Any]) -> dict[int, Item]:
    found: dict[int, Item] = {}
    for options in params["listeners"]:
        if options["port"] in found:
            raise PlatformError(
                f"port {options['port']} is listed twice.",
                mend="Keep one of the two entries: a port has one listener.",
                resource=f"{KIND}/{load_balancer_name(params['load_balancer_arn'])}:{options['port']}",
            )
        found[options["port"]] = options
    return found


def check(options: Item, resource: str) -> None:
    """Refuses what AWS would refuse half-way; raises L(PlatformError)."""
    if problem := next(_problems(options), None):
        raise PlatformError(problem[0], mend=problem[1], resource=resource)


def _problems(options: Item) -> Iterator[tuple[str, str]]:
    secure = options["protocol"] == "HTTPS"
    if secure and not options["certificate_arn"]:
        yield "an HTTPS listener has no certificate.", "Give certificate_arn, or use protocol HTTP."
    if not secure and options["certificate_arn"]:
        yield "an HTTP listener takes no certificate.", "Leave certificate_arn out, or use protocol HTTPS."
    if not secure and options["strict_transport_security"]:
        yield "browsers ignore strict_transport_security over HTTP.", "Leave it out, or use protocol HTTPS."
    priorities = [rule["priority"] for rule in options["rules"]]
    for priority in sorted({each for each in priorities if priorities.count(each) > 1}):
        yield f"two rules have the priority {priority}.", "Give each its own."
    for rule in options["rules"]:
        if not any(rule[option] for option in (*_CONDITIONS, "headers")):
            yield f"rule {rule['priority']} has no condition.", f"Give one of {', '.join(_CONDITIONS)} or headers."
    for action in (options["action"], *(rule["action"] for rule in options["rules"])):
        if len([kind for kind in ACTIONS if action[kind]]) != 1:
            yield "an action does not say what to do, or says several things.", f"Give one of {', '.join(ACTIONS)}."


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(options: Item, tags: Mapping[str, str], name: str) -> dict[str, Any]:
    secure = options["protocol"] == "HTTPS"
    return {
        "port": options["port"],
        "protocol": options["protocol"],
        "certificate_arn": options["certificate_arn"] if secure else None,
        "tls_policy": options["tls_policy"] if secure else None,
        "action": _desired_action(options["action"]),
        "strict_transport_security": options["strict_transport_security"] or "",
        "tags": {**tags, "Name": name},
    }


def _desired_action(options: Item) -> dict[str, Any]:
    """``{"forward": {"airas-dev-backend": {"arn": ..., "weight": 1}}}``, or a redirect or a fixed response."""
    if options["forward"]:
        groups = options["forward"]
        return {"forward": {target_group_name(item["target_group_arn"]): _share(item) for item in groups}}
    if options["redirect"]:
        given = {key: str(value) for key, value in options["redirect"].items() if value is not None}
        return {"redirect": {**_REDIRECT, **given}}
    given = {key: value for key, value in options["fixed_response"].items() if value is not None}
    return {"fixed_response": {"content_type": "text/plain", "body": "", **given}}


def _share(item: Item) -> dict[str, Any]:
    return {"arn": item["target_group_arn"], "weight": item["weight"]}


def _desired_rule(rule: Item, tags: Mapping[str, str], name: str) -> dict[str, Any]:
    conditions = {option: sorted(rule[option]) for option in _CONDITIONS if rule[option]}
    headers = {f"header {key}": sorted(values) for key, values in rule["headers"].items()}
    return {
        "conditions": {**conditions, **headers},
        "action": _desired_action(rule["action"]),
        "tags": {**tags, "Name": name},
    }


# -- what there is ---------------------------------------------------------------------------------------------------


def _read(aws: Aws, arn: str, tags: Mapping[str, str]) -> dict[int, dict[str, Any]]:
    """The listeners by port, each with its rules by priority."""
    if is_placeholder(arn):
        return {}
    items = described(aws, arn)
    arns = [item["ListenerArn"] for item in items]
    attributes = aws.gather(partial(_attributes, aws, each) for each in arns)
    rules = aws.gather(partial(_described_rules, aws, each) for each in arns)
    tagged = all_tags(aws, [*arns, *(rule["RuleArn"] for each in rules for rule in each)])

    def own(each: str) -> dict[str, str]:
        return managed_tags(tagged[each], {**tags, "Name": ""})

    return {
        item["Port"]: {
            **_normalised(item),
            "strict_transport_security": values.get(HSTS, ""),
            "tags": own(item["ListenerArn"]),
            "held_rules": {int(rule["Priority"]): _normalised_rule(rule, own(rule["RuleArn"])) for rule in held},
        }
        for item, values, held in zip(items, attributes, rules, strict=True)
    }


def described(aws: Aws, load_balancer_arn: str) -> list[Item]:
    """The listeners of a load balancer as DescribeListeners returns them, by port."""
    found = aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=load_balancer_arn)
    return sorted(found, key=lambda item: int(item["Port"]))


def _attributes(aws: Aws, arn: str) -> dict[str, str]:
    return by_key(aws.call("elbv2", "describe_listener_attributes", ListenerArn=arn)["Attributes"])


def _described_rules(aws: Aws, arn: str) -> list[Item]:
    """All but the default one, which is the listener's own action."""
    return [rule for rule in aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=arn) if not rule["IsDefault"]]


def _normalised(item: Item) -> dict[str, Any]:
    certificates = item.get("Certificates") or [{}]
    secure = item["Protocol"] == "HTTPS"
    return {
        "arn": item["ListenerArn"],
        "port": item["Port"],
        "protocol": item["Protocol"],
        "certificate_arn": certificates[0].get("CertificateArn") if secure else None,
        "tls_policy": item.get("SslPolicy") if secure else None,
        "action": _normalised_actions(item.get("DefaultActions") or ()),
    }


def _normalised_rule(rule: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    conditions: dict[str, list[str]] = {}
    for condition in rule.get("Conditions") or ():
        field = condition["Field"]
        if field == "http-header":
            header = condition["HttpHeaderConfig"]
            conditions[f"header {header['HttpHeaderName']}"] = sorted(header["Values"])
        else:
            option, structure = _FIELDS.get(field, (field, ""))
            conditions[option] = sorted((condition.get(structure) or {}).get("Values") or condition.get("Values") or ())
    return {
        "arn": rule["RuleArn"],
        "conditions": conditions,
        "action": _normalised_actions(rule.get("Actions") or ()),
        "tags": dict(tags),
    }


def _normalised_actions(actions: Iterable[Item]) -> dict[str, Any]:
    """What AWS does in the end; an action before it, such as a login, is a difference."""
    found: dict[str, Any] = {}
    for action in actions:
        kind = action["Type"]
        if kind == "forward":
            found["forward"] = _normalised_forward(action)
        elif kind == "redirect":
            given = action["RedirectConfig"]
            kept = {key: given[key.capitalize()] for key in _REDIRECT if given.get(key.capitalize())}
            found["redirect"] = {**_REDIRECT, **kept, "status_code": given["StatusCode"]}
        elif kind == "fixed-response":
            given = action["FixedResponseConfig"]
            found["fixed_response"] = {
                "status_code": given["StatusCode"],
                "content_type": given.get("ContentType") or "text/plain",
                "body": given.get("MessageBody") or "",
            }
        else:
            found[kind] = True
    return found


def _normalised_forward(action: Item) -> dict[str, Any]:
    """AWS describes a single group in two ways, the older without a weight."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    shares = [{"target_group_arn": item["TargetGroupArn"], "weight": item.get("Weight", 1)} for item in groups]
    if len(shares) == 1:
        shares[0]["weight"] = 1  # all of it, whatever the number
    return {target_group_name(item["target_group_arn"]): _share(item) for item in shares}


# -- what leads there ------------------------------------------------------------------------------------------------


def _listener(
    aws: Aws, params: Mapping[str, Any], name: str, before: dict[str, Any] | None, options: Item | None
) -> Resource:
    wanted = _desired(options, params["tags"], name) if options else None
    arn = params["load_balancer_arn"]

    def modify(known: dict[str, Any]) -> None:
        aws.call("elbv2", "modify_listener", ListenerArn=known["arn"], **_request(wanted or {}))

    def set_attributes(known: dict[str, Any]) -> None:
        attributes = attribute_list({HSTS: (wanted or {})["strict_transport_security"]})
        aws.call("elbv2", "modify_listener_attributes", ListenerArn=known["arn"], Attributes=attributes)

    def delete(known: dict[str, Any]) -> None:
        aws.call_or_none("elbv2", "delete_listener", ("ListenerNotFound",), ListenerArn=known["arn"])

    made = ["port", "protocol", "certificate_arn", "tls_policy", "action"]
    nothing = [] if wanted and wanted["strict_transport_security"] else ["strict_transport_security"]
    shown = {key: value for key, value in before.items() if key != "held_rules"} if before else None
    return Resource(
        KIND,
        name,
        before=shown,
        after=wanted,
        placeholders={"arn": _placeholder_arn(arn, "listener")},
        create=Operation(
            "elasticloadbalancing:CreateListener", _create(aws, arn, wanted or {}), covers=(*made, *nothing, "tags")
        ),
        updates=(
            Operation("elasticloadbalancing:ModifyListener", modify, covers=tuple(made)),
            Operation(
                "elasticloadbalancing:ModifyListenerAttributes", set_attributes, covers=("strict_transport_security",)
            ),
            retag(aws, (wanted or {}).get("tags", {})),
        )
        if wanted
        else (),
        delete=Operation("elasticloadbalancing:DeleteListener", delete),
        impacts={"delete": "outage"},
    )


def _placeholder_arn(arn: str, kind: str) -> str:
    return f"{arn.replace(':loadbalancer/', f':{kind}/').replace(':listener/', f':{kind}/')}/{'0' * 16}"


def _create(aws: Aws, arn: str, wanted: Item) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        tags = tag_list(wanted["tags"])
        made = aws.create("elbv2", "create_listener", LoadBalancerArn=arn, **_request(wanted), Tags=tags)
        return {"arn": made["Listeners"][0]["ListenerArn"]}

    return run


def _request(wanted: Item) -> dict[str, Any]:
    certificate = wanted["certificate_arn"]
    secure = {"Certificates": [{"CertificateArn": certificate}], "SslPolicy": wanted["tls_policy"]}
    return {
        "Port": wanted["port"],
        "Protocol": wanted["protocol"],
        "DefaultActions": _actions(wanted["action"]),
        **(secure if certificate else {}),
    }


def _actions(action: Item) -> list[dict[str, Any]]:
    if forward := action.get("forward"):
        groups = [{"TargetGroupArn": item["arn"], "Weight": item["weight"]} for item in forward.values()]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
    if redirect := action.get("redirect"):
        parts = {key.capitalize(): redirect[key] for key in _REDIRECT}
        return [{"Type": "redirect", "RedirectConfig": {**parts, "StatusCode": redirect["status_code"]}}]
    response = action["fixed_response"]
    return [
        {
            "Type": "fixed-response",
            "FixedResponseConfig": {
                "StatusCode": response["status_code"],
                "ContentType": response["content_type"],
                "MessageBody": response["body"],
            },
        }
    ]


# -- rules -----------------------------------------------------------------------------------------------------------


def _rules(
    aws: Aws, params: Mapping[str, Any], listener: Resource, held: Mapping[int, dict[str, Any]], options: Item
) -> list[Resource]:
    listed = {rule["priority"]: rule for rule in options["rules"]}
    return [
        _rule(aws, params, listener, priority, held.get(priority), listed.get(priority))
        for priority in (*listed, *(priority for priority in held if priority not in listed))
    ]


def _rule(
    aws: Aws,
    params: Mapping[str, Any],
    listener: Resource,
    priority: int,
    before: dict[str, Any] | None,
    rule: Item | None,
) -> Resource:
    name = f"{listener.name}/{priority}"
    wanted = _desired_rule(rule, params["tags"], name) if rule else None

    def request() -> dict[str, Any]:
        known = wanted or {}
        return {"Conditions": _conditions(known["conditions"]), "Actions": _actions(known["action"])}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        tags = tag_list((wanted or {})["tags"])
        arn = listener.known["arn"]
        made = aws.create("elbv2", "create_rule", ListenerArn=arn, Priority=priority, **request(), Tags=tags)
        return {"arn": made["Rules"][0]["RuleArn"]}

    def modify(known: dict[str, Any]) -> None:
        aws.call("elbv2", "modify_rule", RuleArn=known["arn"], **request())

    def delete(known: dict[str, Any]) -> None:
        aws.call_or_none("elbv2", "delete_rule", ("RuleNotFound",), RuleArn=known["arn"])

    arn = listener.known.get("arn") or listener.placeholders["arn"]
    return Resource(
        RULE,
        name,
        before=before,
        after=wanted,
        placeholders={"arn": _placeholder_arn(arn, "listener-rule")},
        create=Operation("elasticloadbalancing:CreateRule", create),
        updates=(
            Operation("elasticloadbalancing:ModifyRule", modify, covers=("conditions", "action")),
            retag(aws, (wanted or {}).get("tags", {})),
        )
        if wanted
        else (),
        delete=Operation("elasticloadbalancing:DeleteRule", delete),
    )


def _conditions(wanted: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for option, values in wanted.items():
        if option in _CONDITIONS:
            field, structure = _CONDITIONS[option]
            found.append({"Field": field, structure: {"Values": values}})
        else:
            name = option.removeprefix("header ")
            found.append({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": values}})
    return found
