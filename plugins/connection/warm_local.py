# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
name: warm_local
short_description: Execute on the controller, modules in forks of one warm interpreter
version_added: 0.1.0
author: airas.platform maintainers (@airas-org)
description:
  - Does what P(ansible.builtin.local#connection) does, and runs modules several times faster.
  - On the controller, a module usually starts a Python interpreter, imports boto3 and its module_utils, and reads the
    models of the AWS services that it calls. This takes longer than its work. Here one process for each run of
    C(ansible-playbook) has done all that, and each module gets a fork of it.
  - The module finds what it would have found in an interpreter of its own (environment, working directory, umask,
    standard streams, arguments) and nothing of the modules before it. Its output, exit status and result are the same.
  - What Ansible assembles of a module and its module_utils, before any argument is known, is kept below
    E(ANSIBLE_HOME) for the next run, until one of these files changes. This concerns the modules of ansible-core,
    amazon.aws, community.aws and this collection.
  - Modules and their arguments reach the process over a Unix-domain socket that only its user can open. The process
    starts with the first module and ends with the run, however that ends.
  - What it cannot run is run as P(ansible.builtin.local#connection) would, with a line at C(-vvv) that says why. This
    concerns C(become), C(async), modules that are not Python, an interpreter other than the controller's, an
    C(environment) that sets what an interpreter reads when it starts (E(PYTHONPATH), E(LC_ALL), E(HOME) and the
    like), and platforms other than Linux.
  - If the process is lost while it runs a module, that module fails as if it had been killed; it is not run again. A
    module that is given up, because of C(timeout) or an interrupt, gets a SIGTERM.
notes:
  - Implicit C(localhost) always uses P(ansible.builtin.local#connection). Give the host a name in the inventory.
  - The remote user is ignored; modules run as the user who runs Ansible.
options:
  warm:
    description:
      - Whether to use the warm process. If V(false), everything is as with P(ansible.builtin.local#connection).
      - If V(true), modules are pipelined without regard to O(pipelining).
    type: bool
    default: true
    env:
      - name: AIRAS_WARM_LOCAL
    ini:
      - section: airas
        key: warm_local
    vars:
      - name: airas_warm_local
  become_success_timeout:
    description:
      - Number of seconds to wait for become to succeed when enabled.
    type: int
    default: 10
    vars:
      - name: ansible_local_become_success_timeout
  become_strip_preamble:
    description:
      - Strip internal become output preceding command execution. Disable for additional diagnostics.
    type: bool
    default: true
    vars:
      - name: ansible_local_become_strip_preamble
extends_documentation_fragment:
  - connection_pipelining
"""

import contextlib
import multiprocessing
import os
import sys
from pathlib import Path

import ansible.constants as C  # noqa: N812 - its name everywhere in Ansible
from ansible.plugins.connection.local import Connection as LocalConnection
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible.utils.display import Display

from ansible_collections.airas.platform.plugins.plugin_utils._warm import client
from ansible_collections.airas.platform.plugins.plugin_utils._warm.assembled import Assembled
from ansible_collections.airas.platform.plugins.plugin_utils._warm.command import NotServed, parse
from ansible_collections.airas.platform.plugins.plugin_utils._warm.protocol import Request

display = Display()

_DIRECTORY = "airas_warm"


class Connection(LocalConnection):
    """The local connection, with a quicker way for most modules."""

    def is_pipelining_enabled(self, wrap_async: bool = False) -> bool:
        if not self.get_option("warm"):
            return bool(super().is_pipelining_enabled(wrap_async))
        if wrap_async:
            self._step_aside("the task is asynchronous")
            return bool(super().is_pipelining_enabled(wrap_async))
        try:
            # A module is about to be put together; the process gets ready meanwhile.
            self._start()
        except NotServed as reason:
            self._step_aside(reason)
            return bool(super().is_pipelining_enabled(wrap_async))
        return not C.DEFAULT_KEEP_REMOTE_FILES

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        if self.get_option("warm"):
            try:
                return self._exec_warm(cmd, in_data)
            except NotServed as reason:
                self._step_aside(reason)
        result: tuple[int, bytes, bytes] = super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return result

    def _exec_warm(self, cmd: str, in_data: bytes | None) -> tuple[int, bytes, bytes]:
        if not in_data:
            raise NotServed("this is a command, and no pipelined module")
        run = self._start()
        command = parse(cmd)
        if command.interpreter != sys.executable:
            raise NotServed(f"the interpreter is {command.interpreter}, and the controller's is {sys.executable}")
        if not self._connected:
            self._connect()
        executable = C.DEFAULT_EXECUTABLE.split()[0]
        request = Request(
            interpreter=command.interpreter,
            environment=dict(os.environ),
            assignments=command.assignments,
            shell=executable,
            probe=command.probe,
            umask=_umask(),
            payload=in_data,
        )
        outcome = client.execute(run, request, self._directory)
        with contextlib.suppress(OSError):  # the next run is slower without, and nothing else
            self._assembled(run).keep()
        display.vvv(f"EXECUTED IN THE WARM PROCESS {cmd}", host=self._play_context.remote_addr)
        if outcome.differing:
            display.vvv(
                f"WARM LOCAL IMPORTS ANEW: {outcome.differing} has changed", host=self._play_context.remote_addr
            )
        exit_code = os.waitstatus_to_exitcode(outcome.status)
        if exit_code >= 0:
            return exit_code, outcome.stdout, outcome.stderr
        exit_code, said = command.killed(executable, -exit_code)
        return exit_code, outcome.stdout, outcome.stderr + said

    def _start(self) -> client.Run:
        if self.become:
            raise NotServed("the task uses become")
        if sys.platform != "linux":
            raise NotServed(f"it needs Linux, and this is {sys.platform}")
        controller = multiprocessing.parent_process()
        run = client.Run(
            controller.pid if controller and controller.pid else os.getpid(),
            Path(C.DEFAULT_LOCAL_TMP, _DIRECTORY),
        )
        if client.start(run, AnsibleCollectionConfig.collection_paths, self._directory):
            with contextlib.suppress(OSError):
                self._assembled(run).lend()
        return run

    def _assembled(self, run: client.Run) -> Assembled:
        return Assembled(run.directory, AnsibleCollectionConfig.collection_paths)

    @property
    def _directory(self) -> str | None:
        return os.fsdecode(self.cwd) if self.cwd else None

    def _step_aside(self, reason: NotServed | str) -> None:
        display.vvv(f"WARM LOCAL STEPS ASIDE: {reason}", host=self._play_context.remote_addr)


def _umask() -> int:
    """Read, where os.umask() could only read by changing it, and for all threads."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("\nUmask:")[2].split()[0], 8)
