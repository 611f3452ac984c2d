from __future__ import annotations

import contextlib
import datetime as dt
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pg8000.native
import pytest
from botocore.exceptions import ClientError

NEW = {
    "Engine": "postgres",
    "EngineVersion": "16",
    "DBInstanceClass": "db.t3.small",
    "AllocatedStorage": 20,
    "StorageType": "gp3",
    "MasterUsername": "airas_admin",
    "ManageMasterUserPassword": True,
    "DBName": "airas",
    "CopyTagsToSnapshot": True,
}


@pytest.fixture
def rds(emulator: Any) -> Any:
    return emulator.client("rds")


@pytest.fixture
def connect(emulator: Any) -> Iterator[Callable[..., pg8000.native.Connection]]:
    sessions: list[pg8000.native.Connection] = []
    trusted = ssl.create_default_context(cafile=str(emulator.database_ca))

    def open_connection(
        instance: Mapping[str, Any], master: Mapping[str, str], context: ssl.SSLContext | bool = trusted
    ) -> pg8000.native.Connection:
        endpoint = instance["Endpoint"]
        sessions.append(
            pg8000.native.Connection(
                master["username"],
                password=master["password"],
                host=endpoint["Address"],
                port=endpoint["Port"],
                database="airas",
                ssl_context=context,
            )
        )
        return sessions[-1]

    yield open_connection
    for session in sessions:
        with contextlib.suppress(pg8000.exceptions.InterfaceError):
            session.close()


def _told(rds: Any, name: str) -> dict[str, Any]:
    told: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return told


def _states(rds: Any, name: str, count: int) -> list[str]:
    return [_told(rds, name)["DBInstanceStatus"] for _ in range(count)]


def _master(emulator: Any, instance: Mapping[str, Any]) -> dict[str, str]:
    arn = instance["MasterUserSecret"]["SecretArn"]
    found: dict[str, str] = json.loads(emulator.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    return found


def _refused(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])


# pg8000 leaves the socket open when a connection fails.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_instance_is_a_postgresql_16_that_speaks_tls_alone(emulator: Any, rds: Any, connect: Any) -> None:
    made = rds.create_db_instance(DBInstanceIdentifier="db", **NEW)["DBInstance"]
    assert (made["DBInstanceStatus"], made.get("Endpoint"), made["EngineVersion"][:3]) == ("creating", None, "16.")
    instance = _told(rds, "db")
    master = _master(emulator, instance)
    session = connect(instance, master)
    assert session.run("SHOW server_version")[0][0].startswith("16.")
    assert session.run("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user") == [[False, True]]
    with pytest.raises(pg8000.exceptions.DatabaseError, match="no encryption"):
        connect(instance, master, False)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(instance, master, ssl.create_default_context())
    with pytest.raises(pg8000.exceptions.DatabaseError, match="password authentication failed"):
        connect(instance, {**master, "password": "wrong"})
    with pytest.raises(pg8000.exceptions.DatabaseError, match="no pg_hba"):
        connect(instance, {"username": "rdsadmin", "password": "guess"})


def test_the_managed_password_is_rotated_on_request(emulator: Any, rds: Any, connect: Any) -> None:
    rds.create_db_instance(DBInstanceIdentifier="db", **NEW)
    instance = _told(rds, "db")
    first = _master(emulator, instance)
    session = connect(instance, first)
    rds.modify_db_instance(DBInstanceIdentifier="db", RotateMasterUserPassword=True, ApplyImmediately=True)
    second = _master(emulator, instance)
    emulator.client("secretsmanager").rotate_secret(SecretId=instance["MasterUserSecret"]["SecretArn"])
    third = _master(emulator, instance)
    assert len({each["password"] for each in (first, second, third)}) == 3
    assert session.run("SELECT 1") == [[1]]
    connect(instance, third)
    with pytest.raises(pg8000.exceptions.DatabaseError, match="password authentication failed"):
        connect(instance, second)


