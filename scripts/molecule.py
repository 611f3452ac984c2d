"""Runs `molecule test` for each scenario, several at the same time: scripts/molecule.py [--jobs N] [SCENARIO ...]

Each scenario has an embedded AWS of its own (molecule/shared/create.yml), which is why they do not disturb each other.
Whatever they print goes to build/molecule/; of a scenario that fails it is shown. The last line counts them.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "molecule" / f"{sys.version_info[0]}.{sys.version_info[1]}"

running: dict[str, subprocess.Popen[bytes]] = {}
stopping = False


def scenarios() -> list[str]:
    """All of them, those with the most to do first: a long one that begins last would end alone."""
    found = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))
    return sorted(found, key=work, reverse=True)


def work(scenario: str) -> int:
    """About how many tasks its runs of playbooks have: a dozen of its role, two of each role that it stands on."""
    file = ROOT / "molecule" / scenario / "scenario.yml"
    needs = yaml.safe_load(file.read_text(encoding="utf-8"))["needs"] if file.exists() else []
    return 12 * tasks(scenario) + sum(2 * tasks(role) for role in needs)


def tasks(role: str) -> int:
    return sum(file.read_text(encoding="utf-8").count("- name:") for file in ROOT.glob(f"roles/{role}/tasks/*.yml"))


def molecule(action: str, scenario: str) -> int:
    """Runs it in a process group of its own, so that an interrupted run can be ended as a whole; its exit status."""
    # Molecule reads and checks all scenarios that it can see, also for a run of one.
    environment = os.environ | {"NO_COLOR": "1", "MOLECULE_GLOB": f"molecule/{scenario}/molecule.yml"}
    with (LOGS / f"{scenario}.log").open("ab") as log:
        process = subprocess.Popen(
            ["molecule", action, "--scenario-name", scenario],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        running[scenario] = process
        status = process.wait()
        del running[scenario]
    return status


def test(scenario: str) -> tuple[int, float]:
    """Exit status and seconds of a scenario's whole test sequence."""
    started = time.monotonic()
    (LOGS / f"{scenario}.log").unlink(missing_ok=True)
    if stopping:
        return 1, 0.0
    status = molecule("test", scenario)
    if stopping:
        molecule("destroy", scenario)
    return status, time.monotonic() - started


def stop(*_: object) -> None:
    """Ends what runs; test() then stops each scenario's embedded AWS."""
    global stopping  # noqa: PLW0603 - a signal handler has no other way to speak to the threads
    stopping = True
    for process in list(running.values()):
        os.killpg(process.pid, signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("scenarios", nargs="*", default=scenarios(), metavar="SCENARIO", help="default: all")
    parser.add_argument("--jobs", type=int, default=2, help="how many at the same time; default: %(default)s")
    options = parser.parse_args(arguments)
    LOGS.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        tests = {pool.submit(test, scenario): scenario for scenario in options.scenarios}
        for done in as_completed(tests):
            scenario, (status, seconds) = tests[done], done.result()
            log = LOGS / f"{scenario}.log"
            if status:
                failed += 1
                if not stopping:
                    print(log.read_text(encoding="utf-8", errors="replace"))
            outcome = "stopped" if stopping else "failed" if status else "ok"
            print(f"{scenario:20} {outcome} in {seconds:.0f} s  ({log.relative_to(ROOT)})", flush=True)
    print(f"{len(options.scenarios) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
