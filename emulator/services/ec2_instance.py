"""Instances: launch templates, metadata options, root volumes and network interfaces through an instance's life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance, InstanceBackend, MetadataOptions
from moto.ec2.responses.instances import InstanceResponse

from emulator import delays
from emulator.extensions import patch
from emulator.services._common import once
from emulator.services._ec2 import API
from emulator.services.ec2_account import metadata_defaults
from emulator.services.ec2_vpc import check_unattached

PENDING = delays.declare("instance.pending", "RunInstances until running")
SHUTTING_DOWN = delays.declare("instance.shutting_down", "TerminateInstances until terminated")
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
LISTED = delays.declare("instance.terminated", "terminated until no longer listed", default=3600)

_METADATA_ATTRIBUTES = {
    "HttpTokens": "http_tokens",
    "HttpPutResponseHopLimit": "http_put_response_hop_limit",
    "HttpEndpoint": "http_endpoint",
    "HttpProtocolIpv6": "http_protocol_ipv6",
    "InstanceMetadataTags": "instance_metadata_tags",
}


# --- run --------------------------------------------------------------------------------------------------------------


@patch(InstanceResponse, "run_instances", aws=f"{API}/API_RunInstances.html")
def run_instances(original: Any, self: Any) -> Any:
    """A launch template fills in whatever the request leaves out; one ClientToken launches once."""
    backend, asked = self.ec2_backend, dict(self._get_params())

    def launch() -> Any:
        self.params = _sized(backend, _with_template(backend, asked))
        for interface in self.params.get("NetworkInterfaces", []):
            if "NetworkInterfaceId" in interface:
                check_unattached(backend, interface["NetworkInterfaceId"])
        answer = original(self)
        for instance in answer.result.instances:
            _finish_launch(backend, instance, self.params)
        return answer

    return once(backend, "RunInstances", asked, launch)


def _with_template(backend: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    reference = params.get("LaunchTemplate")
    if not reference:
        return dict(params)
    template = dict(backend._get_template_from_args(reference).data)
    if "NetworkInterfaces" in template and "SubnetId" in params:
        interfaces = [dict(i) for i in template["NetworkInterfaces"]]
        for interface in interfaces:
            if "NetworkInterfaceId" not in interface:
                interface.setdefault("SubnetId", params["SubnetId"])
        merged = {**template, "NetworkInterfaces": interfaces, **params}
        merged.pop("SubnetId")
        return merged
    metadata = {**template.get("MetadataOptions", {}), **params.get("MetadataOptions", {})}
    return {**template, **params} | ({"MetadataOptions": metadata} if metadata else {})


def _sized(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """The root volume keeps the image's size when a mapping gives only its type or encryption.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html
    """
    mappings = params.get("BlockDeviceMappings", [])
    if not mappings or "ImageId" not in params:
        return params
    root = backend.describe_images(ami_ids=[params["ImageId"]])[0].root_device_name
    sized = [
        {**mapping, "Ebs": {"VolumeSize": 8, **mapping["Ebs"]}}
        if mapping.get("DeviceName") == root and "SnapshotId" not in mapping.get("Ebs", {"SnapshotId": ""})
        else mapping
        for mapping in mappings
    ]
    return params | {"BlockDeviceMappings": sized}


def _finish_launch(backend: Any, instance: Instance, params: Mapping[str, Any]) -> None:
    options = {**metadata_defaults(backend), **params.get("MetadataOptions", {})}
    _set_metadata(instance, options)
    given = {spec.get("NetworkInterfaceId"): spec for spec in params.get("NetworkInterfaces", [])}
    by_index = {int(spec.get("DeviceIndex", 0)): spec for spec in params.get("NetworkInterfaces", [])}
    for interface in instance.nics.values():
        if interface.id not in given:  # made by this launch, so it goes with the instance unless told otherwise
            spec = by_index.get(interface.device_index or 0, {})
            interface.delete_on_termination = spec.get("DeleteOnTermination", True)
    root_spec = _root_mapping(instance, params)
    root = instance.block_device_mapping.get(instance.root_device_name)
    if root is not None and "DeleteOnTermination" not in root_spec:
        root.delete_on_termination = True
    instance._state.name, instance._state.code = "pending", 0
    delays.schedule(PENDING, lambda: _running(instance))


def _root_mapping(instance: Instance, params: Mapping[str, Any]) -> Mapping[str, Any]:
    for mapping in params.get("BlockDeviceMappings", []):
        if mapping.get("DeviceName") == instance.root_device_name:
            ebs: Mapping[str, Any] = mapping.get("Ebs", {})
            return ebs
    return {}


def _running(instance: Instance) -> None:
    if instance.state == "pending":
        instance._state.name, instance._state.code = "running", 16


@patch(Instance, "setup_defaults", aws=f"{API}/API_InstanceBlockDeviceMapping.html")
def setup_defaults(_original: Any, self: Instance) -> None:
    """The root volume has the device name of the image."""
    volume = self.ec2_backend.create_volume(size=8, zone_name=self._placement.zone, volume_type="gp3")
    self.ec2_backend.attach_volume(volume.id, self.id, self.root_device_name, True)


# --- metadata options -------------------------------------------------------------------------------------------------


def _set_metadata(instance: Instance, options: Mapping[str, Any]) -> MetadataOptions:
    for name, attribute in _METADATA_ATTRIBUTES.items():
        if options.get(name) is not None:
            setattr(instance.metadata_options, attribute, options[name])
    return instance.metadata_options


@patch(InstanceBackend, "modify_instance_metadata_options", aws=f"{API}/API_ModifyInstanceMetadataOptions.html")
def modify_instance_metadata_options(
    _original: Any,
    self: Any,
    instance_id: str,
    http_tokens: str | None = None,
    hop_limit: int | None = None,
    http_endpoint: str | None = None,
    dry_run: bool | None = False,
    http_protocol: str | None = None,
    metadata_tags: str | None = None,
) -> MetadataOptions:
    """Options that the request leaves out stay as they are."""
    values = (http_tokens, hop_limit, http_endpoint, http_protocol, metadata_tags)
    return _set_metadata(self.get_instance(instance_id), dict(zip(_METADATA_ATTRIBUTES, values, strict=True)))


# --- source/destination check: one attribute, seen at two places ------------------------------------------------------


def _primary(instance: Any) -> NetworkInterface | None:
    interface: NetworkInterface | None = getattr(instance, "nics", {}).get(0)
    return interface


def _set_check(self: Any, value: Any) -> None:
    interface = _primary(self)
    if interface is not None:
        interface.source_dest_check = value if isinstance(value, bool) else str(value).lower() == "true"


@patch(Instance, "source_dest_check", added=True, attribute=True, setter=_set_check, aws=f"{API}/API_Instance.html")
def get_check(self: Any) -> bool:
    """The source/destination check of an instance is that of its primary network interface."""
    interface = _primary(self)
    return bool(interface.source_dest_check) if interface is not None else True


# --- terminate --------------------------------------------------------------------------------------------------------


@patch(Instance, "terminate", aws="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html")
def terminate(original: Any, self: Instance) -> Any:
    """A terminating instance is shutting-down; once terminated it has given up its interfaces and root volume."""
    if self.state in ("shutting-down", "terminated"):
        return self._state
    interfaces = list(self.nics.values())
    owned = [interface for interface in interfaces if interface.delete_on_termination]
    for interface in owned:
        interface.delete_on_termination = False  # removed below, when the instance is terminated
    previous = original(self)
    self._state.name, self._state.code = "shutting-down", 32

    def terminated() -> None:
        self._state.name, self._state.code = "terminated", 48
        for interface in interfaces:
            _release(self, interface, gone=interface in owned)
        delays.schedule(LISTED, lambda: _forget(self))

    delays.schedule(SHUTTING_DOWN, terminated)
    return previous


def _release(instance: Instance, interface: NetworkInterface, gone: bool) -> None:
    backend = instance.ec2_backend
    interface.instance = interface.attachment_id = interface.attach_time = None
    interface.status = "available"
    if not gone:
        return
    for address in [a for a in backend.addresses if a.eni is interface]:
        backend.disassociate_address(address=address.public_ip)
    backend.enis.pop(interface.id, None)


def _forget(instance: Instance) -> None:
    for reservation in list(instance.ec2_backend.reservations.values()):
        if instance in reservation.instances:
            reservation.instances.remove(instance)


@patch(Instance, "network_interfaces", attribute=True, aws=f"{API}/API_Instance.html")
def network_interfaces(self: Any) -> list[NetworkInterface]:
    """A terminated instance lists no network interfaces."""
    return [] if self.state == "terminated" else list(self.nics.values())
