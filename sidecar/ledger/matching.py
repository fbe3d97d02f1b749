"""A pattern in a question, in the words of each database."""

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from sidecar.ledger.questions import glob, like


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
