"""The address of a PostgreSQL ledger.

Taken apart here and not by libpq: its errors repeat what they could not read, and that may be a piece of a password. The form
is libpq's (PostgreSQL documentation, 34.1.1.2, connection URIs). What is not in the address (a password, a certificate) libpq
takes from where it always does: `PGPASSWORD`, `PGSSLMODE`, `~/.pgpass`.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

import msgspec

from sidecar.errors import LedgerError

SCHEMES: Final = frozenset({"postgresql", "postgres"})
EXAMPLE: Final = "write postgresql://user:password@host:5432/database"
ENCODE: Final = "in a user name or a password write %40 for @, %2F for /, %3A for :, %3F for ?, %23 for # and %25 for %"

PARAMETERS: Final = frozenset({
    "application_name", "channel_binding", "connect_timeout", "dbname", "gssencmode", "host", "hostaddr", "load_balance_hosts",
    "options", "passfile", "password", "port", "require_auth", "service", "sslcert", "sslcrl", "sslkey", "sslmode",
    "sslnegotiation", "sslpassword", "sslrootcert", "target_session_attrs", "user",
})  # fmt: skip
"""libpq's parameters that may stand behind the `?`. Those that would change how we speak with the server are ours."""

_AUTHORITY: Final = re.compile(r"(?:(?P<user>[^:@]*)(?::(?P<password>[^@]*))?@)?(?P<hosts>[^@]*)")
_HOST: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9_.%-]*)(?::(?P<port>\d{0,5}))?")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class PostgresAddress(msgspec.Struct, frozen=True):
    """Where a database is. Its text shows no user and no password."""

    shown: str
    """`postgresql://host:5432/database`, for people."""
    parameters: Mapping[str, str]
    """libpq's connection parameters, the password among them."""

    def __repr__(self) -> str:
        return f"PostgresAddress({self.shown})"

    __str__ = __repr__


def postgres_address(url: str) -> PostgresAddress:
    """Take an address apart.

    Raises:
        LedgerError: it can't be read. Repeats nothing of it but the scheme.
    """
    scheme, _, rest = url.partition(":")
    where = f"{scheme}://..."
    if scheme not in SCHEMES or not rest.startswith("//"):
        raise LedgerError(where, "is not a PostgreSQL address", EXAMPLE)
    if "#" in rest or _BAD_ESCAPE.search(rest) or not rest.isprintable():
        raise LedgerError(where, "holds a # or a % that stands for itself, or an unprintable character", ENCODE)
    before, _, query = rest.removeprefix("//").partition("?")
    authority, _, database = before.partition("/")
    if "/" in database or "@" in database:
        raise LedgerError(where, "has an @ or a / behind its host", ENCODE)
    server, named = _server(where, authority), {"dbname": unquote(database)} if database else {}
    parameters = server | named | _query(where, query)
    hosts = authority.rpartition("@")[2] or quote(parameters.get("host", ""))
    return PostgresAddress(f"postgresql://{hosts}/{quote(parameters.get('dbname', ''))}", parameters)


def _server(where: str, authority: str) -> dict[str, str]:
    """User, password, hosts and ports; several hosts stand with commas between them."""
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise LedgerError(where, "has more than one @", ENCODE)
    places = [_HOST.fullmatch(place) for place in parts["hosts"].split(",")]
    if None in places:
        raise LedgerError(where, "has a host or a port that can't be one", f"{EXAMPLE}; {ENCODE}")
    ports = ",".join(place["port"] or "" for place in places if place)
    known = {
        "user": unquote(parts["user"] or ""),
        "password": unquote(parts["password"] or ""),
        "host": ",".join(unquote(place["host"].strip("[]")) for place in places if place),
        "port": ports if ports.strip(",") else "",
    }
    return {name: text for name, text in known.items() if text}


def _query(where: str, query: str) -> dict[str, str]:
    """The parameters behind the `?`. A plus is a plus: this is no form."""
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    if not all(equals and name in PARAMETERS for name, equals, _ in pairs):
        raise LedgerError(
            where,
            "has something behind the ? that is not a parameter of libpq's, or is one that is ours to set",
            f"write name=value with a name of {', '.join(sorted(PARAMETERS))}; {ENCODE}",
        )
    return {name: unquote(value) for name, _, value in pairs}
