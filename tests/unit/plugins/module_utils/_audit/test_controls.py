from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._audit.controls import CONTROLS

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def container(**attributes: Any) -> dict[str, Any]:
    return {"containerDefinitions": [{"name": "backend", **attributes}]}


def rule(port: int | None, source: str = "0.0.0.0/0", to: int | None = None, **attributes: Any) -> dict[str, Any]:
    ports = {} if port is None else {"FromPort": port, "ToPort": to or port}
    permission = {"IpProtocol": "-1" if port is None else "tcp", "IpRanges": [{"CidrIp": source}], **ports}
    return {"IpPermissions": [{**permission, **attributes}]}


def bucket(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"account_id": "111111111111", "policy": json.dumps({"Statement": statements})}


def trail(**attributes: Any) -> dict[str, Any]:
    return {"trails": [{"IsMultiRegionTrail": True, "logging": True, "management_events": True, **attributes}]}


def heard(source: str, *categories: str) -> dict[str, Any]:
    held = {"Enabled": True, "SourceType": source, "EventCategoriesList": list(categories)}
    return {"subscriptions": [held]}


def granted(permission: str, group: str = "AllUsers") -> dict[str, Any]:
    grant = {"Grantee": {"URI": f"http://acs.amazonaws.com/groups/global/{group}"}, "Permission": permission}
    return {"public": False, "block": {}, "grants": [grant]}


