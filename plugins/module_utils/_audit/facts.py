# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What AWS says of the resources of a stack and its account: ``{kind: {name: facts}}``, each kind read by itself.

A resource is the stack's if its name begins with the stack's name; VPCs and what is in them are found by the VPC's Name
tag. Facts are AWS's own descriptions, with what other calls add under lower-case keys.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._account.settings import found_passwords
from .._aws import Aws, by_name, tags_of
from .._backup import coverage
from .._network.vpc import find_vpc
from .._wafv2._common import MISSING as NO_ACL
from .._wafv2._common import SCOPE
from .._wafv2._common import pages as waf_pages

Found = dict[str, dict[str, Any]]
Kinds = dict[str, Found]


@dataclass(frozen=True)
class Scope:
    """``name`` is the stack's; ``buckets``, ``aliases`` and ``repositories`` belong to all stacks of the account."""

    name: str
    buckets: Sequence[str]
    aliases: Sequence[str]
    repositories: Sequence[str]
    now: dt.datetime


Reader = Callable[[Aws, Scope], Kinds]


def read(aws: Aws, scope: Scope) -> Kinds:
    """The facts of all kinds, read at the same time."""
    kinds: Kinds = {}
    for found in aws.gather(partial(reader, aws, scope) for reader in READERS):
        kinds.update(found)
    return kinds


def _named(items: Sequence[Mapping[str, Any]], key: str, scope: Scope) -> dict[str, dict[str, Any]]:
    return {item[key]: dict(item) for item in items if item[key].startswith(f"{scope.name}-")}


