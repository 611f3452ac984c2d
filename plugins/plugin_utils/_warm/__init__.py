# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The warm process of one ansible-playbook run, and how its workers talk to it.

`client` is the worker's side: it starts the process, sends it one module, and collects what the module wrote.
The process itself: `__main__` starts it, `preload` and `models` make it warm, `server` answers the socket and forks,
and `child` makes each fork look like the fresh interpreter that the module expects, with `payload` serving what the
module brought along. `protocol` is what both sides share. The process imports nothing here but the standard library,
boto3 and module_utils: never Ansible's controller.
"""

from __future__ import annotations