def test_snapshots_and_restores_hold_the_data_of_their_moment(emulator: Any, rds: Any, connect: Any) -> None:
    rds.create_db_instance(DBInstanceIdentifier="db", **NEW, Tags=[{"Key": "Environment", "Value": "dev"}])
    instance = _told(rds, "db")
    session = connect(instance, _master(emulator, instance))
    session.run("CREATE TABLE kept (id int)")
    session.run("INSERT INTO kept VALUES (1)")
    made = rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="before")["DBSnapshot"]
    assert (made["Status"], made["TagList"]) == ("creating", [{"Key": "Environment", "Value": "dev"}])
    session.run("INSERT INTO kept VALUES (2)")
    after_snapshot = dt.datetime.now(dt.UTC)
    assert rds.describe_db_snapshots(DBSnapshotIdentifier="before")["DBSnapshots"][0]["Status"] == "available"
    managed = {"ManageMasterUserPassword": True}
    to = {"SourceDBInstanceIdentifier": "db", **managed}
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="one", DBSnapshotIdentifier="before", **managed)
    rds.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier="two", UseLatestRestorableTime=True, **to)
    rds.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier="three", RestoreTime=after_snapshot, **to)
    rows = {}
    for name in ("one", "two", "three"):
        restored = _told(rds, name)
        assert restored["MasterUserSecret"]["SecretArn"] != instance["MasterUserSecret"]["SecretArn"]
        rows[name] = len(connect(restored, _master(emulator, restored)).run("SELECT id FROM kept"))
    assert rows == {"one": 1, "two": 2, "three": 1}
    assert session.run("SELECT count(*) FROM kept") == [[2]]
    early = {"TargetDBInstanceIdentifier": "four", "RestoreTime": dt.datetime(2020, 1, 1, tzinfo=dt.UTC), **to}
    assert _refused(rds.restore_db_instance_to_point_in_time, **early) == "InvalidRestoreFault"


def test_changes_wait_for_the_window_unless_applied_immediately(emulator: Any, rds: Any) -> None:
    rds.create_db_instance(DBInstanceIdentifier="db", **NEW)
    _told(rds, "db")
    told = rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t3.medium")["DBInstance"]
    assert told["PendingModifiedValues"] == {"DBInstanceClass": "db.t3.medium"}
    assert _states(rds, "db", 3) == ["available"] * 3
    rds.modify_db_instance(DBInstanceIdentifier="db", AllocatedStorage=40, ApplyImmediately=True)
    assert _states(rds, "db", 3) == ["modifying", "storage-optimization", "available"]
    told = _told(rds, "db")
    assert (told["DBInstanceClass"], told["AllocatedStorage"], told["PendingModifiedValues"]) == (
        "db.t3.medium",
        40,
        {},
    )
    emulator.set_delays({"db_instance.maintenance_window": 0})
    rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t3.large")
    assert _states(rds, "db", 2) == ["modifying", "available"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"AllocatedStorage": 10}, "InvalidParameterCombination"),
        ({"AllocatedStorage": 21}, "InvalidParameterValue"),
        ({"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
        ({"Iops": 4000}, "InvalidParameterCombination"),
        ({"EngineVersion": "17"}, "InvalidParameterCombination"),
        ({"EngineVersion": "16.9"}, "InvalidParameterCombination"),
        ({"MasterUserPassword": "long-enough"}, "InvalidParameterCombination"),
        ({"DBInstanceClass": "db.none"}, "InvalidParameterValue"),
        ({"DatabaseInsightsMode": "advanced"}, "InvalidParameterCombination"),
        ({"CACertificateIdentifier": "rds-ca-2019"}, "CertificateNotFound"),
        ({"CloudwatchLogsExportConfiguration": {"EnableLogTypes": ["slowquery"]}}, "InvalidParameterCombination"),
    ],
)
def test_what_aws_refuses_to_change(rds: Any, request_: dict[str, Any], code: str) -> None:
    rds.create_db_instance(DBInstanceIdentifier="db", **NEW)
    _told(rds, "db")
    assert _refused(rds.modify_db_instance, DBInstanceIdentifier="db", ApplyImmediately=True, **request_) == code


def test_an_instance_goes_with_a_last_word_about_its_data(rds: Any) -> None:
    rds.create_db_instance(DBInstanceIdentifier="db", DeletionProtection=True, **NEW)
    _told(rds, "db")
    assert _refused(rds.delete_db_instance, DBInstanceIdentifier="db") == "InvalidParameterCombination"
    final = {"DBInstanceIdentifier": "db", "FinalDBSnapshotIdentifier": "last"}
    assert _refused(rds.delete_db_instance, **final) == "InvalidParameterCombination"
    rds.modify_db_instance(DBInstanceIdentifier="db", DeletionProtection=False, ApplyImmediately=True)
    assert rds.delete_db_instance(**final)["DBInstance"]["DBInstanceStatus"] == "deleting"
    assert rds.describe_db_instances()["DBInstances"] == []
    assert [s["DBSnapshotIdentifier"] for s in rds.describe_db_snapshots()["DBSnapshots"]] == ["last"]


def test_a_stopped_instance_takes_nobody(emulator: Any, rds: Any, connect: Any) -> None:
    rds.create_db_instance(DBInstanceIdentifier="db", **NEW)
    instance = _told(rds, "db")
    master = _master(emulator, instance)
    session = connect(instance, master)
    rds.stop_db_instance(DBInstanceIdentifier="db")
    assert _states(rds, "db", 1) == ["stopped"]
    with pytest.raises(pg8000.exceptions.InterfaceError):
        session.run("SELECT 1")
    with pytest.raises(pg8000.exceptions.InterfaceError):
        connect(instance, master)
    rds.start_db_instance(DBInstanceIdentifier="db")
    assert connect(_told(rds, "db"), master).run("SELECT 1") == [[1]]


