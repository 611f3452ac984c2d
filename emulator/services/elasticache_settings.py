"""ElastiCache: parameter groups with their families, subnet groups in the subnets' zones, and tags of everything."""

from __future__ import annotations

from typing import Any

from moto.elasticache.responses import ElastiCacheResponse

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._elasticache import (
    API,
    GUIDE,
    add,
    answer,
    combination,
    get,
    invalid,
    listed,
    pages,
    refresh_servers,
    remove,
    shown,
    things,
)
from emulator.services._elasticache import tags as tags_in

FAMILIES = ("redis6.x", "redis7", "valkey7", "valkey8")
# Name: default, allowed values, whether it changes without a restart. The ones that a queue or its operator may touch.
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
_POLICIES = "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction"
PARAMETERS: dict[str, tuple[str, str, bool]] = {
    "activedefrag": ("no", "yes,no", True),
    "cluster-enabled": ("no", "yes,no", False),
    "databases": ("16", "1-1200000", False),
    "lazyfree-lazy-eviction": ("no", "yes,no", True),
    "maxmemory-policy": ("volatile-lru", _POLICIES, True),
    "maxmemory-samples": ("3", "1-", True),
    "notify-keyspace-events": ("", "", True),
    "reserved-memory-percent": ("25", "0-100", True),
    "slowlog-log-slower-than": ("10000", "-1-", True),
    "slowlog-max-len": ("128", "0-", True),
    "tcp-keepalive": ("300", "0-", True),
    "timeout": ("0", "0,20-", True),
}


# -- parameter groups --------------------------------------------------------------------------------------------------


def parameter_group(backend: Any, name: str) -> dict[str, Any]:
    """A parameter group; those called ``default.*`` have always been there."""
    held = things(backend, "parameter_groups")
    for family in FAMILIES:
        if f"default.{family}" not in held:
            _new_group(backend, f"default.{family}", family, f"Default parameter group for {family}", {})
    return get(backend, "parameter_groups", name)


def _new_group(backend: Any, name: str, family: str, description: str, params: Any) -> dict[str, Any]:
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": family,
        "Description": description,
        "IsGlobal": False,
        "_values": {},
    }
    return add(backend, "parameter_groups", name, group, params, "CacheParameterGroupAlreadyExists")


@patch(ElastiCacheResponse, "create_cache_parameter_group", added=True, aws=f"{API}/API_CreateCacheParameterGroup.html")
def create_cache_parameter_group(self: Any) -> Any:
    """A parameter group belongs to a family of engine versions, such as redis7 and valkey8."""
    params, backend = self._get_params(), self.elasticache_backend
    family = params["CacheParameterGroupFamily"]
    if family not in FAMILIES:
        raise invalid(f"CacheParameterGroupFamily {family} is not a valid parameter group family.")
    name = params["CacheParameterGroupName"].lower()
    return answer(CacheParameterGroup=shown(_new_group(backend, name, family, params["Description"], params)))


@patch(
    ElastiCacheResponse,
    "describe_cache_parameter_groups",
    added=True,
    aws=f"{API}/API_DescribeCacheParameterGroups.html",
)
def describe_cache_parameter_groups(self: Any) -> Any:
    """The groups of the account, and the default ones."""
    backend, name = self.elasticache_backend, self._get_params().get("CacheParameterGroupName")
    parameter_group(backend, name or "default.redis7")
    return pages(CacheParameterGroups=[shown(group) for group in listed(backend, "parameter_groups", name)])


@patch(ElastiCacheResponse, "describe_cache_parameters", added=True, aws=f"{API}/API_DescribeCacheParameters.html")
def describe_cache_parameters(self: Any) -> Any:
    """Each parameter tells where its value comes from: the user, or the system."""
    params = self._get_params()
    group = parameter_group(self.elasticache_backend, params["CacheParameterGroupName"])
    found = [_parameter(group, name) for name in sorted(PARAMETERS)]
    source = params.get("Source")
    return pages(Parameters=[item for item in found if not source or item["Source"] == source])


def _parameter(group: dict[str, Any], name: str) -> dict[str, Any]:
    default, allowed, immediate = PARAMETERS[name]
    return {
        "ParameterName": name,
        "ParameterValue": group["_values"].get(name, default),
        "Source": "user" if name in group["_values"] else "system",
        "DataType": "string" if "," in allowed or not allowed else "integer",
        "AllowedValues": allowed,
        "IsModifiable": True,
        "ChangeType": "immediate" if immediate else "requires-reboot",
    }


