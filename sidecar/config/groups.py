"""The groups of settings, smallest first. Under each field: its unit, what None means, and why this default."""

from enum import StrEnum
from typing import Annotated

from annotated_types import Ge
from pydantic import Field

from sidecar.config.group import Group
from sidecar.config.quantities import MIB
from sidecar.config.values import (
    Count,
    LabelName,
    LedgerUrl,
    MaybeOff,
    Positive,
    Seconds,
    Size,
    SomeSeconds,
)
from sidecar.lifecycle.policy import FollowBounds, OnDeparture


class Mode(StrEnum):
    """How far we may go."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class HalfClose(StrEnum):
    """What a FIN means where the kernel can't be asked about the caller's end of the connection."""

    LEFT = "left"
    WAIT = "wait"


class LogLevel(StrEnum):
    """The least serious line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line is written."""

    JSON = "json"
    CONSOLE = "console"


class Ledger(Group):
    """Where calls are remembered."""

    url: LedgerUrl = Field(default="sqlite:///sidecar.db", repr=False)
    """`sqlite:///path`, four slashes for one from the root, or `postgresql://user:password@host/database`, which many sidecars
    share. A file in the working directory, so that a first try needs no setting. Kept out of reprs: it may hold a password."""
    retention_days: Positive | None = 30
    """Days that a settled row is kept; None keeps rows for ever. A month, so that a monthly bill can be compared."""
    max_bytes: Annotated[Size, Ge(MIB)] | None = None
    """Of a SQLite ledger: above it the oldest settled rows are deleted, however young. For small disks: a pod that outgrows its
    volume is evicted. A thousand calls take 0.4 MiB. None sets no bound."""


class Follow(Group):
    """How much of orphaned replies is read on. Past a bound the call is cut, and its row says so."""

    max_calls: Count = 1_000
    """Calls read on at once, those included that are held for a retry; 0 follows and holds none. Each costs two sockets and
    some KiB, besides what `rescue` keeps."""
    max_seconds: Seconds = 900
    """For each call, from the moment its caller left. The longest answers known take minutes."""
    max_bytes: Size = 64 * MIB
    """For each call, read after its caller left. A reply this large is no text any more; what of it is kept, `rescue` bounds."""

    def bounds(self) -> FollowBounds:
        """The three, as the policy wants them."""
        return FollowBounds(self.max_calls, self.max_seconds, self.max_bytes)


class ServerTimeout(StrEnum):
    """Whether Google is told how long a caller waits."""

    OFF = "off"
    """Requests go on as they came."""
    FROM_CLIENT = "from_client"
    """It is told what the request tells us."""


class Live(Group):
    """Sockets that carry many calls: Gemini Live, OpenAI's Realtime, Responses over WebSocket."""

    resume_seconds: Seconds = 10
    """A caller that has a handle to go on with its session and is back within so long had not left: what it was being told when
    its socket ended is delivered spend. 0 takes every end of a socket as leaving."""
    max_message_bytes: Size | None = 64 * MIB
    """Longest message of either side; the frame that goes beyond ends the socket, with close code 1009. As large as what the SDKs
    send in one piece; it is passed on as it comes, never held. None sets no bound."""
    idle_seconds: SomeSeconds | None = None
    """A socket through which nothing has passed for so long, not even a ping, is closed. None: providers close them, after
    minutes; TCP finds ends that are gone."""


class Calls(Group):
    """What happens to a call."""

    on_departure: OnDeparture = OnDeparture.AUTO
    """When the caller leaves: `auto` never costs more than no sidecar at all, `follow` reads on, `cut` closes. An upstream, one
    of its `routes` and a request (`X-Sidecar-On-Departure`) may each say otherwise; the nearest counts."""
    half_close: HalfClose = HalfClose.LEFT
    """A FIN where the kernel can't be asked: `left`, as no SDK half-closes; `wait` never takes it alone as leaving."""
    write_stall_seconds: SomeSeconds = 120
    """A caller that takes no byte for so long has left. Long, because a program paused in a debugger is not gone."""
    follow: Follow = Follow()
    live: Live = Live()
    server_timeout: Annotated[ServerTimeout, MaybeOff] = ServerTimeout.OFF
    """`from_client` adds `X-Server-Timeout`, in whole seconds, to calls of upstreams that speak `gemini` or `vertex` whose answer
    comes whole and whose request says how long its caller waits (`x-stainless-read-timeout`, as Anthropic's SDK sends it to
    Vertex), unless it has one of its own, as google-genai's may. Google is to stop by itself then, and what it stopped no retry
    can be given. Off, because it changes what the provider is sent."""


