# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The database that DATABASE_URL leads to: how the URL is written, its two users in turn, and connections over TLS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import ssl
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

import pg8000.native
from botocore.exceptions import ClientError
from pg8000.native import identifier, literal

SCHEME = "postgresql+psycopg"
TIMEOUT_S = 10
PASSWORD_LENGTH = 40
# Where managed runtimes keep the certificates of AWS's own authorities, RDS's among them.
# https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html#rds-connection-certificates
_RUNTIME_CERTIFICATES = Path("/var/runtime/ca-cert.pem")
_BUNDLE = "https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"


class Problem(Exception):
    """Something that a person has to know, in words that hold no secret."""


@dataclass(frozen=True)
class Settings:
    """What the function's environment says of the database."""

    host: str
    port: int
    database: str
    # Owns what the application makes; both users act as this role.
    group: str
    users: tuple[str, str]
    master_secret: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        first, second = environment["DATABASE_USERS"].split(",")
        return cls(
            host=environment["DATABASE_HOST"],
            port=int(environment["DATABASE_PORT"]),
            database=environment["DATABASE_NAME"],
            group=environment["DATABASE_GROUP"],
            users=(first, second),
            master_secret=environment["DATABASE_MASTER_SECRET"],
        )

    def other(self, user: str) -> str:
        """The user whose turn it is after this one."""
        if user not in self.users:
            raise Problem(f"the current URL is that of the user {user}, not of {' or '.join(self.users)}")
        return self.users[1] if user == self.users[0] else self.users[0]


@dataclass(frozen=True)
class Url:
    """``postgresql+psycopg://user:password@host:5432/database?sslmode=require``, each part percent-encoded."""

    user: str
    password: str
    host: str
    port: int
    database: str
    query: str = "sslmode=require"

    @classmethod
    def parse(cls, text: str) -> Self:
        try:
            parts = urlsplit(text)
            port = parts.port or 5432
        except ValueError:
            raise Problem("DATABASE_URL is not a URL") from None  # the reason would quote it
        if parts.scheme != SCHEME or not (parts.username and parts.password and parts.hostname):
            raise Problem(f"DATABASE_URL does not have the form {SCHEME}://user:password@host:port/database")
        user, password, database = (unquote(part) for part in (parts.username, parts.password, parts.path[1:]))
        return cls(user, password, parts.hostname, port, database, parts.query)

    def __str__(self) -> str:
        user, password, database = (quote(part, safe="") for part in (self.user, self.password, self.database))
        return f"{SCHEME}://{user}:{password}@{self.host}:{self.port}/{database}?{self.query}"

    def __repr__(self) -> str:
        return f"Url({self.user}@{self.host}:{self.port}/{self.database})"

    def held_by(self, user: str, password: str) -> Self:
        return replace(self, user=user, password=password)

    def check(self, settings: Settings) -> None:
        """The database is the function's own: the administrator's password goes to no other."""
        found, ours = (self.host, self.port, self.database), (settings.host, settings.port, settings.database)
        if found != ours:
            raise Problem(
                f"DATABASE_URL leads to {found[0]}:{found[1]}/{found[2]}, not to {ours[0]}:{ours[1]}/{ours[2]}"
            )


def new_password(secrets: Any) -> str:
    """Letters, digits and every punctuation mark: the URL encodes them, the database gets a verifier."""
    made: str = secrets.get_random_password(PasswordLength=PASSWORD_LENGTH)["RandomPassword"]
    return made


def keep(secrets: Any, **version: Any) -> None:
    """Writes a version of DATABASE_URL. Of a failure its code is told alone, for AWS's words may quote the request."""
    try:
        secrets.put_secret_value(**version)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise Problem(f"secretsmanager:PutSecretValue of {version['SecretId']} failed: {code}") from None


# -- connections -----------------------------------------------------------------------------------------------------


@contextmanager
def connection(settings: Settings, user: str, password: str, database: str = "") -> Iterator[pg8000.native.Connection]:
    """A connection over TLS to a server that has proved who it is; raises L(Problem) where there is none."""
    opened = _open(settings, user, password, database or settings.database)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def administration(secrets: Any, settings: Settings, database: str) -> Iterator[pg8000.native.Connection]:
    """A connection of the administrator, whose password RDS keeps and renews in a secret of its own."""
    held = json.loads(secrets.get_secret_value(SecretId=settings.master_secret)["SecretString"])
    with connection(settings, held["username"], held["password"], database) as opened:
        yield opened


def _open(settings: Settings, user: str, password: str, database: str) -> pg8000.native.Connection:
    where = f"{user}@{settings.host}:{settings.port}/{database}"
    for trusted in (trust, trust_with_bundle):
        try:
            return pg8000.native.Connection(
                user,
                host=settings.host,
                port=settings.port,
                database=database,
                password=password,
                ssl_context=trusted(),
                timeout=TIMEOUT_S,
                application_name="database-url",
            )
        except pg8000.native.DatabaseError as error:
            raise Problem(f"{where}: {_message(error)}") from None
        except (pg8000.native.InterfaceError, OSError) as error:
            cause = error.__cause__ or error
            if not isinstance(cause, ssl.SSLCertVerificationError):
                raise Problem(f"{where}: {cause}") from None
    raise Problem(f"{where}: its certificate is not one of RDS's for this name")


