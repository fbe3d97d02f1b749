"""The live page before a real sidecar: what happens to calls and operations is seen, and what is clicked is done."""

import re
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect

from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.callers import Client, Nursery
from tests.end_to_end.live_page import (
    Crowd,
    browser as browser,
    call,
    open_operation,
    operation_of,
    page_at,
    row_of,
)
from tests.end_to_end.rig import RunningSidecar, running_sidecar, usd

CROWD = 1000
FRAMES = """() => new Promise((told) => {
    const gaps = []; const began = performance.now(); let last = began;
    requestAnimationFrame(function frame(at) {
        gaps.push(at - last); last = at;
        if (at - began < 2000) requestAnimationFrame(frame); else told(gaps.slice(1).sort((one, other) => one - other));
    });
})"""
"""Milliseconds between pictures in two seconds, the shortest first."""

pytestmark = [pytest.mark.part("chromium"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def running(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    urls = {"UPSTREAMS__OPENAI__URL": simulator.url}
    with running_sidecar(tmp_path_factory.mktemp("page"), simulator, urls) as sidecar:
        yield sidecar


@pytest.fixture
def page(browser: Browser, running: RunningSidecar) -> Iterator[Page]:
    with page_at(browser, f"{running.control}/") as opened:
        yield opened


def width(page: Page, caller: str, part: str) -> float:
    """Pixels of a part of a caller's bar."""
    box = row_of(page, caller).locator(f".lane .{part}").bounding_box()
    assert box is not None
    return box["width"]


def test_caller_is_killed__its_tail_is_seen_growing_and_settles_at_the_ledgers_cost(
    page: Page, running: RunningSidecar, nursery: Nursery
) -> None:
    row = row_of(page, "seed")
    script = "seconds=4.5 chunks=20 prompt=1200 output=2000"
    with nursery.caller(Client("gemini", "sync"), f"{running.proxy}/gemini", "seed", script, "stream") as caller:
        caller.heard("chunk")
        expect(row.locator(".outcome")).to_have_text("answering")
        expect(row.locator(".lane .left")).to_be_hidden()
        caller.kill()
        expect(row).to_have_class(re.compile("growing"))
        expect(row.locator(".lane b.left")).to_be_visible()
        expect(row.locator(".lane b.end")).to_be_hidden()
        early = width(page, "seed", "tail")
        expect(row.locator(".on-for")).to_have_text(re.compile(r"^[1-9]\.\d s$"))
        assert width(page, "seed", "tail") > early
    expect(row).to_have_class(re.compile("settled"))
    expect(row.locator(".lane b.end")).to_be_visible()
    ledger = running.row("seed")
    assert dollars(row.locator(".orphaned-usd").inner_text()) == usd(ledger, "orphaned_usd") > 0
    assert dollars(row.locator(".money.spend").inner_text()) == usd(ledger)
    expect(page.locator("[data-figure=orphaned] .large")).to_have_text(re.compile(r"^\$0\.0"))
    shown = page.evaluate("document.querySelector('.row.settled .vh').textContent")
    assert "the caller left after" in shown


def dollars(text: str) -> Decimal:
    return Decimal(text.removeprefix("$"))


def test_operation_is_cancelled_by_its_button_and_another_is_kept(
    page: Page, running: RunningSidecar, simulator: RunningSimulator
) -> None:
    for caller in ("doomed", "spared"):
        open_operation(running.proxy, caller)
    doomed, spared = operation_of(page, "doomed"), operation_of(page, "spared")
    expect(doomed.locator(".lease")).to_have_text(re.compile("lease 0:"))
    doomed.get_by_role("button", name="Cancel").click()
    dialog = page.get_by_role("dialog", name="Cancel this operation?")
    expect(dialog.get_by_role("button", name="Leave it running")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(doomed.get_by_role("button", name="Cancel")).to_be_focused()
    doomed.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel the operation").click()
    expect(page.locator(".said")).to_contain_text("was asked for")
    expect(doomed.locator(".word")).to_have_text("cancelled")
    assert [seen.state for seen in simulator.operations if seen.tag == "doomed"] == ["cancelled"]
    spared.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Keep it running").click()
    expect(page.locator(".said")).to_contain_text("is kept")
    expect(spared.locator(".word")).to_have_text("running")


def test_wish_that_cannot_be_fulfilled__says_why_and_the_question_stays(
    browser: Browser, running: RunningSidecar
) -> None:
    open_operation(running.proxy, "stubborn")
    with page_at(browser, f"{running.control}/", may_lose=True) as page:
        _cancel_in_vain(page)


def _cancel_in_vain(page: Page) -> None:
    line = operation_of(page, "stubborn")
    page.route("**/cancel", lambda route: route.fulfill(
        status=501, json={"title": "Not Implemented", "detail": "the provider of operation o1 has no cancel for it"}
    ))  # fmt: skip
    line.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the operation").click()
    expect(page.get_by_role("alert")).to_have_text("The provider of operation o1 has no cancel for it.")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_thousand_calls_in_flight__page_stays_quick(browser: Browser, running: RunningSidecar) -> None:
    with Crowd(running.proxy, CROWD, "seconds=60 on_close=stops"), page_at(browser, f"{running.control}/") as page:
        expect(page.locator(".counts").first).to_contain_text("1,000 in flight")
        assert page.locator(".rows .row").count() < 60, "only rows in sight are elements"
        gaps = page.evaluate(FRAMES)
        began = time.monotonic()
        page.get_by_role("searchbox").fill("crowd-0500")
        expect(page.locator(".rows .row")).to_have_count(1)
        found = time.monotonic() - began
        page.get_by_role("searchbox").fill("")
        page.locator("#calls").focus()
        began = time.monotonic()
        page.keyboard.press("End")
        expect(page.locator(".row.cursor .caller")).to_be_in_viewport()
        ended = time.monotonic() - began
        print(f"{len(gaps)} pictures in 2 s, half within {gaps[len(gaps) // 2]:.0f} ms, the slowest {gaps[-1]:.0f} ms; "
              f"found one of {CROWD} in {found * 1000:.0f} ms, at the end in {ended * 1000:.0f} ms")  # fmt: skip
        assert len(gaps) > 20, "ten pictures a second at the least, on a machine that is busy with 1,000 calls"


def test_hostile_name__is_text(page: Page, running: RunningSidecar) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    with call(running.proxy, hostile, "seconds=20"):
        expect(row_of(page, hostile)).to_be_visible()
        row_of(page, hostile).click()
        expect(page.get_by_role("heading", name=hostile)).to_be_visible()
        assert page.locator("img").count() == 0
