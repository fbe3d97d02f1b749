"""The groups of settings, smallest first. Under each field: its unit, what None means, and why this default."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from sidecar.config.addresses import Address
from sidecar.config.quantities import MIB
from sidecar.config.values import (
    UNUSABLE,
    Count,
    ExistingFile,
    Factor,
    LedgerUrl,
    Listen,
    LoopbackListen,
    Positive,
    Pseudonym,
    Seconds,
    Size,
    SomeSeconds,
    Text,
    UpstreamUrl,
    Usd,
)
from sidecar.errors import PriceError
from sidecar.lifecycle.policy import FollowBounds, OnClose, OnDeparture
from sidecar.metering.override import Override


class Group(BaseModel):
    """Keys that belong together. Frozen; a key that is not here is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Mode(StrEnum):
    """How far we may go."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class HalfClose(StrEnum):
    """What a FIN means where the kernel can't be asked about the caller's end of the connection."""

    LEFT = "left"
    WAIT = "wait"


class DialectName(StrEnum):
    """The wire languages that an upstream may speak."""

    GEMINI = "gemini"
    VERTEX = "vertex"


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


class Proxy(Group):
    """The socket that takes calls."""

    listen: Listen = Address("127.0.0.1", 8780)
    """`host:port`; port 0 picks a free one. Loopback, because whoever reaches it can send calls on."""
    via: Pseudonym | None = None
    """Our name in a `Via` field added to requests and replies (RFC 9110 section 7.6.3); None adds none: bytes pass unchanged."""


class Control(Group):
    """The socket with the live page and the API."""

    listen: LoopbackListen = Address("127.0.0.1", 8782)
    """`host:port`, loopback only: it has no login, so nothing outside the pod may reach it."""


class Observe(Group):
    """The socket with metrics and probes; read-only."""

    listen: Listen = Address("127.0.0.1", 8781)
    """`host:port`. Loopback; in Kubernetes `0.0.0.0:8781`, or neither kubelet nor Prometheus can reach it."""


class Ledger(Group):
    """Where calls are remembered."""

    url: LedgerUrl = Field(default="sqlite:///sidecar.db", repr=False)
    """`sqlite:///path`, four slashes for one from the root. In the working directory, so that a first try needs no setting.

    Kept out of reprs: the address of a database, which a later version takes, may hold a password.
    """
    retention_days: Positive | None = 30
    """Days that a settled row is kept; None keeps rows for ever. A month, so that a monthly bill can be compared."""


class OnCloseOverride(Group):
    """What the provider does with the work when its connection closes, where you know better than the built-in facts."""

    stream: OnClose | None = None
    """For streamed replies; None takes the dialect's fact."""
    unary: OnClose | None = None
    """For whole replies; None takes the dialect's fact."""


class Upstream(Group):
    """One place to reach a provider. Its route is `/<its name>`."""

    dialect: DialectName
    """The wire language spoken there."""
    url: UpstreamUrl
    """`https://host[:port][/path]`; the request's path, without the route, is appended to it."""
    on_close: OnCloseOverride = OnCloseOverride()
    on_departure: OnDeparture | None = None
    """What to do when a caller leaves; None takes `calls.on_departure`."""
    ca_file: ExistingFile | None = None
    """PEM file of certificate authorities trusted for this upstream besides the system's; None adds none.

    This file and the next two are read again when they change, without a restart.
    """
    client_certificate_file: ExistingFile | None = None
    """PEM file of the certificate, and its chain, that we show this upstream; None shows none."""
    client_key_file: ExistingFile | None = None
    """PEM file of that certificate's private key, without a password; the two go together."""


class Follow(Group):
    """How much of orphaned replies is read on. Past a bound the call is cut, and its row says so."""

    max_calls: Count = 1_000
    """Calls followed at once; 0 follows none. Each costs two sockets and some KiB."""
    max_seconds: Seconds = 900
    """For each call, from the moment its caller left. The longest answers known take minutes."""
    max_bytes: Size = 64 * MIB
    """For each call. Nothing of it is kept; a reply this large is no text any more."""

    def bounds(self) -> FollowBounds:
        """The three, as the policy wants them."""
        return FollowBounds(self.max_calls, self.max_seconds, self.max_bytes)


class Calls(Group):
    """What happens to a call."""

    on_departure: OnDeparture = OnDeparture.AUTO
    """When the caller leaves: `auto` never costs more than no sidecar at all, `follow` reads on, `cut` closes."""
    half_close: HalfClose = HalfClose.LEFT
    """A FIN where the kernel can't be asked: `left`, as no SDK half-closes; `wait` never takes it alone as leaving."""
    write_stall_seconds: SomeSeconds = 120
    """A caller that takes no byte for so long has left. Long, because a program paused in a debugger is not gone."""
    follow: Follow = Follow()


class Drain(Group):
    """What happens between SIGTERM and the end."""

    deadline_seconds: Seconds = 25
    """Live calls get so long to end, then are cut. Below Kubernetes' 30 seconds, to leave time for the ledger."""


class PriceOverride(Group):
    """A price of your own. It is the whole truth about what it matches: no discount is applied that it does not name."""

    model: Text
    """Glob over the model's plain name: `gemini-2.5-*`."""
    upstream: Text | None = None
    """Glob over the upstream's name; None matches every upstream."""
    input_per_mtok_usd: Usd | None = None
    """US dollars per million tokens; None says nothing about input."""
    cached_input_per_mtok_usd: Usd | None = None
    """US dollars per million tokens; None prices cached input as input."""
    output_per_mtok_usd: Usd | None = None
    """US dollars per million tokens; None says nothing about output."""
    image_usd: Usd | None = None
    """US dollars per image delivered."""
    video_second_usd: Usd | None = None
    """US dollars per second of video delivered."""
    batch_factor: Factor | None = None
    """What prices are multiplied by on the batch tier, 0 to 1; None applies no discount."""

    @model_validator(mode="after")
    def _is_a_price(self) -> Self:
        try:
            self.override().check(1)
        except PriceError as why:
            problem = str(why).rpartition(": ")[2]  # without the place and the model, which the key already says
            raise PydanticCustomError(UNUSABLE, "unusable", {"problem": problem, "advice": ""}) from None
        return self

    def override(self) -> Override:
        """The same, as the price book takes it."""
        return Override(**{name: getattr(self, name) for name in type(self).model_fields})


class Prices(Group):
    """Prices that are not the published ones."""

    overrides: tuple[PriceOverride, ...] = ()
    """The first that matches wins. Empty: the built-in tables."""

    def book(self) -> tuple[Override, ...]:
        """The overrides, as the price book takes them."""
        return tuple(entry.override() for entry in self.overrides)


class Log(Group):
    """What is written to standard output."""

    level: LogLevel = LogLevel.INFO
    """One line a settled call is `info`."""
    format: LogFormat = LogFormat.JSON
    """`json` is one object a line, for machines; `console` is for people."""


class Labels(Group):
    """Bounds on the metrics' labels."""

    max_models: Positive = 100
    """Different models in the metrics; the rest is `other`. Every model costs some 40 series."""