def trust() -> ssl.SSLContext:
    """Whom to believe: the system's authorities and those of AWS, or RDS_CA_FILE's alone where it is set."""
    if file := os.environ.get("RDS_CA_FILE"):
        return ssl.create_default_context(cafile=file)
    context = ssl.create_default_context()
    if _RUNTIME_CERTIFICATES.exists():
        context.load_verify_locations(_RUNTIME_CERTIFICATES)
    return context


def trust_with_bundle() -> ssl.SSLContext:
    """With the authorities of the region that RDS publishes, for one that the runtime does not know yet.

    They are fetched over HTTPS, that is, believed because the web's authorities vouch for amazonaws.com, and kept.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html#UsingWithRDS.SSL.RegionCertificates
    """
    context = trust()
    if "RDS_CA_FILE" in os.environ:
        return context
    kept = Path(tempfile.gettempdir(), "rds-bundle.pem")
    if not kept.exists():
        with urllib.request.urlopen(_BUNDLE.format(region=os.environ["AWS_REGION"]), timeout=TIMEOUT_S) as answer:
            kept.write_bytes(answer.read())
    context.load_verify_locations(kept)
    return context


def _message(error: pg8000.native.DatabaseError) -> str:
    return error.args[0].get("M", "") if error.args and isinstance(error.args[0], dict) else str(error)


# -- users -----------------------------------------------------------------------------------------------------------


def prepare(secrets: Any, settings: Settings) -> list[str]:
    """Makes what is missing: the database, the group that owns its schema, the two users. Says what it made."""
    made = []
    with administration(secrets, settings, "postgres") as server:
        if not server.run("SELECT 1 FROM pg_database WHERE datname = :name", name=settings.database):
            server.run(f"CREATE DATABASE {identifier(settings.database)}")
            made.append(f"database {settings.database}")
        made += [f"role {name}" for name in (settings.group, *settings.users) if _make_role(server, settings, name)]
    with administration(secrets, settings, settings.database) as server:
        _grant(server, settings)
    return made


def _make_role(server: pg8000.native.Connection, settings: Settings, name: str) -> bool:
    if server.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=name):
        return False
    kind = "NOLOGIN" if name == settings.group else "LOGIN"
    server.run(f"CREATE ROLE {identifier(name)} {kind}")
    return True


def _grant(server: pg8000.native.Connection, settings: Settings) -> None:
    """What the group may do, and that a session of either user acts as the group from its start.

    So a table that one of them makes belongs to both, and outlives the turn of its maker.
    """
    database, group = identifier(settings.database), identifier(settings.group)
    # The administrator of RDS is no superuser: it gives the schema only to a role that it may act as itself.
    server.run(f"GRANT {group} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE")
    server.run(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    server.run(f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {group}")
    server.run(f"ALTER SCHEMA public OWNER TO {group}")
    for user in map(identifier, settings.users):
        server.run(f"GRANT {group} TO {user} WITH INHERIT TRUE, SET TRUE")
        server.run(f"ALTER ROLE {user} IN DATABASE {database} SET role TO {group}")


def set_password(server: pg8000.native.Connection, user: str, password: str) -> None:
    server.run(f"ALTER ROLE {identifier(user)} LOGIN PASSWORD {literal(verifier(password))}")


def verifier(password: str) -> str:
    """What PostgreSQL keeps of a password (RFC 5803): sent in its place, so that no log of statements shows it."""
    salt, iterations = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${iterations}:{salt64}${stored64}:{server64}"


def sessions(server: pg8000.native.Connection, user: str) -> int:
    """How many sessions of the user are open."""
    found: int = server.run("SELECT count(*) FROM pg_stat_activity WHERE usename = :user", user=user)[0][0]
    return found


def check_rights(settings: Settings, user: str, password: str) -> None:
    """Logs in as the application does, and raises L(Problem) unless it may do there what the application does."""
    with connection(settings, user, password) as session:
        acts_as, creates, keeps = session.run(
            "SELECT current_user, has_schema_privilege('public', 'CREATE'), "
            "has_database_privilege(current_database(), 'TEMPORARY')"
        )[0]
        foreign = session.run(
            "SELECT relname, relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p') AND NOT has_table_privilege(oid, 'SELECT') ORDER BY relname"
        )
    if acts_as != settings.group:
        raise Problem(f"{user} acts as {acts_as}, not as {settings.group}: the other user could not use what it makes")
    if not (creates and keeps):
        raise Problem(f"{user} may not create tables in {settings.database}")
    if foreign:
        raise Problem(
            f"{user} may not read {len(foreign)} tables, such as {foreign[0][0]}, which belongs to {foreign[0][1]}. "
            f"As the administrator: REASSIGN OWNED BY {foreign[0][1]} TO {settings.group}"
        )