def test_a_parameter_group_tells_every_parameter_of_its_family(rds: Any) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="g", DBParameterGroupFamily="postgres16", Description="mine")
    rds.create_db_instance(DBInstanceIdentifier="db", DBParameterGroupName="g", **NEW)
    _told(rds, "db")
    change = {"ParameterName": "log_lock_waits", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="g", Parameters=[change])
    pages = list(rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName="g"))
    found = {p["ParameterName"]: p for page in pages for p in page["Parameters"]}
    assert len(pages) > 1
    assert len(found) > 300
    assert found["log_lock_waits"]["ParameterValue"] == "1"
    assert found["log_lock_waits"]["Source"] == "user"
    assert (found["rds.force_ssl"]["ParameterValue"], found["max_connections"]["ApplyType"]) == ("1", "static")
    status = _told(rds, "db")["DBParameterGroups"][0]["ParameterApplyStatus"]
    assert status == "in-sync"
    static = {"ParameterName": "max_connections", "ParameterValue": "200", "ApplyMethod": "pending-reboot"}
    modify = {"DBParameterGroupName": "g"}
    assert (
        _refused(rds.modify_db_parameter_group, **modify, Parameters=[{**static, "ApplyMethod": "immediate"}])
        == "InvalidParameterCombination"
    )
    rds.modify_db_parameter_group(**modify, Parameters=[static])
    assert _told(rds, "db")["DBParameterGroups"][0]["ParameterApplyStatus"] == "pending-reboot"
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    assert _told(rds, "db")["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    wrong = {"ParameterName": "log_lock_waits", "ParameterValue": "maybe", "ApplyMethod": "immediate"}
    assert _refused(rds.modify_db_parameter_group, **modify, Parameters=[wrong]) == "InvalidParameterValue"
    assert _refused(rds.delete_db_parameter_group, **modify) == "InvalidDBParameterGroupState"
    rds.reset_db_parameter_group(**modify, ResetAllParameters=True)
    assert rds.describe_db_parameters(**modify, Source="user")["Parameters"] == []


def test_insights_versions_and_certificates_are_told(rds: Any) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        **NEW,
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=465,
        DatabaseInsightsMode="advanced",
    )
    told = _told(rds, "db")
    assert (told["PerformanceInsightsRetentionPeriod"], told["DatabaseInsightsMode"]) == (465, "advanced")
    assert told["CertificateDetails"]["CAIdentifier"] == "rds-ca-rsa2048-g1"
    versions = rds.describe_db_engine_versions(Engine="postgres", EngineVersion="16")["DBEngineVersions"]
    assert {v["DBParameterGroupFamily"] for v in versions} == {"postgres16"}
    assert told["EngineVersion"] == versions[-1]["EngineVersion"]


def test_what_happens_is_told(emulator: Any, rds: Any) -> None:
    sns, sqs, events = (emulator.client(name) for name in ("sns", "sqs", "events"))
    queues = {}
    for name in ("rule", "topic"):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        queues[name] = (url, arn)
    events.put_rule(Name="rds", EventPattern=json.dumps({"source": ["aws.rds"]}))
    events.put_targets(Rule="rds", Targets=[{"Id": "queue", "Arn": queues["rule"][1]}])
    publish = {"Effect": "Allow", "Principal": {"Service": "events.rds.amazonaws.com"}, "Action": "sns:Publish"}
    policy = {"Version": "2012-10-17", "Statement": [{**publish, "Resource": "*"}]}
    topic = sns.create_topic(Name="alarms", Attributes={"Policy": json.dumps(policy)})["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues["topic"][1])
    rds.create_db_instance(DBInstanceIdentifier="db", **NEW)
    _told(rds, "db")
    rds.create_event_subscription(
        SubscriptionName="s", SnsTopicArn=topic, SourceType="db-instance", EventCategories=["availability"]
    )
    rds.reboot_db_instance(DBInstanceIdentifier="db")
    _told(rds, "db")

    def received(name: str) -> list[dict[str, Any]]:
        request = {"QueueUrl": queues[name][0], "MaxNumberOfMessages": 10, "WaitTimeSeconds": 5}
        return [json.loads(each["Body"]) for each in sqs.receive_message(**request).get("Messages", [])]

    assert {event["detail"]["EventID"] for event in received("rule")} >= {"RDS-EVENT-0005"}
    [told] = received("topic")
    assert json.loads(told["Message"])["Event Message"] == "DB instance restarted"
    kept = rds.describe_events(SourceIdentifier="db", SourceType="db-instance")["Events"]
    assert "DB instance restarted" in {event["Message"] for event in kept}
