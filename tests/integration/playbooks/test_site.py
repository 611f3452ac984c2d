"""site.yml as a whole: planned, run, run again, beside its twin, killed and throttled."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.testing import EmulatorServer
from tests.integration.playbooks.conftest import Playbooks, Run

Boto = Callable[[str], Any]

SITE = ("site.yml", "-i")


def changed(run: Run) -> int:
    """The number of changed tasks in the recap of the one host."""
    found = re.search(r"airas-(?:dev|prod)\s+: ok=\d+\s+changed=(\d+)", run.output)
    assert found, run.output
    return int(found[1])


def succeeded(run: Run) -> Run:
    assert run.status == 0, run.output
    assert "[WARNING]" not in run.output, run.output
    assert "DEPRECATION" not in run.output, run.output
    return run


def contents(boto: Boto, stack: str) -> dict[str, list[Any]]:
    """What exists of a stack, without the ids that differ from one account to the next."""
    ec2 = boto("ec2")
    named = {"Filters": [{"Name": "tag:Name", "Values": [stack, f"{stack}-*"]}]}
    vpcs = ec2.describe_vpcs(**named)["Vpcs"]
    assert len(vpcs) == 1
    inside = [{"Name": "vpc-id", "Values": [vpcs[0]["VpcId"]]}]
    gateways = ec2.describe_nat_gateways(Filter=inside)["NatGateways"]
    groups = {group["GroupId"]: group for group in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]}
    tables = ec2.describe_route_tables(Filters=inside)["RouteTables"]
    endpoints = ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    return {
        "addresses": sorted(name_of(address) for address in ec2.describe_addresses(**named)["Addresses"]),
        "endpoints": sorted((name_of(endpoint), len(endpoint["RouteTableIds"])) for endpoint in endpoints),
        "flow logs": [name_of(flow_log) for flow_log in ec2.describe_flow_logs()["FlowLogs"]],
        "gateways": sorted(
            name_of(gateway) for gateway in gateways if gateway["State"] not in ("deleted", "deleting", "failed")
        ),
        "internet gateways": [
            name_of(gateway) for gateway in ec2.describe_internet_gateways(**named)["InternetGateways"]
        ],
        "routes": sorted((name_of(table), *sorted(map(route, table["Routes"]))) for table in tables),
        "associations": sorted((name_of(table), len(table["Associations"])) for table in tables),
        "group rules": sorted(
            (group["GroupName"], direction, rule["IpProtocol"], rule.get("FromPort", -1))
            for group in groups.values()
            for direction, key in (("in", "IpPermissions"), ("out", "IpPermissionsEgress"))
            for rule in group[key]
        ),
        "subnets": sorted((name_of(s), s["CidrBlock"]) for s in ec2.describe_subnets(Filters=inside)["Subnets"]),
        "buckets": sorted(bucket["Name"] for bucket in boto("s3").list_buckets()["Buckets"]),
        "tables": boto("dynamodb").list_tables()["TableNames"],
        "log groups": sorted(group["logGroupName"] for group in boto("logs").describe_log_groups()["logGroups"]),
        "roles": sorted(role["RoleName"] for role in boto("iam").list_roles()["Roles"]),
        # A key is named by its alias, and one that a broken run has left behind has none.
        "keys": len(boto("kms").list_keys()["Keys"]) - len(boto("kms").list_aliases()["Aliases"]),
        "secrets": sorted(
            secret["Name"].partition("!")[0] for secret in boto("secretsmanager").list_secrets()["SecretList"]
        ),
        "databases": sorted(db["DBInstanceIdentifier"] for db in boto("rds").describe_db_instances()["DBInstances"]),
        "balancers": sorted(lb["LoadBalancerName"] for lb in boto("elbv2").describe_load_balancers()["LoadBalancers"]),
        "targets": sorted(group["TargetGroupName"] for group in boto("elbv2").describe_target_groups()["TargetGroups"]),
        "services": sorted(boto("ecs").list_services(cluster=f"{stack}-cluster")["serviceArns"]),
        "functions": sorted(found["FunctionName"] for found in boto("lambda").list_functions()["Functions"]),
        "event sources": len(boto("lambda").list_event_source_mappings()["EventSourceMappings"]),
        "topics": sorted(topic["TopicArn"] for topic in boto("sns").list_topics()["Topics"]),
        "subscriptions": sorted(found["Endpoint"] for found in boto("sns").list_subscriptions()["Subscriptions"]),
        "queues": sorted(boto("sqs").list_queues().get("QueueUrls", ())),
        "alarms": sorted(alarm["AlarmName"] for alarm in boto("cloudwatch").describe_alarms()["MetricAlarms"]),
        "rules": sorted(rule["Name"] for rule in boto("events").list_rules()["Rules"]),
        "trails": sorted(trail["Name"] for trail in boto("cloudtrail").list_trails()["Trails"]),
    }


def secret_name(item: dict[str, Any]) -> str:
    """Without the part that RDS makes up for a secret of its own."""
    return str(item["Name"]).partition("!")[0]


def name_of(item: dict[str, Any]) -> str:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", ())}.get("Name", "")


def route(item: dict[str, Any]) -> str:
    target = next((item[key] for key in ("NatGatewayId", "GatewayId", "NetworkInterfaceId") if item.get(key)), "")
    destination = item.get("DestinationCidrBlock") or item["DestinationPrefixListId"].split("-")[0]
    return f"{destination} -> {target.split('-')[0]}"


def report(playbooks: Playbooks) -> dict[str, Any]:
    return json.loads(Path(playbooks.env["AIRAS_REPORT"]).read_text(encoding="utf-8"))


def planned(playbooks: Playbooks, environment: str, *how: str) -> set[str]:
    """The resources in the plan of an empty account, which has to be complete."""
    succeeded(playbooks.run(*how, "-i", f"inventories/{environment}"))
    plan = report(playbooks)
    assert plan["mode"] == "plan"
    assert plan["unplanned"] == []
    # Switches of the account exist from its first day; everything else has to be made.
    assert {resource["action"] for resource in plan["resources"]} == {"create", "update"}
    assert all(resource["changes"] for resource in plan["resources"])
    return {resource["resource"] for resource in plan["resources"]}


def made(playbooks: Playbooks, environment: str) -> set[str]:
    """The resources that a run says to have made."""
    assert changed(succeeded(playbooks.run(*SITE, f"inventories/{environment}"))) > 0
    return {resource["resource"] for resource in report(playbooks)["resources"]}


def test_dev_and_prod_are_planned_and_built_in_one_account_and_then_left_alone(
    playbooks: Playbooks, boto: Boto, writes: Callable[[], list[str]]
) -> None:
    # Two ways to ask for the same.
    plans = {
        "prod": planned(playbooks, "prod", "playbooks/plan.yml"),
        "dev": planned(playbooks, "dev", "site.yml", "--check", "--diff"),
    }
    assert writes() == []
    # The other tests begin with dev.
    prod, dev = made(playbooks, "prod"), made(playbooks, "dev")
    assert prod == plans["prod"]
    # What both environments share is there when the second one comes.
    assert dev <= plans["dev"] <= dev | prod

    contained = {stack: contents(boto, stack) for stack in ("airas-dev", "airas-prod")}
    assert [len(found["gateways"]) for found in contained.values()] == [1, 2]
    before = len(writes())
    for environment in ("dev", "prod"):
        assert changed(succeeded(playbooks.run(*SITE, f"inventories/{environment}"))) == 0
        assert report(playbooks)["resources"] == []
        assert changed(succeeded(playbooks.run(*SITE, f"inventories/{environment}", "--check"))) == 0
        succeeded(playbooks.run("playbooks/audit.yml", "-i", f"inventories/{environment}"))
    # Cut down to one role, it reads what the others made.
    assert changed(succeeded(playbooks.run(*SITE, "inventories/dev", "--tags", "network"))) == 0
    leases = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    assert set(writes()[before:]) <= leases
    assert {stack: contents(boto, stack) for stack in contained} == contained


# How many writes each run gets before it is killed: just after its first one, then ever further into the stack.
KILLED_AFTER = (1, 3, 8, 14, 20, 30, 40, 50)


def killed_after(playbooks: Playbooks, writes: Callable[[], list[str]], count: int) -> bool:
    """Whether a run was killed, with all its processes, once it had made so many writes; else it has ended before."""
    before = len(writes())
    run = playbooks.start(*SITE, "inventories/dev")
    while len(writes()) - before < count and run.poll() is None:
        time.sleep(0.02)
    if run.poll() is not None:
        succeeded(playbooks.finish(run))
        return False
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    return True


def test_killed_runs_are_finished_by_the_next(
    playbooks: Playbooks, boto: Boto, emulator: EmulatorServer, writes: Callable[[], list[str]]
) -> None:
    kills = [killed_after(playbooks, writes, count) for count in KILLED_AFTER]
    assert sum(kills) >= 6, "the runs ended before they could be killed"
    succeeded(playbooks.run(*SITE, "inventories/dev"))
    found = contents(boto, "airas-dev")
    assert found["gateways"] == found["addresses"] == ["airas-dev-nat-1a"]
    assert changed(succeeded(playbooks.run(*SITE, "inventories/dev"))) == 0

    emulator.reset()
    succeeded(playbooks.run(*SITE, "inventories/dev"))
    assert found == contents(boto, "airas-dev"), "a run that was never interrupted makes something else"


def test_throttling_one_call_in_five_does_not_fail_a_run(
    playbooks: Playbooks, boto: Boto, emulator: EmulatorServer
) -> None:
    emulator.set_faults([{"service": "*", "operation": "*", "error": "throttle", "every": 5}])
    succeeded(playbooks.run(*SITE, "inventories/dev"))
    assert any(call.get("injected") for call in emulator.calls())
    emulator.set_faults([])
    assert changed(succeeded(playbooks.run(*SITE, "inventories/dev"))) == 0
    assert contents(boto, "airas-dev")["gateways"] == ["airas-dev-nat-1a"]