def _each(aws: Aws, found: Found, more: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Found:
    """The resources with what further calls say of each."""
    added = aws.gather(partial(more, item) for item in found.values())
    return {name: {**item, **extra} for (name, item), extra in zip(found.items(), added, strict=True)}


# -- readers ---------------------------------------------------------------------------------------------------------


def account(aws: Aws, _scope: Scope) -> Kinds:
    block, encryption, trails, passwords = aws.gather(
        (
            lambda: aws.call_or_none(
                "s3control",
                "get_public_access_block",
                ("NoSuchPublicAccessBlockConfiguration",),
                AccountId=aws.account_id,
            ),
            lambda: aws.call("ec2", "get_ebs_encryption_by_default"),
            lambda: aws.call("cloudtrail", "describe_trails", includeShadowTrails=True),
            lambda: found_passwords(aws),
        )
    )
    listed = {trail["TrailARN"]: trail for trail in (trails or {})["trailList"]}
    held = _each(aws, listed, partial(_trail, aws))
    facts = {
        "s3_block": (block or {}).get("PublicAccessBlockConfiguration") or {},
        "ebs_encryption": (encryption or {})["EbsEncryptionByDefault"],
        "analyzers": aws.pages("accessanalyzer", "list_analyzers", "analyzers"),
        "passwords": passwords or {},
        "trails": list(held.values()),
    }
    # An organisation's trail belongs to another account.
    own = {trail["Name"]: trail for arn, trail in held.items() if arn.split(":")[4] == aws.account_id}
    return {"account": {aws.account_id: facts}, "trail": own}


def _trail(aws: Aws, trail: Mapping[str, Any]) -> Mapping[str, Any]:
    arn = trail["TrailARN"]
    status, selectors = aws.gather(
        (
            lambda: aws.call("cloudtrail", "get_trail_status", Name=arn),
            lambda: aws.call("cloudtrail", "get_event_selectors", TrailName=arn),
        )
    )
    # The bucket may be another account's, or gone.
    unseen = ("AccessDenied", "NoSuchBucket")
    logging = aws.call_or_none("s3", "get_bucket_logging", unseen, Bucket=trail["S3BucketName"])
    basic, advanced = selectors.get("EventSelectors") or (), selectors.get("AdvancedEventSelectors") or ()
    chosen = [{field["Field"]: field for field in item["FieldSelectors"]} for item in advanced]
    return {
        "logging": status["IsLogging"],
        "management_events": any(map(_all_management, basic)) or any(map(_all_management_advanced, chosen)),
        "object_events": [
            *(item["ReadWriteType"] for item in basic if _all_objects(item)),
            *(_reads_or_writes(fields) for fields in chosen if _all_objects_advanced(fields)),
        ],
        "bucket_logging": (logging or {}).get("LoggingEnabled"),
    }


# What a trail records: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html and
# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html


def _all_management(selector: Mapping[str, Any]) -> bool:
    whole = selector.get("ReadWriteType") == "All" and not selector.get("ExcludeManagementEventSources")
    return bool(selector.get("IncludeManagementEvents")) and whole


def _all_management_advanced(fields: Mapping[str, Mapping[str, Any]]) -> bool:
    """Any other field would leave some of them out."""
    return set(fields) == {"eventCategory"} and "Management" in (fields["eventCategory"].get("Equals") or ())


def _all_objects(selector: Mapping[str, Any]) -> bool:
    data = selector.get("DataResources") or ()
    return any(
        item["Type"] == "AWS::S3::Object" and {"arn:aws:s3", "arn:aws:s3:::"} & set(item.get("Values") or ())
        for item in data
    )


def _all_objects_advanced(fields: Mapping[str, Mapping[str, Any]]) -> bool:
    objects = "AWS::S3::Object" in (fields.get("resources.type", {}).get("Equals") or ())
    return objects and set(fields) <= {"eventCategory", "resources.type", "readOnly"}


def _reads_or_writes(fields: Mapping[str, Mapping[str, Any]]) -> str:
    chosen = fields.get("readOnly", {}).get("Equals") or ()
    return {("true",): "ReadOnly", ("false",): "WriteOnly"}.get(tuple(chosen), "All")


def network(aws: Aws, scope: Scope) -> Kinds:
    vpc = find_vpc(aws, scope.name)
    if not vpc:
        return {}
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    groups, subnets, acls, flow_logs, endpoints, instances, templates = aws.gather(
        (
            lambda: aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=inside),
            lambda: aws.pages("ec2", "describe_subnets", "Subnets", Filters=inside),
            lambda: aws.pages("ec2", "describe_network_acls", "NetworkAcls", Filters=inside),
            lambda: aws.pages(
                "ec2", "describe_flow_logs", "FlowLogs", Filter=[{"Name": "resource-id", "Values": [vpc["VpcId"]]}]
            ),
            lambda: aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=inside),
            lambda: aws.pages("ec2", "describe_instances", "Reservations", Filters=inside),
            lambda: aws.pages("ec2", "describe_launch_templates", "LaunchTemplates"),
        )
    )
    own = _named(templates, "LaunchTemplateName", scope)
    return {
        "vpc": {scope.name: {**vpc, "flow_logs": flow_logs, "endpoints": endpoints}},
        "default_security_group": {
            f"{scope.name} {group['GroupId']}": group for group in groups if group["GroupName"] == "default"
        },
        "security_group": {group["GroupName"]: group for group in groups},
        "subnet": by_name(subnets, "subnet", "SubnetId"),
        "network_acl": {f"{'default ' * acl['IsDefault']}{acl['NetworkAclId']}": acl for acl in acls},
        "instance": {
            tags_of(instance).get("Name") or instance["InstanceId"]: instance
            for reservation in instances
            for instance in reservation["Instances"]
            if instance["State"]["Name"] not in ("terminated", "shutting-down")
        },
        "launch_template": _each(aws, own, partial(_template, aws)),
    }


def _template(aws: Aws, template: Mapping[str, Any]) -> Mapping[str, Any]:
    version = {"LaunchTemplateId": template["LaunchTemplateId"], "Versions": ["$Default"]}
    [found] = aws.call("ec2", "describe_launch_template_versions", **version)["LaunchTemplateVersions"]
    data: Mapping[str, Any] = found["LaunchTemplateData"]
    return data


def containers(aws: Aws, scope: Scope) -> Kinds:
    arns = [arn for arn in aws.pages("ecs", "list_clusters", "clusterArns") if f"/{scope.name}-" in arn]
    if not arns:
        return {}
    clusters = aws.call("ecs", "describe_clusters", clusters=arns, include=["SETTINGS"])["clusters"]
    services: list[dict[str, Any]] = []
    for arn in arns:
        listed = aws.pages("ecs", "list_services", "serviceArns", cluster=arn)
        for start in range(0, len(listed), 10):  # as many as one call takes
            page = aws.call("ecs", "describe_services", cluster=arn, services=listed[start : start + 10])
            services += [item for item in page["services"] if item["status"] != "INACTIVE"]
    running = sorted({service["taskDefinition"] for service in services})
    own = {"familyPrefix": f"{scope.name}-", "status": "ACTIVE"}
    families = aws.pages("ecs", "list_task_definition_families", "families", **own)
    tasks = aws.gather(partial(_revision, aws, name) for name in (*running, *families))
    # AWS judges the newest revision of a family, which need not be the one that runs.
    waiting = [task for task in tasks[len(running) :] if task["taskDefinitionArn"] not in running]
    return {
        "cluster": _named([item for item in clusters if item["status"] != "INACTIVE"], "clusterName", scope),
        "service": _named(services, "serviceName", scope),
        "task_definition": {
            **{task["family"]: task for task in tasks[: len(running)]},
            **{f"{task['family']}:{task['revision']}": task for task in waiting},
        },
    }