@patch(ElastiCacheResponse, "modify_cache_parameter_group", added=True, aws=f"{API}/API_ModifyCacheParameterGroup.html")
def modify_cache_parameter_group(self: Any) -> Any:
    """Known parameters take allowed values, at most 20 in a call; default groups stay as they are."""
    params = self._get_params()
    group = _own_group(self, params)
    changes = params["ParameterNameValues"]
    if len(changes) > 20:
        raise invalid("A maximum of 20 parameters may be modified at a time.")
    for change in changes:
        name, value = change["ParameterName"], change["ParameterValue"]
        if name not in PARAMETERS:
            raise invalid(f"Unrecognized parameter: {name}")
        allowed = PARAMETERS[name][1]
        if not any(char.isdigit() for char in allowed) and allowed and value not in allowed.split(","):
            raise invalid(f"The value {value} of the parameter {name} is not allowed. Allowed values: {allowed}")
    group["_values"].update({change["ParameterName"]: change["ParameterValue"] for change in changes})
    refresh_servers(self.elasticache_backend)
    return answer(CacheParameterGroupName=group["CacheParameterGroupName"])


@patch(ElastiCacheResponse, "reset_cache_parameter_group", added=True, aws=f"{API}/API_ResetCacheParameterGroup.html")
def reset_cache_parameter_group(self: Any) -> Any:
    """Parameters go back to the values of the family."""
    params = self._get_params()
    group = _own_group(self, params)
    if self._get_bool_param("ResetAllParameters"):
        group["_values"].clear()
    for change in params.get("ParameterNameValues") or ():
        group["_values"].pop(change["ParameterName"], None)
    refresh_servers(self.elasticache_backend)
    return answer(CacheParameterGroupName=group["CacheParameterGroupName"])


def _own_group(self: Any, params: Any) -> dict[str, Any]:
    group = parameter_group(self.elasticache_backend, params["CacheParameterGroupName"])
    if group["CacheParameterGroupName"].startswith("default."):
        raise invalid("Default parameter groups cannot be modified or deleted.")
    return group


@patch(ElastiCacheResponse, "delete_cache_parameter_group", added=True, aws=f"{API}/API_DeleteCacheParameterGroup.html")
def delete_cache_parameter_group(self: Any) -> Any:
    """A parameter group that is in use stays."""
    backend, name = self.elasticache_backend, _own_group(self, self._get_params())["CacheParameterGroupName"]
    if any(group["_parameter_group"] == name for group in things(backend, "groups").values()):
        raise AwsError("InvalidCacheParameterGroupState", f"One or more cache clusters are still members of {name}.")
    remove(backend, "parameter_groups", name)
    return answer()


# -- subnet groups -----------------------------------------------------------------------------------------------------


def _subnets(backend: Any, ids: list[str]) -> dict[str, Any]:
    from moto.ec2.models import ec2_backends

    held = ec2_backends[backend.account_id][backend.region_name].subnets
    known = {subnet_id: subnet for zone in held.values() for subnet_id, subnet in zone.items()}
    missing = [subnet_id for subnet_id in ids if subnet_id not in known]
    if missing or not ids:
        raise AwsError("InvalidSubnet", f"The subnet ID '{', '.join(missing)}' does not exist")
    found = [known[subnet_id] for subnet_id in ids]
    if len({subnet.vpc_id for subnet in found}) > 1:
        raise AwsError("InvalidSubnet", "The subnets are not in the same VPC")
    return {
        "VpcId": found[0].vpc_id,
        "Subnets": [
            {
                "SubnetIdentifier": subnet.id,
                "SubnetAvailabilityZone": {"Name": subnet.availability_zone},
                "SupportedNetworkTypes": ["ipv4"],
            }
            for subnet in found
        ],
        "SupportedNetworkTypes": ["ipv4"],
    }


