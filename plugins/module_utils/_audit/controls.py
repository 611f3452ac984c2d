# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The controls that a stack is held to, each over the facts of one resource as AWS describes it.

The ids, and what each asks for, are AWS's (Foundational Security Best Practices).
https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ._control import CONTROLS, Facts, control, unless

__all__ = ["CONTROLS"]

ANYWHERE = {"0.0.0.0/0", "::/0"}
WEB_PORTS = {80, 443}
# https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19
HIGH_RISK_PORTS = {
    20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080, 8088,
    8888, 9200, 9300,
}  # fmt: skip
# https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-17
TLS_POLICIES = {
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
}
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
RUNTIMES = {"python3.11", "python3.12", "python3.13", "python3.14", "nodejs22.x", "nodejs24.x"}
ROTATION_DAYS = 90

# -- ECS -------------------------------------------------------------------------------------------------------------


def _containers(task: Facts) -> list[Mapping[str, Any]]:
    return list(task["containerDefinitions"])


def _named(containers: Iterator[Mapping[str, Any]], problem: str) -> str:
    names = sorted(container["name"] for container in containers)
    return f"{problem}: {', '.join(names)}" if names else ""


@control("ECS.1", "Task definitions separate their network from the host's", "task_definition")
def ecs_1(task: Facts) -> str:
    return unless(task.get("networkMode") != "host", "networkMode is host")


@control("ECS.2", "Services give their tasks no public address", "service")
def ecs_2(service: Facts) -> str:
    vpc = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    return unless(vpc.get("assignPublicIp") != "ENABLED", "assignPublicIp is ENABLED")


@control("ECS.3", "Task definitions do not share the host's processes", "task_definition")
def ecs_3(task: Facts) -> str:
    return unless(task.get("pidMode") != "host", "pidMode is host")


@control("ECS.4", "Containers are not privileged", "task_definition")
def ecs_4(task: Facts) -> str:
    return _named((c for c in _containers(task) if c.get("privileged")), "privileged containers")


@control("ECS.5", "Containers cannot write to their root filesystem", "task_definition")
def ecs_5(task: Facts) -> str:
    return _named(
        (c for c in _containers(task) if not c.get("readonlyRootFilesystem")), "containers with a writable root"
    )


@control("ECS.8", "No credential is a plain environment variable", "task_definition")
def ecs_8(task: Facts) -> str:
    forbidden = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA"}
    return _named(
        (c for c in _containers(task) if forbidden & {item["name"] for item in c.get("environment") or ()}),
        "containers with credentials in their environment",
    )


@control("ECS.9", "Containers log", "task_definition")
def ecs_9(task: Facts) -> str:
    silent = (c for c in _containers(task) if not (c.get("logConfiguration") or {}).get("logDriver"))
    return _named(silent, "containers without logConfiguration")


@control("ECS.10", "Services run on the latest Fargate platform", "service")
def ecs_10(service: Facts) -> str:
    version = service.get("platformVersion") or "LATEST"
    return unless(version in ("LATEST", "1.4.0"), f"platformVersion is {version}")


@control("ECS.12", "Clusters have Container Insights", "cluster")
def ecs_12(cluster: Facts) -> str:
    settings = {item["name"]: item["value"] for item in cluster.get("settings") or ()}
    value = settings.get("containerInsights", "disabled")
    return unless(value in ("enabled", "enhanced"), f"containerInsights is {value}")


# -- ECR -------------------------------------------------------------------------------------------------------------


@control("ECR.1", "Images are scanned", "repository")
def ecr_1(repository: Facts) -> str:
    return unless((repository.get("imageScanningConfiguration") or {}).get("scanOnPush"), "scanOnPush is off")


@control("ECR.2", "Tags of images do not move", "repository")
def ecr_2(repository: Facts) -> str:
    value = repository.get("imageTagMutability") or "MUTABLE"
    return unless(value.startswith("IMMUTABLE"), f"imageTagMutability is {value}")


@control("ECR.3", "Old images expire", "repository")
def ecr_3(repository: Facts) -> str:
    return unless(repository["lifecycle"], "it has no lifecycle policy")


# -- load balancing --------------------------------------------------------------------------------------------------


def _redirects(listener: Facts) -> bool:
    return all(
        action["Type"] == "redirect" and (action.get("RedirectConfig") or {}).get("Protocol") == "HTTPS"
        for action in listener.get("DefaultActions") or ()
    )


