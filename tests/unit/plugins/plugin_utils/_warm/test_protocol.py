"""Requests arrive as they were sent, in however many pieces."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from ansible_collections.airas.platform.plugins.plugin_utils._warm.protocol import (
    Descriptors,
    Incoming,
    Request,
    answer,
    peer_is_this_user,
    send_request,
    startup_environment,
)

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def request(payload: bytes) -> Request:
    return Request("/python", {"A": "1", "B": "\udcff"}, {"C": "ü"}, "/bin/sh", "/bin/sh -c cat", 0o27, payload)


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_request_and_its_descriptors(pair: Pair, size: int) -> None:
    sent = request(os.urandom(size))
    pipes = [os.pipe() for _stream in range(4)]
    thread = threading.Thread(
        target=send_request, args=(pair[0], sent, Descriptors(*(write for _read, write in pipes)))
    )
    thread.start()
    incoming = Incoming()
    while (received := incoming.feed(pair[1])) is None:
        pass
    thread.join()
    assert received[0] == sent
    for (read, write), descriptor in zip(pipes, received[1], strict=True):
        assert not os.get_inheritable(descriptor)
        os.write(descriptor, b"x")
        assert os.read(read, 9) == b"x"
        os.close(write)
    incoming.close()
    for read, _write in pipes:
        assert os.read(read, 9) == b""  # nobody has the other end any more
        os.close(read)


def test_a_worker_that_goes_away(pair: Pair) -> None:
    incoming = Incoming()
    pair[0].sendall(b"\0\0")
    assert incoming.feed(pair[1]) is None
    pair[0].close()
    with pytest.raises(EOFError):
        incoming.feed(pair[1])


def test_a_request_without_its_descriptors(pair: Pair) -> None:
    pair[0].sendall(b"\0\0\0\2\0\0\0\0{}")
    with pytest.raises(ValueError, match="4 file descriptors"):
        Incoming().feed(pair[1])


def test_whose_socket_it_is(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    assert peer_is_this_user(pair[0])
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert not peer_is_this_user(pair[0])


def test_an_answer_is_a_line() -> None:
    assert answer(refused="two\nlines") == b'{"refused": "two\\nlines"}\n'


def test_only_what_counts_at_the_start_is_kept() -> None:
    environment = {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "PYTHONPATH": "x", "AWS_SECRET_ACCESS_KEY": "s"}
    assert startup_environment(environment) == {"HOME": "/root", "LC_ALL": "C", "PYTHONPATH": "x"}
