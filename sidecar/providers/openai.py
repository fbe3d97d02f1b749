"""OpenAI's dialect, spoken by OpenAI and by nearly everybody else.

A provider that speaks it too is one more `OpenAIDialect`: its name, its hosts, its facts, and what it says beyond OpenAI
(`openai_extras.Extras`). What it has besides OpenAI's paths are rows of its own, which are tried first; a whole other
dialect on the same server (Anthropic's `/v1/messages`) is asked at the end.
"""

from collections.abc import Callable

from sidecar.providers.contract import Route
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.on_close import OnCloseFacts
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_operations import Wires
from sidecar.providers.openai_routes import NO_WIRES, rows as openai_rows
from sidecar.providers.paths import PathDialect, Row

PATHLESS = (
    "the request has no path, so what it asks for is lost: the base URL of an OpenAI SDK is the whole prefix of its paths, "
    "mostly ending in /v1, and OPENAI_BASE_URL has to hold all of it"
)
DOUBLED = "the path has /v1 twice: the base URL ends in /v1 and whoever made the path added another; take one away"

ERROR_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class OpenAIDialect(PathDialect):
    """The `Dialect` of one service or engine that speaks OpenAI's language."""

    __slots__ = ()

    def __init__(
        self,
        name: str,
        provider: str,
        hosts: tuple[str, ...],
        on_close: OnCloseFacts,
        *,
        rows: tuple[Row, ...] = (),
        extras: Extras = PLAIN,
        operations: Wires = NO_WIRES,
        then: Callable[[str, str], Route | None] | None = None,
    ) -> None:
        """`rows` and `operations` are the provider's own, `then` is the `route` of another dialect on the same server."""
        table = (*rows, *openai_rows(extras, operations))
        super().__init__(name, provider, hosts, on_close, rows=table, envelope=error_envelope, then=then)

    def refusal(self, method: str, path: str) -> str | None:
        """The sentence for a request whose base URL lacks its path, or has a part of it twice."""
        path = path.partition("?")[0]
        if path in ("", "/"):
            return PATHLESS if method == "POST" and self.route(method, path) is None else None  # TGI answers at `/`
        return DOUBLED if "/v1/v1/" in path else None


def error_envelope(status: int, message: str) -> object:
    """An error in OpenAI's shape."""
    kind = ERROR_TYPES.get(status) or ("invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


OPENAI = OpenAIDialect(
    name="openai", provider="openai", hosts=("api.openai.com", "*.api.openai.com"), on_close=ON_CLOSE["openai"]
)
