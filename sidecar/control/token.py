"""The control socket's token, where the settings name one: asked of every request but for the page itself.

The page is the same for everybody and holds nothing; it asks its reader for the token, and sends it with what it asks the API.
"""

import hmac
from hashlib import sha256

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sidecar.control.page import is_of_the_page
from sidecar.control.problem import Problem

UNAUTHORIZED = 401
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="inference-sidecar"'}


def is_authorized(headers: Headers, digest: bytes) -> bool:
    """Whether a request brings the token of this digest (`digest_of`).

    Digests are compared, and in constant time: neither the token's beginning nor its length shows in how long it takes.
    """
    given = headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return scheme.lower() == "bearer" and hmac.compare_digest(digest_of(token.strip()), digest)


def digest_of(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


class TokenGate:
    """Middleware: answers 401 to whoever does not bring the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._digest = app, digest_of(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if (
            scope["type"] != "http"
            or is_of_the_page(scope["path"])
            or is_authorized(Headers(scope=scope), self._digest)
        ):
            await self._app(scope, receive, send)
        else:
            problem = Problem(UNAUTHORIZED, "this sidecar wants its token: Authorization: Bearer ...", CHALLENGE)
            await problem(scope, receive, send)
