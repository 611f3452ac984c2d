from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.testing import EmulatorServer


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[EmulatorServer]:
    """One embedded AWS for the whole session."""
    with EmulatorServer() as server:
        yield server


@pytest.fixture
def emulator(emulator_server: EmulatorServer) -> EmulatorServer:
    """The session's embedded AWS, emptied: no resources, faults, delays or recorded calls."""
    emulator_server.reset()
    return emulator_server
