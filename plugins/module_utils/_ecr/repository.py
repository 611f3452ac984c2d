# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One ECR repository: encryption, scanning, which tags may move, which images expire, and who may pull."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .. import _policy
from .._aws import Aws, iam_action, tag_list, tags_of
from .._reconcile import Impact, Operation, PlatformError, Refused, Resource, managed_tags

KIND = "ecr_repository"
MUTABILITIES = ("MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION")
ENCRYPTIONS = ("AES256", "KMS", "KMS_DSSE")

_MISSING = ("RepositoryNotFoundException",)
_CREATED = ("encryption", "scan_on_push", "tag_mutability", "mutability_exclusions", "tags")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The repository named by the options."""
    name, present = params["name"], params["state"] == "present"
    if present:
        _check(params)
    after = _desired(params) if present else None
    before = _find(aws, name, params)
    if before and not present and before["holds_images"] and not params["force"]:
        raise Refused(
            "it holds images.",
            mend="If they are to go with it, set force: true beside state: absent.",
            resource=f"{KIND}/{name}",
        )
    return [_resource(aws, params, before, after)]


def repository_arn(aws: Aws, name: str) -> str:
    return aws.arn("ecr", f"repository/{name}")


def repository_uri(aws: Aws, name: str) -> str:
    """What images of the repository are named by, without tag: ``427979936961.dkr.ecr....amazonaws.com/name``."""
    suffix = "amazonaws.com.cn" if aws.partition == "aws-cn" else "amazonaws.com"
    return f"{aws.account_id}.dkr.ecr.{aws.region}.{suffix}/{name}"


def _check(params: Mapping[str, Any]) -> None:
    resource = f"{KIND}/{params['name']}"
    key = params["kms_key_arn"]
    if key and not (key.startswith("arn:") and params["encryption_type"] != "AES256"):
        raise PlatformError(
            f"kms_key_arn is {key!r} and encryption_type {params['encryption_type']}.",
            mend="Give a key's ARN together with encryption_type KMS or KMS_DSSE, or leave it out.",
            resource=resource,
        )
    if params["tag_mutability"].endswith("_WITH_EXCLUSION") != bool(params["mutability_exclusions"]):
        raise PlatformError(
            f"tag_mutability {params['tag_mutability']} and mutability_exclusions do not go together.",
            mend="List mutability_exclusions with a tag_mutability that ends in _WITH_EXCLUSION, and only with one.",
            resource=resource,
        )
    if params["policy"]:
        _policy.checked(params["policy"], "policy", resource)
    if params["lifecycle_policy"] and not params["lifecycle_policy"].get("rules"):
        raise PlatformError(
            "lifecycle_policy has no rules.",
            mend="Give {rules: [...]}, see https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html",
            resource=resource,
        )
    for priority, rule in normalised_lifecycle(params["lifecycle_policy"]).items():
        if rule["selection"].get("countNumber", 1) < 1:
            raise PlatformError(
                f"lifecycle_policy: rule {priority} has countNumber {rule['selection']['countNumber']}.",
                mend="ECR counts days and images from 1.",
                resource=resource,
            )


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    key = {"kms_key_arn": params["kms_key_arn"]} if params["kms_key_arn"] else {}
    return {
        "encryption": {"type": params["encryption_type"], **key},
        "scan_on_push": params["scan_on_push"],
        "tag_mutability": params["tag_mutability"],
        "mutability_exclusions": sorted(params["mutability_exclusions"]),
        "lifecycle_policy": normalised_lifecycle(params["lifecycle_policy"]),
        "policy": _policy.normalised(params["policy"]),
        "tags": {**params["tags"], "Name": params["name"]},
    }


def normalised_lifecycle(policy: Mapping[str, Any] | str | None) -> dict[str, Any]:
    """The rules by priority, which is what tells them apart: ``{"1": {"selection": ..., "action": ...}}``.

    Lists in a rule are sets of alternatives. A rule without a description has an empty one, and a template may have
    made a number into a text.
    """
    parsed = json.loads(policy) if isinstance(policy, str) else policy or {}
    return {str(rule["rulePriority"]): _normalised_rule(rule) for rule in parsed.get("rules") or ()}


def _normalised_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    selection: dict[str, Any] = {
        key: sorted(value) if isinstance(value, list) else value for key, value in rule["selection"].items()
    }
    if "countNumber" in selection:
        selection["countNumber"] = int(selection["countNumber"])
    found = {"selection": selection, "action": dict(rule["action"])}
    return {**found, "description": rule["description"]} if rule.get("description") else found


# -- what there is ---------------------------------------------------------------------------------------------------


def _find(aws: Aws, name: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
    answer = aws.call_or_none("ecr", "describe_repositories", _MISSING, repositoryNames=[name])
    if not answer:
        return None
    item = answer["repositories"][0]
    tags, lifecycle, policy, images = aws.gather(
        (
            lambda: aws.call("ecr", "list_tags_for_resource", resourceArn=item["repositoryArn"]),
            lambda: _text(aws, "get_lifecycle_policy", "LifecyclePolicyNotFoundException", name),
            lambda: _text(aws, "get_repository_policy", "RepositoryPolicyNotFoundException", name),
            lambda: aws.call("ecr", "list_images", repositoryName=name, maxResults=1),
        )
    )
    return {
        "arn": item["repositoryArn"],
        "uri": item["repositoryUri"],
        "encryption": _normalised_encryption(item.get("encryptionConfiguration") or {}, params["kms_key_arn"]),
        "scan_on_push": (item.get("imageScanningConfiguration") or {}).get("scanOnPush", False),
        "tag_mutability": item.get("imageTagMutability") or "MUTABLE",
        "mutability_exclusions": sorted(
            entry["filter"] for entry in item.get("imageTagMutabilityExclusionFilters") or ()
        ),
        "lifecycle_policy": normalised_lifecycle(lifecycle.get("lifecyclePolicyText")),
        "policy": _policy.normalised(policy.get("policyText")),
        "tags": managed_tags(tags_of(tags, "tags"), {**params["tags"], "Name": ""}),
        "holds_images": bool(images.get("imageIds")),
    }


def _text(aws: Aws, operation: str, missing: str, name: str) -> Mapping[str, Any]:
    return aws.call_or_none("ecr", operation, (missing,), repositoryName=name) or {}


def _normalised_encryption(found: Mapping[str, Any], wanted_key: str | None) -> dict[str, str]:
    """Without a key of one's own AWS uses, and shows, the one that it manages."""
    key = {"kms_key_arn": found["kmsKey"]} if wanted_key and "kmsKey" in found else {}
    return {"type": found.get("encryptionType", "AES256"), **key}


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(
    aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    name, wanted = params["name"], after or {}

    def operation(call: str, *covers: str, **arguments: Any) -> Operation:
        def run(_known: dict[str, Any]) -> None:
            aws.call("ecr", call, repositoryName=name, **arguments)

        return Operation(iam_action("ecr", call), run, covers=covers)

    def tag(_known: dict[str, Any]) -> None:
        aws.call("ecr", "tag_resource", resourceArn=repository_arn(aws, name), tags=tag_list(wanted["tags"]))

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("ecr", "delete_repository", _MISSING, repositoryName=name, force=params["force"])

    lifecycle, policy = params["lifecycle_policy"], params["policy"]
    updates = (
        operation("put_image_scanning_configuration", "scan_on_push", imageScanningConfiguration=_scanning(wanted)),
        operation("put_image_tag_mutability", "tag_mutability", "mutability_exclusions", **_mutability(wanted)),
        operation("put_lifecycle_policy", "lifecycle_policy", lifecyclePolicyText=_policy.to_json(lifecycle))
        if lifecycle
        else operation("delete_lifecycle_policy", "lifecycle_policy"),
        operation("set_repository_policy", "policy", policyText=_policy.to_json(policy))
        if policy
        else operation("delete_repository_policy", "policy"),
        Operation("ecr:TagResource", tag, covers=("tags",)),
    )
    # What a new repository has not got needs no call to take it away.
    nothing = tuple(attribute for attribute in ("lifecycle_policy", "policy") if not wanted.get(attribute))
    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": repository_arn(aws, name), "uri": repository_uri(aws, name)},
        create=Operation("ecr:CreateRepository", _create(aws, name, wanted), covers=(*_CREATED, *nothing)),
        updates=updates if after else (),
        delete=Operation("ecr:DeleteRepository", delete),
        refuse_on={
            "encryption": "Put the old encryption back, or make a repository of another name and push the images there."
        },
        impacts={"delete": _delete_impact(before)},
    )


def _delete_impact(before: Mapping[str, Any] | None) -> Impact:
    return "data loss" if before and before["holds_images"] else "none"


def _create(aws: Aws, name: str, wanted: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        key = wanted["encryption"].get("kms_key_arn")
        made = aws.create(
            "ecr",
            "create_repository",
            repositoryName=name,
            encryptionConfiguration={
                "encryptionType": wanted["encryption"]["type"],
                **({"kmsKey": key} if key else {}),
            },
            imageScanningConfiguration=_scanning(wanted),
            **_mutability(wanted),
            tags=tag_list(wanted["tags"]),
        )["repository"]
        return {"arn": made["repositoryArn"], "uri": made["repositoryUri"]}

    return run


def _scanning(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {"scanOnPush": wanted.get("scan_on_push")}


def _mutability(wanted: Mapping[str, Any]) -> dict[str, Any]:
    filters = [{"filterType": "WILDCARD", "filter": pattern} for pattern in wanted.get("mutability_exclusions", ())]
    excluded = {"imageTagMutabilityExclusionFilters": filters} if filters else {}
    return {"imageTagMutability": wanted.get("tag_mutability"), **excluded}
