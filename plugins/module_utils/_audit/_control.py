# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a control is: a pure function of one resource, by the id that AWS's best practices give it.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]
# What is wrong with the resource, in words; nothing if it holds to the control.
Check = Callable[[Facts], str]


@dataclass(frozen=True)
class Control:
    """``kind`` says of which resources: ``load_balancer``; ``ages``, that what holds to it stops to by time alone."""

    id: str
    title: str
    kind: str
    check: Check
    ages: bool = False

    @property
    def url(self) -> str:
        """Where AWS says what it asks for, and how that is mended."""
        service, _dot, number = self.id.lower().partition(".")
        return f"https://docs.aws.amazon.com/securityhub/latest/userguide/{service}-controls.html#{service}-{number}"


CONTROLS: dict[str, Control] = {}


def control(id_: str, title: str, kind: str, *, ages: bool = False) -> Callable[[Check], Check]:
    """Registers the decorated function as a control of ``kind``."""

    def register(check: Check) -> Check:
        CONTROLS[id_] = Control(id_, title, kind, check, ages)
        return check

    return register


def unless(holds: Any, problem: str) -> str:
    return "" if holds else problem
