#!/usr/bin/env python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module call costs with each connection, side by side; bench/README.md says how to read the figures."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emulator.testing import EmulatorServer  # noqa: E402

BIN = Path(sys.executable).parent
MODULES = ("amazon.aws.aws_caller_info", "amazon.aws.ec2_vpc_net_info")
CALLS = 20

_PR_SET_CHILD_SUBREAPER = 36
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Variant:
    """A way to run modules on the controller."""

    name: str
    connection: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """Of all processes of one command: seconds of wall clock and of processors, and MiB at the moment of the most."""

    wall: float
    processor: float
    memory: float


def variants() -> list[Variant]:
    found = [
        Variant("local", "ansible.builtin.local"),
        Variant("local, pipelining", "ansible.builtin.local", {"ANSIBLE_PIPELINING": "true"}),
    ]
    mitogen = importlib.util.find_spec("ansible_mitogen")
    if mitogen and mitogen.submodule_search_locations:
        strategies = Path(mitogen.submodule_search_locations[0], "plugins", "strategy")
        environment = {"ANSIBLE_STRATEGY_PLUGINS": str(strategies), "ANSIBLE_STRATEGY": "mitogen_linear"}
        found.append(Variant(f"Mitogen {importlib.metadata.version('mitogen')}", "ansible.builtin.local", environment))
    return [*found, Variant("warm_local", "airas.platform.warm_local")]


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to the end of its last process. RuntimeError, with what it said, if it fails."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(command, environment, theirs))
    process.start()
    failure, cost = ours.recv()
    process.join()
    if failure:
        raise RuntimeError(f"{' '.join(command)} failed:\n{failure}")
    return Cost(*cost)


def _measure(command: Sequence[str], environment: Mapping[str, str], answer: Connection) -> None:
    """In a process of its own that adopts whatever the command leaves behind, so that nothing escapes the account."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ended = threading.Event()
    memory = [0.0]
    sampler = threading.Thread(target=_sample, args=(os.getpid(), ended, memory))
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        sampler.start()
        status = process.wait()
        wall = time.perf_counter() - start
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()
        ended.set()
        sampler.join()
        said.seek(0)
        text = said.read().decode(errors="replace")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer.send((text if status else "", (wall, used.ru_utime + used.ru_stime, memory[0])))


def _sample(pid: int, ended: threading.Event, most: list[float]) -> None:
    while not ended.wait(_SAMPLE_SECONDS):
        most[0] = max(most[0], sum(_proportional_mebibytes(child) for child in _descendants(pid)))


def _descendants(pid: int) -> Iterator[int]:
    for task in _read(f"/proc/{pid}/task/{pid}/children").split():
        yield int(task)
        yield from _descendants(int(task))


def _proportional_mebibytes(pid: int) -> float:
    """Its share of memory: pages that several processes share count once in all, as forks share most of theirs."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:  # it has just ended
        return ""


class Bench:
    def __init__(self, directory: Path, environment: Mapping[str, str], rounds: int) -> None:
        self._directory = directory
        self._environment = {**environment, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        self._rounds = rounds

    def playbook(self, *arguments: str) -> dict[str, list[Cost]]:
        """Each variant in turn, as often as there are rounds, so that a busy moment meets them all."""
        costs: dict[str, list[Cost]] = {variant.name: [] for variant in variants()}
        for _round in range(self._rounds):
            for variant in variants():
                connection = ["-e", f"ansible_connection={variant.connection}"]
                command = [str(BIN / "ansible-playbook"), *arguments, *connection]
                costs[variant.name].append(measure(command, {**self._environment, **variant.environment}))
        return costs

    def module(self, name: str) -> list[str]:
        """Rows: what a play with one call costs, and what each further call adds."""
        one, many = (self.playbook("-i", "inventories/dev", self._play(name, calls)) for calls in (1, 1 + CALLS))
        walls, processors = (
            {variant: (_median(many[variant], of) - _median(one[variant], of)) / CALLS for variant in one}
            for of in ("wall", "processor")
        )
        return [
            f"| {variant} | {_median(one[variant], 'wall'):.2f} | {_median(one[variant], 'processor'):.2f} "
            f"| {walls[variant]:.3f} | {processors[variant]:.3f} "
            f"| {walls[variant] / walls['local']:.2f} | {processors[variant] / processors['local']:.2f} "
            f"| {max(cost.memory for cost in many[variant]):.0f} |"
            for variant in one
        ]

    def run(self, *arguments: str) -> list[str]:
        """Rows: what a run costs after which nothing is left to be changed."""
        measure([str(BIN / "ansible-playbook"), *arguments], self._environment)
        costs = self.playbook(*arguments)
        local_wall, local_processor = (_median(costs["local"], of) for of in ("wall", "processor"))
        return [
            f"| {variant} | {(wall := _median(found, 'wall')):.2f} | {(processor := _median(found, 'processor')):.2f} "
            f"| {wall / local_wall:.2f} | {processor / local_processor:.2f} "
            f"| {max(cost.memory for cost in found):.0f} |"
            for variant, found in costs.items()
        ]

    def _play(self, module: str, calls: int) -> str:
        play = {"hosts": "all", "gather_facts": False, "tasks": [{module: {}} for _call in range(calls)]}
        path = self._directory / f"{calls}.json"
        path.write_text(json.dumps([play]))
        return str(path)


def _median(costs: Sequence[Cost], value: str) -> float:
    return statistics.median(getattr(cost, value) for cost in costs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the median counts")
    parser.add_argument(
        "playbook", nargs="*", help="after --: a playbook and its arguments, to measure a no-change run of"
    )
    options = parser.parse_args()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("ansible-core", "boto3"))
    print(f"## Python {platform.python_version()}, {versions}, {os.cpu_count()} processors\n")
    with EmulatorServer() as emulator, tempfile.TemporaryDirectory() as directory:
        bench = Bench(Path(directory), emulator.env, options.rounds)
        for module in MODULES:
            print(f"`{module}`, {CALLS} times after the first:\n")
            print("| | one call: s | processor s | each further: s | processor s | of local | processor | MiB |")
            print("|---|---|---|---|---|---|---|---|", *bench.module(module), sep="\n", end="\n\n", flush=True)
        if options.playbook:
            print(f"`{' '.join(options.playbook)}`, when nothing is left to be changed:\n")
            print("| | s | processor s | of local | processor | MiB |")
            print("|---|---|---|---|---|---|", *bench.run(*options.playbook), sep="\n", end="\n\n", flush=True)


if __name__ == "__main__":
    main()
