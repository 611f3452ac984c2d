# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One Application Load Balancer: where it stands, who may reach it, and every attribute that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .._aws import Aws, tag_list
from .._network._ec2 import filters
from .._reconcile import Impact, Operation, PlatformError, Refused, Resource, State, managed_tags
from ._common import Item, all_tags, attribute_list, by_key, described_load_balancer, retag, text

KIND = "load_balancer"
SCHEMES = ("internet-facing", "internal")
ADDRESS_TYPES = ("ipv4", "dualstack", "dualstack-without-public-ipv4")
DESYNC_MODES = ("monitor", "defensive", "strictest")
FORWARDED_FOR_MODES = ("append", "preserve", "remove")
LOGS = ("access_logs", "connection_logs")

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
IDLE_TIMEOUT_S = range(1, 4000 + 1)
KEEP_ALIVE_S = range(60, 604800 + 1)

# Options that are one attribute of AWS's each.
_ATTRIBUTES: Mapping[str, str] = {
    "idle_timeout": "idle_timeout.timeout_seconds",
    "client_keep_alive": "client_keep_alive.seconds",
    "drop_invalid_headers": "routing.http.drop_invalid_header_fields.enabled",
    "desync_mode": "routing.http.desync_mitigation_mode",
    "preserve_host_header": "routing.http.preserve_host_header.enabled",
    "tls_headers": "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    "forwarded_for": "routing.http.xff_header_processing.mode",
    "forwarded_for_port": "routing.http.xff_client_port.enabled",
    "http2": "routing.http2.enabled",
    "waf_fail_open": "waf.fail_open.enabled",
    "zonal_shift": "zonal_shift.config.enabled",
    "deletion_protection": "deletion_protection.enabled",
}
_PLACE = ("subnets", "security_groups", "scheme", "ip_address_type")
# What a plan shows for the name that AWS will answer under; its end is AWS's own.
_NO_ID = "0" * 16


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The load balancer named by the options."""
    name, present = params["name"], params["state"] == "present"
    if present:
        check(params)
    before = _find(aws, name, params["tags"])
    if before and not present and before["deletion_protection"] and params["deletion_protection"] is not False:
        raise Refused(
            "deletion protection is on.",
            mend="If the load balancer is to go, set deletion_protection: false beside state: absent.",
            resource=f"{KIND}/{name}",
        )
    found = _resource(aws, params, before, _desired(params) if present else None)
    if not before and not present and _holds_interfaces(aws, name):
        found.known["state"] = "deleting"
    return [found]


def placeholder_arn(aws: Aws, name: str) -> str:
    """What a plan shows for a load balancer that does not exist yet."""
    return aws.arn("elasticloadbalancing", f"loadbalancer/app/{name}/{_NO_ID}")


def placeholder_dns_name(aws: Aws, name: str) -> str:
    return f"{name}-{_NO_ID}.{aws.region}.elb.amazonaws.com"


# -- checking --------------------------------------------------------------------------------------------------------


def check(params: Mapping[str, Any]) -> None:
    """Refuses what AWS would refuse half-way; raises L(PlatformError)."""
    if problem := next(_problems(params), None):
        raise PlatformError(problem[0], mend=problem[1], resource=f"{KIND}/{params['name']}")


def _problems(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = params["name"]
    if len(name) > 32 or name.startswith(("internal-", "-")) or name.endswith("-"):
        yield "AWS takes no such name.", "Use 32 letters, digits and hyphens at most, none of them first or last."
    if len(params["subnets"]) < 2:
        yield "an Application Load Balancer stands in two Availability Zones at least.", "Give a subnet of each."
    for option, allowed in (("idle_timeout", IDLE_TIMEOUT_S), ("client_keep_alive", KEEP_ALIVE_S)):
        if params[option] not in allowed:
            yield f"{option} is {params[option]}.", f"AWS takes {allowed.start} to {allowed.stop - 1} seconds."
    for log in LOGS:
        if "AWSLogs" in ((params[log] or {}).get("prefix") or ""):
            yield f"{log}.prefix contains AWSLogs.", "Leave that out: AWS adds it by itself."


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    desired = {
        "subnets": sorted(params["subnets"]),
        "security_groups": sorted(params["security_groups"]),
        "scheme": params["scheme"],
        "ip_address_type": params["ip_address_type"],
        **{option: params[option] for option in _ATTRIBUTES},
        **{log: _log(params[log]) for log in LOGS},
        "tags": {**params["tags"], "Name": params["name"]},
    }
    if params["deletion_protection"] is None:
        del desired["deletion_protection"]
    return desired


def _log(options: Item | None) -> dict[str, str]:
    """Where a log goes; empty where it is not kept."""
    return {"bucket": options["bucket"], "prefix": options["prefix"] or ""} if options else {}


def _attributes(wanted: Item) -> dict[str, str]:
    """All attributes that ``wanted`` speaks of, as AWS takes them."""
    found = {key: text(wanted[option]) for option, key in _ATTRIBUTES.items() if option in wanted}
    for log in LOGS:
        if place := wanted.get(log):
            found |= {f"{log}.s3.{key}": value for key, value in place.items()}
        found[f"{log}.s3.enabled"] = text(bool(place))
    return found


# -- what there is ---------------------------------------------------------------------------------------------------


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    item = described_load_balancer(aws, name)
    if not item:
        return None
    arn = item["LoadBalancerArn"]
    answer, tagged = aws.gather(
        (
            lambda: aws.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn),
            lambda: all_tags(aws, [arn]),
        )
    )
    attributes = by_key(answer["Attributes"])
    return {
        **_described(item),
        "subnets": sorted(zone["SubnetId"] for zone in item["AvailabilityZones"]),
        "security_groups": sorted(item.get("SecurityGroups") or ()),
        "scheme": item["Scheme"],
        "ip_address_type": item.get("IpAddressType") or "ipv4",
        **{option: _value(attributes[key]) for option, key in _ATTRIBUTES.items() if key in attributes},
        **{log: _normalised_log(attributes, log) for log in LOGS},
        "tags": managed_tags(tagged[arn], {**tags, "Name": ""}),
    }


def _described(item: Item) -> dict[str, Any]:
    """What only AWS can tell."""
    return {
        "arn": item["LoadBalancerArn"],
        "dns_name": item["DNSName"],
        "zone_id": item["CanonicalHostedZoneId"],
        "state": item["State"]["Code"],
        "reason": item["State"].get("Reason") or "",
    }


def _value(spelled: str) -> bool | int | str:
    if spelled in ("true", "false"):
        return spelled == "true"
    return int(spelled) if spelled.isdigit() else spelled


def _normalised_log(attributes: Mapping[str, str], log: str) -> dict[str, str]:
    """A log that is off has no place, though AWS remembers the last one."""
    if attributes.get(f"{log}.s3.enabled") != "true":
        return {}
    return {key: attributes.get(f"{log}.s3.{key}") or "" for key in ("bucket", "prefix")}


def _holds_interfaces(aws: Aws, name: str) -> bool:
    """A load balancer that is gone keeps its network interfaces for some minutes, and with them subnets and groups."""
    description = filters({"description": f"ELB app/{name}/*"})
    return bool(aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=description))


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(
    aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    name, wanted = params["name"], after or {}

    def operation(call: str, action: str, covers: Sequence[str], **arguments: Any) -> Operation:
        def run(known: dict[str, Any]) -> None:
            aws.call("elbv2", call, LoadBalancerArn=known["arn"], **arguments)

        return Operation(f"elasticloadbalancing:{action}", run, covers=tuple(covers))

    updates: tuple[Operation, ...] = ()
    if after:
        kept = tuple(key for key in (*_ATTRIBUTES, *LOGS) if key in wanted)
        attributes = attribute_list(_attributes(wanted))
        groups = wanted["security_groups"]
        updates = (
            operation("set_subnets", "SetSubnets", ["subnets"], Subnets=wanted["subnets"]),
            operation("set_security_groups", "SetSecurityGroups", ["security_groups"], SecurityGroups=groups),
            operation(
                "set_ip_address_type", "SetIpAddressType", ["ip_address_type"], IpAddressType=wanted["ip_address_type"]
            ),
            operation("modify_load_balancer_attributes", "ModifyLoadBalancerAttributes", kept, Attributes=attributes),
            retag(aws, wanted["tags"]),
        )
    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": placeholder_arn(aws, name), "dns_name": placeholder_dns_name(aws, name)},
        create=Operation("elasticloadbalancing:CreateLoadBalancer", _create(aws, name, wanted), (*_PLACE, "tags")),
        updates=updates,
        delete=Operation("elasticloadbalancing:DeleteLoadBalancer", _delete(aws)),
        refuse_on={
            "scheme": "A load balancer of the other scheme has another address: remove this one (state: absent) and run"
            " again, or choose another name."
        },
        impacts=_impacts(before, wanted),
        settling=_settling,
    )


def _impacts(before: State | None, wanted: State) -> dict[str, Impact]:
    """It holds no data. Without it nobody gets in, and without its protection it can go by accident."""
    impacts: dict[str, Impact] = {"delete": "outage"}
    if before and before["deletion_protection"] and not wanted.get("deletion_protection", True):
        impacts["deletion_protection"] = "outage"
    return impacts


def _settling(known: State) -> str | None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerState.html"""
    if known.get("state") == "failed":
        raise PlatformError(
            f"AWS could not set it up: {known.get('reason') or 'no reason given'}.",
            mend="Delete it, mend the cause (often too few free addresses in a subnet), and run again.",
        )
    return known["state"] if known.get("state") in ("provisioning", "deleting") else None


def _create(aws: Aws, name: str, wanted: Item) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "elbv2",
            "create_load_balancer",
            Name=name,
            Subnets=wanted["subnets"],
            SecurityGroups=wanted["security_groups"],
            Scheme=wanted["scheme"],
            Type="application",
            IpAddressType=wanted["ip_address_type"],
            Tags=tag_list(wanted["tags"]),
        )
        return _described(made["LoadBalancers"][0])

    return run


def _delete(aws: Aws) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(known: dict[str, Any]) -> dict[str, Any]:
        arn = known["arn"]
        if known["deletion_protection"]:  # asked for in as many words, or it would have been refused
            off = attribute_list({_ATTRIBUTES["deletion_protection"]: text(False)})
            aws.call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=off)
        aws.call("elbv2", "delete_load_balancer", LoadBalancerArn=arn)
        return {"state": "deleting"}

    return run
