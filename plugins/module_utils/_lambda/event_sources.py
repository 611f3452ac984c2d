# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Event source mappings: queues that Lambda polls for a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags
from .functions import unready

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
BATCH_SIZE = range(1, 10000 + 1)
WINDOW_S = range(300 + 1)
CONCURRENCY = range(2, 1000 + 1)
_SMALL_BATCH = 10
_REPORT = "ReportBatchItemFailures"

_SETTINGS = ("batch_size", "batching_window_s", "maximum_concurrency", "report_item_failures", "enabled")
_SETTLED = ("Enabled", "Disabled")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The mappings of the options."""
    present = params["state"] == "present"
    for options in params["event_sources"]:
        _check(options)
    found = aws.gather(partial(_find, aws, options, params["tags"]) for options in params["event_sources"])
    return [
        _mapping(aws, options, before, _desired(options, params["tags"]) if present else None)
        for options, before in zip(params["event_sources"], found, strict=True)
    ]


def _name(options: Mapping[str, Any]) -> str:
    return f"{options['function']}:{str(options['source_arn']).rsplit(':', 1)[-1]}"


def _check(options: Mapping[str, Any]) -> None:
    address = f"lambda_event_source/{_name(options)}"
    for option, allowed in (
        ("batch_size", BATCH_SIZE),
        ("batching_window_s", WINDOW_S),
        ("maximum_concurrency", CONCURRENCY),
    ):
        if options[option] is not None and options[option] not in allowed:
            raise PlatformError(
                f"{option} is {options[option]}.",
                mend=f"AWS takes {allowed.start} to {allowed.stop - 1}.",
                resource=address,
            )
    if options["batch_size"] > _SMALL_BATCH and not options["batching_window_s"]:
        raise PlatformError(
            f"batch_size is {options['batch_size']} and batching_window_s is 0.",
            mend=f"More than {_SMALL_BATCH} need a window of at least one second to gather in.",
            resource=address,
        )


def _desired(options: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    return {**{key: options[key] for key in _SETTINGS}, "tags": {**tags, "Name": options["function"]}}


def _find(aws: Aws, options: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any] | None:
    mappings = aws.pages(
        "lambda", "list_event_source_mappings", "EventSourceMappings", EventSourceArn=options["source_arn"]
    )
    for mapping in mappings:
        if mapping.get("FunctionArn", "").split(":function:")[-1] == options["function"]:
            actual = aws.call("lambda", "list_tags", Resource=_arn(aws, mapping)).get("Tags") or {}
            return _normalised(aws, mapping, managed_tags(actual, {**tags, "Name": options["function"]}))
    return None


def _arn(aws: Aws, mapping: Mapping[str, Any]) -> str:
    return str(mapping.get("EventSourceMappingArn") or aws.arn("lambda", f"event-source-mapping:{mapping['UUID']}"))


def _normalised(aws: Aws, mapping: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": mapping["UUID"],
        "arn": _arn(aws, mapping),
        "state": mapping["State"],
        "batch_size": mapping.get("BatchSize"),
        "batching_window_s": mapping.get("MaximumBatchingWindowInSeconds") or 0,
        "maximum_concurrency": (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        "report_item_failures": _REPORT in (mapping.get("FunctionResponseTypes") or []),
        "enabled": mapping["State"] not in ("Disabled", "Disabling"),
        "tags": dict(tags),
    }


def _mapping(
    aws: Aws, options: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    calls = _Calls(aws, options, after or {})
    leaving = before is not None and before["state"] == "Deleting"
    resource = Resource(
        "lambda_event_source",
        _name(options),
        before=None if leaving else before,
        after=after,
        create=Operation("lambda:CreateEventSourceMapping", calls.create, settled_only=True),
        updates=(
            Operation("lambda:UpdateEventSourceMapping", calls.update, covers=_SETTINGS, settled_only=True),
            Operation("lambda:TagResource", calls.tag, covers=("tags",)),
        ),
        # Lambda takes no change of a mapping that is under way.
        delete=Operation("lambda:DeleteEventSourceMapping", calls.delete, settled_only=True),
        impacts={"delete": "outage"},
        settling=_settling,
    )
    if leaving:
        resource.known["state"] = "Deleting"
    return resource


def _settling(known: State) -> str | None:
    return str(known["state"]) if known.get("state") not in (None, *_SETTLED) else None


@dataclass(frozen=True)
class _Calls:
    """The writes of one mapping; ``wanted`` is the normalised form of its options."""

    aws: Aws
    options: Mapping[str, Any]
    wanted: Mapping[str, Any]

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        request = {
            "FunctionName": self.options["function"],
            "EventSourceArn": self.options["source_arn"],
            **self._settings(),
            "Tags": dict(self.wanted["tags"]),
        }
        if not request["ScalingConfig"]:
            del request["ScalingConfig"]
        made = self.aws.once_consistent(
            lambda: self.aws.create("lambda", "create_event_source_mapping", **request), unready
        )
        return {"id": made["UUID"], "arn": _arn(self.aws, made), "state": made["State"]}

    def update(self, known: dict[str, Any]) -> dict[str, Any]:
        made = self.aws.call("lambda", "update_event_source_mapping", UUID=known["id"], **self._settings())
        return {"state": made["State"]}

    def tag(self, known: dict[str, Any]) -> None:
        self.aws.call("lambda", "tag_resource", Resource=known["arn"], Tags=dict(self.wanted["tags"]))

    def delete(self, known: dict[str, Any]) -> dict[str, Any]:
        self.aws.call("lambda", "delete_event_source_mapping", UUID=known["id"])
        return {"state": "Deleting"}

    def _settings(self) -> dict[str, Any]:
        concurrency = self.wanted["maximum_concurrency"]
        return {
            "BatchSize": self.wanted["batch_size"],
            "MaximumBatchingWindowInSeconds": self.wanted["batching_window_s"],
            "ScalingConfig": {} if concurrency is None else {"MaximumConcurrency": concurrency},
            "FunctionResponseTypes": [_REPORT] if self.wanted["report_item_failures"] else [],
            "Enabled": self.wanted["enabled"],
        }