@control("ELB.1", "HTTP is redirected to HTTPS", "load_balancer")
def elb_1(balancer: Facts) -> str:
    plain = [item["Port"] for item in balancer["listeners"] if item["Protocol"] == "HTTP" and not _redirects(item)]
    return unless(not plain, f"listeners answer in plain HTTP on port {', '.join(map(str, plain))}")


@control("ELB.4", "Invalid headers are dropped", "load_balancer")
def elb_4(balancer: Facts) -> str:
    key = "routing.http.drop_invalid_header_fields.enabled"
    return unless(balancer["attributes"].get(key) == "true", f"{key} is off")


@control("ELB.5", "Requests are logged", "load_balancer")
def elb_5(balancer: Facts) -> str:
    return unless(balancer["attributes"].get("access_logs.s3.enabled") == "true", "access_logs.s3.enabled is off")


@control("ELB.6", "Deletion is prevented", "load_balancer")
def elb_6(balancer: Facts) -> str:
    on = balancer["attributes"].get("deletion_protection.enabled") == "true"
    return unless(on, "deletion_protection.enabled is off")


@control("ELB.12", "Requests that could be smuggled are turned away", "load_balancer")
def elb_12(balancer: Facts) -> str:
    mode = balancer["attributes"].get("routing.http.desync_mitigation_mode", "defensive")
    return unless(mode in ("defensive", "strictest"), f"routing.http.desync_mitigation_mode is {mode}")


@control("ELB.13", "It stands in several zones", "load_balancer")
def elb_13(balancer: Facts) -> str:
    zones = [zone["ZoneName"] for zone in balancer.get("AvailabilityZones") or ()]
    return unless(len(zones) > 1, f"it stands in {', '.join(zones) or 'no zone'} alone")


@control("ELB.16", "It stands behind a web ACL", "load_balancer")
def elb_16(balancer: Facts) -> str:
    return unless(balancer["web_acl"], "no web ACL is associated with it")


@control("ELB.17", "Listeners use a recommended TLS policy", "load_balancer")
def elb_17(balancer: Facts) -> str:
    used = {item.get("SslPolicy") for item in balancer["listeners"] if item["Protocol"] == "HTTPS"}
    return unless(used <= TLS_POLICIES, f"listeners use {', '.join(sorted(map(str, used - TLS_POLICIES)))}")


# -- RDS -------------------------------------------------------------------------------------------------------------


@control("RDS.1", "Snapshots are private", "db_snapshot")
def rds_1(snapshot: Facts) -> str:
    return unless("all" not in snapshot["restore"], "everyone may restore it")


@control("RDS.2", "The database is not public", "db_instance")
def rds_2(instance: Facts) -> str:
    return unless(not instance.get("PubliclyAccessible"), "PubliclyAccessible is on")


@control("RDS.3", "The database is encrypted", "db_instance")
def rds_3(instance: Facts) -> str:
    return unless(instance.get("StorageEncrypted"), "StorageEncrypted is off")


@control("RDS.4", "Snapshots are encrypted", "db_snapshot")
def rds_4(snapshot: Facts) -> str:
    return unless(snapshot.get("Encrypted"), "Encrypted is off")


@control("RDS.5", "The database has a standby in another zone", "db_instance")
def rds_5(instance: Facts) -> str:
    return unless(instance.get("MultiAZ"), "MultiAZ is off")


@control("RDS.6", "Enhanced monitoring is on", "db_instance")
def rds_6(instance: Facts) -> str:
    return unless(instance.get("MonitoringInterval"), "MonitoringInterval is 0")


@control("RDS.8", "Deletion is prevented", "db_instance")
def rds_8(instance: Facts) -> str:
    return unless(instance.get("DeletionProtection"), "DeletionProtection is off")


@control("RDS.9", "Logs go to CloudWatch Logs", "db_instance")
def rds_9(instance: Facts) -> str:
    missing = sorted({"postgresql", "upgrade"} - set(instance.get("EnabledCloudwatchLogsExports") or ()))
    return unless(not missing, f"log {', '.join(missing)} is not exported")


@control("RDS.10", "IAM can authenticate users", "db_instance")
def rds_10(instance: Facts) -> str:
    on = instance.get("IAMDatabaseAuthenticationEnabled")
    return unless(on, "IAMDatabaseAuthenticationEnabled is off")