class OnRepeat(StrEnum):
    """What becomes of a retry that would pay twice: its first attempt has an answer, which can't be handed on."""

    PASS = "pass"  # noqa: S105  no password
    """It goes on to the provider, as it would without us."""
    REFUSE = "refuse"
    """We answer it ourselves, so that nothing is spent again."""


class Rescue(Group):
    """Handing an abandoned answer to the caller's retry: in `mode: enforce` only; `observe` counts what it would have done.

    Answers are kept in memory, nowhere else, and go to requests with the same credential only.
    """

    enabled: bool = True
    """Whether it is done where neither the upstream nor the route says (`rescue` of both). A request opts out with
    `X-Sidecar-Rescue: off`. On, because who sets `enforce` has asked for it."""
    window_seconds: Seconds = 30
    """So long after its end an abandoned answer is kept for a retry; 0 hands on only what still comes. Most SDKs are back within
    8 s; a call whose answer nobody took settles, and is counted, only then."""
    max_bytes: Size = 64 * MIB
    """Of all answers kept at once, and of those that may become abandoned because they are passing now. What does not fit is
    passed on and priced as ever, and can't be handed on."""
    max_answer_bytes: Size = 16 * MIB
    """Of one answer, at most `max_bytes`. Four large images in base64; text stays below 1 MiB."""
    on_repeat: OnRepeat = OnRepeat.PASS
    """`refuse` answers a retry ourselves, and tells its SDK not to try again, where it would pay twice because the answer to its
    first attempt was too large to be kept; until `window_seconds` after that one's end. `pass`, because refusing keeps a request
    from its provider. Where nothing is rescued, as in `observe`, nothing is refused either."""


class WhenOrphaned(StrEnum):
    """What is done with an operation whose caller is gone."""

    CANCEL = "cancel"
    WATCH = "watch"


class OnOrphan(Group):
    """By kind of operation. What is normally meant to outlive its caller is watched and priced, and cancelled only when asked."""

    background: WhenOrphaned = WhenOrphaned.CANCEL
    """Answers that are polled for: nobody else knows that they are there."""
    lro: WhenOrphaned = WhenOrphaned.CANCEL
    """Videos and other long-running operations, as far as their provider can cancel them."""
    batch: WhenOrphaned = WhenOrphaned.WATCH
    """Batches run for hours, and are fetched by whoever comes the next day."""
    tuning: WhenOrphaned = WhenOrphaned.WATCH
    """Trainings likewise."""


class Operations(Group):
    """What happens to work that outlives the request that opened it. Nothing is cancelled in `mode: observe`."""

    watch: bool = True
    """Ask the provider, for free, how operations stand whose callers do not ask; without it their spend is often not known."""
    lease_seconds: SomeSeconds = 60
    """So long after its last poll an operation's caller is taken for gone. Grows by itself to five times the polls' interval."""
    grace_seconds: Seconds = 10
    """Between finding the caller gone and the cancel: it may be coming back."""
    claim_seconds: Seconds = 3_600
    """A finished result that nobody has fetched for so long is orphaned."""
    confirm_seconds: Seconds = 120
    """After the end of a cancelled operation was seen: so long it is looked at on, before it settles. A provider was seen to
    complete one minutes after it had called it cancelled."""
    give_up_seconds: SomeSeconds = 900
    """A cancel that is not confirmed after so long is given up, and said so."""
    on_orphan: OnOrphan = OnOrphan()
    """`cancel` or `watch`, by kind of operation."""


class Log(Group):
    """What is written to standard output."""

    level: LogLevel = LogLevel.INFO
    """One line a settled call is `info`."""
    format: LogFormat = LogFormat.JSON
    """`json` is one object a line, for machines; `console` is for people."""


class Labels(Group):
    """What callers may call their calls, and bounds on the metrics' labels."""

    allow: tuple[LabelName, ...] = ()
    """Names of `X-Sidecar-Label-<name>` request headers that are kept in the ledger, and that prices may hang on. Empty: none is
    kept, as whoever sends a call could fill the ledger with words of its own."""

    max_models: Positive = 100
    """Different models in the metrics; the rest is `other`. Every model costs some 40 series."""
