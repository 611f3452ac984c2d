"""The embedded AWS: moto server, pinned, plus what it lacks for this stack. See README.md."""

from __future__ import annotations

MOTO_VERSION = "5.2.5"
"""The moto release whose classes the extensions patch; the start-up check refuses any other."""

DEFAULT_ACCOUNT_ID = "427979936961"