@control("RDS.11", "Backups are kept for a week or more", "db_instance")
def rds_11(instance: Facts) -> str:
    days = instance.get("BackupRetentionPeriod") or 0
    return unless(days >= 7, f"BackupRetentionPeriod is {days} days")


@control("RDS.13", "Minor versions are upgraded by themselves", "db_instance")
def rds_13(instance: Facts) -> str:
    return unless(instance.get("AutoMinorVersionUpgrade"), "AutoMinorVersionUpgrade is off")


@control("RDS.17", "Snapshots carry the database's tags", "db_instance")
def rds_17(instance: Facts) -> str:
    return unless(instance.get("CopyTagsToSnapshot"), "CopyTagsToSnapshot is off")


@control("RDS.18", "The database stands in a VPC", "db_instance")
def rds_18(instance: Facts) -> str:
    return unless((instance.get("DBSubnetGroup") or {}).get("VpcId"), "it has no DBSubnetGroup")


def _hears(instance: Facts, source: str, *wanted: str) -> str:
    for subscription in instance["subscriptions"]:
        categories = set(subscription.get("EventCategoriesList") or wanted)
        kind = subscription.get("SourceType") or source
        if subscription.get("Enabled") and kind == source and set(wanted) <= categories:
            return ""
    return f"no enabled event subscription hears of {', '.join(wanted)} of a {source}"


@control("RDS.19", "Somebody hears of a cluster's failures", "db_cluster")
def rds_19(cluster: Facts) -> str:
    return _hears(cluster, "db-cluster", "maintenance", "failure")


@control("RDS.20", "Somebody hears of the database's failures", "db_instance")
def rds_20(instance: Facts) -> str:
    return _hears(instance, "db-instance", "maintenance", "configuration change", "failure")


@control("RDS.21", "Somebody hears of changed parameters", "db_instance")
def rds_21(instance: Facts) -> str:
    return _hears(instance, "db-parameter-group", "configuration change")


@control("RDS.22", "Somebody hears of changed security groups of databases", "db_instance")
def rds_22(instance: Facts) -> str:
    return _hears(instance, "db-security-group", "configuration change", "failure")


@control("RDS.23", "The database does not listen on the port that everyone tries", "db_instance")
def rds_23(instance: Facts) -> str:
    port = (instance.get("Endpoint") or {}).get("Port") or instance.get("DbInstancePort")
    return unless(port != 5432, "it listens on 5432")


@control("RDS.25", "The administrator has a name of his own", "db_instance")
def rds_25(instance: Facts) -> str:
    name = instance.get("MasterUsername")
    return unless(name not in ("admin", "postgres"), f"MasterUsername is {name}")


@control("RDS.26", "A backup plan covers the database", "db_instance")
def rds_26(instance: Facts) -> str:
    return unless(instance["in_backup_plan"], "it is in no backup plan of AWS Backup")


@control("RDS.36", "PostgreSQL's log goes to CloudWatch Logs", "db_instance")
def rds_36(instance: Facts) -> str:
    exported = instance.get("EnabledCloudwatchLogsExports") or ()
    return unless(instance.get("Engine") != "postgres" or "postgresql" in exported, "log postgresql is not exported")


@control("RDS.38", "PostgreSQL accepts only TLS", "db_instance")
def rds_38(instance: Facts) -> str:
    value = instance["parameters"].get("rds.force_ssl", "1")  # the default since PostgreSQL 15
    return unless(value == "1", f"rds.force_ssl is {value}")


# -- ElastiCache -----------------------------------------------------------------------------------------------------


@control("ElastiCache.1", "The cache is backed up", "cache")
def elasticache_1(cache: Facts) -> str:
    return unless(cache.get("SnapshotRetentionLimit"), "SnapshotRetentionLimit is 0")


@control("ElastiCache.2", "Minor versions are upgraded by themselves", "cache")
def elasticache_2(cache: Facts) -> str:
    return unless(cache.get("AutoMinorVersionUpgrade"), "AutoMinorVersionUpgrade is off")


@control("ElastiCache.3", "A replica takes over", "cache")
def elasticache_3(cache: Facts) -> str:
    value = cache.get("AutomaticFailover")
    return unless(value in ("enabled", "enabling"), f"AutomaticFailover is {value}")


