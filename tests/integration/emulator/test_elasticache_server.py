"""A real client at the server behind a replication group: TLS, users, tokens, parameters."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import valkey

GROUP, USERS = {"ReplicationGroupId": "queue"}, {"UserGroupId": "users"}
OLD, NEW = "old-password-16-characters", "new-password-16-characters"
Connect = Callable[..., valkey.Valkey]


@pytest.fixture
def cache(emulator: Any) -> Any:
    return emulator.client("elasticache")


@pytest.fixture
def connect(emulator: Any, cache: Any) -> Iterator[Connect]:
    """A new connection to the primary, made at once."""
    clients = []

    def made(name: str = "default", password: str | None = None, **options: Any) -> valkey.Valkey:
        [group] = cache.describe_replication_groups(**GROUP)["ReplicationGroups"]
        endpoint = group["NodeGroups"][0]["PrimaryEndpoint"]
        client = valkey.Valkey(
            **{
                "host": endpoint["Address"],
                "port": endpoint["Port"],
                "username": name,
                "password": password,
                "ssl": True,
                "ssl_ca_certs": str(emulator.database_ca),
                "ssl_check_hostname": True,
                "single_connection_client": True,
                **options,
            }
        )
        clients.append(client)
        return client

    yield made
    for client in clients:
        client.close()


def make(cache: Any, **options: Any) -> None:
    cache.create_replication_group(
        **GROUP,
        **{
            "ReplicationGroupDescription": "Queue",
            "CacheNodeType": "cache.t4g.micro",
            "Engine": "valkey",
            "TransitEncryptionEnabled": True,
            **options,
        },
    )


def make_users(cache: Any, access: str = "on ~jobs:* &* +@all -@dangerous +info") -> None:
    cache.create_user(UserId="app", UserName="airas", Engine="valkey", AccessString=access, Passwords=[OLD])
    cache.create_user(UserId="other", UserName="other", Engine="valkey", AccessString="on +ping", Passwords=[OLD])
    cache.create_user_group(**USERS, Engine="valkey", UserIds=["app", "other"])
    cache.describe_user_groups()


def test_who_may_log_in_and_what_they_may_do(cache: Any, connect: Connect) -> None:
    make_users(cache)
    make(cache, UserGroupIds=["users"])
    app = connect("airas", OLD)
    assert app.lpush("jobs:1", "work") == 1
    assert app.brpop("jobs:1", timeout=1) == (b"jobs:1", b"work")
    assert app.info("server")["server_mode"] == "standalone"
    for words in (
        ("SET", "other:1", "x"),
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("CONFIG", "GET", "*"),
        ("ACL", "SETUSER", "x"),
    ):
        with pytest.raises(valkey.exceptions.NoPermissionError):
            app.execute_command(*words)
    for name, password in (("airas", NEW), ("nobody", OLD), ("default", None), ("default", OLD)):
        with pytest.raises(valkey.exceptions.AuthenticationError):
            connect(name, password).ping()


def test_two_passwords_hold_at_once_and_connections_outlive_theirs(emulator: Any, cache: Any, connect: Connect) -> None:
    make_users(cache)
    make(cache, UserGroupIds=["users"])
    before = connect("airas", OLD)
    assert before.ping()
    cache.modify_user(UserId="app", Passwords=[OLD, NEW])
    assert connect("airas", OLD).ping()
    assert connect("airas", NEW).ping()
    cache.modify_user(UserId="app", Passwords=[NEW])
    assert connect("airas", NEW).ping()
    with pytest.raises(valkey.exceptions.AuthenticationError):
        connect("airas", OLD).ping()
    assert before.ping()  # has logged in already

    emulator.set_delays({"cache_user.modifying": 3600})
    cache.modify_user(UserId="app", AccessString="on ~* -@all +ping")
    assert before.lpush("jobs:1", "work")  # the caches do not know yet
    emulator.set_delays({})
    assert connect("airas", NEW).ping()
    with pytest.raises(valkey.exceptions.NoPermissionError):
        before.lpush("jobs:1", "work")


def test_who_leaves_the_group_is_sent_away(cache: Any, connect: Connect) -> None:
    make_users(cache)
    make(cache, UserGroupIds=["users"])
    other = connect("other", OLD)
    assert other.ping()
    cache.modify_user_group(**USERS, UserIdsToRemove=["other"])
    assert connect("airas", OLD).ping()
    with pytest.raises(valkey.exceptions.ConnectionError):
        other.ping()
    with pytest.raises(valkey.exceptions.AuthenticationError):
        connect("other", OLD).ping()


def test_an_auth_token_is_rotated_then_set_and_gives_way_to_users(cache: Any, connect: Connect) -> None:
    make(cache, AuthToken=OLD)
    change = {**GROUP, "ApplyImmediately": True}
    with pytest.raises(valkey.exceptions.AuthenticationError):
        connect().ping()
    assert connect(password=OLD).set("key", "value")
    cache.modify_replication_group(**change, AuthToken=NEW, AuthTokenUpdateStrategy="ROTATE")
    assert connect(password=OLD).ping()
    assert connect(password=NEW).ping()
    cache.modify_replication_group(**change, AuthToken=NEW, AuthTokenUpdateStrategy="SET")
    with pytest.raises(valkey.exceptions.AuthenticationError):
        connect(password=OLD).ping()
    make_users(cache, "on ~* +@all")
    cache.modify_replication_group(**change, AuthTokenUpdateStrategy="DELETE", UserGroupIdsToAdd=["users"])
    assert connect("airas", OLD).get("key") == b"value"
    with pytest.raises(valkey.exceptions.AuthenticationError):
        connect(password=NEW).ping()


def test_only_tls_with_a_name_and_a_ca_that_fit(emulator: Any, cache: Any, connect: Connect) -> None:
    make(cache)
    assert connect().ping()
    for options in ({"ssl": False}, {"ssl_ca_certs": None}, {"host": "127.0.0.2"}):
        with pytest.raises((valkey.exceptions.ConnectionError, ssl.SSLError)):
            connect(**options).ping()
    cache.delete_replication_group(**GROUP)
    assert cache.describe_replication_groups()["ReplicationGroups"] == []
    make(cache, TransitEncryptionEnabled=False)
    assert connect(ssl=False).ping()


def fill(client: valkey.Valkey) -> None:
    for _number in range(100):
        client.lpush("jobs", "x" * 100_000)


def test_parameters_are_in_force_at_once_and_a_full_queue_says_so(cache: Any, connect: Connect) -> None:
    name = {"CacheParameterGroupName": "queue"}
    cache.create_cache_parameter_group(**name, CacheParameterGroupFamily="valkey8", Description="Queue")

    def set_parameters(**values: str) -> None:
        pairs = [{"ParameterName": key.replace("_", "-"), "ParameterValue": value} for key, value in values.items()]
        cache.modify_cache_parameter_group(**name, ParameterNameValues=pairs)

    set_parameters(maxmemory_policy="noeviction")
    make(cache, **name)
    client = connect()
    assert client.info("memory")["maxmemory"] == 536870912 * 3 // 4
    assert client.info("memory")["maxmemory_policy"] == "noeviction"

    set_parameters(reserved_memory_percent="99")
    with pytest.raises(valkey.exceptions.OutOfMemoryError):
        fill(client)
    assert client.llen("jobs") > 10  # what was taken is there
    set_parameters(maxmemory_policy="allkeys-lru")
    assert client.lpush("others", "x" * 100_000) == 1
    assert client.llen("jobs") == 0
    cache.reset_cache_parameter_group(**name, ResetAllParameters=True)
    assert client.info("memory")["maxmemory_policy"] == "volatile-lru"


def test_a_failover_ends_connections_and_keeps_the_data(cache: Any, connect: Connect) -> None:
    make(cache, NumCacheClusters=2, AutomaticFailoverEnabled=True)
    client = connect()
    assert client.set("key", "value")
    cache.test_failover(**GROUP, NodeGroupId="0001")
    with pytest.raises(valkey.exceptions.ConnectionError):
        client.ping()
    assert connect().get("key") == b"value"


def test_the_server_ends_with_its_group_and_with_the_account(emulator: Any, cache: Any, connect: Connect) -> None:
    make(cache)
    client = connect()
    assert client.ping()
    emulator.reset()
    with pytest.raises(valkey.exceptions.ConnectionError):
        client.ping()
    port = client.connection.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("access", [f"on >{OLD} ~* +@all", "on nopass ~* +@all", "reset on ~* +@all"])
def test_an_access_string_holds_no_password(cache: Any, access: str) -> None:
    with pytest.raises(cache.exceptions.ClientError) as caught:
        make_users(cache, access)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_an_access_string_that_no_server_takes_is_told_at_once(emulator: Any, cache: Any, connect: Connect) -> None:
    make_users(cache, "on ~* +@nonsense")
    make(cache, UserGroupIds=["users"])
    with pytest.raises(valkey.exceptions.ConnectionError):
        connect("airas", OLD).ping()
    assert "Valkey did not start" in emulator.log()
    cache.modify_user(UserId="app", AccessString="on ~* +@read")
    assert connect("airas", OLD).get("key") is None
