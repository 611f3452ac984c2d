"""IAM: the client ids of an OpenID Connect provider, and AWS's managed policies."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import EmptyResult
from moto.iam.models import AWSManagedPolicy, IAMBackend
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


_pristine: dict[str, list[AWSManagedPolicy]] = {}


@patch(
    IAMBackend,
    "_init_aws_policies",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html",
)
def init_aws_policies(original: Any, self: Any) -> list[AWSManagedPolicy]:
    """AWS's managed policies are there in every account (moto reads all 1,400 anew after each reset)."""
    if self.account_id not in _pristine:
        _pristine[self.account_id] = original(self)
    return [copy.copy(policy) for policy in _pristine[self.account_id]]
