from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def elb(emulator: Any) -> Any:
    return emulator.client("elbv2")


@pytest.fixture
def group(ec2: Any, network: Any) -> str:
    return str(ec2.create_security_group(GroupName="lb", Description="lb", VpcId=network.vpc)["GroupId"])


@pytest.fixture
def balancer(elb: Any, network: Any, group: str) -> dict[str, Any]:
    made: dict[str, Any] = elb.create_load_balancer(
        Name="app", Subnets=[network.subnet, network.other_subnet], SecurityGroups=[group]
    )
    return made["LoadBalancers"][0]


def _state(elb: Any, arn: str) -> str:
    return str(elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"])


def _attributes(elb: Any, arn: str) -> dict[str, str]:
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {attribute["Key"]: attribute["Value"] for attribute in attributes}


def _set(elb: Any, arn: str, **attributes: str) -> None:
    pairs = [{"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs)


def test_states_and_interfaces(
    emulator: Any, elb: Any, ec2: Any, network: Any, group: str, balancer: Any, refused: Any
) -> None:
    arn = balancer["LoadBalancerArn"]
    assert balancer["State"]["Code"] == "provisioning"
    assert balancer["CanonicalHostedZoneId"] == "Z14GRHDCWA56QT"
    assert balancer["DNSName"].startswith("app-")
    assert _state(elb, arn) == "active"
    interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [group]}])["NetworkInterfaces"]
    assert {i["SubnetId"] for i in interfaces} == {network.subnet, network.other_subnet}
    assert {i["Description"].split("/")[:2][1] for i in interfaces} == {"app"}
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)

    other = ec2.create_security_group(GroupName="b", Description="b", VpcId=network.vpc)["GroupId"]
    elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[other])
    ec2.delete_security_group(GroupId=group)

    emulator.set_delays({"load_balancer.deleting": 3600})
    elb.delete_load_balancer(LoadBalancerArn=arn)
    with refused("LoadBalancerNotFound"):
        elb.describe_load_balancers(LoadBalancerArns=[arn])
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=network.subnet)
    emulator.set_delays({})
    ec2.delete_subnet(SubnetId=network.subnet)


