"""Where a provider's work can be seen from outside, behind a call that was cut: what is asked for, and what an answer says.

Two sorts. A server's own counters (`/metrics`, `/slots`) speak of all its calls, and are looked at before, while and after ours
is made. A record of one call is asked for by the name that the call has, until it is final. All of it data and pure readers;
asking is free everywhere.

Not a source, though it looks like one: Ollama's `/api/ps`. What it tells of a model is renewed when the request's connection
ends, not when its runner stops computing (server/sched.go: `<-pending.ctx.Done()`). Nor are rate limits: they count what was
asked for, at least until the call ends, and are filled up meanwhile; they are shown, and prove nothing.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from sidecar.bodies.lenient import UNREADABLE
from sidecar.clock import Moment
from sidecar.probing.methods import MARK
from sidecar.probing.observations import Ending, Look
from sidecar.providers.contract import NO_FACTS, ReplyHead
from sidecar.providers.openrouter import inquiry_path, told_by
from sidecar.providers.operation import Progress
from sidecar.providers.registry import DIALECTS

METRIC: Final = rb"^%b(?:\{[^}\n]*\})?[ \t]+([0-9.eE+-]+|NaN|[+-]Inf)[ \t]*$"
MOST_DIGITS: Final = 18


Reads = Callable[[bytes, Moment], Look | None]
"""What a body says, looked at at this moment; None when it says nothing. Never raises."""


class Source(msgspec.Struct, frozen=True):
    """One place to look."""

    name: str
    """For people."""
    read: Reads
    target: Callable[[str, str], str | None]
    """Path and query, given the answer's identity (empty where it is not known) and the call's mark; None: it can't be asked."""
    is_of_server: bool = False
    """It speaks of all calls of a server, and is looked at from before the call on."""
    every_seconds: float = 0.25
    rests: int = 2
    """So many looks in a row must find the server idle: counters are brought up to date now and then."""
    lag_seconds: float = 0.0
    """How much later than the end of the work a record may appear."""


# === servers' counters ===


def metric(page: bytes, name: str) -> float | None:
    """The sum of a metric's samples on a page of Prometheus' text; None where there is none."""
    pattern = re.compile(METRIC % re.escape(name.encode("ascii")), re.MULTILINE)
    values = [text for text in pattern.findall(page) if text[-1:].isdigit()]
    try:
        return sum(map(float, values)) if values else None
    except ValueError:
        return None


def counters(running: tuple[str, ...], made: str) -> Reads:
    """Reads a page with gauges of calls that run or wait, and a counter of output tokens."""

    def read(page: bytes, at: Moment) -> Look | None:
        counts = [count for name in running if (count := metric(page, name)) is not None]
        tokens = metric(page, made) if made else None
        if not counts and tokens is None:
            return None
        is_countable = tokens is not None and 0 <= tokens < 10**MOST_DIGITS
        return Look(
            at=at, is_at_work=sum(counts) > 0 if counts else None, made=int(tokens or 0) if is_countable else None
        )

    return read


class Slot(msgspec.Struct):
    """One of llama.cpp's."""

    is_processing: bool


SLOTS: Final = msgspec.json.Decoder(list[Slot])


def slots(page: bytes, at: Moment) -> Look | None:
    """Reads llama.cpp's slots, each of which computes or not."""
    try:
        found = SLOTS.decode(page)
    except UNREADABLE:
        return None
    return Look(at=at, is_at_work=any(slot.is_processing for slot in found)) if found else None


def _metrics(running: tuple[str, ...], made: str, every_seconds: float, rests: int = 2) -> Source:
    read = counters(running, made)
    return Source("its /metrics", read, lambda *_: "/metrics", True, every_seconds, rests)


LLAMA_CPP_SECONDS: Final = 1.6
"""llama.cpp looks for the caller of a whole answer when its queue of results was silent for a second; each look of ours makes a
noise there, so that looking more often would keep alive what it looks at (tests/real/README.md)."""

# === records of one call ===


def _named(path: str) -> Callable[[str, str], str | None]:
    return lambda identity, _mark: path.format(quote(identity, safe="")) if identity else None


def generation(body: bytes, at: Moment) -> Look | None:
    """Reads OpenRouter's record: the tokens as the model counted them. It is there some seconds after the end, and is final.

    Its `cancelled` says that the caller left, not that the provider stopped, so it is not asked.
    """
    told = told_by(body)
    return None if told is None else Look(at=at, made=told.usage.output + told.usage.reasoning, is_final=True)


