"""How PostgreSQL finds the rows of a statement: by an index and a condition on it, or by reading what there is."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg

GREAT: Final = frozenset({"operations", "operation_moves", "calls"})
"""Tables that grow. That of the instances has a row for each pod, and is read whole once in the life of each."""
INDEXED: Final = frozenset({"Index Scan", "Index Only Scan", "Bitmap Index Scan"})
WANTING_ALL: Final = frozenset({"Sort", "Aggregate", "Hash", "Hash Join"})
"""Nodes that want all from those below them, whatever limit stands above."""

Node = Mapping[str, Any]


def plan_of(connection: "psycopg.Connection[Any]", sql: str, values: Mapping[str, Any]) -> Node:
    """How the server would do it now."""
    ((found,),) = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}".encode(), values).fetchall()
    plan: Node = found[0]["Plan"]
    return plan


def whole_reads(node: Node, *, is_limited: bool = False) -> list[str]:
    """What reads all of a table that grows, or all of an index on one.

    Not a page, so many rows in the order of an index, if every one of them is wanted.
    """
    is_page = (is_limited or node["Node Type"] == "Limit") and node["Node Type"] not in WANTING_ALL
    found = [] if is_page and "Filter" not in node else list(_whole(node))
    for below in node.get("Plans", ()):
        found += whole_reads(below, is_limited=is_page)
    return found


def _whole(node: Node) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in GREAT:
        yield f"all of {node['Relation Name']}"
    if node["Node Type"] in INDEXED and "Index Cond" not in node and node["Index Name"].startswith(tuple(GREAT)):
        yield f"all of the index {node['Index Name']}"
