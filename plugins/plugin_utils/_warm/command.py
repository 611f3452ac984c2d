# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command line by which Ansible runs a pipelined module, taken apart."""

from __future__ import annotations

import shlex
import subprocess
from typing import NamedTuple

_APPENDED = " && sleep 0"  # ansible-core 2.19 adds it for the sake of ssh; 2.21 does not
_PRINT_ENVIRONMENT = "cat /proc/self/environ"

# A shell sets these itself, or refuses to have them set.
_SHELL_OWNED = frozenset(
    {"_", "BASHOPTS", "BASH_ENV", "ENV", "EUID", "IFS", "OLDPWD", "PPID", "PWD", "SHELLOPTS", "SHLVL", "UID"}
)


class NotServed(Exception):
    """The warm process does not run this, and has run nothing of it; the message says why."""


class ModuleCommand(NamedTuple):
    """`SHELL -c 'NAME=value ... INTERPRETER'`, with a module on its stdin."""

    interpreter: str
    assignments: dict[str, str]
    shell: str
    appended: str

    def running(self, program: str) -> str:
        """The same command line without its assignments, and with another program in the interpreter's place."""
        return f"{self.shell} -c {shlex.quote(program + self.appended)}"

    @property
    def probe(self) -> str:
        return self.running(_PRINT_ENVIRONMENT)

    def killed(self, executable: str, signal: int) -> tuple[int, bytes]:
        """Exit status and stderr of the shells when the interpreter dies of `signal`: asked, for each shell differs."""
        died = subprocess.run(  # noqa: S602 - the first of the two shells that `local` has
            self.running(shlex.quote(self.interpreter)),
            shell=True,
            executable=executable,
            env={},
            input=f"import os; os.kill(os.getpid(), {signal})".encode(),
            capture_output=True,
            check=False,
        )
        return died.returncode, died.stderr


def parse(command: str) -> ModuleCommand:
    """Take `command` apart. NotServed unless it is exactly what Ansible's POSIX shell plugin writes for a module."""
    try:
        shell, option, script = shlex.split(command)
        body = script.removesuffix(_APPENDED)
        *words, interpreter = shlex.split(body)
    except ValueError:
        raise NotServed("this is no module's command line") from None
    pairs = (word.partition("=") for word in words)
    assignments = {name: value for name, equals, value in pairs if equals and name.isascii() and name.isidentifier()}
    rebuilt = [*(f"{name}={shlex.quote(value)}" for name, value in assignments.items()), shlex.quote(interpreter)]
    # Only what survives the way back is free of everything that the shell would have expanded, split or executed.
    if option != "-c" or " ".join(rebuilt) != body or f"{shell} -c {shlex.quote(script)}" != command:
        raise NotServed("this is no module's command line")
    owned = sorted(_SHELL_OWNED & assignments.keys())
    if owned:
        raise NotServed(f"the task's environment sets {', '.join(owned)}, which the shell keeps for itself")
    return ModuleCommand(interpreter, assignments, shell, script[len(body) :])