@control("ElastiCache.4", "The cache is encrypted", "cache")
def elasticache_4(cache: Facts) -> str:
    return unless(cache.get("AtRestEncryptionEnabled"), "AtRestEncryptionEnabled is off")


@control("ElastiCache.5", "Connections to the cache are encrypted", "cache")
def elasticache_5(cache: Facts) -> str:
    return unless(cache.get("TransitEncryptionEnabled"), "TransitEncryptionEnabled is off")


@control("ElastiCache.6", "Whoever connects has to log in", "cache")
def elasticache_6(cache: Facts) -> str:
    return unless(
        cache.get("AuthTokenEnabled") or cache.get("UserGroupIds"), "it has neither AUTH token nor user group"
    )


@control("ElastiCache.7", "The cache has a subnet group of its own", "cache")
def elasticache_7(cache: Facts) -> str:
    return unless(cache["subnet_group"] != "default", "its subnet group is default")


# -- EC2 -------------------------------------------------------------------------------------------------------------


def _open_ports(permissions: Any, *anywhere: str) -> Iterator[tuple[int, int]]:
    """(from, to) of TCP and UDP ports that anyone on the internet reaches."""
    for permission in permissions or ():
        sources = {item["CidrIp"] for item in permission.get("IpRanges") or ()}
        sources |= {item["CidrIpv6"] for item in permission.get("Ipv6Ranges") or ()}
        if sources & (set(anywhere) or ANYWHERE) and permission["IpProtocol"] in ("-1", "tcp", "udp", "6", "17"):
            whole = permission["IpProtocol"] == "-1"
            yield (0, 65535) if whole else (permission["FromPort"], permission["ToPort"])


def _reaches(group: Facts, ports: set[int], *anywhere: str) -> str:
    ranges = list(_open_ports(group["IpPermissions"], *anywhere))
    found = sorted({port for low, high in ranges for port in ports if low <= port <= high})
    return f"anyone reaches port {', '.join(map(str, found))}" if found else ""


@control("EC2.2", "The VPC's default security group lets nothing through", "default_security_group")
def ec2_2(group: Facts) -> str:
    return unless(not group.get("IpPermissions") and not group.get("IpPermissionsEgress"), "it has rules")


@control("EC2.6", "The VPC has flow logs", "vpc")
def ec2_6(vpc: Facts) -> str:
    active = [log for log in vpc["flow_logs"] if log["FlowLogStatus"] == "ACTIVE"]
    return unless([log for log in active if log["TrafficType"] != "ACCEPT"], "no active flow log has what is rejected")


@control("EC2.7", "New volumes are encrypted", "account")
def ec2_7(account: Facts) -> str:
    return unless(account["ebs_encryption"], "EBS encryption by default is off")


@control("EC2.8", "Instances ask for IMDSv2", "instance")
def ec2_8(instance: Facts) -> str:
    value = (instance.get("MetadataOptions") or {}).get("HttpTokens")
    return unless(value == "required", f"HttpTokens is {value}")


@control("EC2.9", "Instances have no public address", "instance")
def ec2_9(instance: Facts) -> str:
    return unless(not instance.get("PublicIpAddress"), f"it has {instance.get('PublicIpAddress')}")


@control("EC2.10", "The VPC reaches EC2 by an endpoint", "vpc")
def ec2_10(vpc: Facts) -> str:
    services = {endpoint["ServiceName"].rpartition(".")[2] for endpoint in vpc["endpoints"]}
    return unless("ec2" in services, "it has no endpoint of EC2")


@control("EC2.13", "No security group opens SSH to everyone", "security_group")
def ec2_13(group: Facts) -> str:
    return _reaches(group, {22})


@control("EC2.14", "No security group opens RDP to everyone", "security_group")
def ec2_14(group: Facts) -> str:
    return _reaches(group, {3389})


@control("EC2.15", "Subnets give no public address by themselves", "subnet")
def ec2_15(subnet: Facts) -> str:
    return unless(not subnet.get("MapPublicIpOnLaunch"), "MapPublicIpOnLaunch is on")


@control("EC2.18", "Security groups open nothing but the web's ports to everyone", "security_group")
def ec2_18(group: Facts) -> str:
    wide = [(low, high) for low, high in _open_ports(group["IpPermissions"]) if low != high or low not in WEB_PORTS]
    return unless(not wide, f"anyone reaches ports {', '.join(f'{low}-{high}' for low, high in wide)}")


