"""Threat 6: a web page that a browser on this machine shows changes nothing by the control socket, and reads nothing of it."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from sidecar.simulator.server import running_simulator
from tests.end_to_end.live_page import BROWSING, open_operation
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.parts import part
from tests.security.hostile_page import PATIENCE_MILLISECONDS, hostile_site, tried

pytestmark = [pytest.mark.part("chromium"), pytest.mark.timeout(180)]

EVIL: Final = "evil.example"
UNGUARDED: Final = (
    "--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessForNavigations,BlockInsecurePrivateNetworkRequests"
)
"""Without what newer browsers do against such pages themselves: others do not."""
NOTHING: Final = ("refused", "opaque", "closed", "sent", "late", "onload")
"""What a page may be told. `onload` is what a frame says also of an error's page."""
LOADED_NOWHERE: Final = ("script", "script of JSON", "image", "style", "module", "WebSocket", "EventSource")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    with running_simulator() as simulator:
        settings = {"UPSTREAMS__OPENAI__URL": simulator.url, "CONTROL__ALLOW_QUIT": "true"}
        with running_sidecar(tmp_path_factory.mktemp("hostile"), simulator, settings) as sidecar:
            open_operation(sidecar.proxy, "victim")
            yield sidecar


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One whose name server says that a foreign name is this machine, as a rebinding one does."""
    rules = f"--host-resolver-rules=MAP {EVIL} 127.0.0.1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=part("chromium").path(), args=[*BROWSING, rules, UNGUARDED]
        )
        yield started
        started.close()


def got(sidecar: RunningSidecar, path: str) -> Any:
    with urllib.request.urlopen(f"{sidecar.control}{path}", timeout=10) as reply:
        return json.loads(reply.read())


def standing(sidecar: RunningSidecar) -> tuple[str, object, object, int | None]:
    """What an attack would have changed: the program's state, the wish to cancel an operation, its end, the process' own."""
    (operation,) = got(sidecar, "/api/operations")
    state = got(sidecar, "/api/state")["state"]
    return state, operation["cancel_requested_at"], operation["ended_at"], sidecar.process.poll()


UNTOUCHED: Final = ("serving", None, None, None)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_page_of_another_origin__changes_nothing_and_reads_nothing(
    browser: Browser, running: RunningSidecar, host: str
) -> None:
    """From `localhost` the sidecar is of another site, from 127.0.0.1 only of another port of the same host."""
    (operation,) = got(running, "/api/operations")
    with hostile_site() as port:
        found = tried(browser, f"http://{host}:{port}/", running.control, operation["id"])
    assert {name: said for name, said in found.items() if said not in NOTHING} == {}
    assert {found[name] for name in LOADED_NOWHERE} == {"refused"}
    assert standing(running) == UNTOUCHED


def test_foreign_name_made_to_lead_here__changes_nothing_and_reads_nothing(
    browser: Browser, running: RunningSidecar
) -> None:
    """The page is of the same origin then, by its browser's lights: nothing but `Host` tells."""
    evil = f"http://{EVIL}:{urlsplit(running.control).port}"
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.route(f"{evil}/attack", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto(f"{evil}/attack")  # from the evil host, before its name led here
        asked = """async ([method, path]) => { const reply = await fetch(path, {method, headers: {'X-Sidecar-Control': 'true'}})
            .catch((why) => ({status: String(why)})); return reply.status; }"""
        wishes = [("GET", "/api/state"), ("GET", "/api/calls"), ("GET", "/api/events"), ("POST", "/api/drain"),
                  ("POST", "/quitquitquit"), ("PUT", "/api/log-level"), ("GET", "/page/app.mjs")]  # fmt: skip
        assert {page.evaluate(asked, list(wish)) for wish in wishes} == {403}
    assert standing(running) == UNTOUCHED


def test_our_own_page_and_a_link_to_it_are_shown(browser: Browser, running: RunningSidecar) -> None:
    """Otherwise the tests above could pass with nothing ever served."""
    with hostile_site() as port, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://localhost:{port}/")
        try:
            with page.expect_navigation(timeout=PATIENCE_MILLISECONDS):
                page.evaluate("(url) => { location = url; }", f"{running.control}/")
        except Error as lost:
            raise AssertionError(f"the link led nowhere: {lost}") from lost
        page.locator(".connection.live").first.wait_for(timeout=PATIENCE_MILLISECONDS)