def _revision(aws: Aws, name: str) -> dict[str, Any]:
    """A revision by its ARN, or the newest one of a family."""
    found: dict[str, Any] = aws.call("ecs", "describe_task_definition", taskDefinition=name)["taskDefinition"]
    return found


def images(aws: Aws, scope: Scope) -> Kinds:
    listed = aws.pages("ecr", "describe_repositories", "repositories")
    own = {item["repositoryName"]: item for item in listed if item["repositoryName"] in scope.repositories}

    def lifecycle(repository: Mapping[str, Any]) -> Mapping[str, Any]:
        name = repository["repositoryName"]
        missing = ("LifecyclePolicyNotFoundException",)
        return {"lifecycle": aws.call_or_none("ecr", "get_lifecycle_policy", missing, repositoryName=name)}

    return {"repository": _each(aws, own, lifecycle)}


def balancers(aws: Aws, scope: Scope) -> Kinds:
    own = _named(aws.pages("elbv2", "describe_load_balancers", "LoadBalancers"), "LoadBalancerName", scope)
    return {"load_balancer": _each(aws, own, partial(_balancer, aws))}


def _balancer(aws: Aws, balancer: Mapping[str, Any]) -> Mapping[str, Any]:
    arn = balancer["LoadBalancerArn"]
    attributes = aws.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    acl = aws.call_or_none("wafv2", "get_web_acl_for_resource", NO_ACL, ResourceArn=arn) or {}
    return {
        "attributes": {item["Key"]: item["Value"] for item in attributes},
        "listeners": aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn),
        "web_acl": (acl.get("WebACL") or {}).get("ARN"),
    }


