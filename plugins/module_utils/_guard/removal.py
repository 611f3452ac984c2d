# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether what a plan would remove may go: known to the last resource before the first write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._reconcile import Refused

SHARED = "account"

Layers = Mapping[str, Sequence[str]]
Planned = Sequence[Mapping[str, Any]]


def chosen(layers: Layers, tags: Iterable[str], skipped: Iterable[str], environment: str) -> list[str]:
    """The layers that a run with these tags is about; raises L(Refused) for a name that is none of them."""
    wanted = set(tags) - {"all", "always"}
    for name in sorted((wanted | set(skipped)) - {*layers, "always"}):
        problem = f"there is no layer {name}."
        if name == SHARED:
            problem = "all environments of the account share it, so it goes with none of them."
        raise Refused(problem, mend=f"Choose among {', '.join(sorted(layers))}.", resource=f"{environment}/{name}")
    return [name for name in layers if (not wanted or name in wanted) and name not in set(skipped)]


def check_standing(planned: Planned, layers: Layers, chosen_layers: Sequence[str], environment: str) -> None:
    """Raises L(Refused) for the first layer that something stands on which is there and would stay."""
    there = {resource["component"] for resource in planned}
    for name in chosen_layers:
        above = [other for other in layers[name] if other in there and other not in chosen_layers]
        if name in there and above:
            together = ",".join(sorted({*chosen_layers, *above}))
            raise Refused(
                f"{' and '.join(above)} {'stands' if len(above) == 1 else 'stand'} on it.",
                mend=f"Remove that too (--tags {together}), or everything (no --tags).",
                resource=f"{environment}/{name}",
            )


def losses(planned: Planned, environment: str) -> list[str]:
    """A confirmation for each loss of data, as the modules ask for it."""
    return [f"{environment}:{item['resource']}" for item in planned if item["impact"] == "data loss"]


def check_confirmed(planned: Planned, environment: str, confirm: Sequence[str]) -> None:
    """Raises L(Refused) with all that a protected environment would lose unconfirmed."""
    unconfirmed = [token for token in losses(planned, environment) if token not in confirm]
    token = f"{environment}:destroy"
    if planned and token not in confirm and (unconfirmed or not confirm):
        lost = ", ".join(item.partition(":")[2] for item in unconfirmed)
        raise Refused(
            f"it is protected (stack_protected), and {len(planned)} resources would go"
            + (f"; data would be lost with {lost}." if lost else "."),
            mend=f"If that is meant, run again with -e confirm={token}",
            resource=environment,
        )
