# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is wrong before a run, all of it in one message: nobody wants to mend five things in five attempts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Finding(NamedTuple):
    """One thing to mend: where (a variable's name), what is wrong, and how to mend it."""

    where: str
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem} {self.mend}"


def numbered(findings: Iterable[Finding]) -> str:
    """A heading and one numbered line for each finding, sorted."""
    lines = [f"{number}. {finding}" for number, finding in enumerate(sorted(findings), start=1)]
    heading = "One thing has to be mended" if len(lines) == 1 else f"{len(lines)} things have to be mended"
    return "\n".join([f"{heading} first. Nothing has been written.", *lines])


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like the given one; empty if none is."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1)), "")