@control("EC2.19", "Security groups open no port of high risk to everyone", "security_group")
def ec2_19(group: Facts) -> str:
    return _reaches(group, HIGH_RISK_PORTS)


@control("EC2.21", "Network ACLs do not open SSH or RDP to everyone", "network_acl")
def ec2_21(acl: Facts) -> str:
    for entry in sorted(acl.get("Entries") or (), key=lambda entry: int(entry["RuleNumber"])):
        everyone = {entry.get("CidrBlock"), entry.get("Ipv6CidrBlock")} & ANYWHERE
        if entry["Egress"] or not everyone:
            continue
        ports = entry.get("PortRange") or {"From": 0, "To": 65535}
        if any(ports["From"] <= port <= ports["To"] for port in (22, 3389)):
            return unless(entry["RuleAction"] == "deny", f"rule {entry['RuleNumber']} allows them")
    return ""


@control("EC2.25", "Launch templates give no public address", "launch_template")
def ec2_25(template: Facts) -> str:
    interfaces = template.get("NetworkInterfaces") or ()
    public = any(interface.get("AssociatePublicIpAddress") for interface in interfaces)
    return unless(not public, "AssociatePublicIpAddress is on")


@control("EC2.53", "No security group opens remote administration to all of IPv4", "security_group")
def ec2_53(group: Facts) -> str:
    return _reaches(group, {22, 3389}, "0.0.0.0/0")


@control("EC2.54", "No security group opens remote administration to all of IPv6", "security_group")
def ec2_54(group: Facts) -> str:
    return _reaches(group, {22, 3389}, "::/0")


# -- S3 --------------------------------------------------------------------------------------------------------------

# Groups in an ACL; anyone can be an authenticated user of some account.
_EVERYONE = ("/AllUsers", "/AuthenticatedUsers")
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
# What another account must not do. https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-6
_OWNERS_ONLY = {
    "s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPolicy", "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
}  # fmt: skip


def _statements(bucket: Facts) -> list[Mapping[str, Any]]:
    return list(json.loads(bucket["policy"])["Statement"]) if bucket["policy"] else []


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _everyone(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, Mapping) and "*" in _many(principal.get("AWS", [])))


def _granted(bucket: Facts, *permissions: str) -> list[str]:
    """Which of these permissions everyone has by the bucket's ACL, which counts unless such ACLs are ignored."""
    if bucket["block"].get("IgnorePublicAcls"):
        return []
    public = [grant for grant in bucket["grants"] if grant["Grantee"].get("URI", "").endswith(_EVERYONE)]
    return sorted({grant["Permission"] for grant in public} & {*permissions, "FULL_CONTROL"})


@control("S3.1", "The account lets no bucket be public", "account")
def s3_1(account: Facts) -> str:
    missing = [block for block in _BLOCKS if not account["s3_block"].get(block)]
    return unless(not missing, f"{', '.join(missing)} off")


@control("S3.2", "Nobody else can read the bucket", "bucket")
def s3_2(bucket: Facts) -> str:
    if bucket["public"]:
        return "its policy is public"
    return unless(not _granted(bucket, "READ", "READ_ACP"), "its ACL lets everyone read")


@control("S3.3", "Nobody else can write to the bucket", "bucket")
def s3_3(bucket: Facts) -> str:
    if bucket["public"]:
        return "its policy is public"
    return unless(not _granted(bucket, "WRITE", "WRITE_ACP"), "its ACL lets everyone write")


@control("S3.5", "Requests have to come over TLS", "bucket")
def s3_5(bucket: Facts) -> str:
    objects = [
        resource.endswith("/*")
        for statement in _statements(bucket)
        if statement["Effect"] == "Deny"
        and _everyone(statement)
        and {"*", "s3:*"} & set(_many(statement.get("Action")))
        and _plain(statement.get("Condition") or {})
        for resource in _many(statement.get("Resource"))
    ]
    return unless({True, False} <= set(objects), "its policy does not deny all requests without TLS")


def _plain(condition: Mapping[str, Any]) -> bool:
    """Whether a statement is about all requests without TLS: another condition beside it would spare some."""
    held = condition.get("Bool") or {}
    alone = len(condition) == 1 and set(held) == {"aws:SecureTransport"}
    return alone and [str(value).lower() for value in _many(held["aws:SecureTransport"])] == ["false"]


