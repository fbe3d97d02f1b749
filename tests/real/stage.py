"""One call, seen from three sides: the caller that makes it, the sidecar's row, and the engine's own witness."""

import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple

from sidecar.clock import Moment
from tests.end_to_end.rig import Row, RunningSidecar, moment, usd
from tests.real.caller import Caller, Order, calling
from tests.real.engines import Engine, Tokens
from tests.real.report import Finding, Report
from tests.real.watch import Watch

GPU_HOUR_USD = Decimal("2.50")
MIDWAY_SECONDS = 0.8
"""The engine has worked so long for a whole answer when its caller leaves."""
MIDWAY_CHUNKS = 200
"""A caller of a stream has received so many when it leaves."""
ALIKE_SECONDS = 0.3
"""So far two moments may be apart that mean the same."""


class Seen(NamedTuple):
    """What there is to compare when all is over."""

    row: Row
    watch: Watch
    counted: Tokens | None
    """What the engine's counters grew by; None where it has none."""

    @property
    def verdict(self) -> tuple[str, str]:
        """Outcome, and the basis of the usage."""
        return self.row["outcome"], self.row["usage_basis"]

    @property
    def usage(self) -> dict[str, int]:
        """Of the row; empty where nothing is known."""
        return dict(self.row["usage"] or {})

    @property
    def left_at(self) -> Moment:
        """By the row."""
        return moment(self.row, "left_at")

    @property
    def engine_seconds(self) -> float:
        """How long after the caller left the engine was still at work."""
        return max(0.0, (self.watch.worked_until() - self.left_at) / 1e6)

    @property
    def engine_cpu_seconds(self) -> float:
        """CPU time that the engine spent after the caller left."""
        return max(0.0, self.watch.cpu_seconds_between(self.left_at, self.watch.worked_until()))

    @property
    def reply_seconds(self) -> float | None:
        """How long after the caller left the reply went on, by the row; None when it was cut."""
        finished = self.row["finished_at"] and self.row["left_at"]
        return (moment(self.row, "finished_at") - self.left_at) / 1e6 if finished else None

    def paid_seconds(self, column: str = "spend_usd") -> float:
        """The seconds of a GPU that an amount of the row pays for: `avoidable_usd` are those after the caller left."""
        return float(usd(self.row, column) / GPU_HOUR_USD * 3600)


class Stage:
    """Where calls to one engine are made and compared."""

    def __init__(self, sidecar: RunningSidecar, engine: Engine, upstream: str, report: Report) -> None:
        self._sidecar, self.engine, self._upstream, self._report = sidecar, engine, upstream, report

    def order(self, suffix: str = "", **more: Any) -> Order:
        """A call through an upstream of this engine, under a name of its own."""
        base_url = f"{self._sidecar.proxy}/{self._upstream}{suffix}/v1"
        return Order(
            base_url, uuid.uuid4().hex[:12], self.engine.tokens, asks_too=dict(self.engine.asked_too)
        )._replace(**more)

    def delivered(self, order: Order) -> tuple[Seen, dict[str, Any] | None]:
        """A caller that stays; also the usage that it was told."""
        with self._watched(order) as (caller, _, seen):
            usage = caller.heard("answer")
            return seen(), usage

    def killed(self, order: Order, number: int) -> Seen:
        """A caller that gets this signal when the engine is midway."""
        with self._watched(order) as (caller, watch, seen):
            _until_midway(order, caller, watch)
            caller.kill(number)
            caller.end()
            return seen()

    def killed_beside(self, order: Order, other: Order, both_are_at_work: Callable[[], bool]) -> tuple[Seen, int]:
        """A caller that gets SIGKILL while another streams to its end; also the tokens that were made for the dead one."""
        with calling(other) as beside:
            beside.heard("chunk")
            with self._watched(order) as (caller, watch, seen):
                watch.until(both_are_at_work)
                caller.kill(signal.SIGKILL)
                caller.end()
                beside.heard("answer")
                found = seen()
        assert found.counted is not None
        return found, found.counted.predicted - other.max_tokens

    def given_up(self, order: Order) -> Seen:
        """A caller whose SDK loses patience."""
        with self._watched(order) as (caller, _, seen):
            caller.end()
            return seen()

    def killed_without_a_sidecar(self, order: Order, number: int) -> float:
        """The bare connection: how long the engine works on after the signal."""
        direct = order._replace(base_url=f"{self.engine.url}/v1")
        with self.engine.watch() as watch, calling(direct) as caller:
            _until_midway(direct, caller, watch)
            at = caller.kill(number)
            watch.until_at_rest()
            seconds = max(0.0, (watch.worked_until() - at) / 1e6)
        call = f"{_kind(order)}, no sidecar"
        cpu = watch.cpu_seconds_between(at, watch.worked_until())
        self._add(Finding(self.engine.name, call, "", "", f"{seconds:.2f} s", f"{cpu:.2f} s", "", "", "", ""))
        return seconds

    @contextmanager
    def _watched(self, order: Order) -> Iterator[tuple[Caller, Watch, Callable[[], Seen]]]:
        before = self.engine.counters()
        with self.engine.watch() as watch, calling(order) as caller:

            def seen() -> Seen:
                row = self._sidecar.row(order.name)
                watch.until_at_rest()
                now = self.engine.counters()
                grown = Tokens(now.prompt - before.prompt, now.predicted - before.predicted) if now and before else None
                return Seen(row, watch, grown)

            yield caller, watch, seen

    def report(self, call: str, order: Order, seen: Seen, made: int | None = None) -> None:
        """Add a line to the table. `made` are the engine's tokens for this call where its counters do not tell them."""
        is_alone = seen.counted is None or made is None  # else the engine worked for another call too
        made = seen.counted.predicted if seen.counted and made is None else made
        output = seen.usage.get("output", 0)
        reply = worked = cpu = avoidable = ""
        if seen.row["left_at"]:
            reply = "cut" if seen.reply_seconds is None else f"{seen.reply_seconds:.2f} s"
            avoidable = f"{seen.paid_seconds('avoidable_usd'):.2f} s"
            worked, cpu = (f"{seen.engine_seconds:.2f} s", f"{seen.engine_cpu_seconds:.2f} s") if is_alone else ("", "")
        share = f"{output / made:.1%}" if made else ""
        self._add(Finding(
            self.engine.name, f"{_kind(order)}, {call}", ", ".join(seen.verdict), reply, worked, cpu, avoidable, str(output),
            str(made) if made else "not counted", share,
        ))  # fmt: skip

    def _add(self, finding: Finding) -> None:
        self._report.findings.append(finding)


def _until_midway(order: Order, caller: Caller, watch: Watch) -> None:
    if order.is_stream:
        caller.heard("chunk", MIDWAY_CHUNKS)
    else:
        watch.until_at_work(MIDWAY_SECONDS)


def _kind(order: Order) -> str:
    return "stream" if order.is_stream else "unary"
