"""EC2 settings of an account in a region: encryption, metadata service, public sharing, serial console."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.settings import Settings

from emulator.extensions import patch
from emulator.services._common import state_of
from emulator.services._ec2 import API


@patch(EBSBackend, "create_volume", aws="https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html")
def create_volume(
    original: Any, self: Any, encrypted: bool = False, kms_key_id: str | None = None, **others: Any
) -> Any:
    """Every new volume is encrypted once encryption by default is on, with the default key of the account."""
    # A backend makes volumes for its images before it has settings.
    if getattr(self, "ebs_encryption_by_default", False):
        encrypted = True
    if encrypted and not kms_key_id and _key(self) != _AWS_KEY:
        kms_key_id = _key(self)
    return original(self, encrypted=encrypted, kms_key_id=kms_key_id, **others)


_AWS_KEY = "alias/aws/ebs"


def _key_state(backend: Any) -> dict[str, str]:
    state: dict[str, str] = state_of(backend, "ebs_key", dict)
    return state


def _key(backend: Any) -> str:
    return _key_state(backend).get("id", _AWS_KEY)


@patch(Settings, "get_ebs_default_kms_key_id", added=True, aws=f"{API}/API_GetEbsDefaultKmsKeyId.html")
def get_ebs_default_kms_key_id(self: Any) -> ActionResult:
    """The default key for EBS encryption is alias/aws/ebs until another is set."""
    return ActionResult({"KmsKeyId": _key(self.ec2_backend)})


@patch(ElasticBlockStore, "modify_ebs_default_kms_key_id", aws=f"{API}/API_ModifyEbsDefaultKmsKeyId.html")
def modify_ebs_default_kms_key_id(_original: Any, self: Any) -> ActionResult:
    """The default key for EBS encryption can be changed; an alias or id answers as the key's ARN."""
    from moto.kms.models import kms_backends

    kms = kms_backends[self.current_account][self.region]
    key = kms.describe_key(self._get_param("KmsKeyId"))
    _key_state(self.ec2_backend)["id"] = key.arn
    return ActionResult({"KmsKeyId": key.arn})


@patch(Settings, "reset_ebs_default_kms_key_id", added=True, aws=f"{API}/API_ResetEbsDefaultKmsKeyId.html")
def reset_ebs_default_kms_key_id(self: Any) -> ActionResult:
    """The default key for EBS encryption goes back to alias/aws/ebs."""
    _key_state(self.ec2_backend).clear()
    return ActionResult({"KmsKeyId": _AWS_KEY})


# --- instance metadata defaults ---------------------------------------------------------------------------------------

_METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags", "HttpTokensEnforced")


def metadata_defaults(backend: Any) -> dict[str, Any]:
    """The account's defaults by parameter name; what has no preference is absent."""
    defaults: dict[str, Any] = state_of(backend, "metadata_defaults", dict)
    return defaults


@patch(Settings, "get_instance_metadata_defaults", added=True, aws=f"{API}/API_GetInstanceMetadataDefaults.html")
def get_instance_metadata_defaults(self: Any) -> ActionResult:
    """The account's defaults for the metadata service list only what has been set."""
    defaults = metadata_defaults(self.ec2_backend)
    return ActionResult({"AccountLevel": {**defaults, "ManagedBy": "account"} if defaults else {}})


@patch(Settings, "modify_instance_metadata_defaults", added=True, aws=f"{API}/API_ModifyInstanceMetadataDefaults.html")
def modify_instance_metadata_defaults(self: Any) -> ActionResult:
    """Defaults for the metadata service can be set, and unset with no-preference (-1 for the hop limit)."""
    self.error_on_dryrun()
    defaults = metadata_defaults(self.ec2_backend)
    for name in _METADATA:
        value = self._get_param(name)
        if value in ("no-preference", -1):
            defaults.pop(name, None)
        elif value is not None:
            defaults[name] = value
    return ActionResult({"Return": True})


# --- public sharing ---------------------------------------------------------------------------------------------------


