from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._iam import oidc_provider
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

ISSUER = "token.actions.githubusercontent.com"
ARN = f"arn:aws:iam::427979936961:oidc-provider/{ISSUER}"
PARAMS = {"url": f"https://{ISSUER}", "client_ids": ["sts.amazonaws.com"], "tags": {}, "state": "present"}
NAMED = [{"Key": "Name", "Value": ISSUER}]


def test_it_is_found_by_its_issuer(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(get_open_id_connect_provider={"ClientIDList": ["sts.amazonaws.com", "theirs"], "Tags": NAMED})
    [provider] = oidc_provider.resources(aws, PARAMS)
    assert plan_resource(provider).action == "none"
    assert aws.calls == [("iam:get_open_id_connect_provider", {"OpenIDConnectProviderArn": ARN})]


def test_a_missing_client_id_is_added_and_no_other_taken_away(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(get_open_id_connect_provider={"ClientIDList": ["theirs"], "Tags": NAMED})
    [provider] = oidc_provider.resources(aws, PARAMS)
    apply([plan_resource(provider)], [])
    sent = {"OpenIDConnectProviderArn": ARN, "ClientID": "sts.amazonaws.com"}
    assert aws.calls[1:] == [("iam:add_client_id_to_open_id_connect_provider", sent)]


def test_an_empty_account_gets_one(fake_aws: Callable[..., Any], refusal: Any) -> None:
    aws = fake_aws(
        get_open_id_connect_provider=refusal("NoSuchEntity"),
        create_open_id_connect_provider={"OpenIDConnectProviderArn": ARN},
    )
    [provider] = oidc_provider.resources(aws, PARAMS)
    assert provider.report()["arn"] == ARN
    apply([plan_resource(provider)], [])
    sent = {"Url": f"https://{ISSUER}", "ClientIDList": ["sts.amazonaws.com"], "Tags": NAMED}
    assert aws.calls[1:] == [("iam:create_open_id_connect_provider", sent)]