@control("S3.6", "No other account administers the bucket", "bucket")
def s3_6(bucket: Facts) -> str:
    for statement in _statements(bucket):
        principal = statement.get("Principal")
        accounts = _many(principal.get("AWS", [])) if isinstance(principal, Mapping) else [principal]
        others = [name for name in accounts if name and bucket["account_id"] not in str(name)]
        if statement["Effect"] == "Allow" and others and _OWNERS_ONLY & set(_many(statement.get("Action"))):
            return f"its policy lets {', '.join(map(str, others))} administer it"
    return ""


@control("S3.8", "The bucket cannot be made public", "bucket")
def s3_8(bucket: Facts) -> str:
    missing = [block for block in _BLOCKS if not bucket["block"].get(block)]
    return unless(not missing, f"{', '.join(missing)} off")


@control("S3.9", "Requests to the bucket are logged", "bucket")
def s3_9(bucket: Facts) -> str:
    return unless(bucket["logging"], "it has no server access log")


@control("S3.13", "Old objects expire", "bucket")
def s3_13(bucket: Facts) -> str:
    return unless([rule for rule in bucket["lifecycle"] if rule["Status"] == "Enabled"], "it has no lifecycle rule")


# -- CloudTrail, IAM, KMS, secrets, topics, WAF, Lambda, Step Functions ----------------------------------------------


@control("CloudTrail.1", "A trail records all regions", "account")
def cloudtrail_1(account: Facts) -> str:
    recording = [
        trail
        for trail in account["trails"]
        if trail.get("IsMultiRegionTrail") and trail["logging"] and trail["management_events"]
    ]
    return unless(recording, "no trail of all regions records all management events")


@control("CloudTrail.2", "Trails are encrypted with a key of one's own", "trail")
def cloudtrail_2(trail: Facts) -> str:
    return unless(trail.get("KmsKeyId"), "it has no KMS key")


@control("CloudTrail.4", "The files of trails can be validated", "trail")
def cloudtrail_4(trail: Facts) -> str:
    return unless(trail.get("LogFileValidationEnabled"), "LogFileValidationEnabled is off")


@control("CloudTrail.5", "Trails go to CloudWatch Logs too", "trail")
def cloudtrail_5(trail: Facts) -> str:
    return unless(trail.get("CloudWatchLogsLogGroupArn"), "it has no log group")


@control("CloudTrail.7", "Requests to the trail's bucket are logged", "trail")
def cloudtrail_7(trail: Facts) -> str:
    return unless(trail["bucket_logging"], "its bucket has no server access log")


@control("S3.22", "A trail records writes of objects", "account")
def s3_22(account: Facts) -> str:
    return _records_objects(account, "WriteOnly")


@control("S3.23", "A trail records reads of objects", "account")
def s3_23(account: Facts) -> str:
    return _records_objects(account, "ReadOnly")


def _records_objects(account: Facts, kind: str) -> str:
    held = [
        trail
        for trail in account["trails"]
        if trail.get("IsMultiRegionTrail") and trail["logging"] and {"All", kind} & set(trail["object_events"])
    ]
    return unless(held, "no trail of all regions records them of all buckets")


@control("IAM.15", "Passwords have 14 characters or more", "account")
def iam_15(account: Facts) -> str:
    length = account["passwords"].get("MinimumPasswordLength", 0)
    return unless(length >= 14, f"MinimumPasswordLength is {length}" if length else "there is no password policy")


@control("IAM.16", "Passwords are not used again", "account")
def iam_16(account: Facts) -> str:
    kept = account["passwords"].get("PasswordReusePrevention", 0)
    return unless(kept >= 24, f"PasswordReusePrevention is {kept}")


@control("IAM.28", "What others can reach is looked for", "account")
def iam_28(account: Facts) -> str:
    looking = [item for item in account["analyzers"] if item["type"] in ("ACCOUNT", "ORGANIZATION")]
    active = [item for item in looking if item["status"] == "ACTIVE"]
    return unless(active, "no analyzer of external access is active in this region")


@control("KMS.4", "Keys rotate", "kms_key")
def kms_4(key: Facts) -> str:
    return unless(key["rotates"], "rotation is off")


def _days_since(secret: Facts, *keys: str) -> int | None:
    moment = next((secret[key] for key in keys if secret.get(key)), None)
    return (secret["now"] - moment).days if isinstance(moment, dt.datetime) else None


