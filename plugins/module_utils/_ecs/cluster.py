# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One ECS cluster: its capacity providers, what is measured of it, and where `execute-command` sessions are logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags
from . import container_insights
from ._common import ecs_tags, strategy_by_provider, strategy_for_aws, tags_by_key

KIND = "ecs_cluster"
EXEC_LOGGING = ("NONE", "DEFAULT", "OVERRIDE")

# Names of the options under execute_command and of AWS's fields, by the structure that holds them.
_EXEC = {"logging": "logging", "kms_key_id": "kmsKeyId"}
_EXEC_LOG = {
    "log_group": "cloudWatchLogGroupName",
    "log_group_encryption": "cloudWatchEncryptionEnabled",
    "s3_bucket": "s3BucketName",
    "s3_key_prefix": "s3KeyPrefix",
    "s3_encryption": "s3EncryptionEnabled",
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The cluster named by the options."""
    present = params["state"] == "present"
    before = _find(aws, params)
    after = _desired(params) if present else None
    return [_resource(aws, params["name"], before, after)]


def cluster_arn(aws: Aws, name: str) -> str:
    return aws.arn("ecs", f"cluster/{name}")


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [
        item["capacity_provider"]
        for item in params["default_strategy"]
        if item["capacity_provider"] not in params["capacity_providers"]
    ]
    if unknown:
        raise PlatformError(
            f"default_strategy names {unknown[0]}, which is not among capacity_providers.",
            mend="Add it there, or take it out of the strategy.",
            resource=f"{KIND}/{params['name']}",
        )
    # Without a wish a new cluster has what the account's default says.
    insights = {"container_insights": params["container_insights"]} if params["container_insights"] else {}
    return {
        **insights,
        "capacity_providers": sorted(params["capacity_providers"]),
        "default_strategy": strategy_by_provider(strategy_for_aws(params["default_strategy"])),
        "execute_command": _desired_exec(params["execute_command"], f"{KIND}/{params['name']}"),
        "tags": {**params["tags"], "Name": params["name"]},
    }


def _desired_exec(options: Mapping[str, Any] | None, resource: str) -> dict[str, Any]:
    wanted = {key: value for key, value in (options or {}).items() if value not in (None, "", False)}
    places = sorted(set(wanted) & set(_EXEC_LOG))
    if places and wanted.get("logging") != "OVERRIDE":
        raise PlatformError(
            f"execute_command.{places[0]} holds with logging OVERRIDE only.",
            mend="Set execute_command.logging: OVERRIDE, or leave it out.",
            resource=resource,
        )
    return {**wanted, "logging": wanted.get("logging", "DEFAULT")}


# -- what there is ---------------------------------------------------------------------------------------------------


def _find(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any] | None:
    answer = aws.call(
        "ecs", "describe_clusters", clusters=[params["name"]], include=["CONFIGURATIONS", "SETTINGS", "TAGS"]
    )
    # A deleted cluster is described as INACTIVE for a while.
    item = next((cluster for cluster in answer["clusters"] if cluster["status"] != "INACTIVE"), None)
    return _normalised(item, {**params["tags"], "Name": ""}) if item else None


def _normalised(item: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "arn": item["clusterArn"],
        "status": item["status"],
        "container_insights": container_insights.value(item.get("settings") or ()),
        "capacity_providers": sorted(item.get("capacityProviders") or ()),
        "default_strategy": strategy_by_provider(item.get("defaultCapacityProviderStrategy") or ()),
        "execute_command": _normalised_exec((item.get("configuration") or {}).get("executeCommandConfiguration") or {}),
        "tags": managed_tags(tags_by_key(item), tags),
    }


def _normalised_exec(found: Mapping[str, Any]) -> dict[str, Any]:
    """A cluster that was never configured logs the way DEFAULT says; switches that are off count as left out."""
    log = found.get("logConfiguration") or {}
    given = {
        **{ours: found.get(theirs) for ours, theirs in _EXEC.items()},
        **{ours: log.get(theirs) for ours, theirs in _EXEC_LOG.items()},
    }
    kept = {key: value for key, value in given.items() if value not in (None, "", False)}
    return {**kept, "logging": kept.get("logging", "DEFAULT")}


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(aws: Aws, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    wanted = after or {}

    def configure(_known: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call("ecs", "update_cluster", cluster=name, configuration=_configuration(wanted))
        return {"status": answer["cluster"]["status"]}

    def provide(_known: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call("ecs", "put_cluster_capacity_providers", cluster=name, **_providers(wanted))
        return {"status": answer["cluster"]["status"]}

    def measure(_known: dict[str, Any]) -> None:
        aws.call("ecs", "update_cluster_settings", cluster=name, **_settings(wanted))

    def tag(_known: dict[str, Any]) -> None:
        aws.call("ecs", "tag_resource", resourceArn=cluster_arn(aws, name), tags=ecs_tags(wanted["tags"]))

    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": cluster_arn(aws, name)},
        create=Operation("ecs:CreateCluster", _create(aws, name, wanted)),
        updates=(
            Operation(
                "ecs:PutClusterCapacityProviders",
                provide,
                covers=("capacity_providers", "default_strategy"),
                settled_only=True,
            ),
            Operation("ecs:UpdateCluster", configure, covers=("execute_command",), settled_only=True),
            Operation("ecs:UpdateClusterSettings", measure, covers=("container_insights",)),
            Operation("ecs:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("ecs:DeleteCluster", _delete(aws, name), settled_only=True),
        impacts={"delete": "outage"},
        settling=_settling,
    )


def _settling(known: State) -> str | None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html"""
    if known.get("status") == "FAILED":
        raise PlatformError(
            "the cluster is FAILED: AWS could not attach its capacity providers.",
            mend="Remove those that are not FARGATE or FARGATE_SPOT, or delete the cluster, and run again.",
        )
    return known["status"] if known.get("status") in ("PROVISIONING", "DEPROVISIONING") else None


def _create(aws: Aws, name: str, wanted: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        # ECS answers a second request of the same name with the cluster that is there, so a lost answer may be resent.
        # The first cluster of an account also makes ECS's service-linked role, which takes a moment to be usable.
        made = aws.once_consistent(
            lambda: aws.call(
                "ecs",
                "create_cluster",
                clusterName=name,
                configuration=_configuration(wanted),
                **_providers(wanted),
                **_settings(wanted),
                tags=ecs_tags(wanted["tags"]),
            ),
            _role_is_new,
        )["cluster"]
        return {"arn": made["clusterArn"], "status": made["status"]}

    return run


def _role_is_new(error: AwsError) -> bool:
    return error.code == "InvalidParameterException" and "service linked role" in str(error)


def _providers(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "capacityProviders": wanted["capacity_providers"],
        "defaultCapacityProviderStrategy": [
            {"capacityProvider": provider, **share} for provider, share in wanted["default_strategy"].items()
        ],
    }


def _settings(wanted: Mapping[str, Any]) -> dict[str, Any]:
    level = wanted.get("container_insights")
    return {"settings": [{"name": container_insights.SETTING, "value": level}]} if level else {}


def _configuration(wanted: Mapping[str, Any]) -> dict[str, Any]:
    given = wanted["execute_command"]
    log = {theirs: given[ours] for ours, theirs in _EXEC_LOG.items() if ours in given}
    return {
        "executeCommandConfiguration": {
            **{theirs: given[ours] for ours, theirs in _EXEC.items() if ours in given},
            **({"logConfiguration": log} if log else {}),
        }
    }


def _delete(aws: Aws, name: str) -> Callable[[dict[str, Any]], None]:
    def run(_known: dict[str, Any]) -> None:
        try:
            aws.call_or_none("ecs", "delete_cluster", ("ClusterNotFoundException",), cluster=name)
        except AwsError as error:
            if not error.code.startswith("ClusterContains"):
                raise
            raise PlatformError(
                "services or tasks still run in it.",
                mend="Remove its services, wait until their tasks have stopped, and run again.",
                call=error.call,
            ) from error

    return run
