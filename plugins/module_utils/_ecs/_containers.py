# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Task definitions as options, as AWS takes them, and in the one form in which two of them are compared.

The request and AWS's description of a revision go through the same L(normalised), so what AWS adds by itself cannot
count as a difference, and a field that nobody asked for (a revision may come from elsewhere) cannot go unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict

Item = Mapping[str, Any]

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
DEFAULT_STORAGE_GIB = 20

# What AWS writes into a revision beside what was registered.
_ADDED_BY_AWS = (
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
    "inferenceAccelerators",
)
_CONTAINER_DEFAULTS: Mapping[str, Any] = {"essential": True, "cpu": 0, "versionConsistency": "enabled"}
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
_HEALTH_DEFAULTS: Mapping[str, Any] = {"interval": 30, "timeout": 5, "retries": 3}
_RESTART_DEFAULTS: Mapping[str, Any] = {"restartAttemptPeriod": 300}


# -- options to AWS --------------------------------------------------------------------------------------------------


def request(params: Item, containers: Iterable[Item]) -> dict[str, Any]:
    """The parameters of RegisterTaskDefinition, without tags; ``containers`` are the options, each with its image."""
    storage = params["ephemeral_storage_gib"]
    given = {
        "family": params["family"],
        "networkMode": params["network_mode"],
        "requiresCompatibilities": params["requires_compatibilities"],
        "cpu": str(params["cpu"]),
        "memory": str(params["memory"]),
        "runtimePlatform": {"cpuArchitecture": params["architecture"], "operatingSystemFamily": "LINUX"},
        "executionRoleArn": params["execution_role_arn"],
        "taskRoleArn": params["task_role_arn"],
        "pidMode": params["pid_mode"],
        # AWS takes more than its default only.
        "ephemeralStorage": {"sizeInGiB": storage} if storage and storage > DEFAULT_STORAGE_GIB else None,
        "volumes": [_camel(volume) for volume in params["volumes"]],
        "containerDefinitions": [_container(container) for container in containers],
    }
    return _filled(given)


def _container(options: Item) -> dict[str, Any]:
    mapped: dict[str, Any] = {
        "environment": _pairs(options["environment"], "value"),
        "secrets": _pairs(options["secrets"], "valueFrom"),
        "dockerLabels": dict(options["docker_labels"]),
        "dependsOn": [
            {"containerName": name, "condition": condition} for name, condition in sorted(options["depends_on"].items())
        ],
        "portMappings": [_camel(port) for port in options["ports"]],
        "logConfiguration": _log(options["log"]),
        "ulimits": [
            {"name": name, "softLimit": int(limit["soft"]), "hardLimit": int(limit["hard"])}
            for name, limit in sorted(options["ulimits"].items())
        ],
        "systemControls": [
            {"namespace": name, "value": str(value)} for name, value in sorted(options["system_controls"].items())
        ],
    }
    elsewhere = {"depends_on", "ports", "log", "default_image", *(key for key in options if _camel_key(key) in mapped)}
    plain = {key: value for key, value in options.items() if key not in elsewhere}
    return _filled({**_camel(plain), **mapped})


def _log(options: Item | None) -> dict[str, Any] | None:
    if not options:
        return None
    return _filled(
        {
            "logDriver": options["driver"],
            "options": {key: str(value) for key, value in options["options"].items()},
            "secretOptions": _pairs(options["secret_options"], "valueFrom"),
        }
    )


def _pairs(mapping: Item, value_key: str) -> list[dict[str, str]]:
    return [{"name": name, value_key: _text(value)} for name, value in sorted(mapping.items())]