ADMINISTER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "s3:PutBucketPolicy"}
TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS"}}
ALL_BLOCKS = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
IN_VPC = {"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED"}}}
PUBLIC_CALL = json.dumps({"Statement": [{"Sid": "x", "Effect": "Allow", "Principal": "*"}]})
BY_OWNER = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Condition": {"x": {"y": "z"}}}]})
BY_RULE = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}]})
BY_BUCKET = (
    '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, '
    '"Condition": {"StringEquals": {"%s": "x"}}}]}'
)
KEYS_IN_PLAIN = {"environment": [{"name": "AWS_ACCESS_KEY_ID", "value": "x"}]}
ALLOWS = {"Egress": False, "RuleNumber": 100, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
DENIES = {**ALLOWS, "RuleNumber": 50, "RuleAction": "deny", "PortRange": {"From": 22, "To": 3389}}
UNSEEN = {"Rules": [{"Name": "a", "VisibilityConfig": {"CloudWatchMetricsEnabled": False}}]}
SEEN = {"Rules": [{"Name": "a", "VisibilityConfig": {"CloudWatchMetricsEnabled": True}}]}
SECRET = {"now": NOW, "CreatedDate": LONG_AGO, "SecretVersionsToStages": {"a": ["AWSCURRENT"]}}
OVERDUE = {**SECRET, "LastRotatedDate": NOW, "NextRotationDate": NOW - dt.timedelta(days=2)}

# Control, facts that hold to it, facts that do not.
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("ECS.1", {"networkMode": "awsvpc"}, {"networkMode": "host"}),
    ("ECS.2", {}, IN_VPC),
    ("ECS.3", {}, {"pidMode": "host"}),
    ("ECS.4", container(), container(privileged=True)),
    ("ECS.5", container(readonlyRootFilesystem=True), container()),
    ("ECS.8", container(environment=[{"name": "PORT", "value": "1"}]), container(**KEYS_IN_PLAIN)),
    ("ECS.9", container(logConfiguration={"logDriver": "awslogs"}), container()),
    ("ECS.10", {"platformVersion": "LATEST"}, {"platformVersion": "1.3.0"}),
    ("ECS.12", {"settings": [{"name": "containerInsights", "value": "enhanced"}]}, {}),
    ("ECR.1", {"imageScanningConfiguration": {"scanOnPush": True}}, {}),
    ("ECR.2", {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"}, {"imageTagMutability": "MUTABLE"}),
    ("ECR.3", {"lifecycle": {"rules": []}}, {"lifecycle": None}),
    ("ELB.1", {"listeners": [{"Protocol": "HTTP", "Port": 80, "DefaultActions": [REDIRECT]}]},
     {"listeners": [{"Protocol": "HTTP", "Port": 80, "DefaultActions": [{"Type": "forward"}]}]}),
    ("ELB.4", {"attributes": {"routing.http.drop_invalid_header_fields.enabled": "true"}}, {"attributes": {}}),
    ("ELB.5", {"attributes": {"access_logs.s3.enabled": "true"}}, {"attributes": {}}),
    ("ELB.6", {"attributes": {"deletion_protection.enabled": "true"}}, {"attributes": {}}),
    ("ELB.12", {"attributes": {}}, {"attributes": {"routing.http.desync_mitigation_mode": "monitor"}}),
    ("ELB.13", {"AvailabilityZones": [{"ZoneName": "a"}, {"ZoneName": "c"}]},
     {"AvailabilityZones": [{"ZoneName": "a"}]}),
    ("ELB.16", {"web_acl": "arn"}, {"web_acl": None}),
    ("ELB.17", {"listeners": [{"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}]},
     {"listeners": [{"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-2016-08"}]}),
    ("RDS.1", {"restore": []}, {"restore": ["all"]}),
    ("RDS.2", {"PubliclyAccessible": False}, {"PubliclyAccessible": True}),
    ("RDS.3", {"StorageEncrypted": True}, {"StorageEncrypted": False}),
    ("RDS.4", {"Encrypted": True}, {"Encrypted": False}),
    ("RDS.5", {"MultiAZ": True}, {"MultiAZ": False}),
    ("RDS.6", {"MonitoringInterval": 60}, {"MonitoringInterval": 0}),
    ("RDS.8", {"DeletionProtection": True}, {}),
    ("RDS.9", {"EnabledCloudwatchLogsExports": ["postgresql", "upgrade"]},
     {"EnabledCloudwatchLogsExports": ["postgresql"]}),
    ("RDS.10", {"IAMDatabaseAuthenticationEnabled": True}, {}),
    ("RDS.11", {"BackupRetentionPeriod": 7}, {"BackupRetentionPeriod": 6}),
    ("RDS.13", {"AutoMinorVersionUpgrade": True}, {}),
    ("RDS.17", {"CopyTagsToSnapshot": True}, {}),
    ("RDS.18", {"DBSubnetGroup": {"VpcId": "vpc-1"}}, {}),
    ("RDS.19", heard("db-cluster", "maintenance", "failure"), {"subscriptions": []}),
    ("RDS.20", heard("db-instance"), heard("db-instance", "failure")),
    ("RDS.21", heard("db-parameter-group", "configuration change"), heard("db-instance")),
    ("RDS.22", heard("db-security-group"), {"subscriptions": []}),
    ("RDS.23", {"Endpoint": {"Port": 15432}}, {"Endpoint": {"Port": 5432}}),
    ("RDS.25", {"MasterUsername": "airas_admin"}, {"MasterUsername": "postgres"}),
    ("RDS.26", {"in_backup_plan": True}, {"in_backup_plan": False}),
    ("RDS.36", {"Engine": "postgres", "EnabledCloudwatchLogsExports": ["postgresql"]}, {"Engine": "postgres"}),
    ("RDS.38", {"parameters": {}}, {"parameters": {"rds.force_ssl": "0"}}),
    ("ElastiCache.1", {"SnapshotRetentionLimit": 1}, {"SnapshotRetentionLimit": 0}),
    ("ElastiCache.2", {"AutoMinorVersionUpgrade": True}, {}),
    ("ElastiCache.3", {"AutomaticFailover": "enabled"}, {"AutomaticFailover": "disabled"}),
    ("ElastiCache.4", {"AtRestEncryptionEnabled": True}, {}),
    ("ElastiCache.5", {"TransitEncryptionEnabled": True}, {}),
    ("ElastiCache.6", {"UserGroupIds": ["airas-dev-redis"]}, {"AuthTokenEnabled": False}),
    ("ElastiCache.7", {"subnet_group": "airas-dev-redis"}, {"subnet_group": "default"}),
    ("EC2.2", {"IpPermissions": [], "IpPermissionsEgress": []}, rule(443)),
    ("EC2.6", {"flow_logs": [{"FlowLogStatus": "ACTIVE", "TrafficType": "ALL"}]},
     {"flow_logs": [{"FlowLogStatus": "ACTIVE", "TrafficType": "ACCEPT"}]}),
    ("EC2.7", {"ebs_encryption": True}, {"ebs_encryption": False}),
    ("EC2.8", {"MetadataOptions": {"HttpTokens": "required"}}, {"MetadataOptions": {"HttpTokens": "optional"}}),
    ("EC2.9", {}, {"PublicIpAddress": "192.0.2.1"}),
    ("EC2.10", {"endpoints": [{"ServiceName": "com.amazonaws.ap-northeast-1.ec2"}]}, {"endpoints": []}),
    ("EC2.13", rule(22, "10.0.0.0/8"), rule(20, to=30)),
    ("EC2.14", rule(443), rule(None)),
    ("EC2.15", {"MapPublicIpOnLaunch": False}, {"MapPublicIpOnLaunch": True}),
    ("EC2.18", rule(443), rule(8443)),
    ("EC2.19", rule(443), rule(5432, IpRanges=[], Ipv6Ranges=[{"CidrIpv6": "::/0"}])),
    ("EC2.21", {"Entries": [ALLOWS, DENIES]}, {"Entries": [ALLOWS]}),
    ("EC2.25", {"NetworkInterfaces": [{}]}, {"NetworkInterfaces": [{"AssociatePublicIpAddress": True}]}),
    ("S3.1", {"s3_block": ALL_BLOCKS}, {"s3_block": {**ALL_BLOCKS, "BlockPublicPolicy": False}}),
    ("EC2.53", rule(22, IpRanges=[], Ipv6Ranges=[{"CidrIpv6": "::/0"}]), rule(3389)),
    ("EC2.54", rule(22), rule(22, IpRanges=[], Ipv6Ranges=[{"CidrIpv6": "::/0"}])),
    ("S3.2", granted("WRITE"), granted("READ", "AuthenticatedUsers")),
    ("S3.3", {**granted("WRITE"), "block": ALL_BLOCKS}, granted("WRITE")),
    ("S3.5", bucket(TLS), bucket()),
    ("S3.6", bucket({**ADMINISTER, "Principal": {"AWS": "111111111111"}}), bucket(ADMINISTER)),
    ("S3.8", {"block": ALL_BLOCKS}, {"block": {}}),
    ("S3.9", {"logging": {"TargetBucket": "logs"}}, {"logging": None}),
    ("S3.13", {"lifecycle": [{"Status": "Enabled"}]}, {"lifecycle": [{"Status": "Disabled"}]}),
    ("S3.22", trail(object_events=["WriteOnly"]), trail(object_events=["ReadOnly"])),
    ("S3.23", trail(object_events=["All"]), trail(object_events=["All"], logging=False)),
    ("CloudTrail.1", trail(), trail(logging=False)),
    ("CloudTrail.2", {"KmsKeyId": "key"}, {}),
    ("CloudTrail.4", {"LogFileValidationEnabled": True}, {"LogFileValidationEnabled": False}),
    ("CloudTrail.5", {"CloudWatchLogsLogGroupArn": "arn"}, {}),
    ("CloudTrail.7", {"bucket_logging": {"TargetBucket": "logs"}}, {"bucket_logging": None}),
    ("IAM.15", {"passwords": {"MinimumPasswordLength": 14}}, {"passwords": {}}),
    ("IAM.16", {"passwords": {"PasswordReusePrevention": 24}}, {"passwords": {"PasswordReusePrevention": 5}}),
    ("IAM.28", {"analyzers": [{"type": "ACCOUNT", "status": "ACTIVE"}]},
     {"analyzers": [{"type": "ACCOUNT_UNUSED_ACCESS", "status": "ACTIVE"}, {"type": "ACCOUNT", "status": "FAILED"}]}),
    ("KMS.4", {"rotates": True}, {"rotates": False}),
    ("SecretsManager.1", {"RotationEnabled": True}, {}),
    ("SecretsManager.2", {**SECRET, "LastRotatedDate": NOW, "RotationRules": {"AutomaticallyAfterDays": 30}},
     {**SECRET, "RotationRules": {"AutomaticallyAfterDays": 30}}),
    ("SecretsManager.2", {**OVERDUE, "NextRotationDate": NOW}, OVERDUE),
    ("SecretsManager.3", {**SECRET, "LastAccessedDate": NOW}, SECRET),
    ("SecretsManager.4", {**SECRET, "LastChangedDate": NOW}, SECRET),
    ("SNS.1", {"KmsMasterKeyId": "alias/aws/sns"}, {}),
    ("SNS.4", {"Policy": BY_OWNER}, {"Policy": PUBLIC_CALL}),
    ("StepFunctions.1", {"loggingConfiguration": {"level": "ERROR"}}, {}),
    ("WAF.10", SEEN, {"Rules": []}),
    ("WAF.11", {"logs": {"ResourceArn": "arn"}}, {"logs": None}),
    ("WAF.12", SEEN, UNSEEN),
    ("Lambda.1", {"policy": BY_RULE}, {"policy": PUBLIC_CALL}),
    ("Lambda.1", {"policy": BY_BUCKET % "AWS:SourceAccount"}, {"policy": BY_BUCKET % "AWS:SourceArn"}),
    ("Lambda.2", {"Runtime": "python3.13"}, {"Runtime": "python3.8"}),
    ("Lambda.3", {"VpcConfig": {"VpcId": "vpc-1"}}, {"VpcConfig": {}}),
]  # fmt: skip


# What the stack is held to: AWS's best practices as far as they are about what it consists of.
HELD_TO = {
    "CloudTrail": (1, 2, 4, 5),
    "EC2": (2, 6, 7, 8, 9, 10, 13, 14, 15, 18, 19, 21, 25),
    "ECR": (1, 2, 3),
    "ECS": (1, 2, 3, 4, 5, 8, 9, 10, 12),
    "ELB": (1, 4, 5, 6, 12, 13, 16, 17),
    "ElastiCache": (1, 2, 3, 4, 5, 6, 7),
    "KMS": (4,),
    "Lambda": (1, 2, 3),
    "RDS": (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 13, 17, 18, 19, 20, 21, 22, 23, 25, 26, 36, 38),
    "S3": (1, 2, 3, 5, 6, 8, 9, 13),
    "SNS": (1,),
    "SecretsManager": (1, 2, 3, 4),
    "StepFunctions": (1,),
    "WAF": (10, 11, 12),
}


# https://docs.aws.amazon.com/securityhub/latest/userguide/cis-aws-foundations-benchmark.html#cis5v0-standard
CIS_5 = {
    "Account": (1,),
    "CloudTrail": (1, 2, 4, 7),
    "Config": (1,),
    "EC2": (2, 6, 7, 8, 21, 53, 54),
    "EFS": (1, 8),
    "IAM": (2, 3, 4, 5, 6, 9, 15, 16, 18, 22, 26, 27, 28),
    "KMS": (4,),
    "RDS": (2, 3, 5, 13, 15),
    "S3": (1, 5, 8, 20, 22, 23),
}
MANUAL = Path(__file__).parents[5] / "docs" / "audit.md"


@pytest.mark.parametrize(("control", "good", "bad"), CASES, ids=[case[0] for case in CASES])
def test_a_control_tells_good_from_bad(control: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert CONTROLS[control].check(good) == ""
    assert CONTROLS[control].check(bad)


def test_every_control_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(CONTROLS)


def ids(controls: dict[str, tuple[int, ...]]) -> set[str]:
    return {f"{service}.{number}" for service, numbers in controls.items() for number in numbers}


def test_no_control_that_the_stack_is_held_to_is_left_out() -> None:
    assert ids(HELD_TO) <= set(CONTROLS)


def test_what_is_left_out_of_the_benchmark_has_a_reason() -> None:
    _checked, _heading, reasons = MANUAL.read_text(encoding="utf-8").partition("## What is not checked, and why")
    excused = set(re.findall(r"[A-Z][A-Za-z0-9]+\.\d+", reasons))
    assert ids(CIS_5) - set(CONTROLS) <= excused


@pytest.mark.parametrize(
    "spared",
    [
        {"Resource": "arn:aws:s3:::b/*"},
        {"Action": "s3:GetObject"},
        {"Principal": {"AWS": "arn:aws:iam::111111111111:root"}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}},
    ],
    ids=["bucket", "action", "principal", "condition"],
)
def test_requests_without_tls_are_all_denied_or_the_control_fails(spared: dict[str, Any]) -> None:
    assert CONTROLS["S3.5"].check(bucket({**TLS, **spared}))


@pytest.mark.parametrize("control", ["SecretsManager.3", "SecretsManager.4"])
def test_a_secret_without_a_value_is_neither_read_nor_renewed(control: str) -> None:
    assert not CONTROLS[control].check({**SECRET, "SecretVersionsToStages": None})


def test_acl_grants_count_unless_they_are_ignored() -> None:
    assert CONTROLS["S3.2"].check(granted("FULL_CONTROL"))
    assert not CONTROLS["S3.2"].check({**granted("READ"), "block": {"IgnorePublicAcls": True}})
