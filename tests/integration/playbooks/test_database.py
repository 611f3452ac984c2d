"""The database of a protected stack: what a plan says, what is refused, and a restore drill."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from typing import Any

import pg8000.native

from emulator.testing import EmulatorServer

PROD = ("-i", "inventories/prod")
SITE = ("site.yml", *PROD, "--tags")
NAME = "airas-prod-db"


def fill(emulator: EmulatorServer) -> None:
    """A table with two rows, made by the master user."""
    told = emulator.client("rds").describe_db_instances(DBInstanceIdentifier=NAME)["DBInstances"][0]
    secret = emulator.client("secretsmanager").get_secret_value(SecretId=told["MasterUserSecret"]["SecretArn"])
    master = json.loads(secret["SecretString"])
    session = pg8000.native.Connection(
        master["username"],
        password=master["password"],
        host=told["Endpoint"]["Address"],
        port=told["Endpoint"]["Port"],
        database=told["DBName"],
        ssl_context=ssl.create_default_context(cafile=str(emulator.database_ca)),
    )
    session.run("CREATE TABLE jobs (id int, created_at timestamptz)")
    session.run("INSERT INTO jobs VALUES (1, '2026-01-01T00:00:00Z'), (2, '2026-01-02T00:00:00Z')")
    session.close()


def test_a_protected_database(
    emulator: EmulatorServer,
    playbooks: Any,
    boto: Callable[[str], Any],
    writes: Callable[[], list[str]],
    network_of_prod: Callable[..., None],
) -> None:
    network_of_prod("database", "functions")
    made = playbooks.run(*SITE, "secrets,identity,database")
    assert made.status == 0, made.output
    rds = boto("rds")
    [told] = rds.describe_db_instances()["DBInstances"]
    assert (told["DBInstanceClass"], told["MultiAZ"], told["DeletionProtection"]) == ("db.r6g.large", True, True)

    # A restart is called one in the plan, with before and after.
    plan = playbooks.run(*SITE, "database", "--check", "--diff", "-e", "database_instance_class=db.t3.medium")
    assert plan.status == 0, plan.output
    assert "-instance_class: db.r6g.large +instance_class: db.t3.medium" in plan.text
    assert "instance_class (restart)" in plan.text

    # Storage never shrinks, and what is protected is not deleted: neither in a plan nor in a run.
    before = [call for call in writes() if not call.startswith("dynamodb:")]
    shrunk = playbooks.run(*SITE, "database", "-e", "database_allocated_storage_gib=20")
    assert shrunk.status != 0
    assert "allocated_storage_gib is 50 and should be 20, and the storage of RDS never shrinks." in shrunk.text
    playbooks.env["MOLECULE_SCENARIO_NAME"] = "database"
    absent = ("molecule/shared/absent.yml", *PROD)
    assert "deletion protection is on." in playbooks.run(*absent).text
    refused = playbooks.run(*absent, "-e", "database_deletion_protection=false")
    assert f"-e confirm=prod:db_instance/{NAME}" in refused.text
    assert refused.status != 0
    assert [call for call in writes() if not call.startswith("dynamodb:")] == before  # the lease alone
    functions = [each["FunctionName"] for each in boto("lambda").list_functions()["Functions"]]

    # A drill reports, and leaves nothing behind: not what an interrupted one left either.
    fill(emulator)
    restored = {"Key": "RestoredFrom", "Value": NAME}
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=NAME,
        TargetDBInstanceIdentifier=f"{NAME}-drill",
        UseLatestRestorableTime=True,
        Tags=[restored],
    )
    drill = playbooks.run("playbooks/restore_drill.yml", *PROD)
    assert drill.status == 0, drill.output
    assert re.search(r"RTO: \d+ s", drill.text), drill.output
    assert re.search(r"RPO: \d+ s", drill.text), drill.output
    assert "1 tables with 2 rows" in drill.text
    assert "public.jobs.created_at: newest 2026-01-02T00:00:00+00:00" in drill.text
    assert [each["DBInstanceIdentifier"] for each in rds.describe_db_instances()["DBInstances"]] == [NAME]
    assert [each["FunctionName"] for each in boto("lambda").list_functions()["Functions"]] == functions

    taken = playbooks.run("playbooks/snapshot.yml", *PROD, "-e", f"snapshot_name={NAME}-before-release")
    assert taken.status == 0, taken.output
    assert (
        rds.describe_db_snapshots(DBSnapshotIdentifier=f"{NAME}-before-release")["DBSnapshots"][0]["Status"]
        == "available"
    )
