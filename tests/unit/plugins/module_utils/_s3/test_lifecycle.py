from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError
from ansible_collections.airas.platform.plugins.module_utils._s3 import _lifecycle

RULE: dict[str, Any] = {
    "id": "old",
    "enabled": True,
    "prefix": "",
    "expiration_days": None,
    "expired_object_delete_marker": False,
    "noncurrent_version_expiration_days": None,
    "newer_noncurrent_versions": None,
    "abort_incomplete_multipart_upload_days": None,
    "transitions": [],
    "noncurrent_version_transitions": [],
}
EVERYTHING = {"Prefix": ""}


def test_a_rule_comes_back_as_it_went() -> None:
    rule = {
        **RULE,
        "enabled": False,
        "prefix": "logs/",
        "expiration_days": 400,
        "noncurrent_version_expiration_days": 90,
        "newer_noncurrent_versions": 3,
        "abort_incomplete_multipart_upload_days": 7,
        "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}],
        "noncurrent_version_transitions": [{"days": 30, "storage_class": "GLACIER"}],
    }
    wanted = _lifecycle.desired([rule], "s3_bucket/x")
    sent = _lifecycle.to_aws(wanted)
    assert sent == [
        {
            "ID": "old",
            "Status": "Disabled",
            "Filter": {"Prefix": "logs/"},
            "Expiration": {"Days": 400},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "GLACIER"}],
        }
    ]
    assert _lifecycle.normalised(sent) == wanted


@pytest.mark.parametrize("spelling", [{}, {"Prefix": ""}, {"Filter": {}}, {"Filter": {"Prefix": ""}}])
def test_all_objects_have_several_spellings(spelling: dict[str, Any]) -> None:
    assert _lifecycle.normalised([{"ID": "a", "Status": "Enabled", **spelling}])["a"]["Filter"] == EVERYTHING


def test_a_filter_that_we_have_no_option_for_is_a_difference() -> None:
    tagged = {"Tag": {"Key": "a", "Value": "b"}}
    assert _lifecycle.normalised([{"ID": "a", "Status": "Enabled", "Filter": tagged}])["a"]["Filter"] == tagged


def test_a_date_can_be_shown() -> None:
    rule = {"ID": "a", "Status": "Enabled", "Expiration": {"Date": dt.datetime(2030, 1, 1, tzinfo=dt.UTC)}}
    assert _lifecycle.normalised([rule])["a"]["Expiration"] == {"Date": "2030-01-01T00:00:00+00:00"}


def test_a_delete_marker_that_is_kept_is_no_action() -> None:
    rule = {"ID": "a", "Status": "Enabled", "Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": False}}
    assert _lifecycle.normalised([rule])["a"]["Expiration"] == {"Days": 1}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([RULE], "rule old: it does nothing"),
        ([{**RULE, "expiration_days": 1}] * 2, "rule old: another rule has this id"),
        ([{**RULE, "expiration_days": 1, "expired_object_delete_marker": True}], "make two"),
        ([{**RULE, "expiration_days": 0}], "rule old: S3 takes no fewer days than 1"),
        ([{**RULE, "newer_noncurrent_versions": 1}], "needs noncurrent_version_expiration_days"),
    ],
)
def test_what_s3_would_not_take_is_refused(rules: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(PlatformError, match=message):
        _lifecycle.desired(rules, "s3_bucket/x")
