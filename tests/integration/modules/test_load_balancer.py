"""load_balancer, target_groups and load_balancer_listeners against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

Result = dict[str, Any]
Run = Callable[..., Result]
NAME = "airas-dev-alb"
GROUP = "airas-dev-backend"
TAGS = {"Environment": "dev", "ManagedBy": "airas.platform"}
BALANCER = f"load_balancer/{NAME}"
LOGS = {"bucket": "logs", "prefix": "alb"}


class Place:
    """A VPC with two subnets, two security groups and a bucket for logs, made without any code of ours."""

    def __init__(self, boto: Callable[[str], Any]) -> None:
        ec2, s3 = boto("ec2"), boto("s3")
        self.elb, self.ec2, self.acm = boto("elbv2"), ec2, boto("acm")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")[
                "Subnet"
            ]["SubnetId"]
            for n, zone in enumerate("acd")
        ]
        self.groups = [
            ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"] for name in "ab"
        ]
        s3.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs/alb/AWSLogs/427979936961/*",
        }
        s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    def balancer(self, **more: Any) -> dict[str, Any]:
        return {
            "name": NAME,
            "subnets": self.subnets[:2],
            "security_groups": self.groups[:1],
            "access_logs": LOGS,
            "idle_timeout": 600,
            "deletion_protection": True,
            "tags": TAGS,
            **more,
        }

    def target_groups(self, **more: Any) -> dict[str, Any]:
        group = {"name": GROUP, "port": 8000, "health_check": {"path": "/health"}, "deregistration_delay": 600}
        return {"vpc_id": self.vpc, "target_groups": [{**group, **more}], "tags": TAGS}

    def certificate(self, boto: Callable[[str], Any]) -> str:
        """One that has been issued."""
        route53 = boto("route53")
        zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
        arn = str(self.acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"])
        [told] = self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
        record = told["ResourceRecord"]
        change = {
            "Name": record["Name"],
            "Type": "CNAME",
            "TTL": 300,
            "ResourceRecords": [{"Value": record["Value"]}],
        }
        changes = [{"Action": "UPSERT", "ResourceRecordSet": change}]
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
        return arn

    def described(self) -> dict[str, Any]:
        return dict(self.elb.describe_load_balancers(Names=[NAME])["LoadBalancers"][0])

    def census(self) -> Any:
        found = self.elb.describe_load_balancers()["LoadBalancers"]
        arns = [item["LoadBalancerArn"] for item in found]
        attributes = [self.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"] for arn in arns]
        return [item["LoadBalancerName"] for item in found], attributes


@pytest.fixture
def place(boto: Callable[[str], Any]) -> Place:
    return Place(boto)


@pytest.fixture
def again(apply: Run) -> Run:
    """Applies until nothing is pending, then once more, which must change nothing; returns the first result."""

    def run(name: str, args: Any) -> Result:
        first = last = apply(name, args)
        while last.get("pending"):
            last = apply(name, args)
        repeated = apply(name, args)
        assert not repeated["changed"], repeated["plan"]
        return first

    return run


# -- load_balancer ---------------------------------------------------------------------------------------------------


def test_a_plan_writes_nothing_and_names_everything(
    place: Place, apply: Run, writes: Callable[[], list[str]], changes: Any
) -> None:
    before = writes()
    result = apply("load_balancer", place.balancer(subnets=["subnet-00000000000000000"] * 2), check=True)
    assert writes() == before
    assert {"access_logs.bucket", "idle_timeout", "dns_name", "desync_mode", "tags.Name"} <= set(
        changes(result)[BALANCER]
    )
    assert result["resources"][BALANCER]["arn"].endswith(f"loadbalancer/app/{NAME}/0000000000000000")


def test_it_is_made_with_all_attributes(place: Place, again: Run) -> None:
    again("load_balancer", place.balancer())
    _names, [attributes] = place.census()
    kept = {item["Key"]: item["Value"] for item in attributes}
    assert kept["access_logs.s3.bucket"] == "logs"
    assert kept["idle_timeout.timeout_seconds"] == "600"
    assert kept["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert kept["deletion_protection.enabled"] == "true"


def test_every_change_behind_its_back_is_named_and_mended(
    place: Place, apply: Run, again: Run, value_changes: Any
) -> None:
    again("load_balancer", place.balancer())
    arn = place.described()["LoadBalancerArn"]
    place.elb.set_subnets(LoadBalancerArn=arn, Subnets=place.subnets[1:])
    place.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=place.groups[1:])
    for key, value in (
        ("access_logs.s3.enabled", "false"),
        ("idle_timeout.timeout_seconds", "60"),
        ("routing.http.desync_mitigation_mode", "monitor"),
        ("deletion_protection.enabled", "false"),
    ):
        place.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}])
    place.elb.remove_tags(ResourceArns=[arn], TagKeys=["Environment"])
    result = apply("load_balancer", place.balancer(), check=True)
    assert value_changes(result) == {
        f"{BALANCER} access_logs.bucket": (None, "logs"),
        f"{BALANCER} access_logs.prefix": (None, "alb"),
        f"{BALANCER} deletion_protection": (False, True),
        f"{BALANCER} desync_mode": ("monitor", "defensive"),
        f"{BALANCER} idle_timeout": (60, 600),
        f"{BALANCER} security_groups": (place.groups[1:], place.groups[:1]),
        f"{BALANCER} subnets": (sorted(place.subnets[1:]), sorted(place.subnets[:2])),
        f"{BALANCER} tags.Environment": (None, "dev"),
    }
    again("load_balancer", place.balancer())


def test_protection_off_is_classed(place: Place, apply: Run, again: Run) -> None:
    again("load_balancer", place.balancer())
    [plan] = apply("load_balancer", place.balancer(deletion_protection=False), check=True)["plan"]
    assert plan["impact"] == "outage"


def test_a_protected_one_goes_only_when_asked_in_as_many_words(
    emulator: EmulatorServer, place: Place, apply: Run, again: Run, run_module: Run
) -> None:
    again("load_balancer", place.balancer())
    refused = run_module("load_balancer", {"name": NAME, "state": "absent"})
    assert "deletion_protection: false" in refused["msg"]
    gone = {"name": NAME, "state": "absent", "deletion_protection": False}
    assert apply("load_balancer", gone, check=True)["plan"][0]["impact"] == "outage"
    emulator.set_delays({"load_balancer.deleting": 3600})
    assert apply("load_balancer", gone)["pending"] == [{"resource": BALANCER, "state": "deleting"}]
    still = apply("load_balancer", gone)
    assert (still["changed"], still["pending"]) == (False, [{"resource": BALANCER, "state": "deleting"}])
    emulator.set_delays({})
    last = apply("load_balancer", gone)
    assert (last["changed"], last["pending"]) == (False, [])


def test_it_is_pending_until_it_is_active(emulator: EmulatorServer, place: Place, apply: Run) -> None:
    emulator.set_delays({"load_balancer.provisioning": 3600})
    assert apply("load_balancer", place.balancer())["pending"] == [{"resource": BALANCER, "state": "provisioning"}]
    assert not apply("load_balancer", place.balancer())["changed"]
    emulator.set_delays({})
    assert apply("load_balancer", place.balancer())["pending"] == []


def test_a_broken_run_is_finished_by_the_next(
    boto: Callable[[str], Any], interrupt_each_write: Callable[..., None]
) -> None:
    places: list[Place] = []

    def prepare() -> dict[str, Any]:
        places[:] = [Place(boto)]
        return places[0].balancer()

    def census() -> Any:
        return places[0].census()

    interrupt_each_write("load_balancer", prepare, census)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"idle_timeout": 4001}, "idle_timeout is 4001"),
        ({"subnets": ["subnet-1"]}, "two Availability Zones"),
        ({"access_logs": {"bucket": "logs", "prefix": "AWSLogs"}}, "prefix contains AWSLogs"),
        ({"name": "internal-x"}, "takes no such name"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(
    place: Place, run_module: Run, writes: Callable[[], list[str]], change: dict[str, Any], said: str
) -> None:
    before = writes()
    assert said in run_module("load_balancer", place.balancer(**change))["msg"]
    assert writes() == before


def test_the_scheme_stays(place: Place, again: Run, run_module: Run) -> None:
    again("load_balancer", place.balancer())
    assert "scheme" in run_module("load_balancer", place.balancer(scheme="internal"))["msg"]


# -- target_groups ---------------------------------------------------------------------------------------------------

TARGETS = f"target_group/{GROUP}"


def test_a_group_is_planned_made_and_left_alone(
    place: Place, apply: Run, again: Run, changes: Any, writes: Callable[[], list[str]]
) -> None:
    before = writes()
    planned = apply("target_groups", place.target_groups() | {"vpc_id": "vpc-00000000000000000"}, check=True)
    assert writes() == before
    assert {"arn", "health_check.path", "deregistration_delay", "vpc_id"} <= set(changes(planned)[TARGETS])
    again("target_groups", place.target_groups(deregistration_delay=3600))
    [found] = place.elb.describe_target_groups()["TargetGroups"]
    assert (found["HealthCheckPath"], found["TargetType"]) == ("/health", "ip")


def test_drift_of_a_group(place: Place, apply: Run, again: Run, value_changes: Any) -> None:
    again("target_groups", place.target_groups(stickiness={"cookie": "session"}))
    [found] = place.elb.describe_target_groups()["TargetGroups"]
    arn = found["TargetGroupArn"]
    place.elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/", Matcher={"HttpCode": "200-499"})
    place.elb.modify_target_group_attributes(
        TargetGroupArn=arn,
        Attributes=[
            {"Key": "deregistration_delay.timeout_seconds", "Value": "5"},
            {"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"},
            {"Key": "stickiness.enabled", "Value": "false"},
        ],
    )
    args = place.target_groups(stickiness={"cookie": "session"})
    assert value_changes(apply("target_groups", args, check=True)) == {
        f"{TARGETS} algorithm": ("least_outstanding_requests", "round_robin"),
        f"{TARGETS} deregistration_delay": (5, 600),
        f"{TARGETS} health_check.matcher": ("200-499", "200"),
        f"{TARGETS} health_check.path": ("/", "/health"),
        f"{TARGETS} stickiness.cookie": (None, "session"),
        f"{TARGETS} stickiness.duration": (None, 86400),
    }
    again("target_groups", args)


def test_a_replacement_comes_first_and_the_old_one_goes_when_no_listener_uses_it(
    place: Place, apply: Run, again: Run
) -> None:
    again("load_balancer", place.balancer())
    first = apply("target_groups", place.target_groups())["resources"][TARGETS]["arn"]
    listeners = {"load_balancer_arn": place.described()["LoadBalancerArn"], "tags": TAGS}
    action = {"port": 80, "protocol": "HTTP", "action": {"forward": [{"target_group_arn": first}]}}
    again("load_balancer_listeners", {**listeners, "listeners": [action]})

    moved = apply("target_groups", place.target_groups(port=9000))
    [plan] = moved["plan"]
    assert (plan["action"], plan["impact"]) == ("replace", "outage")
    second = moved["resources"][TARGETS]["arn"]
    assert second != first
    assert not apply("target_groups", place.target_groups(port=9000))["changed"]

    action["action"] = {"forward": [{"target_group_arn": second}]}
    again("load_balancer_listeners", {**listeners, "listeners": [action]})
    [left] = apply("target_groups", place.target_groups(port=9000))["plan"]
    assert (left["action"], left["resource"]) == ("delete", f"target_group/{first.partition('targetgroup/')[2]}")
    [found] = place.elb.describe_target_groups()["TargetGroups"]
    assert found["TargetGroupArn"] == second
    again("target_groups", place.target_groups(port=9000))


def test_no_group_is_left(place: Place, apply: Run, again: Run) -> None:
    again("target_groups", place.target_groups())
    gone = {"target_groups": [{"name": GROUP}], "state": "absent"}
    assert [plan["action"] for plan in apply("target_groups", gone)["plan"]] == ["delete"]
    assert not apply("target_groups", gone)["changed"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"health_check": {"timeout": 30}}, "not below health_check.interval"),
        ({"slow_start": 60, "algorithm": "weighted_random"}, "slow_start does not go with"),
        ({"deregistration_delay": 3601}, "deregistration_delay is 3601"),
        ({"health_check": {"interval": 4}}, "health_check.interval is 4"),
    ],
)
def test_groups_that_aws_would_refuse(place: Place, run_module: Run, change: dict[str, Any], said: str) -> None:
    assert said in run_module("target_groups", place.target_groups(**change))["msg"]


# -- load_balancer_listeners -----------------------------------------------------------------------------------------


@pytest.fixture
def standing(place: Place, apply: Run) -> tuple[str, str]:
    """The ARNs of a load balancer and of a target group."""
    apply("load_balancer", place.balancer())
    group = apply("target_groups", place.target_groups())["resources"][TARGETS]["arn"]
    return place.described()["LoadBalancerArn"], group


def secure(balancer: str, group: str, certificate: str, **more: Any) -> dict[str, Any]:
    redirect = {"port": 80, "protocol": "HTTP", "action": {"redirect": {"protocol": "HTTPS", "port": "443"}}}
    forward = {
        "port": 443,
        "protocol": "HTTPS",
        "certificate_arn": certificate,
        "strict_transport_security": "max-age=31536000",
        "action": {"forward": [{"target_group_arn": group}]},
        "rules": [
            {
                "priority": 10,
                "paths": ["/internal/*"],
                "headers": {"X-Probe": ["yes"]},
                "action": {"fixed_response": {"status_code": "403", "body": "no"}},
            }
        ],
        **more,
    }
    return {"load_balancer_arn": balancer, "listeners": [redirect, forward], "tags": TAGS}


def test_listeners_can_be_planned_before_anything_is_there(apply: Run, changes: Any) -> None:
    arn = f"arn:aws:elasticloadbalancing:ap-northeast-1:427979936961:loadbalancer/app/{NAME}/{'0' * 16}"
    group = f"arn:aws:elasticloadbalancing:ap-northeast-1:427979936961:targetgroup/{GROUP}/{'0' * 16}"
    found = changes(apply("load_balancer_listeners", secure(arn, group, "arn:aws:acm:x:1:certificate/1"), check=True))
    assert set(found) == {f"listener/{NAME}:80", f"listener/{NAME}:443", f"listener_rule/{NAME}:443/10"}
    assert {"tls_policy", "certificate_arn", f"action.forward.{GROUP}.arn"} <= set(found[f"listener/{NAME}:443"])


def test_listeners_are_made_mended_and_the_others_removed(
    boto: Callable[[str], Any], place: Place, standing: tuple[str, str], apply: Run, again: Run, value_changes: Any
) -> None:
    args = secure(*standing, place.certificate(boto))
    again("load_balancer_listeners", args)
    balancer, group = standing
    held = {item["Port"]: item for item in place.elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]}
    assert held[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    place.elb.modify_listener(ListenerArn=held[443]["ListenerArn"], SslPolicy="ELBSecurityPolicy-2016-08")
    place.elb.modify_listener(ListenerArn=held[80]["ListenerArn"], DefaultActions=forward)
    place.elb.create_listener(LoadBalancerArn=balancer, Port=8080, Protocol="HTTP", DefaultActions=forward)
    [rule] = [
        rule
        for rule in place.elb.describe_rules(ListenerArn=held[443]["ListenerArn"])["Rules"]
        if not rule["IsDefault"]
    ]
    place.elb.modify_rule(
        RuleArn=rule["RuleArn"],
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/other"]}}],
    )
    result = apply("load_balancer_listeners", args, check=True)
    found = value_changes(result)
    assert found[f"listener/{NAME}:443 tls_policy"] == (
        "ELBSecurityPolicy-2016-08",
        "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    )
    assert f"listener/{NAME}:80 action.redirect.protocol" in found
    assert f"listener/{NAME}:80 action.forward.{GROUP}.arn" in found
    assert found[f"listener_rule/{NAME}:443/10 conditions.paths"] == (["/other"], ["/internal/*"])
    assert {plan["resource"]: plan["action"] for plan in result["plan"]}[f"listener/{NAME}:8080"] == "delete"
    again("load_balancer_listeners", args)


def test_a_demo_without_a_certificate_and_back(
    boto: Callable[[str], Any], place: Place, standing: tuple[str, str], again: Run, apply: Run
) -> None:
    balancer, group = standing
    demo = [{"port": 80, "protocol": "HTTP", "action": {"forward": [{"target_group_arn": group}]}}]
    plain = {"load_balancer_arn": balancer, "listeners": demo, "tags": TAGS}
    again("load_balancer_listeners", plain)
    again("load_balancer_listeners", secure(balancer, group, place.certificate(boto)))
    again("load_balancer_listeners", plain)
    assert len(place.elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]) == 1
    gone = {"load_balancer_arn": balancer, "state": "absent"}
    assert apply("load_balancer_listeners", gone)["changed"]
    assert not apply("load_balancer_listeners", gone)["changed"]


@pytest.mark.parametrize(
    ("listener", "said"),
    [
        ({"certificate_arn": None}, "has no certificate"),
        ({"protocol": "HTTP"}, "takes no certificate"),
        ({"action": {}}, "does not say what to do"),
        ({"port": 80}, "listed twice"),
        ({"rules": [{"priority": 1, "action": {"redirect": {"path": "/"}}}]}, "rule 1 has no condition"),
    ],
)
def test_listeners_that_aws_would_refuse(run_module: Run, listener: dict[str, Any], said: str) -> None:
    args = secure(f"arn:aws:x:r:1:loadbalancer/app/{NAME}/{'0' * 16}", "arn", "arn:aws:acm:x:1:certificate/1")
    args["listeners"][1].update(listener)
    assert said in run_module("load_balancer_listeners", args)["msg"]