def _days_since_use(secret: Facts, *keys: str) -> int | None:
    """Nothing for a secret without a value, of which there is nothing to read or to renew."""
    return _days_since(secret, *keys) if secret.get("SecretVersionsToStages") else None


@control("SecretsManager.1", "Secrets rotate by themselves", "secret")
def secretsmanager_1(secret: Facts) -> str:
    return unless(secret.get("RotationEnabled"), "RotationEnabled is off")


@control("SecretsManager.2", "Rotation succeeds", "rotating_secret")
def secretsmanager_2(secret: Facts) -> str:
    # What a cron expression comes to, AWS tells by the next date alone.
    late = _days_since(secret, "NextRotationDate")
    if late is not None and late > 0:
        return f"the rotation that was due {late} days ago has not happened"
    days = _days_since(secret, "LastRotatedDate", "CreatedDate")
    wanted = (secret.get("RotationRules") or {}).get("AutomaticallyAfterDays")
    return unless(not wanted or days is None or days <= wanted + 1, f"the last rotation was {days} days ago")


@control("SecretsManager.3", "Secrets that nobody reads are removed", "secret", ages=True)
def secretsmanager_3(secret: Facts) -> str:
    days = _days_since_use(secret, "LastAccessedDate", "CreatedDate")
    return unless(days is None or days <= ROTATION_DAYS, f"nobody has read it for {days} days")


@control("SecretsManager.4", "Secrets are renewed", "secret", ages=True)
def secretsmanager_4(secret: Facts) -> str:
    days = _days_since_use(secret, "LastChangedDate", "CreatedDate")
    return unless(days is None or days <= ROTATION_DAYS, f"it has been the same for {days} days")


@control("SNS.1", "Topics are encrypted", "topic")
def sns_1(topic: Facts) -> str:
    return unless(topic.get("KmsMasterKeyId"), "it has no KMS key")


@control("SNS.4", "Topics are not public", "topic")
def sns_4(topic: Facts) -> str:
    for statement in json.loads(topic.get("Policy") or "{}").get("Statement", ()):
        if statement["Effect"] == "Allow" and _everyone(statement) and not statement.get("Condition"):
            return f"statement {statement.get('Sid')} lets anybody in"
    return ""


@control("WAF.10", "Web ACLs have rules", "web_acl")
def waf_10(acl: Facts) -> str:
    return unless(acl.get("Rules"), "it has no rule")


@control("WAF.11", "Web ACLs log", "web_acl")
def waf_11(acl: Facts) -> str:
    return unless(acl["logs"], "it has no logging configuration")


@control("WAF.12", "Rules of web ACLs are counted in CloudWatch", "web_acl")
def waf_12(acl: Facts) -> str:
    rules = acl.get("Rules") or ()
    unseen = [rule["Name"] for rule in rules if not rule["VisibilityConfig"]["CloudWatchMetricsEnabled"]]
    return unless(not unseen, f"no metrics of {', '.join(unseen)}")


@control("Lambda.1", "Nobody else may call the function", "function")
def lambda_1(function: Facts) -> str:
    for statement in json.loads(function["policy"] or "{}").get("Statement", ()):
        principal, everyone = statement.get("Principal"), _everyone(statement)
        # The name of a bucket says nothing of whose it is.
        bucket = isinstance(principal, Mapping) and principal.get("Service") == "s3.amazonaws.com"
        named = {key.lower() for keys in (statement.get("Condition") or {}).values() for key in keys}
        if statement["Effect"] == "Allow" and (
            (everyone and not named) or (bucket and not named & {"aws:sourceaccount", "aws:principalaccount"})
        ):
            return f"statement {statement.get('Sid')} lets anybody call it"
    return ""


@control("Lambda.2", "Functions run on a supported runtime", "function")
def lambda_2(function: Facts) -> str:
    return unless(function.get("Runtime") in RUNTIMES, f"Runtime is {function.get('Runtime')}")


@control("Lambda.3", "Functions stand in a VPC", "function")
def lambda_3(function: Facts) -> str:
    return unless((function.get("VpcConfig") or {}).get("VpcId"), "it stands in no VPC")


@control("StepFunctions.1", "State machines log", "state_machine")
def stepfunctions_1(machine: Facts) -> str:
    level = (machine.get("loggingConfiguration") or {}).get("level", "OFF")
    return unless(level != "OFF", "its log level is OFF")
