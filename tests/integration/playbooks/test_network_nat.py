"""The way out of the private subnets while AWS is slow: every route leads to what is there in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.testing import EmulatorServer
from tests.integration.playbooks.conftest import Playbooks

NETWORK = ("site.yml", "-i", "inventories/dev", "--tags", "network")


def default_routes(ec2: Any) -> set[tuple[str, str]]:
    """The gateways by which the private subnets' traffic leaves the VPC, and whether they are there."""
    tables = ec2.describe_route_tables(Filters=[{"Name": "tag:Name", "Values": ["airas-dev-private-*"]}])["RouteTables"]
    routes = [route for table in tables for route in table["Routes"]]
    return {(route["NatGatewayId"], route["State"]) for route in routes if "NatGatewayId" in route}


def test_a_gateway_that_has_to_wait_for_its_predecessor_to_go_gets_the_routes(
    emulator: EmulatorServer, boto: Callable[[str], Any], playbooks: Playbooks
) -> None:
    ec2 = boto("ec2")
    first = playbooks.run(*NETWORK)
    assert first.status == 0, first.output
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    emulator.set_delays({"nat_gateway.deleting": 3600})
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])

    run = playbooks.start(*NETWORK)
    assert run.stdout
    shown = ""
    for line in run.stdout:
        shown += line
        if "is deleting (" in line:
            break
    emulator.set_delays({})
    finished = playbooks.finish(run)
    assert finished.status == 0, shown + finished.output
    (gateway,) = ec2.describe_nat_gateways(Filter=[{"Name": "state", "Values": ["available"]}])["NatGateways"]
    assert default_routes(ec2) == {(gateway["NatGatewayId"], "active")}
    assert len(ec2.describe_addresses()["Addresses"]) == 1
