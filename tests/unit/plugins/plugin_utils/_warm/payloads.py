"""A process that puts modules together as Ansible does: JSON lines {name, path, arguments} in, base64 lines out.

On its own, since Ansible's collection loader would change how every other test imports.
"""

from __future__ import annotations

import base64
import json
import sys

from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, module_utils_loader
from ansible.template import Templar

if __name__ == "__main__":
    init_plugin_loader()
    templar = Templar(DataLoader())
    for line in sys.stdin:
        wanted = json.loads(line)
        if wanted["module_utils"]:
            module_utils_loader.add_directory(wanted["module_utils"])
        built = modify_module(
            module_name=wanted["name"],
            module_path=wanted["path"],
            module_args=wanted["arguments"],
            templar=templar,
            task_vars={"ansible_python_interpreter": sys.executable},
        )
        print(base64.b64encode(built.b_module_data).decode(), flush=True)
