"""Whoever sends calls names their models, methods and paths: the page stays as small as its bounds, whatever the names are."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.operation import GoneReason, OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.labels import OTHER, UNKNOWN
from sidecar.telemetry.page import Page
from sidecar.telemetry.recorder import Recorder
from tests.proxy.messages import PROMPT, UNARY_REPLY, reply, request
from tests.proxy.road import Road, a_road

NAMES = 10_000
LIMIT = 20
OURS = "inference_sidecar_"
ROAD_LIMIT = 50
"""The recorder's own default, which the road has."""
FIXED = 1000
"""Series that hang on no model: 500 statuses, the histograms, the program's."""
PER_MODEL = {"call": 45, "operation": 48}
"""Series of one provider, model and kind at most (tests of `calls` and `operations` hold them to it)."""

Samples = Callable[[Page], dict[str, list[tuple[dict[str, str], float]]]]


def count(page: Page) -> int:
    """Our series on a page, as they are scraped."""
    return sum(len(metric.samples) for metric in page.collect() if metric.name.startswith(OURS))


def models(page: Page) -> set[str]:
    return {s.labels["model"] for metric in page.collect() for s in metric.samples if "model" in s.labels}


def live(recorder: Recorder, model: str, record: Callable[..., CallRecord]) -> None:
    """A call of every kind, from its start to its end."""
    for kind in CallKind:
        recorder.settled(recorder.admitted("google", model, kind), record(model=model, kind=kind))


def test_ten_thousand_models_make_no_more_series_than_the_bound(
    new_log: Callable[[], Any], record: Callable[..., CallRecord], operation: Callable[..., OperationRecord]
):
    recorder = Recorder("1", new_log(), LedgerHealth, LIMIT)
    empty = count(recorder.page())
    for number in range(NAMES):
        live(recorder, f"model-{number}", record)
        for kind in OperationKind:
            recorder.operations.opened(operation(f"o{number}{kind}", model=f"model-{number}", kind=kind))
            recorder.operations.departed(operation(f"o{number}{kind}", kind=kind), GoneReason.LEASE_LAPSED)
    page = recorder.page()
    assert models(page) == {OTHER, *(f"model-{number}" for number in range(LIMIT))}
    bound = (LIMIT + 1) * (len(CallKind) * PER_MODEL["call"] + len(OperationKind) * PER_MODEL["operation"])
    times = 2 * len(CallKind) * 18
    """Histograms by provider and kind: 16 buckets, sum and count."""
    assert count(page) <= empty + bound + times


@settings(max_examples=30)
@given(st.lists(st.text(max_size=200), min_size=LIMIT + 2, max_size=80))
def test_no_name_of_a_model_spoils_the_page(
    read: Samples, new_log: Callable[[], Any], record: Callable[..., CallRecord], names: list[str]
):
    recorder = Recorder("1", new_log(), LedgerHealth, LIMIT)
    for name in (*names, "", "\udcff", "x" * 10_000):
        live(recorder, name, record)
    page = recorder.page()
    assert len(models(page)) <= LIMIT + len((OTHER, UNKNOWN))
    assert sum(value for _, value in read(page)["calls_started_total"]) == len(CallKind) * (len(names) + 3)


def test_no_status_makes_more_series_than_http_has(recorder: Recorder, read: Samples):
    for status in (*range(-10, NAMES), None):
        recorder.exchange("google", status)
    codes = {labels["code"] for labels, _ in read(recorder.page())["exchanges_total"]}
    assert codes == {str(status) for status in range(100, 600)} | {"none", OTHER}


async def hostile(road: Road) -> None:
    """Ten thousand real requests, each with names of its own, one after another on one connection."""
    caller, connection = await road.caller(), None
    for number in range(NAMES):
        await caller.send(a_hostile_request(number))
        connection = connection or await road.provider.connection()
        await connection.request()
        await connection.send(UNARY_REPLY if number % 7 else reply(b"{}", status=f"{400 + number % 200} Odd"))
        await caller.reply()
    await road.at_rest()


def a_hostile_request(number: int) -> bytes:
    """Most are calls of models of their own; some have a name that is no name, or an address that no dialect knows."""
    name = quote(f"m-{number}-{'x' * (number % 90)}" if number % 5 else f"m\u2028{number}")
    target = f"/gemini/v1beta/models/{name}:generateContent" if number % 3 else f"/gemini/v{number}/{name}:do{number}"
    named = (f"X-Sidecar-Caller: c-{number}", f"X-Sidecar-Label-L{number}: v-{number}", f"X-{number}: y")
    return request(target, PROMPT, *named)


@pytest.mark.anyio
async def test_a_hostile_caller_makes_no_more_series_than_the_bound() -> None:
    async with a_road() as road:
        await hostile(road)
        page = road.recorder.page()
        assert len(models(page)) == ROAD_LIMIT + len((OTHER,))
        assert count(page) <= len(models(page)) * PER_MODEL["call"] + FIXED
        calls = road.counted("calls_started_total")
        assert calls == road.counted("calls_settled_total") > NAMES / 2
        assert calls + road.counted("unmetered_total") == road.counted("exchanges_total") == NAMES
