"""The grammar of the header `X-Simulator`: what one call is told to do. This file is its only documentation.

    X-Simulator: seconds=1.5 chunks=10 output=300 on_close=stops

`key=value` pairs with spaces between them. The keys are the fields of `Script`, in any order, each at most once; what is not
given is as `Settings.script` says, and what is not given there either is worked out from the request. Numbers are
decimal, switches are 0 or 1. A header that is not understood is answered 400 with the reason, so that a typing error can't
pass for a test that passes.

The work of a call goes in steps. Step 0 is the end of thinking. A content call then makes `chunks` equal steps of output,
a call for whole images one step for each image, anything else a single step. Streams deliver each step as it is made; other
replies come whole, after the last. Work that ends early is billed for its input and for the steps it has made.

In a socket each turn is a call, and has the steps of one. The header of its handshake may have several scripts with `;` between
them: the first turn follows the first, the next the next, and all that are left the last.

    X-Simulator: output=50 audio=20 ; seconds=2 hold=3

The work of an operation goes in steps too, read by its create request: those of one answer, one for each row of a batch, `chunks`
equal ones of a training or a video. A video costs nothing before its last step. `think` is the time it is queued.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from sidecar.simulator.cancelling import PATTERN
from sidecar.simulator.declined import Declined

Count = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class OnClose(StrEnum):
    """What the work does when the caller's connection ends."""

    RUNS_ON = "runs_on"
    STOPS = "stops"


class ReportsUsage(StrEnum):
    """Which parts of a reply carry usage. Dialects whose place for it is fixed know only that and `none`."""

    EVERY = "every"
    """Every frame of a stream, as a running total: the Gemini API's way. OpenAI: an engine that is told to
    (`--enable-force-include-usage`, `continuous_usage_stats`)."""
    LAST = "last"
    """The finishing frame only; Vertex sends the earlier ones with nothing but `trafficType`. OpenAI: the final chunk, asked
    for or not."""
    LATE = "late"
    """A frame of its own behind the finishing frame, after `tail`. OpenAI: as `last`."""
    NONE = "none"
    """Nowhere, in no kind of reply."""


class Failing(StrEnum):
    """How work that fails shows it."""

    ABORT = "abort"
    """The connection is closed in the middle of the reply, or before its head when nothing was sent."""
    ERROR = "error"
    """A stream carries an error frame and ends in order; any other call is answered 500 and billed nothing."""
    END = "end"
    """A stream ends in order with no finishing frame; any other call is closed as with `abort`."""


class Framing(StrEnum):
    """How the end of a reply that is not streamed is marked."""

    CHUNKED = "chunked"
    LENGTH = "length"


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one call does. None means: worked out from the request (see `plan.py`)."""

    # time
    seconds: Seconds | None = None
    """From the request's last byte to the end of the work, thinking included."""
    think: Seconds = 0.0
    """Before step 0; not more than `seconds`."""
    tail: Seconds = 0.0
    """Streams: from the finishing frame to the end of the body. The work is over by then."""
    hold: Count | None = None
    """After this step the work waits until it is released (`Simulator.release`, `POST /simulator/release`)."""

    # amounts
    prompt: Count | None = None
    """Tokens (characters where the model is charged by them) of the prompt, with the four that follow."""
    cached: Count = 0
    audio: Count = 0
    cache_write: Count = 0
    """Written to a cache that keeps them for minutes."""
    cache_write_hour: Count = 0
    """Written to a cache that keeps them for an hour. Anthropic's dialect, wherever it is spoken."""
    tool: Count = 0
    """Tokens fed back by tools, on top of `prompt`."""
    output: Count | None = None
    """Tokens of the answer's text."""
    thoughts: Count = 0
    images: Count | None = None
    """Image models: images asked for. Google's content models: pictures in the last frame, 1,290 tokens each."""
    image_bytes: Count = 10_000
    """Size of each image before base64."""
    filtered: Count = 0
    """Google's image models: how many of `images` are withheld and not charged. Its content models: not 0 blocks the prompt."""
    tier: str = ""
    """The service tier that serves the call (`flex`, `priority`), where a dialect tells it; its price where there is one."""

    # the way it is told
    chunks: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    """Steps of output: 10 where nothing is said, and in a stream of OpenAI's dialect one for each token."""
    usage: ReportsUsage | None = None
    """None: as the dialect does it, or as the request asks for it."""
    gzip: bool = False
    """Compress the reply if `Accept-Encoding` has gzip; streams are flushed at every frame."""
    framing: Framing = Framing.CHUNKED

    # operations
    never_ending: bool = False
    """The work makes every step but the last one, and never that."""
    rows: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10
    """Requests of a batch whose input is a file; `prompt`, `output` and the like are those of each row."""
    failed_rows: Count = 0
    """So many of a batch's rows, the first ones, are answered with an error and cost nothing."""
    model: str = ""
    """Model of the rows of a file, where no request names it (OpenAI's batches)."""
    cancel: Annotated[str, msgspec.Meta(pattern=PATTERN)] = "stops"
    """What a cancel does, while the work goes on. `stops`: it ends, within 50 ms. `refused`: 400 FAILED_PRECONDITION, or 409.
    `ignored`: 200, and no effect. `late`: 200, and the work has just come to its end. `slow:S`: it is being cancelled for S
    seconds. `unsupported`: 501. `throttled:N`, `failing:N`: 429 with Retry-After: 1, or 500, the first N times.
    `revived:S`: it is told as cancelled, and S (2) seconds later as done, which Azure was seen to do."""
    forget: Seconds | None = None
    """So many seconds after its end the operation is not known any more: 404."""
    forget_from_start: Seconds | None = None
    """So many seconds after its create it is not known any more, whether it has ended or not; its work goes on."""
    status_lag: Seconds = 0.0
    """Replies tell what was so many seconds ago."""
    reply_after: Seconds = 0.0
    """The reply to the create comes so many seconds after the work has begun."""
    lost_reply: bool = False
    """The create is accepted, and its connection broken without a reply."""

    # trouble
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None
    """Decline with this HTTP status, after `seconds` (default 0); nothing is billed."""
    fail_after: Count | None = None
    """The work fails after this step, if it gets there."""
    fail_with: Failing = Failing.ABORT
    on_close: OnClose = OnClose.RUNS_ON
    linger: Seconds = 0.0
    """With `on_close=stops`: seconds that the work still goes on before it notices that the caller has left."""

    @property
    def parts_of_prompt(self) -> int:
        """Tokens of the prompt that are scripted by name."""
        return self.cached + self.audio + self.cache_write + self.cache_write_hour


def read_script(text: str, defaults: Script) -> Script:
    """The script that a header's value asks for, on top of the defaults.

    Raises:
        Declined: 400, the value is not in the grammar or contradicts itself.
    """
    try:
        script = msgspec.convert({**msgspec.structs.asdict(defaults), **_pairs(text)}, Script, strict=False)
    except msgspec.ValidationError as error:
        raise Declined(400, f"X-Simulator: {error}") from error
    _check(script)
    return script


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals or key in found:
            raise Declined(400, f"X-Simulator: {word!r} is not key=value, or comes twice")
        found[key] = value
    return found


def _check(script: Script) -> None:
    if script.seconds is not None and script.think > script.seconds:
        raise Declined(400, "X-Simulator: think is more than seconds")
    if script.prompt is not None and script.parts_of_prompt > script.prompt:
        raise Declined(400, "X-Simulator: cached and audio, or what is written to caches, are more than prompt")
    if script.images is not None and script.filtered > script.images:
        raise Declined(400, "X-Simulator: filtered is more than images")
