from __future__ import annotations

from ansible_collections.airas.platform.plugins.module_utils._cloudwatch.dashboard import normalised


def test_widgets_are_told_apart_by_title_and_otherwise_by_place() -> None:
    titled, plain = {"properties": {"title": "CPU"}}, {"type": "text", "x": 0, "y": 6}
    assert normalised({"start": "-PT3H", "widgets": [titled, plain, titled]}) == {
        "start": "-PT3H",
        "widgets": {"CPU": titled, "text 0 6": plain, "CPU #2": titled},
    }
