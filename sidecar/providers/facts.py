"""What each provider does with the work when the connection closes, and how we know.

A row says what is documented or measured, and which of the two. What nobody has said or measured is `unknown`, which is
treated as the bare connection would be: cut, and the spend estimated. `sidecar probe` measures with one's own key.
"""

from sidecar.lifecycle.policy import OnClose
from sidecar.providers.contract import OnCloseFacts

GOOGLE = OnCloseFacts(
    stream=OnClose.RUNS_ON,
    unary=OnClose.RUNS_ON,
    source=(
        "@google/genai 2.32.0, typings of abortSignal: 'AbortSignal is a client-only operation. Using it to cancel an "
        "operation will not cancel the request in the service. You will still be charged usage for any applicable operations.'"
    ),
    date="2026-11-20",
    evidence="documented by the provider's SDK; not measured by us",
)

ON_CLOSE = {"gemini": GOOGLE, "vertex": GOOGLE}
"""By dialect."""
