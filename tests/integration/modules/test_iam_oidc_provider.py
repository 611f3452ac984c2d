"""The OpenID Connect provider against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

ISSUER = "token.actions.githubusercontent.com"
ARN = f"arn:aws:iam::427979936961:oidc-provider/{ISSUER}"
PROVIDER = f"oidc_provider/{ISSUER}"
ARGS = {"region": "ap-northeast-1", "tags": {"Environment": "global"}}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]


def census(boto: Boto) -> list[Any]:
    iam = boto("iam")
    listed = [item["Arn"] for item in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    found = [iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn) for arn in listed]
    return [(item["Url"], item["ClientIDList"], {tag["Key"]: tag["Value"] for tag in item["Tags"]}) for item in found]


def test_makes_it_and_then_changes_nothing(apply: Apply, boto: Boto) -> None:
    planned = apply("iam_oidc_provider", ARGS, check=True)
    assert census(boto) == []
    assert planned["resources"][PROVIDER]["arn"] == ARN
    assert apply("iam_oidc_provider", ARGS)["plan"] == planned["plan"]
    [(url, clients, tags)] = census(boto)
    assert url.removeprefix("https://") == ISSUER
    assert (clients, tags) == (["sts.amazonaws.com"], {"Environment": "global", "Name": ISSUER})
    assert apply("iam_oidc_provider", ARGS)["changed"] is False


def test_one_that_is_there_is_adopted_with_what_others_need_of_it(
    apply: Apply, boto: Boto, value_changes: Changes
) -> None:
    boto("iam").create_open_id_connect_provider(
        Url=f"https://{ISSUER}", ClientIDList=["theirs"], Tags=[{"Key": "cost", "Value": "theirs"}]
    )
    drift = {
        f"{PROVIDER} client_ids[sts.amazonaws.com]": (None, "accepted"),
        f"{PROVIDER} tags.Environment": (None, "global"),
        f"{PROVIDER} tags.Name": (None, ISSUER),
    }
    assert value_changes(apply("iam_oidc_provider", ARGS, check=True)) == drift
    assert value_changes(apply("iam_oidc_provider", ARGS)) == drift
    [(_url, clients, tags)] = census(boto)
    assert sorted(clients) == ["sts.amazonaws.com", "theirs"]
    assert tags["cost"] == "theirs"
    assert apply("iam_oidc_provider", ARGS)["changed"] is False


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("iam_oidc_provider", ARGS)
    gone = apply("iam_oidc_provider", {**ARGS, "state": "absent"})
    assert [plan["impact"] for plan in gone["plan"]] == ["outage"]
    assert census(boto) == []
    assert apply("iam_oidc_provider", {**ARGS, "state": "absent"})["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        boto("iam").create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["theirs"])
        return ARGS

    interrupt_each_write("iam_oidc_provider", lambda: ARGS, lambda: census(boto))
    interrupt_each_write("iam_oidc_provider", prepare, lambda: census(boto))


@pytest.mark.parametrize("url", [ISSUER, f"http://{ISSUER}", f"https://{ISSUER}/", f"https://{ISSUER}?a=b"])
def test_a_url_that_is_no_issuer_is_refused(run_module: Apply, url: str) -> None:
    assert "begins with https:// and has no query" in run_module("iam_oidc_provider", {**ARGS, "url": url})["msg"]
