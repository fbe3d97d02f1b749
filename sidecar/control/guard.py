"""Keeps web pages away from the control socket. A browser on the same machine reaches loopback, for any page it shows.

- A foreign name that was made to point at 127.0.0.1 (DNS rebinding) shows in `Host`: only loopback names and the
  address that was bound are served.
- A foreign page shows in `Origin`: only our own is served. There is no CORS.
- What it loads as an image, a script or a frame has no `Origin`. It could read nothing of that, and could have the ledger asked
  for it again and again: it shows in `Sec-Fetch-Site` (Fetch Metadata, which all browsers send to loopback), and is not served.
  A link to us that somebody follows is.
- What changes something needs `X-Sidecar-Control: true`, which a page can send to a foreign origin only after a
  preflight, and no preflight is answered.

A socket that is bound to every address is known by names that we can't know. There any name is served: nobody gets anything
without the token (`token.py`), which no foreign page has.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sidecar.control.problem import Problem

CONTROL_HEADER = "X-Sidecar-Control"
SAFE_METHODS = frozenset({"GET", "HEAD"})
OWN_SITES = frozenset({"same-origin", "none"})
"""Of `Sec-Fetch-Site`. A page of another port of the same host is `same-site`, and foreign."""
FORBIDDEN = 403
POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For what is no page: nothing may be loaded and nothing run, should a browser take it for one."""
WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104  a comparison, not a bind
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def refusal(method: str, headers: Headers, bound_host: str) -> str | None:
    """Why a request is not served, in one sentence; None when it is."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _is_ours(hosts[0], bound_host):
        return "the Host header names neither a loopback address nor the one this socket is bound to"
    if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in headers.getlist("origin")):
        return "the request comes from a page of another origin"
    if not _is_fetched_by_us(headers):
        return "the request is a part of a page of another origin"
    if method not in SAFE_METHODS and headers.get(CONTROL_HEADER, "").lower() != "true":
        return f"a request that changes something needs the header {CONTROL_HEADER}: true"
    return None


def _is_fetched_by_us(headers: Headers) -> bool:
    """By our own page, by its reader, or by what is no browser."""
    if set(headers.getlist("sec-fetch-site")) <= OWN_SITES:
        return True
    return (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")


def _is_ours(authority: str, bound_host: str) -> bool:
    try:
        host = urlsplit(f"//{authority}").hostname or ""
        if bound_host in WILDCARDS:
            return bool(host)
        return host in ("localhost", bound_host.lower()) or ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Middleware: refuses what `refusal` says, and adds the headers that confine a page of ours."""

    def __init__(self, app: ASGIApp, bound_host: str) -> None:
        self._app, self._bound_host = app, bound_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or answer 403."""

        async def send_confined(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, text in HEADERS.items():
                    headers.setdefault(name, text)  # the page says otherwise of itself
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif reason := refusal(scope["method"], Headers(scope=scope), self._bound_host):
            await Problem(FORBIDDEN, reason)(scope, receive, send_confined)
        else:
            await self._app(scope, receive, send_confined)