ENDINGS: Final = {Progress.SUCCEEDED: Ending.WHOLE, Progress.FAILED: Ending.STOPPED, Progress.CANCELLED: Ending.STOPPED}


def stored(dialect: str, poll: str) -> Reads:
    """Reads a stored answer, as the dialect reads those of background work, whose documents they are."""
    route = DIALECTS[dialect].route("GET", poll)
    wire = route.operation if route is not None else None
    assert wire is not None, poll  # a table's mistake: every poll opens one

    def read(body: bytes, at: Moment) -> Look | None:
        reader = wire.open_reply(ReplyHead(200, "application/json"), NO_FACTS)
        reader.feed(body)
        reader.finish()
        observed = reader.observed()
        if observed is None:
            return None
        ending = ENDINGS.get(observed.progress)
        usage = observed.reported.usage if observed.reported is not None else None
        made = usage.output + usage.reasoning if usage is not None and ending is not None else None
        return Look(at=at, made=made, ending=ending, is_final=ending is not None)

    return read


class Completion(msgspec.Struct):
    """A stored chat completion: it is stored when it has come to its end."""

    usage: dict[str, object] | None = None


class Completions(msgspec.Struct):
    """A listing of them."""

    data: list[Completion]


COMPLETIONS: Final = msgspec.json.Decoder(Completions)


def completions(body: bytes, at: Moment) -> Look | None:
    """Reads a listing for the completion of our mark. Of one that is not there nothing is known: it may never be stored."""
    try:
        listed = COMPLETIONS.decode(body).data
    except UNREADABLE:
        return None
    tokens = (listed[0].usage or {}).get("completion_tokens") if listed else None
    return Look(at=at, made=tokens, ending=Ending.WHOLE, is_final=True) if isinstance(tokens, int) else None


def _by_mark(_identity: str, mark: str) -> str:
    return f"/v1/chat/completions?metadata%5B{MARK}%5D={quote(mark, safe='')}&limit=1"


# === the table ===

VLLM: Final = _metrics(("vllm:num_requests_running", "vllm:num_requests_waiting"), "vllm:generation_tokens_total", 0.25)
SGLANG: Final = _metrics(
    ("sglang:num_running_reqs", "sglang:num_queue_reqs"), "sglang:generation_tokens_total", 1.0, rests=3
)
TGI: Final = _metrics(("tgi_batch_current_size", "tgi_queue_size"), "", 0.5)
LLAMA_CPP: Final = _metrics(
    ("llamacpp:requests_processing", "llamacpp:requests_deferred"),
    "llamacpp:tokens_predicted_total",
    LLAMA_CPP_SECONDS,
    rests=1,
)
LLAMA_CPP_SLOTS: Final = Source("its /slots", slots, lambda *_: "/slots", True, LLAMA_CPP_SECONDS, 1)
RESPONSE: Final = Source(
    "the stored response",
    stored("openai", "/v1/responses/resp_1"),
    _named("/v1/responses/{}"),
    every_seconds=0.5,
    lag_seconds=10,
)
INTERACTION: Final = Source(
    "the stored interaction", stored("gemini", "/v1beta/interactions/1"), _named("/v1beta/interactions/{}"),
    every_seconds=0.5, lag_seconds=10,
)  # fmt: skip
COMPLETION: Final = Source("the stored completion", completions, _by_mark, every_seconds=1.0, lag_seconds=20)
GENERATION: Final = Source(
    "OpenRouter's /generation", generation,
    lambda identity, _mark: inquiry_path(identity).decode("ascii") if identity else None, every_seconds=1.0, lag_seconds=20,
)  # fmt: skip

SOURCES: Final[Mapping[tuple[str, str], tuple[Source, ...]]] = {
    ("openai", "responses"): (RESPONSE,),
    ("openai", "chat.completions"): (COMPLETION,),
    ("gemini", "interactions.create"): (INTERACTION,),
}
"""By dialect and method, where they hang on the method."""
OF_ALL_METHODS: Final[Mapping[str, tuple[Source, ...]]] = {
    "vllm": (VLLM,),
    "sglang": (SGLANG,),
    "tgi": (TGI,),
    "llama_cpp": (LLAMA_CPP, LLAMA_CPP_SLOTS),
    "openrouter": (GENERATION,),
}
"""By dialect. Of several that one is taken that answers."""


def sources_of(dialect: str, method: str) -> tuple[Source, ...]:
    """The sources for a method of a dialect; empty where nothing can be known from outside."""
    return SOURCES.get((dialect, method), ()) or OF_ALL_METHODS.get(dialect, ())