def test_provisioning_takes_its_time(emulator: Any, elb: Any, network: Any) -> None:
    emulator.set_delays({"load_balancer.provisioning": 3600})
    subnets = [network.subnet, network.other_subnet]
    arn = elb.create_load_balancer(Name="slow", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    assert _state(elb, arn) == "provisioning"
    emulator.set_delays({})
    assert _state(elb, arn) == "active"


def test_attributes(elb: Any, balancer: Any, refused: Any) -> None:
    arn = balancer["LoadBalancerArn"]
    attributes = _attributes(elb, arn)
    assert attributes["idle_timeout.timeout_seconds"] == "60"
    assert attributes["access_logs.s3.enabled"] == "false"
    assert attributes["routing.http2.enabled"] == "true"
    assert attributes["load_balancing.cross_zone.enabled"] == "true"
    _set(elb, arn, idle_timeout__timeout_seconds="120", routing__http__desync_mitigation_mode="strictest")
    assert _attributes(elb, arn) == attributes | {
        "idle_timeout.timeout_seconds": "120",
        "routing.http.desync_mitigation_mode": "strictest",
    }
    for bad in (
        {"idle_timeout__timeout_seconds": "4001"},
        {"routing__http__desync_mitigation_mode": "gentle"},
        {"deletion_protection__enabled": "yes"},
        {"nonsense": "1"},
    ):
        with refused("InvalidConfigurationRequest"):
            _set(elb, arn, **bad)


def test_deletion_protection(elb: Any, balancer: Any, refused: Any) -> None:
    arn = balancer["LoadBalancerArn"]
    _set(elb, arn, deletion_protection__enabled="true")
    with refused("OperationNotPermitted", "because deletion protection is enabled"):
        elb.delete_load_balancer(LoadBalancerArn=arn)
    _set(elb, arn, deletion_protection__enabled="false")
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert elb.describe_load_balancers()["LoadBalancers"] == []


def test_access_logs_need_a_bucket_that_lets_them_in(emulator: Any, elb: Any, balancer: Any, refused: Any) -> None:
    arn, s3 = balancer["LoadBalancerArn"], emulator.client("s3")
    wanted = {"access_logs__s3__enabled": "true", "access_logs__s3__bucket": "lb-logs", "access_logs__s3__prefix": "a"}
    with refused("InvalidConfigurationRequest", "Access Denied for bucket: lb-logs"):
        _set(elb, arn, **wanted)
    s3.create_bucket(Bucket="lb-logs", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    with refused("InvalidConfigurationRequest", "Access Denied for bucket: lb-logs"):
        _set(elb, arn, **wanted)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::lb-logs/a/AWSLogs/427979936961/*",
    }
    s3.put_bucket_policy(Bucket="lb-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    with refused("InvalidConfigurationRequest", "AWSLogs"):
        _set(elb, arn, **{**wanted, "access_logs__s3__prefix": "AWSLogs/a"})
    _set(elb, arn, **wanted)
    assert _attributes(elb, arn)["access_logs.s3.bucket"] == "lb-logs"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Name": "internal-app"}, "ValidationError"),
        ({"Name": "a" * 33}, "ValidationError"),
        ({"Name": "under_score"}, "ValidationError"),
        ({"Scheme": "sideways"}, "ValidationError"),
        ({"Subnets": ["one"]}, "ValidationError"),
        ({"Subnets": ["one", "one"]}, "InvalidConfigurationRequest"),
        ({"Subnets": ["subnet-0123456789abcdef0", "one"]}, "SubnetNotFound"),
    ],
)
def test_bad_balancers(elb: Any, network: Any, refused: Any, change: dict[str, Any], code: str) -> None:
    request = {"Name": "app", "Subnets": [network.subnet, network.other_subnet], **change}
    request["Subnets"] = [network.subnet if subnet == "one" else subnet for subnet in request["Subnets"]]
    with refused(code):
        elb.create_load_balancer(**request)


def test_internet_facing_needs_an_internet_gateway(elb: Any, ec2: Any, network: Any, refused: Any) -> None:
    ec2.detach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)
    subnets = [network.subnet, network.other_subnet]
    with refused("InvalidSubnet", "has no internet gateway"):
        elb.create_load_balancer(Name="app", Subnets=subnets)
    internal = elb.create_load_balancer(Name="app", Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
    assert internal["DNSName"].startswith("internal-app-")
    assert _attributes(elb, internal["LoadBalancerArn"])["ipv6.deny_all_igw_traffic"] == "true"


def test_listeners(emulator: Any, elb: Any, network: Any, balancer: Any, refused: Any) -> None:
    arn = balancer["LoadBalancerArn"]
    target_group = elb.create_target_group(
        Name="t", Protocol="HTTP", Port=8000, VpcId=network.vpc, TargetType="ip", HealthCheckPath="/health"
    )["TargetGroups"][0]["TargetGroupArn"]
    attributes = elb.describe_target_group_attributes(TargetGroupArn=target_group)["Attributes"]
    by_key = {attribute["Key"]: attribute["Value"] for attribute in attributes}
    assert by_key["deregistration_delay.timeout_seconds"] == "300"
    assert by_key["stickiness.lb_cookie.duration_seconds"] == "86400"
    assert "waf.fail_open.enabled" not in by_key

    request = {"LoadBalancerArn": arn, "DefaultActions": [{"Type": "forward", "TargetGroupArn": target_group}]}
    [http] = elb.create_listener(**request, Protocol="HTTP", Port=80)["Listeners"]
    assert "SslPolicy" not in http
    with refused("DuplicateListener"):
        elb.create_listener(**request, Protocol="HTTP", Port=80)
    acm = emulator.client("acm")
    certificate = acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]
    secure = {**request, "Protocol": "HTTPS", "Port": 443}
    with refused("ValidationError", "A certificate must be specified"):
        elb.create_listener(**secure)
    secure["Certificates"] = [{"CertificateArn": certificate}]
    with refused("UnsupportedCertificate"):
        elb.create_listener(**secure)
    _validate(emulator, certificate)
    with refused("SSLPolicyNotFound"):
        elb.create_listener(**secure, SslPolicy="ELBSecurityPolicy-Nonsense")
    policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    [https] = elb.create_listener(**secure, SslPolicy=policy)["Listeners"]
    assert https["SslPolicy"] == policy
    with refused("SSLPolicyNotFound"):
        elb.modify_listener(ListenerArn=https["ListenerArn"], SslPolicy="ELBSecurityPolicy-Nonsense")
    with refused("ResourceInUse"):
        elb.delete_target_group(TargetGroupArn=target_group)
    assert acm.describe_certificate(CertificateArn=certificate)["Certificate"]["InUseBy"] == [arn]
    with refused("ResourceInUseException"):
        acm.delete_certificate(CertificateArn=certificate)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.delete_target_group(TargetGroupArn=target_group)
    acm.delete_certificate(CertificateArn=certificate)


def _validate(emulator: Any, certificate: str) -> None:
    """Put the certificate's validation records in a hosted zone."""
    route53 = emulator.client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    told = emulator.client("acm").describe_certificate(CertificateArn=certificate)["Certificate"]
    changes = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": option["ResourceRecord"]["Name"],
                "Type": "CNAME",
                "TTL": 300,
                "ResourceRecords": [{"Value": option["ResourceRecord"]["Value"]}],
            },
        }
        for option in told["DomainValidationOptions"]
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def test_listeners_that_change(emulator: Any, elb: Any, network: Any, balancer: Any) -> None:
    arn = balancer["LoadBalancerArn"]

    def group(name: str) -> str:
        made = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=network.vpc, TargetType="ip")
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def users(group: str) -> list[str]:
        return list(elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"])

    blue, green = group("blue"), group("green")
    certificate = emulator.client("acm").request_certificate(DomainName="example.com", ValidationMethod="DNS")
    _validate(emulator, certificate["CertificateArn"])
    [listener] = elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate["CertificateArn"]}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": blue}],
    )["Listeners"]
    assert (users(blue), users(green)) == ([arn], [])
    forward = [{"Type": "forward", "TargetGroupArn": green}]
    [plain] = elb.modify_listener(
        ListenerArn=listener["ListenerArn"], Protocol="HTTP", Port=80, DefaultActions=forward
    )["Listeners"]
    assert not plain.get("Certificates")
    assert "SslPolicy" not in plain
    assert (users(blue), users(green)) == ([], [arn])
    elb.delete_listener(ListenerArn=listener["ListenerArn"])
    assert users(green) == []


def test_attributes_of_a_target_group(elb: Any, network: Any, refused: Any) -> None:
    [group] = elb.create_target_group(Name="t", Protocol="HTTP", Port=80, VpcId=network.vpc, TargetType="ip")[
        "TargetGroups"
    ]

    def change(**values: str) -> None:
        attributes = [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]
        elb.modify_target_group_attributes(TargetGroupArn=group["TargetGroupArn"], Attributes=attributes)

    change(deregistration_delay__timeout_seconds="3600", slow_start__duration_seconds="60")
    with refused("InvalidConfigurationRequest", "round robin"):
        change(load_balancing__algorithm__type="least_outstanding_requests")
    change(slow_start__duration_seconds="0", load_balancing__algorithm__type="least_outstanding_requests")
    described = elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "3600"} in described
