"""Which names an instance looks after in a database, in the order in which the database itself puts names."""

from collections.abc import Mapping
from typing import Any

from sidecar.clock import Moment
from sidecar.ledger.postgres_connection import Connection
from sidecar.ledger.postgres_statements import NEXT_ALIVE
from sidecar.lifecycle.neighbors import Gap


def gap_in(connection: Connection, me: str, dead_before: Moment, reach: int | None) -> Gap:
    """The gap of an instance (`lifecycle.neighbors`): what it looks after. All of the ring with None.

    `dead_before` is as `Presence.dead_before` said it in the same transaction.

    Raises:
        psycopg.Error: the database can't be read.
    """
    if reach is None:
        return Gap(me, me)
    asked = {**NEXT_ALIVE.values, "me": me, "dead_before": dead_before, "reach": reach}
    found = connection.execute(NEXT_ALIVE.sql.encode(), asked).fetchone()
    return Gap(me, me if found is None else found[0])


def asked_of(gap: Gap, dead_before: Moment) -> Mapping[str, Any]:
    """The parameters of a statement about the dead in a gap."""
    return {"me": gap.after, "before": gap.before, "dead_before": dead_before}
