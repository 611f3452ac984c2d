"""IAM roles against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

TASK, NAT = "airas-dev-task", "airas-dev-nat"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
TAGS = {"Environment": "dev"}


def trust(service: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allow(sid: str, action: str | list[str], resource: str = "*") -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}


ARGS = {
    "region": "ap-northeast-1",
    "roles": [
        {
            "name": TASK,
            "description": "What the application may do.",
            "assume_role_policy": trust(
                "ecs-tasks.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": "427979936961"}}
            ),
            "inline_policies": {
                "bedrock": {
                    "Version": "2012-10-17",
                    "Statement": [
                        allow("AllowInvoke", ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]),
                        allow("AllowList", "bedrock:ListInferenceProfiles"),
                    ],
                },
                "mail": {"Version": "2012-10-17", "Statement": allow("AllowSend", "ses:SendEmail")},
            },
            "permissions_boundary": BOUNDARY,
            "max_session_duration": 7200,
        },
        {
            "name": NAT,
            "path": "/airas/",
            "assume_role_policy": trust("ec2.amazonaws.com"),
            "managed_policy_arns": [SSM, READ_ONLY],
            "instance_profile": True,
        },
    ],
    "tags": TAGS,
}
ABSENT = {**ARGS, "roles": [{"name": TASK}, {"name": NAT}], "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


def census(boto: Boto) -> dict[str, Any]:
    iam = boto("iam")
    found: dict[str, Any] = {}
    for item in iam.list_roles()["Roles"]:
        name = item["RoleName"]
        role = iam.get_role(RoleName=name)["Role"]
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        found[name] = {
            "trust": role["AssumeRolePolicyDocument"],
            "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "session": role["MaxSessionDuration"],
            "tags": {tag["Key"]: tag["Value"] for tag in role["Tags"]},
            "inline": {p: iam.get_role_policy(RoleName=name, PolicyName=p)["PolicyDocument"] for p in inline},
            "managed": sorted(policy["PolicyArn"] for policy in attached),
        }
    for profile in iam.list_instance_profiles()["InstanceProfiles"]:
        found[f"profile {profile['InstanceProfileName']}"] = [role["RoleName"] for role in profile["Roles"]]
    return found


def with_task(**options: Any) -> dict[str, Any]:
    return {**ARGS, "roles": [{**ARGS["roles"][0], **options}]}


def test_makes_them_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    planned = apply("iam_roles", ARGS, check=True)
    assert census(boto) == {}
    made = apply("iam_roles", ARGS)
    assert made["plan"] == planned["plan"]
    found = census(boto)
    task = ARGS["roles"][0]
    assert found == {
        TASK: {
            "trust": task["assume_role_policy"],
            "boundary": BOUNDARY,
            "session": 7200,
            "tags": {**TAGS, "Name": TASK},
            "inline": task["inline_policies"],
            "managed": [],
        },
        NAT: {
            "trust": trust("ec2.amazonaws.com"),
            "boundary": None,
            "session": 3600,
            "tags": {**TAGS, "Name": NAT},
            "inline": {},
            "managed": [SSM, READ_ONLY],
        },
        f"profile {NAT}": [NAT],
    }
    arns = {address: resource["arn"] for address, resource in planned["resources"].items()}
    assert arns == {
        f"iam_role/{TASK}": f"arn:aws:iam::427979936961:role/{TASK}",
        f"iam_role/{NAT}": f"arn:aws:iam::427979936961:role/airas/{NAT}",
        f"instance_profile/{NAT}": f"arn:aws:iam::427979936961:instance-profile/airas/{NAT}",
    }
    assert {address: resource["arn"] for address, resource in made["resources"].items()} == arns
    before = writes()
    assert apply("iam_roles", ARGS)["changed"] is False
    assert writes() == before


def test_a_plan_accepts_what_does_not_exist_yet(apply: Apply, value_changes: Changes) -> None:
    key = "arn:aws:kms:ap-northeast-1:427979936961:key/00000000-0000-0000-0000-0000000000000000"
    policy = {"Version": "2012-10-17", "Statement": [allow("Decrypt", "kms:Decrypt", key)]}
    planned = value_changes(apply("iam_roles", with_task(inline_policies={"secrets": policy}), check=True))
    resource = planned[f"iam_role/{TASK} inline_policies.secrets.Statement.Decrypt.Resource"]
    assert resource == (None, ["(known after apply)"])


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("iam_roles", ARGS)
    iam = boto("iam")
    wide = {"Version": "2012-10-17", "Statement": [allow("AllowInvoke", "bedrock:*")]}
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_role_policy(RoleName=TASK, PolicyName="bedrock", PolicyDocument=json.dumps(wide))
    iam.put_role_policy(RoleName=TASK, PolicyName="backdoor", PolicyDocument=json.dumps(everything))
    iam.delete_role_policy(RoleName=TASK, PolicyName="mail")
    iam.attach_role_policy(RoleName=NAT, PolicyArn=BOUNDARY)
    iam.detach_role_policy(RoleName=NAT, PolicyArn=SSM)
    iam.update_assume_role_policy(RoleName=NAT, PolicyDocument=json.dumps(trust("lambda.amazonaws.com")))
    iam.update_role(RoleName=TASK, Description="Changed.", MaxSessionDuration=43200)
    iam.delete_role_permissions_boundary(RoleName=TASK)
    iam.tag_role(RoleName=TASK, Tags=[{"Key": "Environment", "Value": "prod"}, {"Key": "cost", "Value": "theirs"}])
    iam.remove_role_from_instance_profile(InstanceProfileName=NAT, RoleName=NAT)
    invoke = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    task, inline = f"iam_role/{TASK}", f"iam_role/{TASK} inline_policies"
    drift = {
        f"{inline}.bedrock.Statement.AllowInvoke.Action": (["bedrock:*"], invoke),
        f"{inline}.bedrock.Statement.AllowList.Action": (None, ["bedrock:ListInferenceProfiles"]),
        f"{inline}.bedrock.Statement.AllowList.Effect": (None, "Allow"),
        f"{inline}.bedrock.Statement.AllowList.Resource": (None, ["*"]),
        f"{inline}.backdoor.Version": ("2012-10-17", None),
        f"{inline}.backdoor.Statement[Allow *].Action": (["*"], None),
        f"{inline}.backdoor.Statement[Allow *].Effect": ("Allow", None),
        f"{inline}.backdoor.Statement[Allow *].Resource": (["*"], None),
        f"{inline}.mail.Version": (None, "2012-10-17"),
        f"{inline}.mail.Statement.AllowSend.Action": (None, ["ses:SendEmail"]),
        f"{inline}.mail.Statement.AllowSend.Effect": (None, "Allow"),
        f"{inline}.mail.Statement.AllowSend.Resource": (None, ["*"]),
        f"{task} description": ("Changed.", "What the application may do."),
        f"{task} max_session_duration": (43200, 7200),
        f"{task} permissions_boundary": (None, BOUNDARY),
        f"{task} tags.Environment": ("prod", "dev"),
        f"iam_role/{NAT} managed_policy_arns[{BOUNDARY}]": ("attached", None),
        f"iam_role/{NAT} managed_policy_arns[{SSM}]": (None, "attached"),
        f"iam_role/{NAT} assume_role_policy.Statement[Allow sts:AssumeRole].Principal.Service": (
            ["lambda.amazonaws.com"],
            ["ec2.amazonaws.com"],
        ),
        f"instance_profile/{NAT} role": (None, NAT),
    }
    assert value_changes(apply("iam_roles", ARGS, check=True)) == drift
    assert value_changes(apply("iam_roles", ARGS)) == drift
    assert apply("iam_roles", ARGS)["changed"] is False
    assert census(boto)[TASK]["tags"] == {**TAGS, "Name": TASK, "cost": "theirs"}


def test_another_spelling_of_a_policy_is_no_change(apply: Apply) -> None:
    apply("iam_roles", ARGS)
    send = {**allow("AllowSend", ["ses:SendEmail"]), "Resource": ["*"]}
    mail = {"Statement": send, "Version": "2012-10-17", "Id": "mail"}
    bedrock = ARGS["roles"][0]["inline_policies"]["bedrock"]
    turned = {**bedrock, "Statement": bedrock["Statement"][::-1]}
    assert apply("iam_roles", with_task(inline_policies={"mail": mail, "bedrock": turned}))["changed"] is False


def test_the_boundary_and_the_profile_can_be_taken_away(apply: Apply, boto: Boto) -> None:
    apply("iam_roles", ARGS)
    roles = [{**role, "permissions_boundary": None, "instance_profile": False} for role in ARGS["roles"]]
    apply("iam_roles", {**ARGS, "roles": roles})
    found = census(boto)
    assert found[TASK]["boundary"] is None
    assert f"profile {NAT}" not in found


def test_a_role_in_another_profile_leaves_it(apply: Apply, boto: Boto) -> None:
    apply("iam_roles", ARGS)
    iam = boto("iam")
    iam.create_instance_profile(InstanceProfileName="other")
    iam.add_role_to_instance_profile(InstanceProfileName="other", RoleName=TASK)
    iam.remove_role_from_instance_profile(InstanceProfileName=NAT, RoleName=NAT)
    iam.add_role_to_instance_profile(InstanceProfileName=NAT, RoleName=TASK)
    apply("iam_roles", ARGS)
    assert census(boto)[f"profile {NAT}"] == [NAT]
    apply("iam_roles", ABSENT)
    assert census(boto) == {"profile other": []}


def test_the_path_cannot_be_changed(apply: Apply, run_module: Apply) -> None:
    apply("iam_roles", ARGS)
    refused = run_module("iam_roles", with_task(path="/a/"))
    assert "Put the old path back, or give the role a new name." in refused["msg"]


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("iam_roles", ARGS)
    assert {plan["impact"] for plan in apply("iam_roles", ABSENT)["plan"]} == {"outage"}
    assert census(boto) == {}
    assert apply("iam_roles", ABSENT)["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("iam_roles", lambda: ARGS, lambda: census(boto))


def test_an_interrupted_removal_is_finished(
    apply: Apply, interrupt_each_write: Callable[..., None], boto: Boto
) -> None:
    def prepare() -> dict[str, Any]:
        apply("iam_roles", ARGS)
        return ABSENT

    interrupt_each_write("iam_roles", prepare, lambda: census(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("iam_roles", ARGS)
    emulator.set_faults([])
    assert apply("iam_roles", ARGS)["changed"] is False


def test_a_trusted_role_that_iam_does_not_see_yet_is_waited_for(apply: Apply, emulator: EmulatorServer) -> None:
    unseen = 'Invalid principal in policy: "AWS":"arn:aws:iam::427979936961:role/new"'
    rule = {"service": "iam", "operation": "CreateRole", "error": "MalformedPolicyDocument", "message": unseen}
    emulator.set_faults([{**rule, "times": 1}])
    assert apply("iam_roles", ARGS)["changed"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"assume_role_policy": None}, "it has no assume_role_policy. Say who may assume it."),
        ({"assume_role_policy": {"Version": "2012-10-17"}}, "assume_role_policy: it has no Statement"),
        ({"inline_policies": {"a": {"Statement": [allow("A", "s3:*") | {"Actions": "x"}]}}}, "inline_policies.a: "),
        ({"inline_policies": {"a": "s3"}}, "inline_policies.a: a policy is a mapping"),
        ({"max_session_duration": 60}, "max_session_duration is 60 seconds. AWS takes 3600 to 43200."),
    ],
)
def test_wrong_input_is_refused_before_any_write(
    run_module: Apply, writes: Writes, options: dict[str, Any], message: str
) -> None:
    result = run_module("iam_roles", with_task(**options))
    assert result["failed"]
    assert result["msg"].startswith(f"iam_role/{TASK}: ")
    assert message in result["msg"]
    assert writes() == []
