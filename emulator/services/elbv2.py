"""Application load balancers: attributes, protection, policies, states and the interfaces they hold."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeListener, FakeLoadBalancer, FakeTargetGroup
from moto.elbv2.ssl_policies import SSL_POLICIES

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._ec2 import service_interface

API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application"

PROVISIONING = delays.declare("load_balancer.provisioning", "CreateLoadBalancer until active")
DELETING = delays.declare("load_balancer.deleting", "DeleteLoadBalancer until its interfaces are gone")

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
_EVERY_BALANCER = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "ipv6.deny_all_igw_traffic": "false",
    "zonal_shift.config.enabled": "false",
}
_APPLICATION_BALANCER = {
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
}
_NETWORK_BALANCER = {
    "dns_record.client_routing_policy": "any_availability_zone",
    "load_balancing.cross_zone.enabled": "false",
    "secondary_ips.auto_assigned.per_subnet": "0",
}
_SETTABLE_VALUES = {
    "client_keep_alive.seconds": range(60, 604801),
    "idle_timeout.timeout_seconds": range(1, 4001),
    "routing.http.desync_mitigation_mode": ("monitor", "defensive", "strictest"),
    "routing.http.xff_header_processing.mode": ("append", "preserve", "remove"),
}

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
_HTTP_TARGETS = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

# https://docs.aws.amazon.com/general/latest/gr/elb.html
_HOSTED_ZONES = {
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-2": "Z1H1FL5HABSF5",
}


# --- create -----------------------------------------------------------------------------------------------------------


@patch(ELBv2Backend, "create_load_balancer", aws=f"{API}/API_CreateLoadBalancer.html")
def create_load_balancer(
    original: Any, self: Any, name: str, scheme: str | None = None, loadbalancer_type: str | None = None, **others: Any
) -> FakeLoadBalancer:
    """A balancer begins provisioning, with every attribute at its default and an interface in each subnet."""
    _check_name(name)
    kind, scheme = loadbalancer_type or "application", scheme or "internet-facing"
    subnet_ids = list(others.get("subnet_ids") or [])
    subnet_ids += [mapping["SubnetId"] for mapping in others.get("subnet_mappings") or []]
    _check_subnets(self, kind, scheme, subnet_ids)
    group_ids = others.get("security_groups") or []
    balancer: FakeLoadBalancer = original(self, name=name, scheme=scheme, loadbalancer_type=loadbalancer_type, **others)
    if kind == "application" and not group_ids:
        balancer.security_groups = group_ids = [self.ec2_backend.get_default_security_group(balancer.vpc_id).id]
    own = _APPLICATION_BALANCER if kind == "application" else _NETWORK_BALANCER
    internal = {"ipv6.deny_all_igw_traffic": "true"} if scheme == "internal" else {}
    balancer.attrs = {**_EVERY_BALANCER, **own, **internal}
    prefix = "internal-" if scheme == "internal" else ""
    balancer.dns_name = f"{prefix}{name}-{zlib.crc32(balancer.arn.encode())}.{self.region_name}.elb.amazonaws.com"
    balancer.canonical_hosted_zone_id = _HOSTED_ZONES.get(self.region_name, balancer.canonical_hosted_zone_id)
    balancer.interface_ids = []
    _place_interfaces(self, balancer)
    delays.schedule(PROVISIONING, lambda: _active(balancer))
    return balancer


def _check_name(name: str) -> None:
    if len(name) > 32:
        raise AwsError("ValidationError", f"The load balancer name '{name}' cannot be longer than '32' characters")
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise AwsError(
            "ValidationError",
            f"The load balancer name '{name}' can only contain characters that are alphanumeric characters "
            "and hyphens(-)",
        )
    if name[0] == "-" or name[-1] == "-" or name.startswith("internal-"):
        raise AwsError(
            "ValidationError",
            f"The load balancer name '{name}' cannot begin or end with '-', or begin with 'internal-'",
        )


def _check_subnets(backend: Any, kind: str, scheme: str, subnet_ids: list[str]) -> None:
    known = {subnet.id: subnet for subnet in backend.ec2_backend.describe_subnets()}
    for subnet_id in subnet_ids:
        if subnet_id not in known:
            raise AwsError("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")
    subnets = [known[subnet_id] for subnet_id in subnet_ids]
    zones = [subnet.availability_zone for subnet in subnets]
    if len(set(zones)) < len(zones):
        raise AwsError(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if kind == "application" and len(zones) < 2:
        raise AwsError("ValidationError", "At least two subnets in two different Availability Zones must be specified")
    if scheme == "internet-facing":
        vpc_id = subnets[0].vpc_id
        if not any(igw.vpc and igw.vpc.id == vpc_id for igw in backend.ec2_backend.internet_gateways.values()):
            raise AwsError("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")


def _place_interfaces(backend: Any, balancer: FakeLoadBalancer) -> None:
    """One interface a subnet, as the balancer's subnets and groups are now."""
    ec2 = backend.ec2_backend
    held = {ec2.enis[i].subnet_id: ec2.enis[i] for i in balancer.interface_ids if i in ec2.enis}
    wanted = [subnet.id for subnet in balancer.subnets]
    for subnet_id in set(held) - set(wanted):
        ec2.enis.pop(held[subnet_id].id)
    description = f"ELB {balancer.arn.split(':loadbalancer/')[1]}"
    for subnet in balancer.subnets:
        if subnet.id not in held:
            held[subnet.id] = service_interface(ec2, subnet, "interface", description, balancer.security_groups)
        held[subnet.id]._group_set = [ec2.get_security_group_from_id(g) for g in balancer.security_groups or []]
    balancer.interface_ids = [held[subnet_id].id for subnet_id in wanted]


