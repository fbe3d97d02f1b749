"""How long the caller waits, said to Google: `X-Server-Timeout` (google-wire 5.4).

It is a system parameter of Google's REST APIs (google-cloud-cpp's `ServerTimeoutOption`): the time in which the server is to
finish, after which it answers 504 DEADLINE_EXCEEDED. What it bills then is not documented. google-genai says it of its own
accord, where it has a timeout; for other callers Google is told what their requests say to us. Its clock starts after theirs, so
that it gives up on nobody who still waits.
"""

from math import ceil

from sidecar.http1.head import field
from sidecar.providers.contract import Route
from sidecar.providers.sdk_family import caller_timeout_seconds

WHOLE_ANSWERS = frozenset({
    "generateContent", "embedContent", "batchEmbedContents", "predict", "explain", "directPredict", "directRawPredict",
    "rawPredict",
})  # fmt: skip
"""Methods of models that answer whole, and are known by their path to do so.

What the SDKs name is how long they bear silence (providers-wire 1.4): of a whole answer that is all there is to wait for, while a
stream may live on for long and be wanted. Where only the body says which it will be, as on OpenAI's paths, the head has gone out
before that is read, so nothing is said. Interactions are left out, as google-genai leaves them out.
"""

IN_WHOLE_SECONDS = b"js"
"""The language whose SDKs drop the fraction of a second, and wait longer than they say (providers-wire 1.4)."""


def server_timeout_line(route: Route | None, fields: bytes) -> bytes:
    """The header line to be added to a request, with its line end; empty for none.

    `fields` are the request's own, as `http1.head.RequestHead` has them.
    """
    if route is None or not route.is_billable or route.method not in WHOLE_ANSWERS:
        return b""
    if b"\r\nx-server-timeout:" in fields.lower():
        return b""
    waits = caller_timeout_seconds(fields)
    if waits is None:
        return b""
    is_cut_short = field(fields, b"x-stainless-lang") == IN_WHOLE_SECONDS
    return b"X-Server-Timeout: %d\r\n" % (ceil(waits) + is_cut_short)
