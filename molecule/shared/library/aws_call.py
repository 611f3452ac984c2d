#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One call of the AWS API, for scenarios that look at AWS, or change it, without this collection."""

from __future__ import annotations

from typing import Any

import boto3
from ansible.module_utils.basic import AnsibleModule
from botocore.exceptions import BotoCoreError, ClientError


def response_of(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The response; of an operation that AWS answers in pages, all pages in one."""
    if client.can_paginate(operation):
        pages: dict[str, Any] = client.get_paginator(operation).paginate(**parameters).build_full_result()
        return pages
    response: dict[str, Any] = getattr(client, operation)(**parameters)
    response.pop("ResponseMetadata")
    return response


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "service": {"type": "str", "required": True},
            "operation": {"type": "str", "required": True},
            "parameters": {"type": "dict", "default": {}},
            "region": {"type": "str", "default": "ap-northeast-1"},
        }
    )
    service, operation = module.params["service"], module.params["operation"]
    try:
        client = boto3.client(service, region_name=module.params["region"])
        response = response_of(client, operation, module.params["parameters"])
    except (AttributeError, BotoCoreError, ClientError) as error:
        module.fail_json(msg=f"{service} {operation}: {error}")
    module.exit_json(changed=not operation.startswith(("describe_", "get_", "list_")), response=response)


if __name__ == "__main__":
    main()
