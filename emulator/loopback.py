"""What the real servers behind the emulator share: their CA, the thread of their connections, and how they end."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

HOST = "localhost"
"""The name of every endpoint, which any client resolves."""

_UNTIL_CLOSED = """
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ read -r _ <&3; kill -INT $server; } & reader=$!
wait $server
kill $reader
"""
UNTIL_CLOSED = ("/bin/sh", "-c", _UNTIL_CLOSED, "sh")
"""Put before a server's command: it ends when its standard input closes, also when the emulator is killed and can end
nothing itself; and with it ends the shell, so that a server which has ended is known to have."""


class Loopback:
    """The CA that signs what every server shows, and the thread on which they are reached."""

    def __init__(self) -> None:
        self.ca_file: Path | None = None
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context: ssl.SSLContext | None = None

    def use(self, ca_file: Path) -> None:
        """From now on there are real servers, and the certificate of their CA stands in `ca_file`."""
        self._context = _certificates(ca_file)
        self.ca_file = ca_file.resolve()

    @property
    def context(self) -> ssl.SSLContext:
        assert self._context is not None
        return self._context

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run `work` on the thread of connections and wait for its result."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, daemon=True, name="loopback").start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _certificates(ca_file: Path) -> ssl.SSLContext:
    """A CA and, signed by it, what every server shows; the CA's certificate is written to `ca_file`."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = dt.datetime.now(dt.UTC)

    def certificate(name: str, subject_key: Any, issuer: str, issuer_key: Any, ca: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(subject_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
            .add_extension(
                x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject_key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )
        if not ca:
            names = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
        return builder.sign(issuer_key, hashes.SHA256())

    authority = "Emulated Amazon Root CA"
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    ca_file.write_bytes(certificate(authority, ca_key, authority, ca_key, True).public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as chain:
        private = serialization.PrivateFormat.PKCS8
        chain.write(key.private_bytes(pem, private, serialization.NoEncryption()))
        chain.write(certificate(HOST, key, authority, ca_key, False).public_bytes(pem))
        chain.flush()
        context.load_cert_chain(chain.name)
    return context


loopback = Loopback()
