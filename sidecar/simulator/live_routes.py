"""Which conversation a socket is to carry, told from the path of its handshake. Any API version and any base path will do."""

import msgspec

from sidecar.simulator.conversation import Conversation
from sidecar.simulator.gemini_live import GeminiLive
from sidecar.simulator.live_sessions import LiveSessions
from sidecar.simulator.realtime import Realtime
from sidecar.simulator.responses_socket import ResponsesSocket
from sidecar.simulator.resumption import Sessions
from sidecar.simulator.routes import Dialect
from sidecar.simulator.settings import Settings


class LiveRoute(msgspec.Struct, frozen=True):
    """What a socket is for."""

    dialect: Dialect
    method: str
    model: str = ""
    """Where the address names it; elsewhere a message does."""


def live_route_of(path: str, query: dict[str, str]) -> LiveRoute | None:
    """What a path leads to; None where there is no such socket. Azure calls the model a deployment."""
    if path.endswith(("GenerativeService.BidiGenerateContent", "GenerativeService.BidiGenerateContentConstrained")):
        return LiveRoute(Dialect.GEMINI, "bidiGenerateContent")
    if path.endswith("LlmBidiService/BidiGenerateContent"):
        return LiveRoute(Dialect.VERTEX, "bidiGenerateContent")
    if path.endswith("/realtime"):
        return LiveRoute(Dialect.OPENAI, "realtime", query.get("deployment", "") or query.get("model", ""))
    if path.endswith("/responses"):
        return LiveRoute(Dialect.OPENAI, "responses")
    if path.endswith("/live/sessions"):
        return LiveRoute(Dialect.OPENAI, "live.sessions")
    return None


def converse(route: LiveRoute, settings: Settings, sessions: Sessions) -> Conversation:
    """The conversation of one socket."""
    match route.method:
        case "realtime":
            return Realtime(route.model, settings)
        case "responses":
            return ResponsesSocket(settings)
        case "live.sessions":
            return LiveSessions(settings)
    return GeminiLive(route.dialect, settings, sessions)
