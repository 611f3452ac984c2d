"""ECS: settings of the account and of clusters."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ecs.models import AccountSetting, Cluster, EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._common import state_of
from emulator.services._ecs import API, active_cluster, invalid, one_at_a_time

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
_EFFECTIVE_DEFAULTS = {
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "containerInstanceLongArnFormat": "enabled",
    "defaultLogDriverMode": "non-blocking",
    "dualStackIPv6": "enabled",
    "fargateFIPSMode": "disabled",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "on",
    "serviceLongArnFormat": "enabled",
    "tagResourceAuthorization": "on",
    "taskLongArnFormat": "enabled",
}
_VALUES = {
    "containerInsights": ("enabled", "disabled", "enhanced"),
    "defaultLogDriverMode": ("blocking", "non-blocking"),
    "fargateTaskRetirementWaitPeriod": ("0", "7", "14"),
    "tagResourceAuthorization": ("on", "off"),
}
_SWITCH = ("enabled", "disabled")
_AWS_MANAGED = frozenset({"guardDutyActivate"})


# --- account settings -------------------------------------------------------------------------------------------------

_Settings = dict[str, dict[str, str]]
"""Values by setting name, by principal ARN; the account's defaults stand under its root."""


def _settings(backend: Any) -> _Settings:
    return state_of(backend, "account_settings", dict)


def _root(backend: Any) -> str:
    return f"arn:aws:iam::{backend.account_id}:root"


def _caller(self: Any) -> str:
    from moto.sts.models import sts_backends

    sts = sts_backends[self.current_account]["aws"]
    return str(sts.get_caller_identity(self.get_access_key(), self.region)[1])


def effective(backend: Any, name: str, principal: str) -> str:
    """The value in force for `principal`: its own, else the account's default, else AWS's."""
    settings = _settings(backend)
    own, default = settings.get(principal, {}), settings.get(_root(backend), {})
    return own.get(name) or default.get(name) or _EFFECTIVE_DEFAULTS[name]


def _put(self: Any, principal: str) -> ActionResult:
    name, value = self._get_param("name"), self._get_param("value")
    if value not in _VALUES.get(name, _SWITCH) or name in _AWS_MANAGED:
        raise AwsError("InvalidParameterException", f"Invalid value '{value}' for the account setting {name}.")
    backend = self.ecs_backend
    _settings(backend).setdefault(principal, {})[name] = value
    backend.account_settings[name] = AccountSetting(name, value)  # moto takes the format of new ARNs from here
    return ActionResult({"setting": _setting(name, value, principal)})


def _setting(name: str, value: str, principal: str) -> dict[str, str]:
    kind = "aws_managed" if name in _AWS_MANAGED else "user"
    return {"name": name, "value": value, "principalArn": principal, "type": kind}


@patch(EC2ContainerServiceResponse, "put_account_setting", aws=f"{API}/API_PutAccountSetting.html")
def put_account_setting(_original: Any, self: Any) -> ActionResult:
    """A setting holds for the principal it is put for, the caller if none is named."""
    return _put(self, self._get_param("principalArn") or _caller(self))


@patch(
    EC2ContainerServiceResponse,
    "put_account_setting_default",
    added=True,
    aws=f"{API}/API_PutAccountSettingDefault.html",
)
def put_account_setting_default(self: Any) -> ActionResult:
    """A default holds for every principal of the account that has no setting of its own."""
    return _put(self, _root(self.ecs_backend))


@patch(EC2ContainerServiceResponse, "list_account_settings", aws=f"{API}/API_ListAccountSettings.html")
def list_account_settings(_original: Any, self: Any) -> ActionResult:
    """Effective settings list every name with its value in force; otherwise only what the principal has set."""
    backend = self.ecs_backend
    principal = self._get_param("principalArn") or _caller(self)
    if self._get_param("effectiveSettings"):
        found = {name: effective(backend, name, principal) for name in _EFFECTIVE_DEFAULTS}
    else:
        found = _settings(backend).get(principal, {})
    name, value = self._get_param("name"), self._get_param("value")
    return ActionResult(
        {
            "settings": [
                _setting(key, held, principal)
                for key, held in found.items()
                if name in (None, key) and value in (None, held)
            ]
        }
    )


@patch(EC2ContainerServiceResponse, "delete_account_setting", aws=f"{API}/API_DeleteAccountSetting.html")
def delete_account_setting(_original: Any, self: Any) -> Any:
    """Without its own setting the principal falls back to the account's default."""
    backend, name = self.ecs_backend, self._get_param("name")
    principal = self._get_param("principalArn") or _caller(self)
    _settings(backend).get(principal, {}).pop(name, None)
    backend.account_settings[name] = AccountSetting(name, effective(backend, name, principal))
    setting = _setting(name, effective(backend, name, principal), principal)
    return ActionResult({"setting": setting}) if name in _EFFECTIVE_DEFAULTS else EmptyResult()


# --- clusters ---------------------------------------------------------------------------------------------------------


@patch(EC2ContainerServiceResponse, "create_cluster", aws=f"{API}/API_CreateCluster.html")
def create_cluster(original: Any, self: Any) -> Any:
    """A cluster takes Container Insights from the account's setting, and creating it again answers with it."""
    backend, name = self.ecs_backend, self._get_param("clusterName") or "default"
    existing: Cluster | None = backend.clusters.get(name)
    if existing is not None and existing.status == "ACTIVE":
        asked = self._get_param("settings")
        if asked and asked != existing.settings:
            raise AwsError(
                "InvalidParameterException",
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            )
        return ActionResult({"cluster": existing})
    answer = original(self)
    if not self._get_param("settings"):
        insights = effective(backend, "containerInsights", _caller(self))
        backend.clusters[name].settings = [{"name": "containerInsights", "value": insights}]
    return answer


