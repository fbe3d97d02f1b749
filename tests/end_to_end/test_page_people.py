"""The live page for different people: in the dark, by keyboard, by ear, on a telephone, and when the sidecar is away."""

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.live_page import browser as browser, call, flaws, open_operation, page_at, row_of
from tests.end_to_end.rig import RunningSidecar, running_sidecar

pytestmark = [pytest.mark.part("chromium"), pytest.mark.timeout(180)]
DARK, LIGHT = "rgb(21, 20, 18)", "rgb(252, 251, 249)"
BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"


@pytest.fixture(scope="module")
def running(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    """A sidecar with an orphan, a call that is waited for, one that has settled, and an operation."""
    urls = {"UPSTREAMS__OPENAI__URL": simulator.url}
    with running_sidecar(tmp_path_factory.mktemp("people"), simulator, urls) as sidecar:
        with call(sidecar.proxy, "done", "seconds=0.1") as asked:
            asked.getresponse().read()
        open_operation(sidecar.proxy, "nightly")
        with call(sidecar.proxy, "patient", "seconds=90"):
            with call(sidecar.proxy, "lost", "seconds=90") as asked:
                simulator.reached("lost", Milestone.RECEIVED)
            yield sidecar


@pytest.fixture
def page(browser: Browser, running: RunningSidecar) -> Iterator[Page]:
    with page_at(browser, f"{running.control}/") as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, running: RunningSidecar, scheme: str) -> None:
    with page_at(browser, f"{running.control}/", "dark" if scheme == "dark" else "light") as page:
        expect(row_of(page, "lost")).to_have_class(re.compile("growing"))
        assert page.evaluate(BACKGROUND) == (DARK if scheme == "dark" else LIGHT)
        assert flaws(page) == []
        row_of(page, "lost").click()
        expect(page.locator(".details .moments")).to_contain_text("Caller left")
        assert flaws(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        assert flaws(page) == []


def test_theme_is_switched_and_remembered(page: Page) -> None:
    for background in (LIGHT, DARK):
        page.get_by_role("button", name=re.compile("Theme")).click()
        assert page.evaluate(BACKGROUND) == background
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_filters_are_kept_in_the_address(page: Page) -> None:
    page.get_by_label("only orphans").check()
    page.get_by_role("searchbox").fill("LOST")
    expect(page.locator(".rows .row")).to_have_count(1)
    assert page.url.endswith("#text=LOST&orphans=1")
    page.reload()
    expect(page.locator(".rows .row")).to_have_count(1)
    page.get_by_label("outcome").select_option("delivered")
    expect(page.get_by_text("No call is like that.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".rows .row")).to_have_count(3)
    assert "#" not in page.url


def test_keyboard_reaches_everything(page: Page) -> None:
    expect(page.locator(".rows .row")).to_have_count(3)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "calls":
            break
    expect(page.get_by_role("grid")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".row.cursor .caller")).to_have_text("patient")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="patient")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("grid")).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator(".connection")).to_have_text("paused")
    page.keyboard.press("o")
    expect(page.locator(".rows .row")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_details_say_who_decided_what_and_give_the_ids(page: Page) -> None:
    row_of(page, "lost").click()
    details = page.get_by_role("complementary")
    expect(details).to_contain_text("The sidecar reads the answer to its end")
    assert details.locator("code").first.inner_text() == row_of(page, "lost").get_attribute("data-id")


def test_new_orphan_is_said_to_whoever_listens(page: Page) -> None:
    expect(page.locator("[data-announcer]")).to_have_text("1 new orphan: lost, gemini-2.5-flash.")


def test_telephone__nothing_is_wider_than_it(browser: Browser, running: RunningSidecar) -> None:
    with page_at(browser, f"{running.control}/", width=360) as page:
        expect(row_of(page, "lost")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert flaws(page) == []


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_sidecar_ends_and_comes_back__page_says_so_and_goes_on(
    browser: Browser, simulator: RunningSimulator, tmp_path: Path
) -> None:
    settings = {"CONTROL__LISTEN": f"127.0.0.1:{free_port()}"}
    with (
        running_sidecar(tmp_path, simulator, settings) as first,
        page_at(browser, f"{first.control}/", may_lose=True) as page,
    ):
        expect(page.locator("pre")).to_contain_text(f"GOOGLE_GEMINI_BASE_URL={first.proxy}/gemini")
        first.end(signal.SIGKILL)
        expect(page.locator(".stale")).to_contain_text("Connection lost")
        with running_sidecar(tmp_path, simulator, settings) as second:
            expect(page.locator(".connection")).to_have_text("live")
            expect(page.locator(".stale")).to_be_hidden()
            expect(page.locator("pre")).to_contain_text(second.proxy)


def test_token_is_asked_for_and_kept_in_memory_only(
    browser: Browser, simulator: RunningSimulator, tmp_path: Path
) -> None:
    secret = tmp_path / "token"
    secret.write_text("open-sesame-0123456789")
    with running_sidecar(tmp_path, simulator, {"CONTROL__TOKEN__FILE": str(secret)}) as guarded:
        with page_at(browser, f"{guarded.control}/", may_lose=True) as page:
            page.locator("dialog input").fill("open-sesame-0123456789")
            page.get_by_role("button", name="Connect").click()
            expect(page.locator(".connection")).to_have_text("live")
            assert page.evaluate("JSON.stringify(localStorage) + location.href").count("sesame") == 0
        with page_at(browser, f"{guarded.control}/#token=open-sesame-0123456789") as page:
            expect(page.locator(".connection")).to_have_text("live")
            assert "sesame" not in page.url
