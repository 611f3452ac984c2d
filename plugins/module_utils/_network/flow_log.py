# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The flow log of a VPC. AWS changes nothing of it but its tags, so another configuration means another flow log."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from .._aws import Aws, AwsError, tag_specification, tags_of
from .._reconcile import Operation, PlatformError, Resource, State, is_placeholder, managed_tags, placeholder_id
from ._ec2 import filters, named_tags, retag

TRAFFIC = ("ACCEPT", "REJECT", "ALL")
INTERVALS_S = (60, 600)
# https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
DEFAULT_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)
# Destination -> the options that it needs and the ones that mean nothing to it.
DESTINATIONS = {
    "cloud-watch-logs": (("log_group_name", "role_arn"), ("destination_arn",)),
    "s3": (("destination_arn",), ("log_group_name", "role_arn")),
}
# Attribute -> parameter of CreateFlowLogs, and key in what DescribeFlowLogs returns
_CONFIGURATION = {
    "destination_type": "LogDestinationType",
    "log_group_name": "LogGroupName",
    "destination_arn": "LogDestination",
    "role_arn": "DeliverLogsPermissionArn",
    "traffic_type": "TrafficType",
    "max_aggregation_interval": "MaxAggregationInterval",
    "log_format": "LogFormat",
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The flow log of the options and, after an interrupted replacement, the ones that it replaces."""
    name, tags = params["name"], named_tags(params["name"], params["tags"])
    after = _desired(params, tags) if params["state"] == "present" else None
    current, replaced = _current(_find(aws, params, tags), after, name, tags)
    leftovers = [_flow_log(aws, f"{name}/{old['id']}", tags, old, None) for old in replaced]
    return [_flow_log(aws, name, tags, current, after), *leftovers]


def _desired(params: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    destination_type = params["destination_type"]
    needed, foreign = DESTINATIONS[destination_type]
    for option in (*needed, *foreign):
        if bool(params[option]) != (option in needed):
            raise PlatformError(
                f"destination_type {destination_type} {'needs' if option in needed else 'takes no'} {option}.",
                mend=f"It goes with {' and '.join(needed)}.",
                resource=f"vpc_flow_log/{params['name']}",
            )
    return {
        **{attribute: params[attribute] for attribute in _CONFIGURATION},
        "resource_id": params["resource_id"],
        "tags": dict(tags),
    }


def _find(aws: Aws, params: Mapping[str, Any], tags: Mapping[str, str]) -> list[dict[str, Any]]:
    if is_placeholder(params["resource_id"]):
        return []
    wanted = filters({"resource-id": params["resource_id"], "tag:Name": params["name"]})
    return [_normalised(item, tags) for item in aws.pages("ec2", "describe_flow_logs", "FlowLogs", Filter=wanted)]


def _normalised(item: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    found = {
        "id": item["FlowLogId"],
        "resource_id": item["ResourceId"],
        **{attribute: item.get(key) or None for attribute, key in _CONFIGURATION.items()},
        "tags": managed_tags(tags_of(item), tags),
        "delivery_status": item.get("DeliverLogsStatus"),
        "delivery_error": item.get("DeliverLogsErrorMessage") or None,
    }
    if found["destination_type"] == "cloud-watch-logs":  # AWS may name the log group in either way, or in both
        found["log_group_name"] = found["log_group_name"] or _log_group_of(found["destination_arn"])
        found["destination_arn"] = None
    return found


def _log_group_of(arn: str | None) -> str | None:
    return arn.split(":log-group:")[-1].removesuffix(":*") if arn else None


def _current(
    found: Sequence[dict[str, Any]], after: State | None, name: str, tags: Mapping[str, str]
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The flow log to go on with, and those that an interrupted replacement left beside it."""
    wanted = after or {}
    ranked = sorted(found, key=lambda item: sum(item[key] == wanted.get(key) for key in _CONFIGURATION), reverse=True)
    if foreign := [item["id"] for item in ranked[1:] if item["tags"] != tags]:
        raise PlatformError(
            f"{ranked[0]['id']} and {', '.join(foreign)} carry this Name tag, and not all of them are tagged as ours.",
            mend="Delete or rename the one that is not in use, and run again.",
            resource=f"vpc_flow_log/{name}",
        )
    return (ranked[0] if ranked else None), ranked[1:]


def _flow_log(
    aws: Aws, name: str, tags: Mapping[str, str], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    def create(_known: dict[str, Any]) -> dict[str, Any]:
        try:
            made = _create(aws, after or {}, tags)
        except AwsError as error:
            if not (before and error.code == "FlowLogAlreadyExists"):
                raise
            # Which differences make two configurations different is not documented; here the old one has to go first.
            _delete(aws, before)
            made = _create(aws, after or {}, tags)
        return {"id": made}

    return Resource(
        "vpc_flow_log",
        name,
        before=before,
        after=after,
        placeholders={"id": placeholder_id("fl")},
        create=Operation("ec2:CreateFlowLogs", create),
        updates=(retag(aws, tags),),
        delete=Operation("ec2:DeleteFlowLogs", lambda known: _delete(aws, known)),
        replace_on=tuple(_CONFIGURATION),
        new_first=True,
        warns=_undelivered,
    )


def _create(aws: Aws, wanted: State, tags: Mapping[str, str]) -> str:
    configuration = {key: wanted[attribute] for attribute, key in _CONFIGURATION.items() if wanted[attribute]}

    def run() -> str:
        answer = aws.call(
            "ec2",
            "create_flow_logs",
            ResourceType="VPC",
            ResourceIds=[wanted["resource_id"]],
            ClientToken=str(uuid.uuid4()),
            TagSpecifications=tag_specification("vpc-flow-log", tags),
            **configuration,
        )
        _raise_unsuccessful(answer, "CreateFlowLogs")
        return str(answer["FlowLogIds"][0])

    return aws.once_consistent(run, lambda error: "Unable to assume given IAM role" in str(error))


def _delete(aws: Aws, known: Mapping[str, Any]) -> None:
    answer = aws.call_or_none("ec2", "delete_flow_logs", ["InvalidFlowLogId.NotFound"], FlowLogIds=[known["id"]])
    _raise_unsuccessful(answer or {}, "DeleteFlowLogs")


def _raise_unsuccessful(answer: Mapping[str, Any], operation: str) -> None:
    """These calls act on many resources, and report the failure of one in an answer that is a success."""
    for item in answer.get("Unsuccessful") or ():
        error = AwsError(f"Failed to call ec2:{operation}", Exception(item["Error"]["Message"]))
        error.call, error.code = f"ec2:{operation}", item["Error"]["Code"]
        raise error


def _undelivered(known: State) -> str | None:
    if known.get("delivery_status") != "FAILED":
        return None
    return (
        f"AWS cannot deliver the flow log {known['id']}: {known['delivery_error']}. Check that its destination exists, "
        "and that the role (or the bucket's policy) allows the delivery; the status clears with the next delivery."
    )
