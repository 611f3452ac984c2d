"""Makes `<account id>.127.0.0.1` resolve, for Python clients that have this directory in PYTHONPATH.

S3 Control puts the account id in front of the endpoint's host, also when that host is an address:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
No resolver knows such a name, and botocore has no setting that keeps it from being made.
"""

from __future__ import annotations

import functools
import re
import socket
from typing import Any

_LOOPBACK = re.compile(r"\d{12}\.(127\.0\.0\.1|localhost)")


def _install() -> None:
    original = socket.getaddrinfo

    @functools.wraps(original)
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(host, str) and _LOOPBACK.fullmatch(host):
            host = "127.0.0.1"
        return original(host, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo


_install()