def databases(aws: Aws, scope: Scope) -> Kinds:
    instances = _named(aws.pages("rds", "describe_db_instances", "DBInstances"), "DBInstanceIdentifier", scope)
    if not instances:
        return {}
    subscriptions = aws.pages("rds", "describe_event_subscriptions", "EventSubscriptionsList")
    snapshots = aws.pages("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual")
    selections = coverage.selections(aws)
    own = {item["DBSnapshotIdentifier"]: item for item in snapshots if item["DBInstanceIdentifier"] in instances}

    def more(instance: Mapping[str, Any]) -> Mapping[str, Any]:
        groups = [group["DBParameterGroupName"] for group in instance.get("DBParameterGroups") or ()]
        parameters = {
            item["ParameterName"]: item.get("ParameterValue")
            for group in groups
            for item in aws.pages(
                "rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group, Source="user"
            )
        }
        tags = tags_of(instance, "TagList")
        plan = any(coverage.covers(selection, instance["DBInstanceArn"], tags) for selection in selections)
        return {"parameters": parameters, "subscriptions": subscriptions, "in_backup_plan": plan}

    def restore(snapshot: Mapping[str, Any]) -> Mapping[str, Any]:
        name = snapshot["DBSnapshotIdentifier"]
        answer = aws.call("rds", "describe_db_snapshot_attributes", DBSnapshotIdentifier=name)
        attributes = answer["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
        shared = [item for item in attributes if item["AttributeName"] == "restore"]
        return {"restore": [value for item in shared for value in item.get("AttributeValues") or ()]}

    return {"db_instance": _each(aws, instances, more), "db_snapshot": _each(aws, own, restore)}


def caches(aws: Aws, scope: Scope) -> Kinds:
    listed = aws.pages("elasticache", "describe_replication_groups", "ReplicationGroups")
    own = _named(listed, "ReplicationGroupId", scope)

    def more(group: Mapping[str, Any]) -> Mapping[str, Any]:
        member = group["MemberClusters"][0]
        [node] = aws.call("elasticache", "describe_cache_clusters", CacheClusterId=member)["CacheClusters"]
        return {"subnet_group": node.get("CacheSubnetGroupName")}

    return {"cache": _each(aws, own, more)}


def buckets(aws: Aws, scope: Scope) -> Kinds:
    listed = [bucket["Name"] for bucket in aws.pages("s3", "list_buckets", "Buckets")]
    own: Found = {name: {} for name in listed if name.startswith(f"{scope.name}-") or name in scope.buckets}
    found = aws.gather(partial(_bucket, aws, name) for name in own)
    return {"bucket": dict(zip(own, found, strict=True))}


def _bucket(aws: Aws, name: str) -> dict[str, Any]:
    def ask(operation: str, *missing: str) -> dict[str, Any]:
        return aws.call_or_none("s3", operation, missing, Bucket=name) or {}

    block = ask("get_public_access_block", "NoSuchPublicAccessBlockConfiguration")
    return {
        "account_id": aws.account_id,
        "block": block.get("PublicAccessBlockConfiguration") or {},
        "policy": ask("get_bucket_policy", "NoSuchBucketPolicy").get("Policy"),
        "public": (ask("get_bucket_policy_status", "NoSuchBucketPolicy").get("PolicyStatus") or {}).get("IsPublic"),
        "grants": ask("get_bucket_acl")["Grants"],
        "logging": ask("get_bucket_logging").get("LoggingEnabled"),
        "lifecycle": ask("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration").get("Rules") or (),
    }


def keys(aws: Aws, scope: Scope) -> Kinds:
    aliases = aws.pages("kms", "list_aliases", "Aliases")
    own = {
        item["AliasName"]: item
        for item in aliases
        if item.get("TargetKeyId")
        and (item["AliasName"].startswith(f"alias/{scope.name}-") or item["AliasName"] in scope.aliases)
    }

    def rotation(alias: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = aws.call("kms", "get_key_rotation_status", KeyId=alias["TargetKeyId"])
        return {"rotates": answer["KeyRotationEnabled"]}

    return {"kms_key": _each(aws, own, rotation)}


def secrets(aws: Aws, scope: Scope) -> Kinds:
    prefix = [{"Key": "name", "Values": [f"{scope.name}/"]}]
    listed = aws.pages("secretsmanager", "list_secrets", "SecretList", Filters=prefix)
    own = {item["Name"]: {**item, "now": scope.now} for item in listed if item["Name"].startswith(f"{scope.name}/")}
    return {
        "secret": own,
        "rotating_secret": {name: item for name, item in own.items() if item.get("RotationEnabled")},
    }


def topics(aws: Aws, scope: Scope) -> Kinds:
    arns = [item["TopicArn"] for item in aws.pages("sns", "list_topics", "Topics")]
    own = {arn.rpartition(":")[2]: {"arn": arn} for arn in arns if f":{scope.name}-" in arn}

    def attributes(topic: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = aws.call("sns", "get_topic_attributes", TopicArn=topic["arn"])["Attributes"]
        return found

    return {"topic": _each(aws, own, attributes)}


def firewalls(aws: Aws, scope: Scope) -> Kinds:
    own = _named(waf_pages(aws, "list_web_acls", "WebACLs", Scope=SCOPE), "Name", scope)

    def more(acl: Mapping[str, Any]) -> Mapping[str, Any]:
        found = aws.call("wafv2", "get_web_acl", Name=acl["Name"], Id=acl["Id"], Scope=SCOPE)["WebACL"]
        logs = aws.call_or_none("wafv2", "get_logging_configuration", NO_ACL, ResourceArn=acl["ARN"])
        return {**found, "logs": logs}

    return {"web_acl": _each(aws, own, more)}


def functions(aws: Aws, scope: Scope) -> Kinds:
    own = _named(aws.pages("lambda", "list_functions", "Functions"), "FunctionName", scope)

    def policy(function: Mapping[str, Any]) -> Mapping[str, Any]:
        name = function["FunctionName"]
        answer = aws.call_or_none("lambda", "get_policy", ("ResourceNotFoundException",), FunctionName=name)
        return {"policy": (answer or {}).get("Policy")}

    return {"function": _each(aws, own, policy)}


def workflows(aws: Aws, scope: Scope) -> Kinds:
    own = _named(aws.pages("stepfunctions", "list_state_machines", "stateMachines"), "name", scope)

    def described(machine: Mapping[str, Any]) -> Mapping[str, Any]:
        return aws.call("stepfunctions", "describe_state_machine", stateMachineArn=machine["stateMachineArn"])

    return {"state_machine": _each(aws, own, described)}


READERS: tuple[Reader, ...] = (
    account,
    network,
    containers,
    images,
    balancers,
    databases,
    caches,
    buckets,
    keys,
    secrets,
    topics,
    firewalls,
    functions,
    workflows,
)
