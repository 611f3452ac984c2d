"""Plans, builds and builds again the dev stack in an embedded AWS, and says what came of it: `make demo`.

Ansible's own output goes to build/demo/; shown is what a person would look for in it. Exits with 1 if a step fails, or
if the second run changes anything.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emulator.testing import EmulatorServer  # noqa: E402

INVENTORY = "inventories/dev"
LOGS = ROOT / "build" / "demo"
REPORTS = ROOT / "reports"
RECAP = re.compile(r"^airas-\S+ +: ok=\d+ +changed=(?P<changed>\d+) ", re.MULTILINE)


class DemoError(Exception):
    """A step that did not end as it should; the message says where to look."""


@dataclass(frozen=True)
class Run:
    """One run of site.yml: its tasks that changed something, and its plan report."""

    changed: int
    report: Mapping[str, Any]
    seconds: float


def run(title: str, name: str, env: Mapping[str, str], *arguments: str) -> Run:
    """Runs site.yml for dev, a dot a task; raises DemoError with the end of its output if it fails."""
    print(f"\n==> {title}\n    ansible-playbook site.yml -i {INVENTORY} {' '.join(arguments)}", flush=True)
    report = REPORTS / f"demo-{name}.json"
    report.unlink(missing_ok=True)
    log = LOGS / f"{name}.log"
    started = time.monotonic()
    process = subprocess.Popen(
        ["ansible-playbook", "site.yml", "--inventory", INVENTORY, *arguments],
        cwd=ROOT,
        env={**env, "AIRAS_REPORT": str(report), "ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print("    ", end="")
    try:
        follow(process, log)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    seconds = time.monotonic() - started
    print(f" {seconds:.0f} s", flush=True)
    text = log.read_text(encoding="utf-8")
    recap = RECAP.search(text)
    if process.wait() or recap is None or not report.exists():
        raise DemoError(f"{text[-3000:]}\nThis run failed. All of its output: {log.relative_to(ROOT)}")
    return Run(int(recap["changed"]), json.loads(report.read_text(encoding="utf-8")), seconds)


def follow(process: subprocess.Popen[str], log: Path) -> None:
    """Copies the output into the log until the process ends; prints a dot a task."""
    assert process.stdout is not None
    with log.open("w", encoding="utf-8") as output:
        for line in process.stdout:
            output.write(line)
            if line.startswith("TASK ["):
                print(".", end="", flush=True)


def counted(report: Mapping[str, Any]) -> str:
    """What a report's resources are: `3 subnet, 1 vpc`."""
    kinds = Counter(resource["resource"].split("/")[0] for resource in report["resources"])
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing"


def attributes(report: Mapping[str, Any]) -> int:
    return sum(len(resource["changes"]) for resource in report["resources"])


def summary(plan: Run, first: Run, second: Run) -> str:
    page = (REPORTS / "demo-plan.html").relative_to(ROOT)
    return f"""
The dev stack stood, in an embedded AWS that is gone again now:

  planned   {len(plan.report["resources"])} resources with {attributes(plan.report)} attributes, before any existed
  built     {counted(first.report)}
  run again changed={second.changed} in {second.seconds:.0f} s: what is there already is left alone

The plan, attribute by attribute:  {page}
All output of Ansible:             {LOGS.relative_to(ROOT)}/

Next, with an AWS account of your own:
  1. Put its id into aws_account_id in {INVENTORY}/group_vars/stack/stack.yml.
  2. Sign in, so that `aws sts get-caller-identity` names that account.
  3. . {os.path.relpath(sys.prefix, ROOT)}/bin/activate
     ansible-playbook site.yml -i {INVENTORY} --check --diff     # shows everything, changes nothing
     ansible-playbook site.yml -i {INVENTORY}                    # builds it; this costs money
  README.md says more."""


def demo() -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    REPORTS.mkdir(exist_ok=True)
    print("==> Starting the embedded AWS", flush=True)
    with EmulatorServer() as emulator:
        print(f"    {emulator.url}, account {emulator.account_id}, empty")
        plan = run("Planning: everything is missing, nothing is changed", "plan", emulator.env, "--check", "--diff")
        first = run("Building", "first", emulator.env)
        second = run("Running it again", "second", emulator.env)
    if not first.report["resources"]:
        raise DemoError(f"The first run built nothing: {LOGS.relative_to(ROOT)}/first.log")
    if second.changed or second.report["resources"]:
        raise DemoError(
            f"The second run changed {counted(second.report)} (changed={second.changed}), and should change nothing: "
            f"{LOGS.relative_to(ROOT)}/second.log"
        )
    print(summary(plan, first, second))


def main() -> int:
    # A terminated demo leaves by the same way as an interrupted one: the embedded AWS is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        demo()
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
