from __future__ import annotations

import datetime as dt
import json
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


ADMINISTER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "s3:PutBucketPolicy"}
TLS = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS"}}
ALL_BLOCKS = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
IN_VPC = {"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED"}}}
PUBLIC_CALL = json.dumps({"Statement": [{"Sid": "x", "Effect": "Allow", "Principal": "*"}]})
BY_RULE = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}]})
KEYS_IN_PLAIN = {"environment": [{"name": "AWS_ACCESS_KEY_ID", "value": "x"}]}
ALLOWS = {"Egress": False, "RuleNumber": 100, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
DENIES = {**ALLOWS, "RuleNumber": 50, "RuleAction": "deny", "PortRange": {"From": 22, "To": 3389}}
UNSEEN = {"Rules": [{"Name": "a", "VisibilityConfig": {"CloudWatchMetricsEnabled": False}}]}
SEEN = {"Rules": [{"Name": "a", "VisibilityConfig": {"CloudWatchMetricsEnabled": True}}]}
SECRET = {"now": NOW, "CreatedDate": LONG_AGO}
WRITER = {"public": False, "grants": [{"Grantee": {"URI": "http://x/AllUsers"}, "Permission": "WRITE"}]}

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
    ("RDS.9", {"EnabledCloudwatchLogsExports": ["postgresql"]}, {}),
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
    ("EC2.6", {"flow_logs": [{"FlowLogStatus": "ACTIVE"}]}, {"flow_logs": []}),
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
    ("S3.2", {"public": False}, {"public": True}),
    ("S3.3", {"public": False, "grants": []}, WRITER),
    ("S3.5", bucket(TLS), bucket()),
    ("S3.6", bucket({**ADMINISTER, "Principal": {"AWS": "111111111111"}}), bucket(ADMINISTER)),
    ("S3.8", {"block": ALL_BLOCKS}, {"block": {}}),
    ("S3.9", {"logging": {"TargetBucket": "logs"}}, {"logging": None}),
    ("S3.13", {"lifecycle": [{"Status": "Enabled"}]}, {"lifecycle": [{"Status": "Disabled"}]}),
    ("CloudTrail.1", trail(), trail(logging=False)),
    ("CloudTrail.2", trail(KmsKeyId="key"), trail()),
    ("CloudTrail.4", trail(LogFileValidationEnabled=True), {"trails": []}),
    ("CloudTrail.5", trail(CloudWatchLogsLogGroupArn="arn"), trail()),
    ("KMS.4", {"rotates": True}, {"rotates": False}),
    ("SecretsManager.1", {"RotationEnabled": True}, {}),
    ("SecretsManager.2", {**SECRET, "LastRotatedDate": NOW, "RotationRules": {"AutomaticallyAfterDays": 30}},
     {**SECRET, "RotationRules": {"AutomaticallyAfterDays": 30}}),
    ("SecretsManager.3", {**SECRET, "LastAccessedDate": NOW}, SECRET),
    ("SecretsManager.4", {**SECRET, "LastChangedDate": NOW}, SECRET),
    ("SNS.1", {"KmsMasterKeyId": "alias/aws/sns"}, {}),
    ("StepFunctions.1", {"loggingConfiguration": {"level": "ERROR"}}, {}),
    ("WAF.10", SEEN, {"Rules": []}),
    ("WAF.11", {"logs": {"ResourceArn": "arn"}}, {"logs": None}),
    ("WAF.12", SEEN, UNSEEN),
    ("Lambda.1", {"policy": BY_RULE}, {"policy": PUBLIC_CALL}),
    ("Lambda.2", {"Runtime": "python3.13"}, {"Runtime": "python3.8"}),
    ("Lambda.3", {"VpcConfig": {"VpcId": "vpc-1"}}, {"VpcConfig": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("control", "good", "bad"), CASES, ids=[case[0] for case in CASES])
def test_a_control_tells_good_from_bad(control: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert CONTROLS[control].check(good) == ""
    assert CONTROLS[control].check(bad)


def test_every_control_has_a_case() -> None:
    assert sorted(case[0] for case in CASES) == sorted(CONTROLS)