def _active(balancer: FakeLoadBalancer) -> None:
    if balancer.state == "provisioning":
        balancer.state = "active"


@patch(FakeLoadBalancer, "activate", aws=f"{API}/API_LoadBalancerState.html")
def activate(_original: Any, self: FakeLoadBalancer) -> None:
    """A balancer becomes active in its own time, not when it is looked at."""


@patch(ELBv2Backend, "set_security_groups", aws=f"{API}/API_SetSecurityGroups.html")
def set_security_groups(original: Any, self: Any, arn: str, **others: Any) -> None:
    """The interfaces of a balancer follow its security groups."""
    original(self, arn=arn, **others)
    _place_interfaces(self, self.load_balancers[arn])


@patch(ELBv2Backend, "set_subnets", aws=f"{API}/API_SetSubnets.html")
def set_subnets(original: Any, self: Any, arn: str, **others: Any) -> Any:
    """The interfaces of a balancer follow its subnets."""
    answer = original(self, arn=arn, **others)
    _place_interfaces(self, self.load_balancers[arn])
    return answer


# --- attributes -------------------------------------------------------------------------------------------------------


@patch(ELBv2Backend, "modify_load_balancer_attributes", aws=f"{API}/API_LoadBalancerAttribute.html")
def modify_load_balancer_attributes(original: Any, self: Any, arn: str, attrs: Mapping[str, Any]) -> Any:
    """Values out of range are refused, and access logs need a bucket that lets the load balancer write."""
    balancer = self.load_balancers.get(arn)
    for key, value in attrs.items():
        _check_value(key, str(value))
    if balancer is not None:
        for log in ("access_logs", "connection_logs"):
            if any(key.startswith(f"{log}.") for key in attrs):
                _check_log(self, log, {**balancer.attrs, **attrs})
    return original(self, arn=arn, attrs=attrs)


def _check_value(key: str, value: str) -> None:
    allowed = ("true", "false") if key.endswith(".enabled") else _SETTABLE_VALUES.get(key)
    if isinstance(allowed, range):
        if not value.isdigit() or int(value) not in allowed:
            raise AwsError(
                "InvalidConfigurationRequest",
                f"The value of '{key}' must be between {allowed.start} and {allowed.stop - 1}",
            )
    elif allowed and value not in allowed:
        choices = ", ".join(map(str, allowed))
        raise AwsError("InvalidConfigurationRequest", f"The value of '{key}' must be one of {choices}")


def _check_log(backend: Any, log: str, attributes: Mapping[str, str]) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"""
    from moto.s3.models import s3_backends

    if attributes[f"{log}.s3.enabled"] != "true":
        return
    name, prefix = attributes[f"{log}.s3.bucket"], attributes[f"{log}.s3.prefix"]
    if "AWSLogs" in prefix:
        raise AwsError("InvalidConfigurationRequest", "The prefix must not include the string AWSLogs")
    bucket = s3_backends[backend.account_id]["aws"].buckets.get(name)
    policy = bucket.policy.decode() if bucket is not None and bucket.policy else ""
    # The service principal, or in older regions the account of the load balancers, which is another than the bucket's.
    writer = re.search(rf"logdelivery\.elasticloadbalancing|arn:aws:iam::(?!{backend.account_id})\d{{12}}:root", policy)
    if bucket is None or writer is None:
        raise AwsError(
            "InvalidConfigurationRequest", f"Access Denied for bucket: {name}. Please check S3bucket permission"
        )
    if bucket.region_name != backend.region_name:
        raise AwsError("InvalidConfigurationRequest", f"The bucket {name} is not in the region {backend.region_name}")


@patch(FakeTargetGroup, "__init__", aws=f"{API}/API_TargetGroupAttribute.html")
def target_group(original: Any, self: Any, **options: Any) -> None:
    """A target group for HTTP has every attribute at its default."""
    original(self, **options)
    if self.protocol in ("HTTP", "HTTPS"):
        self.attributes = dict(_HTTP_TARGETS)


# --- delete -----------------------------------------------------------------------------------------------------------


@patch(ELBv2Backend, "delete_load_balancer", aws=f"{GUIDE}/load-balancer-delete.html")
def delete_load_balancer(original: Any, self: Any, arn: str) -> None:
    """A balancer under deletion protection stays; one that goes takes listeners and, in time, interfaces with it."""
    balancer = self.load_balancers.get(arn)
    if balancer is None:
        return
    if balancer.attrs.get("deletion_protection.enabled") == "true":
        raise AwsError(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
    for group in self.target_groups.values():
        group.load_balancer_arns = [known for known in group.load_balancer_arns if known != arn]
    interfaces = self.ec2_backend.enis

    def gone() -> None:
        for interface_id in balancer.interface_ids:
            interfaces.pop(interface_id, None)

    delays.schedule(DELETING, gone)
    original(self, arn=arn)


# --- listeners --------------------------------------------------------------------------------------------------------

_POLICY_NAMES = frozenset(SSL_POLICIES)
_SECURE = ("HTTPS", "TLS")


def _check_certificate(backend: Any, arn: str) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html"""
    from moto.acm.models import acm_backends

    certificates = acm_backends[backend.account_id][backend.region_name]._certificates
    if arn in certificates:
        certificates[arn].check()
        if certificates[arn].status != "ISSUED":
            raise AwsError(
                "UnsupportedCertificate",
                f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a "
                "supported key size.",
            )


