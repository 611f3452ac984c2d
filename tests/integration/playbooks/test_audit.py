"""The audit of prod as its inventory describes it, and what it says once somebody has opened something by hand."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._audit import facts, report
from ansible_collections.airas.platform.plugins.module_utils._audit.controls import CONTROLS
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from emulator.testing import EmulatorServer

from .conftest import Playbooks

PROD = ("-i", "inventories/prod")
ACCOUNT = "427979936961"
DAY = "2026-12-01"
STATE, TRAIL, FILES = (f"airas-{name}-{ACCOUNT}" for name in ("terraform-state", "trail", "prod-files"))
CLUSTER, SERVICE, FUNCTION = "airas-prod-cluster", "airas-prod-backend", "airas-prod-discord-relay"
TOPIC = f"arn:aws:sns:ap-northeast-1:{ACCOUNT}:airas-prod-alarms"

Boto = Callable[[str], Any]
# Opens something, and closes it again when it is asked for its next step.
Opened = Callable[[Boto], Iterator[None]]


class Module:
    """What Aws needs of a module."""

    region = "ap-northeast-1"

    def __init__(self, emulator: EmulatorServer) -> None:
        self._emulator = emulator

    def client(self, service: str, **_options: Any) -> Any:
        return self._emulator.client(service)


def failing(aws: Aws, exceptions: list[dict[str, str]]) -> set[str]:
    """What fails now: ``EC2.13 security_group/airas-prod-alb``."""
    now = dt.datetime.now(dt.UTC)
    scope = facts.Scope("airas-prod", [STATE, TRAIL], ["alias/airas-trail"], ["airas-backend"], now)
    found = report.findings(CONTROLS.values(), facts.read(aws, scope), exceptions, dt.date.fromisoformat(DAY))
    return {f"{item['control']} {item['resource']}" for item in found if item["status"] == "fail"}


# -- what somebody opens behind Ansible's back ------------------------------------------------------------------------


def port(group: str, number: int, **source: Any) -> Opened:
    def opened(boto: Boto) -> Iterator[None]:
        ec2 = boto("ec2")
        filters = [{"Name": "tag:Name", "Values": ["airas-prod"]}]
        [vpc] = ec2.describe_vpcs(Filters=filters)["Vpcs"]
        filters = [{"Name": "group-name", "Values": [group]}, {"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        [found] = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        sources = source or {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        permissions = [{"IpProtocol": "tcp", "FromPort": number, "ToPort": number, **sources}]
        ec2.authorize_security_group_ingress(GroupId=found["GroupId"], IpPermissions=permissions)
        yield
        ec2.revoke_security_group_ingress(GroupId=found["GroupId"], IpPermissions=permissions)

    return opened


def volumes(boto: Boto) -> Iterator[None]:
    boto("ec2").disable_ebs_encryption_by_default()
    yield
    boto("ec2").enable_ebs_encryption_by_default()


def subnet(boto: Boto) -> Iterator[None]:
    ec2 = boto("ec2")
    [found] = ec2.describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["airas-prod-private-1a"]}])["Subnets"]
    for value in (True, False):
        ec2.modify_subnet_attribute(SubnetId=found["SubnetId"], MapPublicIpOnLaunch={"Value": value})
        yield


def database(opened: dict[str, Any], closed: dict[str, Any]) -> Opened:
    def change(boto: Boto) -> Iterator[None]:
        for values in (opened, closed):
            boto("rds").modify_db_instance(DBInstanceIdentifier="airas-prod-db", ApplyImmediately=True, **values)
            yield

    return change


def bucket_block(boto: Boto) -> Iterator[None]:
    s3 = boto("s3")
    held = s3.get_public_access_block(Bucket=STATE)["PublicAccessBlockConfiguration"]
    s3.delete_public_access_block(Bucket=STATE)
    yield
    s3.put_public_access_block(Bucket=STATE, PublicAccessBlockConfiguration=held)


def bucket_policy(boto: Boto) -> Iterator[None]:
    s3 = boto("s3")
    held = s3.get_bucket_policy(Bucket=TRAIL)["Policy"]
    kept = [item for item in json.loads(held)["Statement"] if "aws:SecureTransport" not in json.dumps(item)]
    s3.put_bucket_policy(Bucket=TRAIL, Policy=json.dumps({"Version": "2012-10-17", "Statement": kept}))
    yield
    s3.put_bucket_policy(Bucket=TRAIL, Policy=held)


def bucket_log(boto: Boto) -> Iterator[None]:
    s3 = boto("s3")
    held = s3.get_bucket_logging(Bucket=FILES)["LoggingEnabled"]
    s3.put_bucket_logging(Bucket=FILES, BucketLoggingStatus={})
    yield
    s3.put_bucket_logging(Bucket=FILES, BucketLoggingStatus={"LoggingEnabled": held})


def bucket_lifecycle(boto: Boto) -> Iterator[None]:
    s3 = boto("s3")
    held = s3.get_bucket_lifecycle_configuration(Bucket=FILES)["Rules"]
    s3.delete_bucket_lifecycle(Bucket=FILES)
    yield
    s3.put_bucket_lifecycle_configuration(Bucket=FILES, LifecycleConfiguration={"Rules": held})


def account_block(boto: Boto) -> Iterator[None]:
    def at_address(params: dict[str, Any], **_event: Any) -> None:
        """The account id that goes before a host name cannot go before an IP address."""
        params["url"] = params["url"].replace(f"{ACCOUNT}.", "")

    control = boto("s3control")
    control.meta.events.register("before-call.s3-control", at_address)
    held = control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"]
    control.delete_public_access_block(AccountId=ACCOUNT)
    yield
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=held)


def trail_stopped(boto: Boto) -> Iterator[None]:
    boto("cloudtrail").stop_logging(Name="airas-trail")
    yield
    boto("cloudtrail").start_logging(Name="airas-trail")


def trail_selectors(boto: Boto) -> Iterator[None]:
    for spared in (["kms.amazonaws.com"], []):
        selector = {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "ExcludeManagementEventSources": spared,
        }
        boto("cloudtrail").put_event_selectors(TrailName="airas-trail", EventSelectors=[selector])
        yield


def trail_validation(boto: Boto) -> Iterator[None]:
    for on in (False, True):
        boto("cloudtrail").update_trail(Name="airas-trail", EnableLogFileValidation=on)
        yield


def key(boto: Boto) -> Iterator[None]:
    kms = boto("kms")
    found = kms.describe_key(KeyId="alias/airas-prod-secrets")["KeyMetadata"]["KeyId"]
    kms.disable_key_rotation(KeyId=found)
    yield
    kms.enable_key_rotation(KeyId=found)


def passwords(boto: Boto) -> Iterator[None]:
    iam = boto("iam")
    held = iam.get_account_password_policy()["PasswordPolicy"]
    settings = {name: value for name, value in held.items() if value and name != "ExpirePasswords"}
    iam.delete_account_password_policy()
    yield
    iam.update_account_password_policy(**settings)


def analyzer(boto: Boto) -> Iterator[None]:
    held = boto("accessanalyzer")
    [found] = held.list_analyzers(type="ACCOUNT")["analyzers"]
    held.delete_analyzer(analyzerName=found["name"])
    yield
    held.create_analyzer(analyzerName=found["name"], type="ACCOUNT", tags=found["tags"])


def repository(boto: Boto) -> Iterator[None]:
    for scanned, mutability in ((False, "MUTABLE"), (True, "IMMUTABLE")):
        ecr, name = boto("ecr"), {"repositoryName": "airas-backend"}
        ecr.put_image_scanning_configuration(**name, imageScanningConfiguration={"scanOnPush": scanned})
        ecr.put_image_tag_mutability(**name, imageTagMutability=mutability)
        yield


def balancer(name: str) -> Opened:
    def opened(boto: Boto) -> Iterator[None]:
        elbv2 = boto("elbv2")
        [found] = elbv2.describe_load_balancers(Names=["airas-prod-alb"])["LoadBalancers"]
        for value in ("false", "true"):
            attributes = [{"Key": name, "Value": value}]
            elbv2.modify_load_balancer_attributes(LoadBalancerArn=found["LoadBalancerArn"], Attributes=attributes)
            yield

    return opened


def web_acl(boto: Boto) -> Iterator[None]:
    wafv2 = boto("wafv2")
    [acl] = wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
    [found] = wafv2.list_resources_for_web_acl(WebACLArn=acl["ARN"])["ResourceArns"]
    wafv2.disassociate_web_acl(ResourceArn=found)
    yield
    wafv2.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=found)


def web_acl_log(boto: Boto) -> Iterator[None]:
    wafv2 = boto("wafv2")
    [acl] = wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
    held = wafv2.get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    wafv2.delete_logging_configuration(ResourceArn=acl["ARN"])
    yield
    wafv2.put_logging_configuration(LoggingConfiguration=held)


def insights(boto: Boto) -> Iterator[None]:
    ecs = boto("ecs")
    [cluster] = ecs.describe_clusters(clusters=[CLUSTER], include=["SETTINGS"])["clusters"]
    for settings in ([{"name": "containerInsights", "value": "disabled"}], cluster["settings"]):
        ecs.update_cluster_settings(cluster=CLUSTER, settings=settings)
        yield


def addresses(boto: Boto) -> Iterator[None]:
    ecs = boto("ecs")
    [service] = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
    place = service["networkConfiguration"]["awsvpcConfiguration"]
    for value in ("ENABLED", "DISABLED"):
        network = {"awsvpcConfiguration": {**place, "assignPublicIp": value}}
        ecs.update_service(cluster=CLUSTER, service=SERVICE, networkConfiguration=network)
        yield


def revision(boto: Boto) -> Iterator[None]:
    ecs = boto("ecs")
    [service] = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
    held = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    [backend, *others] = held["containerDefinitions"]
    backend = {name: value for name, value in backend.items() if name != "logConfiguration"}
    backend["environment"] = [*backend["environment"], {"name": "AWS_SECRET_ACCESS_KEY", "value": "in plain view"}]
    settings = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn")
    made = ecs.register_task_definition(
        containerDefinitions=[backend, *others], **{name: held[name] for name in settings}
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=made)
    yield
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=service["taskDefinition"])
    ecs.deregister_task_definition(taskDefinition=made)


def topic(name: str, opened: str) -> Opened:
    def change(boto: Boto) -> Iterator[None]:
        sns = boto("sns")
        held = sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"][name]
        for value in (opened, held):
            sns.set_topic_attributes(TopicArn=TOPIC, AttributeName=name, AttributeValue=value)
            yield

    return change


def function(boto: Boto) -> Iterator[None]:
    anyone = {"Action": "lambda:InvokeFunction", "Principal": "*", "StatementId": "anyone"}
    boto("lambda").add_permission(FunctionName=FUNCTION, **anyone)
    yield
    boto("lambda").remove_permission(FunctionName=FUNCTION, StatementId="anyone")


def rotation(boto: Boto) -> Iterator[None]:
    secrets, name = boto("secretsmanager"), "airas-prod/database-url"
    held = secrets.describe_secret(SecretId=name)
    secrets.cancel_rotate_secret(SecretId=name)
    yield
    rules = {"RotationLambdaARN": held["RotationLambdaARN"], "RotationRules": held["RotationRules"]}
    secrets.rotate_secret(SecretId=name, RotateImmediately=False, **rules)


IPV6 = {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
ANYBODY = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC}]})
# What is opened, and what fails then, which is this and nothing else.
OPENED: list[tuple[Opened, set[str]]] = [
    (port("airas-prod-service", 22), {f"EC2.{n} security_group/airas-prod-service" for n in (13, 18, 19, 53)}),
    (port("airas-prod-alb", 3389, **IPV6), {f"EC2.{n} security_group/airas-prod-alb" for n in (14, 18, 19, 54)}),
    (port("airas-prod-database", 5432), {f"EC2.{n} security_group/airas-prod-database" for n in (18, 19)}),
    (volumes, {f"EC2.7 account/{ACCOUNT}"}),
    (subnet, {"EC2.15 subnet/airas-prod-private-1a"}),
    (database({"PubliclyAccessible": True}, {"PubliclyAccessible": False}), {"RDS.2 db_instance/airas-prod-db"}),
    (database({"DeletionProtection": False}, {"DeletionProtection": True}), {"RDS.8 db_instance/airas-prod-db"}),
    (bucket_block, {f"S3.8 bucket/{STATE}"}),
    (bucket_policy, {f"S3.5 bucket/{TRAIL}"}),
    (bucket_log, {f"S3.9 bucket/{FILES}"}),
    (bucket_lifecycle, {f"S3.13 bucket/{FILES}"}),
    (account_block, {f"S3.1 account/{ACCOUNT}"}),
    (trail_stopped, {f"CloudTrail.1 account/{ACCOUNT}"}),
    (trail_selectors, {f"CloudTrail.1 account/{ACCOUNT}"}),
    (trail_validation, {"CloudTrail.4 trail/airas-trail"}),
    (key, {"KMS.4 kms_key/alias/airas-prod-secrets"}),
    (passwords, {f"IAM.{n} account/{ACCOUNT}" for n in (15, 16)}),
    (analyzer, {f"IAM.28 account/{ACCOUNT}"}),
    (repository, {f"ECR.{n} repository/airas-backend" for n in (1, 2)}),
    (balancer("access_logs.s3.enabled"), {"ELB.5 load_balancer/airas-prod-alb"}),
    (balancer("deletion_protection.enabled"), {"ELB.6 load_balancer/airas-prod-alb"}),
    (web_acl, {"ELB.16 load_balancer/airas-prod-alb"}),
    (web_acl_log, {"WAF.11 web_acl/airas-prod-backend"}),
    (insights, {f"ECS.12 cluster/{CLUSTER}"}),
    (addresses, {f"ECS.2 service/{SERVICE}"}),
    (revision, {f"ECS.{n} task_definition/{SERVICE}" for n in (8, 9)}),
    (topic("KmsMasterKeyId", ""), {"SNS.1 topic/airas-prod-alarms"}),
    (topic("Policy", ANYBODY), {"SNS.4 topic/airas-prod-alarms"}),
    (function, {f"Lambda.1 function/{FUNCTION}"}),
    (rotation, {"SecretsManager.1 secret/airas-prod/database-url"}),
]


def test_prod_passes_and_whatever_is_opened_fails(
    playbooks: Playbooks, emulator: EmulatorServer, boto: Boto, tmp_path: Path
) -> None:
    built = playbooks.run("site.yml", *PROD)
    assert built.status == 0, built.output
    audited = playbooks.run("playbooks/audit.yml", *PROD, "-e", f"audit_today={DAY}")
    assert audited.status == 0, audited.output
    written = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert written["summary"]["fail"] == 0
    excepted = [item for item in written["findings"] if item["status"] == "exception"]
    assert all(item["reason"] and item["expires"] for item in excepted)
    # The embedded AWS tells the port of the server that answers for the database, which is never 5432.
    assert written["unused_exceptions"] == ["RDS.23 db_instance/airas-prod-db"]

    aws = Aws(Module(emulator))
    assert failing(aws, excepted) == set()
    for opened, expected in OPENED:
        steps = opened(boto)
        next(steps)
        assert failing(aws, excepted) == expected
        next(steps, None)
    assert failing(aws, excepted) == set()

    # What an audit says of it, and of an exception that is over.
    boto("cloudtrail").stop_logging(Name="airas-trail")
    again = playbooks.run("playbooks/audit.yml", *PROD, "-e", "audit_today=2027-06-01")
    assert again.status == 2
    assert f"CloudTrail.1 of account/{ACCOUNT}, ELB.1 of load_balancer/airas-prod-alb. Mend them by a run" in again.text
    assert "and the exception ended on 2027-05-31" in again.text
