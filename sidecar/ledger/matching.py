"""Questions about calls and about operations alike, as SQL; and a pattern, in the words of each database."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.pages import Place
from sidecar.ledger.questions import glob, like

Filters = Mapping[str, Callable[[Any], ColumnElement[bool]]]
"""What each field of a query, by its name, asks of a row."""


class Matches(ColumnElement[bool]):
    """A column and a pattern in which `*` and `?` are special, and upper and lower case differ.

    SQLite's LIKE takes upper for lower case, and PostgreSQL has no GLOB: each is given what it has.
    """

    inherit_cache = False

    def __init__(self, column: ColumnElement[str], pattern: str) -> None:
        self.by_glob = column.op("GLOB", is_comparison=True)(glob(pattern))
        self.by_like = column.like(like(pattern), escape="!")


@compiles(Matches)
def _as_standard(element: Matches, compiler: SQLCompiler, **keywords: object) -> str:
    return compiler.process(element.by_like, **keywords)


@compiles(Matches, "sqlite")
def _as_sqlite(element: Matches, compiler: SQLCompiler, **keywords: object) -> str:
    return compiler.process(element.by_glob, **keywords)


def filters_on(table: Table, begun_at: str) -> Filters:
    """The filters that both kinds of queries have. `begun_at` is the column of the moment at which a row's work began."""
    begun, columns = table.c[begun_at], table.c
    return {
        "since": lambda moment: begun >= moment,
        "until": lambda moment: begun < moment,
        "upstream": lambda name: columns.upstream == name,
        "model": lambda pattern: Matches(columns.model, pattern),
        "caller": lambda name: columns.caller == name,
        "kind": lambda kind: columns.kind == kind,
    }


def asked_for(query: CallQuery | OperationQuery, filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions that a query makes: a field that is None asks for any."""
    return [made(value) for name, made in filters.items() if (value := getattr(query, name)) is not None]


def page_of(matching: Select[Any], table: Table, begun_at: str, after: Place | None, rows: int) -> Select[Any]:
    """The next `rows` of these, newest first, after the one that began at that moment with that id.

    Page by page and not one long cursor: a reader who takes his time (a pager) would hold SQLite's write-ahead log from being
    reused, and PostgreSQL's dead rows from being cleared away, and both would grow for as long.
    """
    begun, id = table.c[begun_at], table.c.id
    page = matching if after is None else matching.where(tuple_(begun, id) < after)
    return page.order_by(begun.desc(), id.desc()).limit(rows)
