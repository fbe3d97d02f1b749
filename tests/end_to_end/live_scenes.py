"""What is played before the dashboards' sidecars: one of everything that can become of a call and of an operation.

Each scene says how it must end, so that a panel that shows nothing is the panel's fault and not the workload's.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.asking import PROMPT, TURN
from tests.end_to_end.live_callers import (
    Caller,
    Life,
    comes_back,
    comes_back_at_its_end,
    comes_back_for_too_much,
    leaves,
    leaves_while_sending,
    reads_nothing,
    resets,
    stays,
    stops_sending,
)
from tests.end_to_end.live_operators import (
    cancels,
    fetches,
    fetches_after_settling,
    fetches_when_orphaned,
    has_lost_its_key,
    is_cancelled_by_a_person,
    opens_and_ends,
)
from tests.end_to_end.live_ways import hangs_up, speaks_tls, talks, tunnels
from tests.end_to_end.raw_calls import ANTHROPIC, BEDROCK, GEMINI, OPENAI, Request
from tests.end_to_end.rig import RunningSidecar


class Scene(NamedTuple):
    """One caller's life, and what must come of it."""

    life: Life
    request: Request
    script: str
    ends: tuple[str, ...]
    """The outcomes of its calls, or of the operation that it opens, sorted; nothing where it makes neither."""
    lease: str = ""

    def caller(self, sidecar: RunningSidecar, simulator: RunningSimulator, name: str) -> Caller:
        """Whoever lives it."""
        lease = {"X-Sidecar-Lease": self.lease} if self.lease else {}
        return Caller(sidecar, simulator, name, self.script, _told(self.request, lease))


def _told(request: Request, headers: Mapping[str, str]) -> Request:
    return request._replace(headers={**request.headers, **headers})


STREAM = GEMINI._replace(target="/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse")
PRO = GEMINI._replace(target="/v1beta/models/gemini-2.5-pro:generateContent")
VERTEX = Request(
    "vertex",
    "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent",
    GEMINI.body,
)
CHAT_STREAM = OPENAI._replace(body={**OPENAI.body, "stream": True, "stream_options": {"include_usage": True}})
MESSAGES_STREAM = ANTHROPIC._replace(body={**ANTHROPIC.body, "stream": True})
CONVERSE_STREAM = BEDROCK._replace(target=f"{BEDROCK.target}-stream")
UNKNOWN_MODEL = OPENAI._replace(body={"model": "nobodys-model", "messages": TURN})
LONG_REQUEST = GEMINI._replace(body={"contents": [{"role": "user", "parts": [{"text": PROMPT * 10_000}]}]})
SOCKET = Request("openai", "/v1/realtime?model=gpt-realtime", {})
NO_CALL = OPENAI._replace(target="/v1/vector_stores", body={"name": "mine"})
NOBODY_THERE = Request("cohere", "/v2/chat", {"model": "command-a-03-2025", "messages": TURN})

FOLLOW, CUT = {"X-Sidecar-On-Departure": "follow"}, {"X-Sidecar-On-Departure": "cut"}


SHORT = "seconds=0.2 prompt=2000 output=300"
HELD = f"{SHORT} hold=0"
PICTURE = "seconds=0.5 framing=length images=1"
FIRST: dict[str, Scene] = {
    **{f"delivered-{number}": Scene(stays, GEMINI, HELD, ("delivered",)) for number in range(5)},
    "delivered-stream": Scene(stays, STREAM, f"{HELD} cached=500", ("delivered",)),
    "delivered-vertex": Scene(stays, VERTEX, f"{HELD} thoughts=100", ("delivered",)),
    "delivered-openai": Scene(stays, OPENAI, HELD, ("delivered",)),
    "delivered-openai-stream": Scene(stays, CHAT_STREAM, HELD, ("delivered",)),
    "delivered-anthropic": Scene(stays, ANTHROPIC, HELD, ("delivered",)),
    "delivered-anthropic-stream": Scene(stays, MESSAGES_STREAM, HELD, ("delivered",)),
    "delivered-bedrock": Scene(stays, BEDROCK, HELD, ("delivered",)),
    "delivered-bedrock-stream": Scene(stays, CONVERSE_STREAM, HELD, ("delivered",)),
}  # fmt: skip
"""Before all others, so that their models have a label of their own and are known by what they cost. Held by the provider until
they were scraped as calls in flight: what is born and counted between the same two scrapes is no increase."""

UNREACHABLE: dict[str, Scene] = {"unreachable": Scene(stays, NOBODY_THERE, SHORT, ("upstream_failed",))}
"""Counted at once, and so by itself before the others as well: its second time is an increase."""

