"""From the first run to the last: drift is found and told once, and a removal that is killed leaves nothing behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from emulator.testing import EmulatorServer
from tests.integration.lock_table import KEY, TABLE
from tests.integration.playbooks.conftest import Playbooks
from tests.integration.playbooks.test_site import changed, contents, report, succeeded

Boto = Callable[[str], Any]

DEV, PROD = ("-i", "inventories/dev"), ("-i", "inventories/prod")
DRIFT, DESTROY = "playbooks/drift.yml", "playbooks/destroy.yml"
FILES = "airas-dev-files-427979936961"
# Of how many writes a removal is killed, each time further into the stack.
KILLED_AFTER = (6, 30)


def published(emulator: EmulatorServer) -> list[str]:
    return [call["params"]["Message"] for call in emulator.calls() if call["operation"] == "Publish"]


def killed(playbooks: Playbooks, writes: Callable[[], list[str]], count: int) -> None:
    before = len(writes())
    run = playbooks.start(DESTROY, *DEV)
    while len(writes()) - before < count:
        assert run.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


def test_a_stack_drifts_and_goes_and_comes_back(
    playbooks: Playbooks,
    boto: Boto,
    emulator: EmulatorServer,
    writes: Callable[[], list[str]],
) -> None:
    succeeded(playbooks.run("site.yml", *PROD, "--tags", "network,storage"))
    prod = contents_of(boto, "airas-prod")
    succeeded(playbooks.run("site.yml", *DEV))
    built = contents(boto, "airas-dev")
    boto("s3").put_object(Bucket=FILES, Key="files/paper.pdf", Body=b"%PDF")

    # Drift: named, told, and nothing of the stack is written.
    ec2 = boto("ec2")
    [vpc] = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["airas-dev"]}])["Vpcs"]
    ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": False})
    before = len(writes())
    found = playbooks.run(DRIFT, *DEV)
    assert found.status == 2, found.output
    assert "airas-dev has drifted: 1 resource differs." in found.text
    assert "~ vpc/airas-dev enable_dns_hostnames: is false, should be true Discord is told: drift." in found.text
    assert writes()[before:] == ["sns:Publish", "dynamodb:PutItem"]
    [message] = published(emulator)
    assert "enable_dns_hostnames" in message
    written = report(playbooks)
    assert (written["mode"], written["failures"]) == ("plan", [])
    assert [resource["resource"] for resource in written["resources"]] == ["vpc/airas-dev"]

    # A part of it, which is as it should be; and one that another run may be changing.
    assert playbooks.run(DRIFT, *DEV, "--tags", "storage").status == 0
    dynamodb = boto("dynamodb")
    lease = {"owner": {"S": "alice@build-1"}, "run_id": {"S": "build-1:1:1"}, "expires_at": {"N": "99999999999"}}
    dynamodb.put_item(TableName=TABLE, Item={**KEY, **lease})
    busy = playbooks.run(DRIFT, *DEV, "--tags", "storage")
    assert busy.status == 4, busy.output
    assert "airas-dev could not be compared" in busy.text
    assert "it is held by alice@build-1" in busy.text
    dynamodb.delete_item(TableName=TABLE, Key=KEY)

    for count in KILLED_AFTER:
        killed(playbooks, writes, count)
    gone = playbooks.run(DESTROY, *DEV)
    assert gone.status == 0, gone.output
    assert f"-e confirm=dev:s3_bucket/{FILES}" in gone.text
    assert ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["airas-dev"]}])["Vpcs"] == []
    assert boto("rds").describe_db_instances()["DBInstances"] == []
    [snapshot] = boto("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert snapshot["DBSnapshotIdentifier"].startswith("airas-dev-db-final-")
    secrets = boto("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert secrets
    assert all("DeletedDate" in secret for secret in secrets if not secret["Name"].startswith("airas-prod/"))
    assert contents_of(boto, "airas-prod") == prod

    before = len(writes())
    again = playbooks.run(DESTROY, *DEV)
    assert changed(again) == 0, again.output
    assert "Nothing of dev is left to remove." in again.text
    assert len(writes()) == before

    # Secrets and keys come back from their recovery windows.
    succeeded(playbooks.run("site.yml", *DEV))
    assert contents(boto, "airas-dev") == built


def contents_of(boto: Boto, stack: str) -> dict[str, Any]:
    """What removing another stack must not touch: the ids and names of what a run of some layers has made."""
    ec2 = boto("ec2")
    [vpc] = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [stack]}])["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    return {
        "vpc": vpc,
        "gateways": ec2.describe_nat_gateways(Filter=inside)["NatGateways"],
        "tables": ec2.describe_route_tables(Filters=inside)["RouteTables"],
        "groups": ec2.describe_security_groups(Filters=inside)["SecurityGroups"],
        "subnets": ec2.describe_subnets(Filters=inside)["Subnets"],
        "buckets": [item["Name"] for item in boto("s3").list_buckets()["Buckets"] if item["Name"].startswith(stack)],
        "roles": [role["RoleName"] for role in boto("iam").list_roles()["Roles"] if role["RoleName"].startswith(stack)],
        "logs": boto("logs").describe_log_groups(logGroupNamePrefix=f"/vpc/{stack}")["logGroups"],
    }