def _sharing(backend: Any) -> dict[str, str]:
    return state_of(backend, "sharing", lambda: {"snapshot": "unblocked", "image": "block-new-sharing"})


_SNAPSHOTS = "SnapshotBlockPublicAccess"
_IMAGES = "ImageBlockPublicAccess"


@patch(Settings, "get_snapshot_block_public_access_state", added=True, aws=f"{API}/API_Get{_SNAPSHOTS}State.html")
def get_snapshot_block_public_access_state(self: Any) -> ActionResult:
    """Snapshots can be shared publicly until that is blocked."""
    return ActionResult({"State": _sharing(self.ec2_backend)["snapshot"], "ManagedBy": "account"})


@patch(Settings, "enable_snapshot_block_public_access", added=True, aws=f"{API}/API_Enable{_SNAPSHOTS}.html")
def enable_snapshot_block_public_access(self: Any) -> ActionResult:
    """Public sharing of snapshots can be blocked, all of it or what is new."""
    self.error_on_dryrun()
    state = _sharing(self.ec2_backend)["snapshot"] = self._get_param("State")
    return ActionResult({"State": state})


@patch(Settings, "disable_snapshot_block_public_access", added=True, aws=f"{API}/API_Disable{_SNAPSHOTS}.html")
def disable_snapshot_block_public_access(self: Any) -> ActionResult:
    """Public sharing of snapshots can be allowed again."""
    self.error_on_dryrun()
    state = _sharing(self.ec2_backend)["snapshot"] = "unblocked"
    return ActionResult({"State": state})


@patch(Settings, "get_image_block_public_access_state", added=True, aws=f"{API}/API_Get{_IMAGES}State.html")
def get_image_block_public_access_state(self: Any) -> ActionResult:
    """New accounts block public sharing of images."""
    return ActionResult({"ImageBlockPublicAccessState": _sharing(self.ec2_backend)["image"], "ManagedBy": "account"})


@patch(Settings, "enable_image_block_public_access", added=True, aws=f"{API}/API_Enable{_IMAGES}.html")
def enable_image_block_public_access(self: Any) -> ActionResult:
    """Public sharing of images can be blocked."""
    self.error_on_dryrun()
    state = _sharing(self.ec2_backend)["image"] = self._get_param("ImageBlockPublicAccessState")
    return ActionResult({"ImageBlockPublicAccessState": state})


@patch(Settings, "disable_image_block_public_access", added=True, aws=f"{API}/API_Disable{_IMAGES}.html")
def disable_image_block_public_access(self: Any) -> ActionResult:
    """Public sharing of images can be allowed."""
    self.error_on_dryrun()
    state = _sharing(self.ec2_backend)["image"] = "unblocked"
    return ActionResult({"ImageBlockPublicAccessState": state})


# --- serial console ---------------------------------------------------------------------------------------------------


def _console(self: Any, enabled: bool | None = None) -> ActionResult:
    state = state_of(self.ec2_backend, "serial_console", lambda: {"enabled": False})
    if enabled is not None:
        self.error_on_dryrun()
        state["enabled"] = enabled
    return ActionResult({"SerialConsoleAccessEnabled": state["enabled"]})


@patch(Settings, "get_serial_console_access_status", added=True, aws=f"{API}/API_GetSerialConsoleAccessStatus.html")
def get_serial_console_access_status(self: Any) -> ActionResult:
    """The serial console is closed until the account opens it."""
    return _console(self)


@patch(Settings, "enable_serial_console_access", added=True, aws=f"{API}/API_EnableSerialConsoleAccess.html")
def enable_serial_console_access(self: Any) -> ActionResult:
    """The serial console can be opened for the account."""
    return _console(self, enabled=True)


@patch(Settings, "disable_serial_console_access", added=True, aws=f"{API}/API_DisableSerialConsoleAccess.html")
def disable_serial_console_access(self: Any) -> ActionResult:
    """The serial console can be closed for the account."""
    return _console(self, enabled=False)
