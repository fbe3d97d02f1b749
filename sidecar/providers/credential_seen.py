"""The credential that a request carries, or that a configured key makes: header fields that can be sent again."""

from typing import Final
from urllib.parse import parse_qsl

from sidecar.http1.head import field
from sidecar.providers.answer import Fields
from sidecar.providers.credential_headers import CredentialHeaders, credential_fields

MOST_PARAMETERS: Final = 100
"""Of a query that is looked at."""


def credential_in(dialect: str, fields: bytes, target: str = "") -> Fields:
    """The credential in a request's header fields (as `RequestHead.fields`) and its target's query; empty when there is none.

    A signature is none: it was made for the request that it came with.
    """
    headers = credential_fields(dialect)
    secrets = _values(headers.secret, fields)
    if any(value.startswith(headers.one_time) for _, value in secrets if headers.one_time):
        return ()
    secrets = secrets or _in_query(headers, target)
    return _complete(headers, secrets + _values(headers.companions, fields)) if secrets else ()


def credential_of(dialect: str, key: str) -> Fields:
    """The fields that a configured key is sent in."""
    headers = credential_fields(dialect)
    return _complete(headers, ((headers.key_field, headers.key_prefix + key.encode("utf-8")),))


def _values(names: tuple[bytes, ...], fields: bytes) -> Fields:
    return tuple((name, value) for name in names if (value := field(fields, name)))


def _in_query(headers: CredentialHeaders, target: str) -> Fields:
    """The key in a query, as the field that it can be sent in: a target is written to more places than a header is."""
    query = target.partition("?")[2] if headers.query else ""
    if not query or query.count("&") > MOST_PARAMETERS:
        return ()
    found = [value for name, value in parse_qsl(query) if name.encode() in headers.query and _is_sendable(value)]
    return ((headers.key_field, headers.key_prefix + found[0].encode()),) if found else ()


def _is_sendable(value: str) -> bool:
    """Visible ASCII: what else may stand in a query may not stand in a header."""
    return value.isascii() and value.isprintable() and " " not in value


def _complete(headers: CredentialHeaders, fields: Fields) -> Fields:
    """With the fields that the provider always wants, where they were not sent."""
    named = {name for name, _ in fields}
    return fields + tuple(line for line in headers.always if line[0] not in named)