CALLS: dict[str, Scene] = {
    "other-model": Scene(stays, PRO, SHORT, ("delivered",)),
    "rejected": Scene(stays, GEMINI, "status=429", ("rejected",)),
    "too-large": Scene(stays, LONG_REQUEST, SHORT, ()),
    "left-early": Scene(leaves_while_sending, GEMINI, SHORT, ("left_early",)),
    "cut-short": Scene(stops_sending, GEMINI, SHORT, ("cut_short",)),
    "failed": Scene(stays, STREAM, f"{SHORT} fail_after=3", ("upstream_failed",)),
    "unreachable-again": Scene(stays, NOBODY_THERE, SHORT, ("upstream_failed",)),
    "undelivered": Scene(reads_nothing, GEMINI, f"{PICTURE} image_bytes=900000", ("undelivered",)),
    "orphan-finished": Scene(
        leaves, _told(GEMINI, FOLLOW), "seconds=2 prompt=1000000 thoughts=9000000", ("orphan_finished",)
    ),
    "orphan-reset": Scene(resets, _told(MESSAGES_STREAM, FOLLOW), "seconds=1 output=400", ("orphan_finished",)),
    "orphan-cut": Scene(leaves, _told(CHAT_STREAM, CUT), "seconds=60 prompt=9000 output=400", ("orphan_cut",)),
    "orphan-cut-by-limit": Scene(leaves, _told(OPENAI, FOLLOW), "seconds=60", ("orphan_cut",)),
    "orphan-failed": Scene(leaves, _told(OPENAI, FOLLOW), "seconds=2 fail_after=5", ("orphan_failed",)),
    "rescued": Scene(comes_back, _told(ANTHROPIC, FOLLOW), "seconds=1.5 prompt=50000 output=400", ("joined", "rescued")),
    "rescued-stream": Scene(comes_back, _told(STREAM, FOLLOW), "seconds=1.5 think=1", ("joined", "rescued")),
    "repeat-refused": Scene(
        comes_back_for_too_much, _told(VERTEX, FOLLOW), f"{PICTURE} think=0.5 image_bytes=2000000", ("orphan_finished", "refused")
    ),
    "no-usage": Scene(stays, GEMINI, f"{SHORT} usage=none", ("delivered",)),
    "unknown-model": Scene(stays, UNKNOWN_MODEL, SHORT, ("delivered",)),
    "no-call": Scene(stays, NO_CALL, SHORT, ()),
    "talks": Scene(talks, SOCKET, "seconds=0.3 prompt=200 output=30", ("delivered",) * 3),
    "hangs-up": Scene(hangs_up, SOCKET, "seconds=3 output=100", ("orphan_cut",)),
    "speaks-tls": Scene(speaks_tls, NO_CALL, SHORT, ()),
    "tunnels": Scene(tunnels, NO_CALL, SHORT, ()),
}  # fmt: skip

TALK = Request("gemini", "/v1beta/interactions", {"model": "gemini-2.5-flash", "input": PROMPT, "background": True})
RESPONSE = Request("openai", "/v1/responses", {"model": "gpt-5-mini", "input": PROMPT, "background": True})
ROWS: Any = [{"custom_id": "0", "params": {"model": "claude-sonnet-5", "max_tokens": 9, "messages": TURN}}]
BATCH = Request("anthropic", "/v1/messages/batches", {"requests": ROWS})
VIDEO = Request(
    "gemini", "/v1beta/models/veo-3.1-generate-preview:predictLongRunning", {"instances": [{"prompt": PROMPT}]}
)
TUNING = Request("openai", "/v1/fine_tuning/jobs", {"model": "gpt-5-mini", "training_file": "file-1"})

LONG = "never_ending=1 seconds=600"
COSTS = "prompt=20000 output=40000 chunks=20"
EARLY: dict[str, Scene] = {
    f"fetched-{number}": Scene(fetches, TALK, f"seconds=0.5 {COSTS}", ("succeeded",)) for number in range(5)
}
"""Before all others: by these it is known what such operations cost."""

OPERATIONS: dict[str, Scene] = {
    "cancelled": Scene(stays, TALK, f"seconds=60 {COSTS}", ("cancelled",)),
    "cancelled-batch": Scene(stays, BATCH, LONG, ("cancelled",), lease="2s"),
    "regretted": Scene(fetches_after_settling, TALK, f"seconds=60 {COSTS}", ("cancelled",)),
    "exited": Scene(opens_and_ends, RESPONSE, LONG, ("cancelled",)),
    "by-its-caller": Scene(cancels, RESPONSE, LONG, ("cancelled",), lease="60s"),
    "by-a-person": Scene(is_cancelled_by_a_person, RESPONSE, LONG, ("cancelled",), lease="60s"),
    "returned": Scene(fetches_when_orphaned, BATCH, "seconds=3", ("succeeded",)),
    "reclaimed": Scene(fetches_after_settling, TALK, f"seconds=1 {COSTS}", ("succeeded",)),
    "failed-operation": Scene(fetches, TALK, f"seconds=1 fail_after=2 {COSTS}", ("failed",)),
    "too-late": Scene(stays, RESPONSE, "seconds=60 cancel=late", ("succeeded",)),
    "unsupported": Scene(stays, TUNING, "seconds=8 cancel=unsupported", ("succeeded",), lease="2s"),
    "video": Scene(stays, VIDEO, "seconds=2", ("succeeded",)),
    "no-credential": Scene(has_lost_its_key, TALK, LONG, ("cancelled",)),
    "expired": Scene(fetches, TALK, f"{LONG} forget_from_start=0.5", ("expired",)),
    "untraceable": Scene(stays, TALK, f"{LONG} lost_reply=1", ("untraceable",)),
    "abandoned": Scene(stays, RESPONSE, f"{LONG} cancel=ignored", ("abandoned",)),
    "tuned": Scene(fetches, TUNING, "seconds=1", ("succeeded",)),
}  # fmt: skip

LOST: dict[str, Scene] = {
    "lost": Scene(stays, GEMINI, "seconds=60", ()),
}
"""Before a sidecar that is killed meanwhile. Its next process says `lost` of it."""

OBSERVED: dict[str, Scene] = {
    "would-be-rescued": Scene(
        comes_back_at_its_end,
        _told(GEMINI, FOLLOW),
        "seconds=1 prompt=1000000 thoughts=1000000",
        ("delivered", "orphan_finished"),
    ),
    "would-be-cancelled": Scene(stays, RESPONSE, f"seconds=4 {COSTS}", ("succeeded",)),
}
"""Before a sidecar that only observes."""
