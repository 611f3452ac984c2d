"""The lock table as AWS holds it, for tests of the lease."""

from __future__ import annotations

import time
from typing import Any

TABLE = "airas-terraform-lock"
KEY = {"LockID": {"S": "airas.platform/dev"}}


class LockTable:
    """Makes the table, and looks at the lease of dev behind the runs' backs."""

    def __init__(self, client: Any) -> None:
        self._client = client
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def lease(self) -> dict[str, str]:
        """The lease's attributes, numbers as texts; empty if nobody holds it."""
        item = self._client.get_item(TableName=TABLE, Key=KEY).get("Item", {})
        return {name: str(next(iter(value.values()))) for name, value in item.items()}

    def put(
        self, *, owner: str = "alice@build-1", run_id: str = "build-1:4711:99", expires_in_s: int = 1800
    ) -> dict[str, str]:
        """Another run's lease, held since ten minutes ago."""
        now = int(time.time())
        host, pid, _start = run_id.split(":")
        texts = {"owner": owner, "run_id": run_id, "host": host, "what": "ansible-playbook site.yml"}
        numbers = {"pid": int(pid), "started_at": now - 600, "expires_at": now + expires_in_s}
        item = {name: {"S": value} for name, value in texts.items()}
        item |= {name: {"N": str(value)} for name, value in numbers.items()}
        self._client.put_item(TableName=TABLE, Item={**KEY, **item})
        return self.lease()

    def edit(self, **attributes: dict[str, str]) -> None:
        """Puts an item with just these attributes in the lease's place, in DynamoDB's form."""
        self._client.put_item(TableName=TABLE, Item={**KEY, **attributes})

    def wait_until_held(self) -> dict[str, str]:
        for _attempt in range(300):
            if lease := self.lease():
                return lease
            time.sleep(0.1)
        raise AssertionError("no run has taken the lease")
