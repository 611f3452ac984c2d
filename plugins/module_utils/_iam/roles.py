# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""IAM roles with their policies and, where one is wanted, the instance profile of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._policy import checked, normalised, to_json
from .._reconcile import Operation, PlatformError, Resource, managed_tags

SESSION_S = range(3600, 43200 + 1)
# Inline and managed policies are calls of their own.
_AT_CREATE = ("path", "description", "assume_role_policy", "max_session_duration", "permissions_boundary", "tags")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """For each role of the options the role itself and its instance profile."""
    present = params["state"] == "present"
    desired = [_desired(role, params["tags"]) if present else None for role in params["roles"]]
    found = aws.gather(partial(_find, aws, role["name"], params["tags"]) for role in params["roles"])
    profiles = aws.gather(partial(_find_profile, aws, role["name"], params["tags"]) for role in params["roles"])
    managed: list[Resource] = []
    for options, before, profile, after in zip(params["roles"], found, profiles, desired, strict=True):
        managed.append(_role(aws, options, before, after))
        managed.append(_profile(aws, options, profile, params["tags"], wanted=present and options["instance_profile"]))
    return managed


def role_arn(aws: Aws, name: str, path: str = "/") -> str:
    return aws.arn("iam", f"role{path}{name}", region=False)


# -- role ------------------------------------------------------------------------------------------------------------


