"""Which conversation a path leads to."""

import pytest

from sidecar.simulator.gemini_live import GeminiLive
from sidecar.simulator.live_routes import LiveRoute, converse, live_route_of
from sidecar.simulator.live_sessions import LiveSessions
from sidecar.simulator.realtime import Realtime
from sidecar.simulator.responses_socket import ResponsesSocket
from sidecar.simulator.resumption import Sessions
from sidecar.simulator.routes import Dialect
from sidecar.simulator.settings import Settings
from tests.simulator.live_callers import GEMINI, SESSIONS, VERTEX

ROUTES = [
    (GEMINI, {}, LiveRoute(Dialect.GEMINI, "bidiGenerateContent"), GeminiLive),
    (f"/a-base{GEMINI}Constrained", {}, LiveRoute(Dialect.GEMINI, "bidiGenerateContent"), GeminiLive),
    (VERTEX, {}, LiveRoute(Dialect.VERTEX, "bidiGenerateContent"), GeminiLive),
    ("/v1/realtime", {"model": "gpt-realtime"}, LiveRoute(Dialect.OPENAI, "realtime", "gpt-realtime"), Realtime),
    ("/openai/realtime", {"deployment": "mine"}, LiveRoute(Dialect.OPENAI, "realtime", "mine"), Realtime),
    ("/v1/responses", {}, LiveRoute(Dialect.OPENAI, "responses"), ResponsesSocket),
    (SESSIONS, {}, LiveRoute(Dialect.OPENAI, "live.sessions"), LiveSessions),
]


@pytest.mark.parametrize(("path", "query", "route", "kind"), ROUTES)
def test_path__names_the_conversation(path: str, query: dict[str, str], route: LiveRoute, kind: type):
    assert live_route_of(path, query) == route
    assert isinstance(converse(route, Settings(), Sessions()), kind)


@pytest.mark.parametrize("path", ["/", "/v1/chat/completions", "/v1/models", GEMINI.lower()])
def test_any_other_path__no_socket(path: str):
    assert live_route_of(path, {}) is None