def _text(value: Any) -> str:
    """YAML's ``true`` and ``8000`` as a program expects to read them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _camel(options: Item) -> dict[str, Any]:
    camel: dict[str, Any] = snake_dict_to_camel_dict(_filled(options))
    return camel


def _camel_key(key: str) -> str:
    return next(iter(snake_dict_to_camel_dict({key: None})))


def _filled(value: Any) -> Any:
    """Without what is None or empty, at all levels of mappings."""
    if not isinstance(value, Mapping):
        return value
    filled = {key: _filled(item) for key, item in value.items()}
    return {key: item for key, item in filled.items() if item is not None and item not in ({}, [], "")}


def registrable(definition: Item) -> dict[str, Any]:
    """A described revision as RegisterTaskDefinition takes it, without tags."""
    return {key: value for key, value in definition.items() if key not in (*_ADDED_BY_AWS, "tags")}


# -- one form for both -----------------------------------------------------------------------------------------------


def normalised(definition: Item) -> dict[str, Any]:
    """A request or a described revision with mappings by name, in snake case, and without anything that is a default.

    ``{"cpu": "256", "containers": {"backend": {"environment": {"LOG_LEVEL": "info"}, "ports": {"8000/tcp": {}}}}}``
    """
    others = {
        key: value
        for key, value in definition.items()
        if key not in (*_ADDED_BY_AWS, "family", "containerDefinitions", "volumes", "runtimePlatform", "tags")
    }
    platform = definition.get("runtimePlatform") or {}
    storage = (others.pop("ephemeralStorage", None) or {}).get("sizeInGiB", DEFAULT_STORAGE_GIB)
    if "requiresCompatibilities" in others:
        others["requiresCompatibilities"] = sorted(others["requiresCompatibilities"])
    if not others.get("enableFaultInjection"):
        others.pop("enableFaultInjection", None)
    awsvpc = others.get("networkMode") == "awsvpc"
    found = {
        **_snake(_filled(others)),
        "architecture": platform.get("cpuArchitecture", "X86_64"),
        "ephemeral_storage_gib": storage,
        "volumes": {volume["name"]: _volume(volume) for volume in definition.get("volumes") or ()},
        "containers": {
            container["name"]: _normalised_container(container, awsvpc)
            for container in definition.get("containerDefinitions") or ()
        },
    }
    if platform.get("operatingSystemFamily", "LINUX") != "LINUX":
        found["operating_system_family"] = platform["operatingSystemFamily"]
    return found


def _normalised_container(container: Item, awsvpc: bool) -> dict[str, Any]:
    plain = {key: value for key, value in container.items() if key not in (*_LISTED, "name")}
    found = _snake(_filled(_without(plain, _CONTAINER_DEFAULTS)))
    for key, (ours, form) in _LISTED.items():
        if value := form(container.get(key) or ()):
            found[ours] = value
    if ports := _ports(container.get("portMappings") or (), awsvpc):
        found["ports"] = ports
    return found


def _ports(mappings: Iterable[Item], awsvpc: bool) -> dict[str, dict[str, Any]]:
    """By ``8000/tcp``. In awsvpc mode the host's port is the container's, and AWS says so."""
    found: dict[str, dict[str, Any]] = {}
    for mapping in mappings:
        number = mapping.get("containerPortRange") or mapping["containerPort"]
        others = {
            key: value
            for key, value in mapping.items()
            if key not in ("containerPort", "containerPortRange", "protocol", "hostPort") and value
        }
        host = mapping.get("hostPort") or 0
        if host and not (awsvpc and host == number):
            others["hostPort"] = host
        found[f"{number}/{mapping.get('protocol') or 'tcp'}"] = _snake(others)
    return found


def _by(name_key: str, value_key: str) -> Callable[[Iterable[Item]], dict[str, Any]]:
    return lambda items: {item[name_key]: item.get(value_key, "") for item in items}


def _ulimits(items: Iterable[Item]) -> dict[str, Any]:
    return {item["name"]: {"soft": item["softLimit"], "hard": item["hardLimit"]} for item in items}


def _normalised_log(log: Any) -> dict[str, Any]:
    if not log:
        return {}
    return _filled(
        {
            "driver": log["logDriver"],
            "options": dict(log.get("options") or {}),
            "secret_options": _by("name", "valueFrom")(log.get("secretOptions") or ()),
        }
    )


def _health_check(check: Any) -> dict[str, Any]:
    # A start period of 0 is none.
    return _snake(_without({"startPeriod": 0, **check}, {**_HEALTH_DEFAULTS, "startPeriod": 0})) if check else {}


def _restart_policy(policy: Any) -> dict[str, Any]:
    return _snake(_filled(_without(policy, _RESTART_DEFAULTS))) if policy and policy.get("enabled") else {}


def _mounts(items: Iterable[Item]) -> dict[str, Any]:
    return {
        item["containerPath"]: {"source_volume": item.get("sourceVolume"), "read_only": bool(item.get("readOnly"))}
        for item in items
    }


def _off_is_none(structure: Any) -> dict[str, Any]:
    """Linux parameters: a switch that is off, or a list that is empty, is as good as not given."""
    cleaned = _filled(structure or {})
    return _snake({key: value for key, value in cleaned.items() if value is not False})


# What AWS has as lists of named things, and structures with defaults of their own: the name here, and how it is read.
_LISTED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "environment": ("environment", _by("name", "value")),
    "secrets": ("secrets", _by("name", "valueFrom")),
    "dockerLabels": ("docker_labels", dict),
    "dependsOn": ("depends_on", _by("containerName", "condition")),
    "systemControls": ("system_controls", _by("namespace", "value")),
    "ulimits": ("ulimits", _ulimits),
    "mountPoints": ("mount_points", _mounts),
    "logConfiguration": ("log", _normalised_log),
    "healthCheck": ("health_check", _health_check),
    "restartPolicy": ("restart_policy", _restart_policy),
    "linuxParameters": ("linux_parameters", _off_is_none),
    "portMappings": ("ports", lambda _mappings: None),  # depends on the network mode, see _ports
}
# Switches of a container that are off unless said otherwise.
_OFF = ("readonlyRootFilesystem", "privileged", "interactive", "pseudoTerminal", "disableNetworking")


def _without(given: Item, defaults: Item) -> dict[str, Any]:
    return {
        key: value
        for key, value in given.items()
        if not (key in defaults and value == defaults[key]) and not (key in _OFF and value is False)
    }


def _volume(volume: Item) -> dict[str, Any]:
    others = {key: value for key, value in volume.items() if key != "name" and value}
    if not (others.get("host") or {}).get("sourcePath"):
        others.pop("host", None)  # AWS answers {"host": {}} for a volume that lives as long as its task
    if efs := others.get("efsVolumeConfiguration"):
        defaults = {"rootDirectory": "/", "transitEncryption": "DISABLED"}
        others["efsVolumeConfiguration"] = _without(efs, defaults)
    return _snake(_filled(others))


def _snake(value: Item) -> dict[str, Any]:
    snake: dict[str, Any] = camel_dict_to_snake_dict(value)
    return snake
