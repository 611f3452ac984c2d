from __future__ import annotations

from typing import Any

import pytest

RULE_TAGS = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "Name", "Value": "a"}]}]


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def _group(ec2: Any, vpc: str, name: str) -> str:
    return str(ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])


def _tcp(port: int, **target: Any) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **target}]


def _rules(ec2: Any, group: str, *, egress: bool) -> list[dict[str, Any]]:
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    return [rule for rule in rules if rule["IsEgress"] is egress]


def test_default_group_can_be_emptied_but_not_deleted(ec2: Any, vpc: str, refused: Any) -> None:
    [group] = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    everything = {"IpProtocol": "-1", "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
    myself = {"GroupId": group["GroupId"], "UserId": group["OwnerId"]}
    assert group["IpPermissions"] == [everything | {"UserIdGroupPairs": [myself]}]
    [egress] = _rules(ec2, group["GroupId"], egress=True)
    assert (egress["CidrIpv4"], egress["IpProtocol"], egress["FromPort"]) == ("0.0.0.0/0", "-1", -1)

    ec2.revoke_security_group_egress(GroupId=group["GroupId"], SecurityGroupRuleIds=[egress["SecurityGroupRuleId"]])
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    [closed] = ec2.describe_security_groups(GroupIds=[group["GroupId"]])["SecurityGroups"]
    assert (closed["IpPermissions"], closed["IpPermissionsEgress"]) == ([], [])
    with refused("CannotDelete", 'name: "default" cannot be deleted by a user'):
        ec2.delete_security_group(GroupId=group["GroupId"])


def test_rules_keep_descriptions_and_tags(ec2: Any, vpc: str) -> None:
    group, source = _group(ec2, vpc, "a"), _group(ec2, vpc, "b")
    permissions = _tcp(80, UserIdGroupPairs=[{"GroupId": source, "Description": "from b"}])
    permissions += _tcp(443, IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "from inside"}])
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions, TagSpecifications=RULE_TAGS)
    assert len(answer["SecurityGroupRules"]) == 2

    by_port = {rule["FromPort"]: rule for rule in _rules(ec2, group, egress=False)}
    assert by_port[80]["ReferencedGroupInfo"]["GroupId"] == source
    assert by_port[80]["Description"] == "from b"
    assert by_port[443]["Description"] == "from inside"
    assert by_port[443]["GroupOwnerId"] == "427979936961"
    assert by_port[443]["Tags"] == [{"Key": "Name", "Value": "a"}]
    tagged = ec2.describe_security_group_rules(Filters=[{"Name": "tag:Name", "Values": ["a"]}])
    assert len(tagged["SecurityGroupRules"]) == 2


def test_a_duplicate_adds_nothing(ec2: Any, vpc: str, refused: Any) -> None:
    group = _group(ec2, vpc, "a")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=_tcp(80, IpRanges=[{"CidrIp": "10.0.0.0/8"}]))
    both = _tcp(81, IpRanges=[{"CidrIp": "10.0.0.0/8"}])
    both += _tcp(80, IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "now described"}])
    with refused("InvalidPermission.Duplicate"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=both)
    assert [rule["FromPort"] for rule in _rules(ec2, group, egress=False)] == [80]


def test_modify_rule(ec2: Any, vpc: str, refused: Any) -> None:
    group, first, second = (_group(ec2, vpc, name) for name in "abc")
    answer = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=_tcp(80, UserIdGroupPairs=[{"GroupId": first, "Description": "old"}]),
        TagSpecifications=RULE_TAGS,
    )
    rule_id = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def modify(**rule: Any) -> None:
        whole = {"IpProtocol": "tcp", "FromPort": 90, "ToPort": 91, **rule}
        change = [{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": whole}]
        ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=change)

    modify(ReferencedGroupId=second, Description="new")
    [rule] = _rules(ec2, group, egress=False)
    assert (rule["FromPort"], rule["ToPort"], rule["Description"]) == (90, 91, "new")
    assert rule["ReferencedGroupInfo"]["GroupId"] == second
    assert rule["Tags"] == [{"Key": "Name", "Value": "a"}]
    with refused("InvalidParameterValue", "Invalid rule type"):
        modify(CidrIpv4="10.0.0.0/8")
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        rule_id = "sgr-0123456789abcdef0"
        modify(ReferencedGroupId=second)


def test_descriptions_by_rule_id(ec2: Any, vpc: str, refused: Any) -> None:
    group = _group(ec2, vpc, "a")
    [egress] = _rules(ec2, group, egress=True)
    change = {"SecurityGroupRuleId": egress["SecurityGroupRuleId"], "Description": "everywhere"}
    ec2.update_security_group_rule_descriptions_egress(GroupId=group, SecurityGroupRuleDescriptions=[change])
    assert _rules(ec2, group, egress=True)[0]["Description"] == "everywhere"
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        ec2.update_security_group_rule_descriptions_ingress(GroupId=group, SecurityGroupRuleDescriptions=[change])


def test_group_in_use_is_not_deleted(ec2: Any, network: Any, refused: Any) -> None:
    group, other = _group(ec2, network.vpc, "a"), _group(ec2, network.vpc, "b")
    permission = _tcp(80, UserIdGroupPairs=[{"GroupId": group}])
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=permission)
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        ec2.delete_security_group(GroupId=group)
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=permission)

    interface = ec2.create_network_interface(SubnetId=network.subnet, Groups=[group])["NetworkInterface"]
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[other])
    ec2.delete_security_group(GroupId=group)
    with refused("InvalidGroup.NotFound"):
        ec2.describe_security_groups(GroupIds=[group])
