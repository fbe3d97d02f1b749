"""Together: OpenAI's dialect, rerank, and operations of its own (providers-wire 5).

Streams end with a chunk that reports usage without being asked for it.
"""

import re

from sidecar.providers.contract import Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_request import open_call
from sidecar.providers.openai_routes import row
from sidecar.providers.paths import ASKS, Row, unread

ROWS = (
    row("rerank", "/rerank", open_request=open_call),
    Row("fine-tunes", re.compile(r"/fine-tunes$"), Role.SUBMIT, open_request=ASKS),
    unread("fine-tunes.list", r"/fine-tunes$", verb="GET"),
    unread("fine-tunes.get", r"/fine-tunes/[^/]+$", Role.POLL, verb="GET"),
    unread("fine-tunes.cancel", r"/fine-tunes/[^/]+/cancel$", Role.CANCEL),
    Row("queue", re.compile(r"/queue/submit$"), Role.SUBMIT, open_request=ASKS),
    unread("queue.get", r"/queue/status$", Role.POLL, verb="GET"),
    unread("queue.cancel", r"/queue/cancel$", Role.CANCEL),
)
"""What is canceled in a queue stands in the body, not in the path."""

TOGETHER = OpenAIDialect(
    name="together",
    provider="together",
    hosts=("api.together.xyz", "api.together.ai"),
    on_close=ON_CLOSE["together"],
    rows=ROWS,
)
