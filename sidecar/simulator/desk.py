"""The routes under `/simulator/`, for tests and people who are in another process.

GET  /simulator/bill                                    the bill so far
GET  /simulator/settled                                 the bill, when no call is under way
GET  /simulator/wait?call=TAG&until=MILESTONE           answers when the call has come so far (`milestones.py`)
GET  /simulator/operations[?call=TAG]                   all operations and what was asked about each (`journal.py`)
GET  /simulator/journal                                 the last requests about operations, one by one
POST /simulator/release?call=TAG                        lets work go on that its script holds
"""

from collections.abc import Awaitable, Callable
from typing import Any

from sidecar.simulator.bill import Bill
from sidecar.simulator.declined import Declined
from sidecar.simulator.milestones import Milestone, Milestones
from sidecar.simulator.operations import Operations
from sidecar.simulator.request import Request
from sidecar.simulator.under_way import UnderWay

PREFIX = "/simulator/"


class Desk:
    """Answers questions about the calls."""

    def __init__(self, bill: Bill, told: Milestones, operations: Operations, under_way: UnderWay) -> None:
        self._bill, self._told, self._operations = bill, told, operations
        self._under_way = under_way
        self._routes: dict[tuple[str, str], Callable[[Request], Awaitable[dict[str, Any]]]] = {
            ("GET", "bill"): self._show_bill,
            ("GET", "settled"): self._show_settled,
            ("GET", "wait"): self._wait,
            ("GET", "operations"): self._show_operations,
            ("GET", "journal"): self._show_journal,
            ("POST", "release"): self._release,
        }

    async def answer(self, request: Request) -> dict[str, Any]:
        """The answer's JSON.

        Raises:
            Declined: 404 for a question the desk does not know, 400 for a milestone there is not.
        """
        route = self._routes.get((request.method, request.path.removeprefix(PREFIX)))
        if route is None:
            raise Declined(404, "The desk knows GET bill, settled, wait, operations, journal, and POST release.")
        return await route(request)

    def release(self, tag: str) -> int:
        """Let the held work of these calls and operations go on; returns how many of that tag are under way."""
        return self._under_way.release(tag) + self._operations.release(tag)

    async def _show_bill(self, request: Request) -> dict[str, Any]:
        return self._bill.as_object()

    async def _show_settled(self, request: Request) -> dict[str, Any]:
        await self._under_way.settled()
        return self._bill.as_object()

    async def _wait(self, request: Request) -> dict[str, Any]:
        tag, until = request.query.get("call", ""), request.query.get("until", "")
        if until not in list(Milestone) or not tag:
            raise Declined(400, f"call and until are needed; until is one of {', '.join(Milestone)}")
        await self._told.wait(tag, Milestone(until))
        return {"call": tag, "reached": until}

    async def _show_operations(self, request: Request) -> dict[str, Any]:
        tag = request.query.get("call")
        return {"operations": [one.as_object() for one in self._operations.seen if tag in (None, one.tag)]}

    async def _show_journal(self, request: Request) -> dict[str, Any]:
        return {"journal": self._operations.journal.lines}

    async def _release(self, request: Request) -> dict[str, Any]:
        return {"released": self.release(request.query.get("call", ""))}
