from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._route53 import zone

Fake = Callable[..., Any]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("example.com", "Z1"),
        ("app.example.com", "Z1"),
        ("app.dev.example.com", "Z2"),
        ("notexample.com", None),
        ("inside.example.com", "Z1"),
    ],
)
def test_the_longest_name_answers_for_a_domain(fake_aws: Fake, domain: str, expected: str | None) -> None:
    held = [("Z1", "example.com.", False), ("Z2", "dev.example.com.", False), ("Z3", "inside.example.com.", True)]
    zones = [
        {"Id": f"/hostedzone/{zone_id}", "Name": name, "Config": {"PrivateZone": private}}
        for zone_id, name, private in held
    ]
    assert zone.find_above(fake_aws(list_hosted_zones={"HostedZones": zones}), domain) == expected


def test_what_comes_after_a_name_is_another_zone(fake_aws: Fake) -> None:
    aws = fake_aws(list_hosted_zones_by_name={"HostedZones": [{"Id": "/hostedzone/Z1", "Name": "example.net."}]})
    assert zone.find(aws, "example.com") is None
