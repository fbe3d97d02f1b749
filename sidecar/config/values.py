"""The kinds of value that settings have, each with the sentence for what it is not."""

import os
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, TypeVar

from annotated_types import Ge, Gt, Le
from pydantic import BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from sidecar.config.addresses import Address, Unusable, Url, parse_address, parse_host, parse_local_address, parse_url
from sidecar.config.problems import shown, writable
from sidecar.config.proxy_url import Exemptions, ProxyUrl, parse_exemptions, parse_proxy_url
from sidecar.config.quantities import parse_bytes, parse_seconds

T = TypeVar("T")

UNUSABLE = "unusable"
"""The type of our own validation errors; `problem` and `advice` are in their context."""

A_FILE = "sqlite:///sidecar.db"
A_DATABASE = "postgresql://user:password@host/database"
UPSTREAM_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LABEL_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""RFC 9110 section 5.6.2, at a length that a header field bears."""


def unusable(value: object, problem: str, advice: str = "") -> PydanticCustomError:
    """The error that says `<value> <problem>; <advice>`."""
    return unusable_whole(f"{shown(value)} {problem}", advice)


def unusable_whole(problem: str, advice: str = "") -> PydanticCustomError:
    """The same of a group, which has no value to be shown."""
    said = {"problem": writable(problem), "advice": writable(advice)}  # pydantic raises on what it can't write
    return PydanticCustomError(UNUSABLE, "unusable", said)


NOT_TEXT = ("is not text", "put it in quotes")
NOT_AN_ADDRESS = ("is not host:port", "write 127.0.0.1:8780")


def reading(
    parse: Callable[[str], T], *read_already: type[T], otherwise: tuple[str, str] = NOT_TEXT
) -> Callable[[object], T]:
    """A validator that reads text with `parse`, lets a value of `read_already` through, and says `otherwise` of the rest."""

    def read(value: object) -> T:
        if isinstance(value, read_already):
            return value
        if not isinstance(value, str):
            raise unusable(value, *otherwise)
        try:
            return parse(value)
        except Unusable as why:
            raise unusable(value, why.problem, why.advice) from None

    return read


def _seconds(value: object) -> float:
    try:
        return parse_seconds(value)
    except ValueError:
        raise unusable(
            value, "is not a duration", "write seconds, or a number with ms, s, m, h or d: 90s, 5m"
        ) from None


def _size(value: object) -> int:
    try:
        return parse_bytes(value)
    except ValueError:
        raise unusable(value, "is not a size", "write bytes, or a number with KiB, MiB or GiB: 64MiB") from None


def _count(value: object) -> int:
    """Whole numbers only: pydantic alone would take `yes` for 1 and 2.0 for 2."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    raise unusable(value, "is not a whole number")


def _money(value: object) -> Decimal:
    """Money as it was typed: a YAML number arrives as a float, whose shortest text is what stood there."""
    try:
        amount = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise unusable(value, "is not a number", "write US dollars: 0.10")
    return amount


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise unusable(value, *NOT_TEXT)
    if not value:
        raise unusable(value, "is empty", "write something, or remove the key")
    return value


def _name(value: object) -> str:
    """The name of an upstream: it is a path segment and part of a variable's name."""
    if not isinstance(value, str) or not UPSTREAM_NAME.fullmatch(value):
        raise unusable(value, "can't be an upstream's name", "use a-z, 0-9 and hyphens: it becomes the route /<name>")
    return value


def _label_name(text: str) -> str:
    if LABEL_NAME.fullmatch(text) is None:
        raise Unusable("can't be a label's name", "use a-z, 0-9, hyphens and underscores, as in X-Sidecar-Label-<name>")
    return text


def _pseudonym(text: str) -> str:
    if not TOKEN.fullmatch(text):
        raise Unusable("can't stand in a Via field", "write one word, as it shall be read by others: inference-sidecar")
    return text


def _existing_file(text: str) -> Path:
    path = Path(text)
    if not os.path.isfile(path):  # noqa: PTH113  pathlib raises on a name that is too long
        raise Unusable("is not a file on this machine", "write the path of a PEM file")
    return path