@patch(ElastiCacheResponse, "create_cache_subnet_group", aws=f"{API}/API_CreateCacheSubnetGroup.html")
def create_cache_subnet_group(_original: Any, self: Any) -> Any:
    """The subnets exist, and are in one VPC."""
    params, backend = self._get_params(), self.elasticache_backend
    name = params["CacheSubnetGroupName"].lower()
    group = {
        "CacheSubnetGroupName": name,
        "CacheSubnetGroupDescription": params["CacheSubnetGroupDescription"],
        **_subnets(backend, params["SubnetIds"]),
    }
    return answer(CacheSubnetGroup=add(backend, "subnet_groups", name, group, params, "CacheSubnetGroupAlreadyExists"))


@patch(ElastiCacheResponse, "describe_cache_subnet_groups", aws=f"{API}/API_DescribeCacheSubnetGroups.html")
def describe_cache_subnet_groups(_original: Any, self: Any) -> Any:
    """The groups of the account."""
    name = self._get_params().get("CacheSubnetGroupName")
    return pages(CacheSubnetGroups=listed(self.elasticache_backend, "subnet_groups", name))


@patch(ElastiCacheResponse, "modify_cache_subnet_group", added=True, aws=f"{API}/API_ModifyCacheSubnetGroup.html")
def modify_cache_subnet_group(self: Any) -> Any:
    """Subnets and the description can change."""
    params, backend = self._get_params(), self.elasticache_backend
    group = get(backend, "subnet_groups", params["CacheSubnetGroupName"])
    if params.get("SubnetIds"):
        group.update(_subnets(backend, params["SubnetIds"]))
    if params.get("CacheSubnetGroupDescription"):
        group["CacheSubnetGroupDescription"] = params["CacheSubnetGroupDescription"]
    return answer(CacheSubnetGroup=group)


@patch(ElastiCacheResponse, "delete_cache_subnet_group", added=True, aws=f"{API}/API_DeleteCacheSubnetGroup.html")
def delete_cache_subnet_group(self: Any) -> Any:
    """A subnet group that is in use stays."""
    backend = self.elasticache_backend
    name = get(backend, "subnet_groups", self._get_params()["CacheSubnetGroupName"])["CacheSubnetGroupName"]
    if any(group["_subnet_group"] == name for group in things(backend, "groups").values()):
        raise AwsError("CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by a cache cluster.")
    remove(backend, "subnet_groups", name)
    return answer()


# -- tags --------------------------------------------------------------------------------------------------------------


def _tags(self: Any) -> dict[str, str]:
    resource = self._get_params()["ResourceName"]
    held = tags_in(self.elasticache_backend)
    if resource not in held:
        raise AwsError("InvalidARN", f"{resource} does not exist.")
    return held[resource]


def _tag_list(tags: dict[str, str]) -> Any:
    return answer(TagList=[{"Key": key, "Value": value} for key, value in tags.items()])


@patch(ElastiCacheResponse, "list_tags_for_resource", aws=f"{GUIDE}/Tagging-Resources.html")
def list_tags_for_resource(_original: Any, self: Any) -> Any:
    """Groups of all kinds, users and snapshots have tags."""
    return _tag_list(_tags(self))


@patch(ElastiCacheResponse, "add_tags_to_resource", aws=f"{API}/API_AddTagsToResource.html")
def add_tags_to_resource(_original: Any, self: Any) -> Any:
    """At most 50 tags on a resource; the answer tells all of them."""
    tags = _tags(self)
    added = {tag["Key"]: tag.get("Value", "") for tag in self._get_params()["Tags"]}
    if len({**tags, **added}) > 50:
        raise AwsError("TagQuotaPerResourceExceeded", "A resource takes up to 50 tags.")
    tags.update(added)
    return _tag_list(tags)


@patch(ElastiCacheResponse, "remove_tags_from_resource", aws=f"{API}/API_RemoveTagsFromResource.html")
def remove_tags_from_resource(_original: Any, self: Any) -> Any:
    """The answer tells the tags that are left."""
    tags = _tags(self)
    for key in self._get_params()["TagKeys"]:
        tags.pop(key, None)
    return _tag_list(tags)


@patch(ElastiCacheResponse, "delete_cache_cluster", aws=f"{GUIDE}/Replication.html")
def delete_cache_cluster(original: Any, self: Any) -> Any:
    """A member of a replication group goes with the group, or by DecreaseReplicaCount."""
    name = self._get_params()["CacheClusterId"]
    if any(name in group["MemberClusters"] for group in things(self.elasticache_backend, "groups").values()):
        raise combination(f"Cache cluster {name} is a member of a replication group.")
    return original(self)