@patch(EC2ContainerServiceResponse, "update_cluster_settings", added=True, aws=f"{API}/API_UpdateClusterSettings.html")
def update_cluster_settings(self: Any) -> ActionResult:
    """Container Insights can be changed on a cluster."""
    cluster = active_cluster(self.ecs_backend, self._get_param("cluster"))
    _apply(cluster, self._get_param("settings"))
    return ActionResult({"cluster": cluster})


def _apply(cluster: Cluster, settings: list[dict[str, str]]) -> None:
    for setting in settings:
        if setting["value"] not in _VALUES["containerInsights"]:
            raise AwsError("InvalidParameterException", f"Invalid value '{setting['value']}' for {setting['name']}.")
    merged = {s["name"]: s["value"] for s in [*cluster.settings, *settings]}
    cluster.settings = [{"name": name, "value": value} for name, value in merged.items()]


@patch(EC2ContainerServiceBackend, "update_cluster", aws=f"{API}/API_UpdateCluster.html")
def update_cluster(original: Any, self: Any, cluster_name: str, cluster_settings: Any = None, **others: Any) -> Cluster:
    """Settings that are left out stay as they are."""
    cluster = active_cluster(self, cluster_name)
    if cluster_settings:
        _apply(cluster, cluster_settings)
    updated: Cluster = original(self, cluster_name=cluster_name, cluster_settings=None, **others)
    return updated


@patch(EC2ContainerServiceResponse, "describe_clusters", aws=f"{API}/API_DescribeClusters.html")
@one_at_a_time
def describe_clusters(original: Any, self: Any) -> ActionResult:
    """Services and tasks are counted; settings and configurations are left out unless they are asked for."""
    answer: ActionResult = original(self)
    include = self._get_param("include", [])
    result: Any = answer.result
    shown = []
    for cluster in result["clusters"]:
        view = copy.copy(cluster)
        _count(self.ecs_backend, view)
        if "SETTINGS" not in include:
            view.settings = []
        if "CONFIGURATIONS" not in include:
            view.configuration = None
        shown.append(view)
    return ActionResult({**result, "clusters": shown})


def _count(backend: Any, cluster: Cluster) -> None:
    services = [s for s in backend.services.values() if s.cluster_name == cluster.name]
    tasks = list(backend.tasks.get(cluster.name, {}).values())
    cluster.active_services_count = sum(service.status == "ACTIVE" for service in services)
    cluster.running_tasks_count = sum(task.last_status == "RUNNING" for task in tasks)
    cluster.pending_tasks_count = sum(task.last_status in ("PROVISIONING", "PENDING") for task in tasks)


@patch(EC2ContainerServiceBackend, "delete_cluster", aws=f"{API}/API_DeleteCluster.html")
@one_at_a_time
def delete_cluster(original: Any, self: Any, cluster_str: str) -> Cluster:
    """A cluster with services or tasks stays."""
    cluster = active_cluster(self, cluster_str)
    if any(s.cluster_name == cluster.name and s.status != "INACTIVE" for s in self.services.values()):
        raise AwsError("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    if any(task.last_status != "STOPPED" for task in self.tasks.get(cluster.name, {}).values()):
        raise AwsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    deleted: Cluster = original(self, cluster_str=cluster_str)
    return deleted


@patch(EC2ContainerServiceBackend, "put_cluster_capacity_providers", aws=f"{API}/API_PutClusterCapacityProviders.html")
def put_cluster_capacity_providers(
    original: Any,
    self: Any,
    cluster_name: str,
    capacity_providers: list[str],
    default_capacity_provider_strategy: list[dict[str, Any]],
) -> Cluster:
    """Providers must exist, the default strategy may name those of the cluster only, and both are replaced whole."""
    active_cluster(self, cluster_name)
    for name in capacity_providers:
        if name not in ("FARGATE", "FARGATE_SPOT") and self._get_provider(name) is None:
            raise invalid("The specified capacity provider was not found. Specify a valid name or ARN and try again.")
    for item in default_capacity_provider_strategy:
        if item["capacityProvider"] not in capacity_providers:
            raise invalid(
                "The specified default capacity provider strategy contains a capacity provider that is not associated "
                "with the cluster. Specify a valid capacity provider and try again."
            )
    if sum(item.get("base", 0) > 0 for item in default_capacity_provider_strategy) > 1:
        raise invalid("Only one capacity provider in a strategy can have a base value.")
    cluster: Cluster = original(
        self,
        cluster_name=cluster_name,
        capacity_providers=capacity_providers,
        default_capacity_provider_strategy=default_capacity_provider_strategy,
    )
    return cluster


@patch(EC2ContainerServiceResponse, "describe_capacity_providers", aws=f"{API}/API_DescribeCapacityProviders.html")
def describe_capacity_providers(original: Any, self: Any) -> ActionResult:
    """Fargate's providers are there for everybody, and all are told when none is named."""
    backend, names = self.ecs_backend, self._get_param("capacityProviders")
    prefix = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:capacity-provider"
    fargate: list[dict[str, Any]] = [
        {"capacityProviderArn": f"{prefix}/{name}", "name": name, "status": "ACTIVE", "tags": []}
        for name in ("FARGATE", "FARGATE_SPOT")
    ]
    if names is None:
        return ActionResult({"capacityProviders": [*fargate, *backend.capacity_providers.values()], "failures": []})
    answer: Any = original(self).result
    ours = [provider for provider in fargate if {provider["name"], provider["capacityProviderArn"]} & set(names)]
    known = {provider["name"] for provider in ours}
    failures = [failure for failure in answer["failures"] if failure.arn.rpartition("/")[2] not in known]
    return ActionResult({"capacityProviders": [*ours, *answer["capacityProviders"]], "failures": failures})