def _egress_proxy(value: object) -> ProxyUrl | None:
    """`off` is `False` once YAML has read it. The text may hold a password, so no error repeats it."""
    if value is None or isinstance(value, ProxyUrl):
        return value
    if value is False or (isinstance(value, str) and value.lower() == "off"):
        return None
    try:
        if isinstance(value, str):
            return parse_proxy_url(value)
        problem, advice = NOT_TEXT
    except Unusable as why:
        problem, advice = why.problem, why.advice
    raise unusable_whole(f"what stands there (not shown: it may hold a password) {problem}", advice)


def _off(value: object) -> object:
    """`off`, which is `False` once YAML has read it."""
    return "off" if value is False else value


def _path_glob(text: str) -> str:
    """A pattern over paths, all of which begin with a slash: one that does not could never match."""
    if not text.startswith("/"):
        raise Unusable("does not begin with /", "write the path as it stands behind the upstream's name: /v1/images/*")
    if "?" in text and "=" in text.partition("?")[2]:
        raise Unusable("has a query", "write the path alone: queries are not looked at")
    return text


def _ledger_url(text: str) -> str:
    """The address of a SQLite file or of a PostgreSQL database. What stands there is left to the ledger, which opens it."""
    scheme = text.partition(":")[0]
    if scheme in {"postgresql", "postgres"} and "://" in text:
        return text
    if scheme != "sqlite" or "://" not in text:
        raise Unusable("is not a ledger's address", f"write {A_FILE} or {A_DATABASE}")
    if not text.startswith("sqlite:///"):
        raise Unusable("has too few slashes", f"three for a path from here, four for one from the root: {A_FILE}")
    if text.removeprefix("sqlite:///") in {"", "/", ":memory:"} or "?" in text:
        raise Unusable("names no file, or has parameters", f"write {A_FILE}")
    return text


as_text = PlainSerializer(str, return_type=str)
as_text_or_none = PlainSerializer(lambda value: None if value is None else str(value), return_type=str | None)

Seconds = Annotated[float, BeforeValidator(_seconds), Ge(0)]
"""A duration that may be 0."""
SomeSeconds = Annotated[float, BeforeValidator(_seconds), Gt(0)]
"""A duration above 0."""
Size = Annotated[int, BeforeValidator(_size), Ge(0)]
"""Bytes."""
Count = Annotated[int, BeforeValidator(_count), Ge(0)]
Positive = Annotated[int, BeforeValidator(_count), Ge(1)]
Port = Annotated[int, BeforeValidator(_count), Ge(1), Le(65_535)]
Usd = Annotated[Decimal, BeforeValidator(_money), Ge(0), as_text]
"""US dollars."""
Factor = Annotated[Decimal, BeforeValidator(_money), Ge(0), Le(1), as_text]
Text = Annotated[str, BeforeValidator(_text)]
PathGlob = Annotated[str, BeforeValidator(reading(_path_glob))]
"""`*` stands for anything, slashes too, `?` for one character, `[ab]` for one of these."""
MaybeOff = BeforeValidator(_off)
"""For settings of which `off` is a word, as YAML has another opinion."""
Listen = Annotated[Address, BeforeValidator(reading(parse_address, Address, otherwise=NOT_AN_ADDRESS)), as_text]
LocalListen = Annotated[
    Address, BeforeValidator(reading(parse_local_address, Address, otherwise=NOT_AN_ADDRESS)), as_text
]
"""May be a Unix socket."""
UpstreamUrl = Annotated[Url, BeforeValidator(reading(parse_url, Url)), as_text]
HostName = Annotated[str, BeforeValidator(reading(parse_host))]
"""A name or an address, in lower case and without brackets."""
LedgerUrl = Annotated[str, BeforeValidator(reading(_ledger_url))]
UpstreamName = Annotated[str, BeforeValidator(_name)]
EgressProxy = Annotated[ProxyUrl | None, BeforeValidator(_egress_proxy), as_text_or_none]
"""Its credentials are kept out of every text."""
NoProxy = Annotated[Exemptions, BeforeValidator(reading(parse_exemptions, Exemptions)), as_text]
LabelName = Annotated[str, BeforeValidator(reading(_label_name))]
"""Lower case."""
Pseudonym = Annotated[str, BeforeValidator(reading(_pseudonym))]
"""The name that stands for us in `Via` (RFC 9110 section 7.6.3)."""
ExistingFile = Annotated[Path, BeforeValidator(reading(_existing_file, Path)), as_text]
