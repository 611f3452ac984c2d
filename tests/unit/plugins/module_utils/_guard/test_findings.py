from __future__ import annotations

from ansible_collections.airas.platform.plugins.module_utils._guard.findings import Finding, nearest, numbered


def test_findings_are_sorted_and_numbered() -> None:
    text = numbered([Finding("b", "is wrong.", "Mend it."), Finding("a", "is empty.", "Fill it.")])
    assert text.splitlines() == [
        "2 things have to be mended first. Nothing has been written.",
        "1. a: is empty. Fill it.",
        "2. b: is wrong. Mend it.",
    ]
    assert numbered([Finding("a", "is empty.", "Fill it.")]).startswith("One thing has to be mended first.")


def test_the_nearest_name() -> None:
    assert nearest("network_nat_mod", ["network_name", "network_nat_mode"]) == "network_nat_mode"
    assert nearest("zzz", ["network_name"]) == ""
