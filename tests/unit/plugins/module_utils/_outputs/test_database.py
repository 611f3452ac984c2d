from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import database
from ansible_collections.airas.platform.plugins.module_utils._reconcile import placeholders_in

Fake = Callable[..., Any]


def test_what_does_not_exist_is_a_placeholder(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        describe_db_instances=refusal("DBInstanceNotFound"), describe_secret=refusal("ResourceNotFoundException")
    )
    found = database.read(aws, {"name": "airas-dev"})
    assert sorted(placeholders_in(found)) == ["endpoint", "master_secret_arn", "url_secret_arn"]
    assert (found["instance_id"], found["port"], found["database_name"]) == ("airas-dev-db", 5432, "airas")
    assert found["instance_arn"] == "arn:aws:rds:ap-northeast-1:427979936961:db:airas-dev-db"


def test_what_exists(fake_aws: Fake) -> None:
    instance = {
        "Endpoint": {"Address": "db.example", "Port": 5433},
        "DBName": "airas",
        "MasterUserSecret": {"SecretArn": "arn:master"},
    }
    aws = fake_aws(describe_db_instances={"DBInstances": [instance]}, describe_secret={"ARN": "arn:url"})
    found = database.read(aws, {"name": "airas-dev"})
    assert (found["endpoint"], found["port"]) == ("db.example", 5433)
    assert (found["master_secret_arn"], found["url_secret_arn"]) == ("arn:master", "arn:url")
