from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs of the whole stack begin first: one that began last would keep one process busy while the others idle."""
    items.sort(key=lambda item: (item.path.stem != "test_site", item.path.parent.name != "playbooks"))
