"""The cache of a protected stack, and what a client makes of the URL that its secret holds."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import valkey

from ansible_collections.airas.platform.plugins.module_utils._audit.controls import CONTROLS
from emulator.testing import EmulatorServer

PROD = ("-i", "inventories/prod", "-e", '{"container_platform_worker_enabled": true}')
NAME, SECRET = "airas-prod-redis", "airas-prod/redis-url"
Boto = Callable[[str], Any]


def url(boto: Boto) -> str:
    return str(boto("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"])


def queue(client: valkey.Valkey) -> None:
    """What Celery does at the least: it asks the server about itself, puts work in, waits for it and takes it out."""
    assert client.ping()
    assert client.info()["maxmemory_policy"] == "noeviction"
    with client.pipeline() as pipeline:
        pipeline.lpush("celery", "work").hset("unacked", "1", "work").zadd("unacked_index", {"1": 1}).execute()
    assert client.brpop("celery", timeout=5) == (b"celery", b"work")
    assert client.publish("celeryev", "done") == 0
    assert client.eval("return redis.call('get', KEYS[1])", 1, "nothing") is None


def test_what_the_secret_holds_opens_the_cache_and_nothing_else_does(
    emulator: EmulatorServer, playbooks: Any, boto: Boto, network_of_prod: Callable[..., None]
) -> None:
    network_of_prod("cache")
    built = playbooks.run("site.yml", *PROD, "--tags", "secrets,cache")
    assert built.status == 0, built.output
    first = url(boto)
    assert first.startswith("rediss://airas:")
    assert first.endswith("/0?ssl_cert_reqs=required")
    password = first.split(":")[2].partition("@")[0]
    assert password not in built.output + emulator.log() + str(emulator.calls())

    connect = partial(valkey.from_url, ssl_ca_certs=str(emulator.database_ca), ssl_check_hostname=True)
    with connect(first, single_connection_client=True) as client:
        queue(client)
        assert client.info()["maxmemory"] == 1471026299 * 70 // 100  # cache.t4g.small
        for denied in ("FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG GET maxmemory", "ACL LIST", "SHUTDOWN"):
            with pytest.raises(valkey.exceptions.NoPermissionError):
                client.execute_command(*denied.split())

        nobody = first.replace(f"airas:{password}@", "")
        for wrong in (first.replace(password, "x" * 40), first.replace("airas:", "default:"), nobody):
            with connect(wrong) as stranger, pytest.raises(valkey.exceptions.AuthenticationError):
                stranger.ping()
        host, _colon, port = first.partition("@")[2].partition("/")[0].partition(":")
        with socket.create_connection((host, int(port))) as plain:
            plain.sendall(b"PING\r\n")
            assert b"PONG" not in plain.recv(100)

        # Somebody writes another URL: the next run makes a new password, and who is connected stays so.
        boto("secretsmanager").put_secret_value(SecretId=SECRET, SecretString="rediss://elsewhere")
        again = playbooks.run("site.yml", *PROD, "--tags", "cache")
        assert again.status == 0, again.output
        assert "--force-new-deployment --cluster airas-prod-cluster --service airas-prod-worker" in again.text
        queue(client)
        with connect(url(boto)) as renewed:
            queue(renewed)
        with connect(first) as former, pytest.raises(valkey.exceptions.AuthenticationError):
            former.ping()

    planned = playbooks.run("site.yml", *PROD, "--tags", "observability", "--check", "--diff")
    assert planned.status == 0, planned.output
    assert all(f"{NAME}-00{number}" in planned.text for number in (1, 2))  # on the dashboard

    # Security Hub has nothing to say against it.
    [group] = boto("elasticache").describe_replication_groups()["ReplicationGroups"]
    told = {
        name: control.check({**group, "subnet_group": NAME})
        for name, control in CONTROLS.items()
        if name.startswith("ElastiCache.")
    }
    assert told == dict.fromkeys((f"ElastiCache.{number}" for number in range(1, 8)), "")
