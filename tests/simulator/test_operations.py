"""All operations of a simulator: the bill, the journal, and how many it can bear."""

import asyncio
import json
import time
from decimal import Decimal
from typing import Any

import uvloop

from sidecar.simulator.server import RunningSimulator, Simulator, running_simulator
from tests.simulator.callers import ask
from tests.simulator.operation_clients import FLASH, billed, seen

BODY = json.dumps({"model": FLASH, "input": "hi", "background": True}).encode()
SCRIPT = "seconds=0 hold=5 prompt=1000 output=100"
HALF = Decimal("0.000425")  # 1000 x 0.30 + 50 x 2.50, for a million
MANY = 10_000


def begun(simulator: RunningSimulator, tag: str, script: str = SCRIPT, **headers: str) -> str:
    answer = ask(simulator, "/v1/interactions", BODY, script=script, tag=tag, headers=headers)
    return f"/v1/interactions/{answer.content['id']}"


def test_a_picture__tells_what_was_asked_and_what_it_costs_by_now(simulator: RunningSimulator):
    name = begun(simulator, "pictured", **{"x-goog-api-key": "secret"})
    for _ in range(3):
        ask(simulator, name, method="GET")
    before = seen(simulator, "pictured")
    assert (before.state, before.polls, before.cancels, before.usd) == ("running", 3, (), HALF)
    assert (before.family, before.kind, before.model) == ("interactions", "background", FLASH)
    assert (before.ended_at, len(before.credential)) == (None, 64)
    ask(simulator, f"{name}/cancel", b"", headers={"x-goog-api-key": "other"})
    simulator.reached("pictured", "cancel_asked")
    assert billed(simulator, "pictured") == ("interactions", "background", "cancelled", HALF)
    after = seen(simulator, "pictured")
    (cancel,) = after.cancels
    assert cancel.answer == 200
    assert cancel.credential not in ("", before.credential)
    assert after.created_at <= cancel.at <= (after.ended_at or 0)


def test_the_bill__has_one_entry_with_the_create_and_the_end(simulator: RunningSimulator):
    name = begun(simulator, "on the bill")
    assert not simulator.bill.of("on the bill")
    simulator.release("on the bill")
    simulator.reached("on the bill", "billed")
    ask(simulator, name, method="GET")
    (entry,) = simulator.bill.of("on the bill")
    assert (entry.http_status, entry.request_bytes, entry.reply_bytes > 0) == (200, len(BODY), True)
    assert entry.usage == {"prompt_tokens": 1000, "output_tokens": 100}
    assert entry.received_at <= entry.finished_at


def test_the_desk__shows_operations_and_the_journal(simulator: RunningSimulator):
    name = begun(simulator, "at the desk")
    ask(simulator, name, method="GET")
    ask(simulator, f"{name}/cancel", b"")
    simulator.reached("at the desk", "billed")
    (shown,) = ask(simulator, "/simulator/operations?call=at%20the%20desk", method="GET").content["operations"]
    assert (shown["state"], shown["polls"], shown["usd"]) == ("cancelled", 1, "0.000425")
    assert [cancel["answer"] for cancel in shown["cancels"]] == [200]
    lines = ask(simulator, "/simulator/journal", method="GET").content["journal"]
    mine = [(line["what"], line["answer"]) for line in lines if line["tag"] == "at the desk"]
    assert mine == [("create", 200), ("poll", 200), ("cancel", 200)]


def test_no_credential__is_kept(simulator: RunningSimulator):
    begun(simulator, "secretive", authorization="Bearer a-secret-token")
    for question in ("operations", "journal", "bill"):
        assert b"a-secret-token" not in ask(simulator, f"/simulator/{question}", method="GET").body


def test_closing__stops_operations_and_charges_for_what_is_made():
    with running_simulator() as simulator:
        begun(simulator, "stopped")
        bill = simulator.bill
    (entry,) = bill.entries
    assert (entry.finished_how, entry.usd) == ("stopped", HALF)


def test_settled__does_not_wait_for_operations(simulator: RunningSimulator):
    begun(simulator, "unsettled", "never_ending=1")
    simulator.settled()


async def asked(simulator: Simulator, requests: list[str]) -> None:
    """Ask one after the other on one connection; every answer is 200."""
    reader, writer = await asyncio.open_connection(simulator.host, simulator.port)
    for request in requests:
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.split()[1]))
    writer.close()
    await writer.wait_closed()


def test_ten_thousand_under_way__cost_nothing_but_their_polls():
    create = (
        f"POST /v1/interactions HTTP/1.1\r\nHost: s\r\nX-Simulator: never_ending=1\r\nContent-Length: {len(BODY)}\r\n\r\n"
        f"{BODY.decode()}"
    )

    async def scene() -> tuple[float, Any]:
        async with Simulator() as simulator:
            await asyncio.gather(*(asked(simulator, [create] * (MANY // 50)) for _ in range(50)))
            names = [operation.id for operation in simulator.operations]
            began = time.process_time()
            await asyncio.sleep(0.2)
            idle = time.process_time() - began
            polls = [f"GET /v1/interactions/{name} HTTP/1.1\r\nHost: s\r\n\r\n" for name in names[:2000]]
            await asyncio.gather(*(asked(simulator, polls[start::20]) for start in range(20)))
            return idle, simulator.operations

    idle, operations = uvloop.run(scene())
    assert idle < 0.1
    assert len(operations) == MANY
    assert sum(operation.polls for operation in operations) == 2000