@patch(ELBv2Backend, "create_listener", aws=f"{API}/API_CreateListener.html")
def create_listener(
    original: Any, self: Any, load_balancer_arn: str, protocol: str, port: Any, ssl_policy: str, **others: Any
) -> FakeListener:
    """A port has one listener; HTTPS needs a certificate and an existing policy, and HTTP has no policy."""
    balancer = self.load_balancers.get(load_balancer_arn)
    if balancer is not None and any(str(known.port) == str(port) for known in balancer.listeners.values()):
        raise AwsError(
            "DuplicateListener", f"A listener already exists on this port for this load balancer '{load_balancer_arn}'"
        )
    secure = protocol in _SECURE
    if secure and not others.get("certificate"):
        raise AwsError("ValidationError", f"A certificate must be specified for {protocol} listeners")
    if secure:
        _check_certificate(self, others["certificate"])
    if secure and ssl_policy not in _POLICY_NAMES:
        raise AwsError("SSLPolicyNotFound", f"SSL policy '{ssl_policy}' not found")
    listener: FakeListener = original(
        self,
        load_balancer_arn=load_balancer_arn,
        protocol=protocol,
        port=port,
        ssl_policy=ssl_policy if secure else None,
        **others,
    )
    return listener


@patch(ELBv2Backend, "modify_listener", aws=f"{API}/API_ModifyListener.html")
def modify_listener(original: Any, self: Any, arn: str, **others: Any) -> FakeListener:
    """A listener that becomes HTTPS needs an issued certificate; one that becomes HTTP loses it and its policy."""
    for certificate in others.get("certificates") or []:
        _check_certificate(self, certificate["CertificateArn"])
    listener: FakeListener = original(self, arn=arn, **others)
    if listener.protocol not in _SECURE:
        listener.ssl_policy, listener.certificate, listener.certificates = None, None, []
    _associate(self)
    return listener


# --- target groups ----------------------------------------------------------------------------------------------------


@patch(ELBv2Backend, "describe_target_groups", aws=f"{API}/API_TargetGroup.html")
def describe_target_groups(original: Any, self: Any, **query: Any) -> Any:
    """A group names the load balancers whose listeners and rules send to it now, whatever they did before."""
    _associate(self)
    return original(self, **query)


def _associate(backend: Any) -> None:
    for group in backend.target_groups.values():
        group.load_balancer_arns = [
            balancer.arn for balancer in backend.load_balancers.values() if _sends_to(backend, balancer, group.arn)
        ]


def _sends_to(backend: Any, balancer: FakeLoadBalancer, group_arn: str) -> bool:
    actions = [
        action
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
        for action in rule.actions
    ]
    return any(group_arn in backend._get_target_group_arns_from(action_data=action.data) for action in actions)


@patch(ELBv2Backend, "modify_target_group_attributes", aws=f"{API}/API_TargetGroupAttribute.html")
def modify_target_group_attributes(
    original: Any, self: Any, target_group_arn: str, attributes: Mapping[str, Any]
) -> None:
    """Targets may take up to an hour to drain, and slow start goes with round robin only."""
    group = self.target_groups.get(target_group_arn)
    wanted = dict(attributes)
    delay = wanted.get("deregistration_delay.timeout_seconds")
    if group is not None:
        after = {**group.attributes, **wanted}
        if (
            str(after.get("slow_start.duration_seconds", "0")) != "0"
            and after.get("load_balancing.algorithm.type", "round_robin") != "round_robin"
        ):
            raise AwsError(
                "InvalidConfigurationRequest", "Slow start mode is only supported with the round robin algorithm"
            )
        if str(delay) == "3600":  # the end of AWS's range, which moto leaves out
            del wanted["deregistration_delay.timeout_seconds"]
            group.attributes["deregistration_delay.timeout_seconds"] = "3600"
    original(self, target_group_arn=target_group_arn, attributes=wanted)