def _desired(role: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    address = f"iam_role/{role['name']}"
    if role["assume_role_policy"] is None:
        raise PlatformError("it has no assume_role_policy.", mend="Say who may assume it.", resource=address)
    if role["max_session_duration"] not in SESSION_S:
        raise PlatformError(
            f"max_session_duration is {role['max_session_duration']} seconds.",
            mend=f"AWS takes {SESSION_S.start} to {SESSION_S.stop - 1}.",
            resource=address,
        )
    return {
        "path": role["path"],
        "description": role["description"],
        "assume_role_policy": normalised(checked(role["assume_role_policy"], "assume_role_policy", address)),
        "inline_policies": {
            name: normalised(checked(document, f"inline_policies.{name}", address))
            for name, document in role["inline_policies"].items()
        },
        "managed_policy_arns": _attached(role["managed_policy_arns"]),
        "max_session_duration": role["max_session_duration"],
        "permissions_boundary": role["permissions_boundary"],
        "tags": {**tags, "Name": role["name"]},
    }


def _attached(arns: list[str]) -> dict[str, str]:
    """A mapping, so that a plan names the one policy that comes or goes."""
    return dict.fromkeys(sorted(arns), "attached")


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    answer = aws.call_or_none("iam", "get_role", ["NoSuchEntity"], RoleName=name)
    if answer is None:
        return None
    attached = aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    inline = {
        policy: aws.call("iam", "get_role_policy", RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
    }
    return _normalised(answer["Role"], inline, [policy["PolicyArn"] for policy in attached], {**tags, "Name": name})


def _normalised(
    item: Mapping[str, Any], inline: Mapping[str, Any], attached: list[str], tags: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "arn": item["Arn"],
        "path": item["Path"],
        "description": item.get("Description", ""),
        "assume_role_policy": normalised(item["AssumeRolePolicyDocument"]),
        "inline_policies": {name: normalised(document) for name, document in inline.items()},
        "managed_policy_arns": _attached(attached),
        "max_session_duration": item["MaxSessionDuration"],
        "permissions_boundary": (item.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        "tags": managed_tags(tags_of(item), tags),
    }


def _role(
    aws: Aws, options: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    name, calls = options["name"], _Calls(aws, options, after or {})
    return Resource(
        "iam_role",
        name,
        before=before,
        after=after,
        placeholders={"arn": role_arn(aws, name, options["path"])},
        create=Operation("iam:CreateRole", calls.create, covers=_AT_CREATE),
        updates=(
            Operation("iam:UpdateAssumeRolePolicy", calls.trust, covers=("assume_role_policy",)),
            Operation("iam:PutRolePermissionsBoundary", calls.bound, covers=("permissions_boundary",)),
            Operation("iam:PutRolePolicy", calls.put_inline, covers=("inline_policies",)),
            Operation("iam:AttachRolePolicy", calls.attach, covers=("managed_policy_arns",)),
            Operation("iam:UpdateRole", calls.describe, covers=("description", "max_session_duration")),
            Operation("iam:TagRole", calls.tag, covers=("tags",)),
        ),
        delete=Operation("iam:DeleteRole", calls.delete),
        refuse_on={"path": "Put the old path back, or give the role a new name."},
        impacts={"delete": "outage"},
    )


@dataclass(frozen=True)
class _Calls:
    """The writes of one role; ``wanted`` is the normalised form of its ``options``."""

    aws: Aws
    options: Mapping[str, Any]
    wanted: Mapping[str, Any]

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        boundary = self.wanted["permissions_boundary"]
        made = self.aws.once_consistent(
            lambda: self.aws.create(
                "iam",
                "create_role",
                RoleName=self.options["name"],
                Path=self.wanted["path"],
                Description=self.wanted["description"],
                AssumeRolePolicyDocument=to_json(self.options["assume_role_policy"]),
                MaxSessionDuration=self.wanted["max_session_duration"],
                Tags=tag_list(self.wanted["tags"]),
                **({"PermissionsBoundary": boundary} if boundary else {}),
            ),
            _unknown_principal,
        )
        return {"arn": made["Role"]["Arn"]}

    def trust(self, _known: dict[str, Any]) -> None:
        document = to_json(self.options["assume_role_policy"])
        self.aws.once_consistent(
            lambda: self._call("update_assume_role_policy", PolicyDocument=document), _unknown_principal
        )

    def bound(self, _known: dict[str, Any]) -> None:
        if arn := self.wanted["permissions_boundary"]:
            self._call("put_role_permissions_boundary", PermissionsBoundary=arn)
        else:
            self._call("delete_role_permissions_boundary")

    def put_inline(self, known: dict[str, Any]) -> None:
        actual, wanted = known.get("inline_policies", {}), self.wanted["inline_policies"]
        for policy in sorted(policy for policy in wanted if wanted[policy] != actual.get(policy)):
            document = to_json(self.options["inline_policies"][policy])
            self._call("put_role_policy", PolicyName=policy, PolicyDocument=document)
        for policy in sorted(set(actual) - set(wanted)):
            self._call("delete_role_policy", PolicyName=policy)

    def attach(self, known: dict[str, Any]) -> None:
        actual, wanted = set(known.get("managed_policy_arns", ())), set(self.wanted["managed_policy_arns"])
        for arn in sorted(wanted - actual):
            self._call("attach_role_policy", PolicyArn=arn)
        for arn in sorted(actual - wanted):
            self._call("detach_role_policy", PolicyArn=arn)

    def describe(self, _known: dict[str, Any]) -> None:
        changed = self.wanted["description"], self.wanted["max_session_duration"]
        self._call("update_role", Description=changed[0], MaxSessionDuration=changed[1])

    def tag(self, _known: dict[str, Any]) -> None:
        self._call("tag_role", Tags=tag_list(self.wanted["tags"]))

    def delete(self, known: dict[str, Any]) -> None:
        """IAM deletes a role only when nothing hangs on it any more."""
        name = self.options["name"]
        for profile in self.aws.pages("iam", "list_instance_profiles_for_role", "InstanceProfiles", RoleName=name):
            _leave(self.aws, name, profile["InstanceProfileName"])
        for arn in known["managed_policy_arns"]:
            self._call("detach_role_policy", PolicyArn=arn)
        for policy in known["inline_policies"]:
            self._call("delete_role_policy", PolicyName=policy)
        self._call("delete_role")

    def _call(self, operation: str, **params: Any) -> None:
        self.aws.call("iam", operation, RoleName=self.options["name"], **params)


def _unknown_principal(error: AwsError) -> bool:
    """A trust policy may name a role that was made a moment ago."""
    return error.code == "MalformedPolicyDocument" and 'Invalid principal in policy: "AWS"' in str(error)


# -- instance profile ------------------------------------------------------------------------------------------------


def _find_profile(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    answer = aws.call_or_none("iam", "get_instance_profile", ["NoSuchEntity"], InstanceProfileName=name)
    if answer is None:
        return None
    item = answer["InstanceProfile"]
    return {
        "arn": item["Arn"],
        "role": next((role["RoleName"] for role in item["Roles"]), None),
        "tags": managed_tags(tags_of(item), {**tags, "Name": name}),
    }


def _profile(
    aws: Aws, options: Mapping[str, Any], before: dict[str, Any] | None, tags: Mapping[str, str], wanted: bool
) -> Resource:
    name, path = options["name"], options["path"]
    all_tags = {**tags, "Name": name}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        labels = tag_list(all_tags)
        made = aws.create("iam", "create_instance_profile", InstanceProfileName=name, Path=path, Tags=labels)
        return {"arn": made["InstanceProfile"]["Arn"]}

    def join(known: dict[str, Any]) -> None:
        if other := known.get("role"):  # a profile holds one role
            _leave(aws, other, name)
        aws.call("iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=name)

    def tag(_known: dict[str, Any]) -> None:
        aws.call("iam", "tag_instance_profile", InstanceProfileName=name, Tags=tag_list(all_tags))

    def delete(known: dict[str, Any]) -> None:
        if role := known["role"]:
            _leave(aws, role, name)
        aws.call("iam", "delete_instance_profile", InstanceProfileName=name)

    return Resource(
        "instance_profile",
        name,
        before=before,
        after={"role": name, "tags": all_tags} if wanted else None,
        placeholders={"arn": aws.arn("iam", f"instance-profile{path}{name}", region=False)},
        create=Operation("iam:CreateInstanceProfile", create, covers=("tags",)),
        updates=(
            Operation("iam:AddRoleToInstanceProfile", join, covers=("role",)),
            Operation("iam:TagInstanceProfile", tag, covers=("tags",)),
        ),
        delete=Operation("iam:DeleteInstanceProfile", delete),
        impacts={"delete": "outage", "role": "outage"},
    )


def _leave(aws: Aws, role: str, profile: str) -> None:
    aws.call("iam", "remove_role_from_instance_profile", InstanceProfileName=profile, RoleName=role)
