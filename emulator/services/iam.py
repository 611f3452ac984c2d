"""IAM: the client ids of an OpenID Connect provider."""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.iam.responses import IamResponse

from emulator.extensions import patch

API = "https://docs.aws.amazon.com/IAM/latest/APIReference"


def _client_ids(self: Any) -> list[str]:
    provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
    ids: list[str] = provider.client_id_list
    return ids


@patch(
    IamResponse,
    "add_client_id_to_open_id_connect_provider",
    added=True,
    aws=f"{API}/API_AddClientIDToOpenIDConnectProvider.html",
)
def add_client_id(self: Any) -> EmptyResult:
    """A client id is added to a provider; adding it again does nothing."""
    ids, client_id = _client_ids(self), self._get_param("ClientID")
    if client_id not in ids:
        ids.append(client_id)
    return EmptyResult()


@patch(
    IamResponse,
    "remove_client_id_from_open_id_connect_provider",
    added=True,
    aws=f"{API}/API_RemoveClientIDFromOpenIDConnectProvider.html",
)
def remove_client_id(self: Any) -> EmptyResult:
    """A client id is removed from a provider; removing one that is not there does nothing."""
    ids, client_id = _client_ids(self), self._get_param("ClientID")
    if client_id in ids:
        ids.remove(client_id)
    return EmptyResult()
