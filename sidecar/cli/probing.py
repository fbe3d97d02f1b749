"""`sidecar probe`: says what is about to be sent and what it may cost, asks, measures, and prints what was seen."""

import asyncio
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import msgspec

from sidecar import __version__
from sidecar.cli import FAILURE, OK, USAGE
from sidecar.cli.loading import load_settings
from sidecar.cli.memory import close_memory
from sidecar.cli.output import new_table, print_table, printable, say, standard_output
from sidecar.cli.rows import write_object
from sidecar.clock import Clock, SystemClock
from sidecar.config.load import Loaded
from sidecar.config.local_facts import write_fact
from sidecar.config.prices import overrides_of
from sidecar.lifecycle.record import CallKind
from sidecar.metering.price import PriceBook
from sidecar.probing.evidence import Line, document, elsewhere, fact_of, lines, sentence
from sidecar.probing.keys import key_for
from sidecar.probing.measuring import Measured, Measuring
from sidecar.probing.methods import method_of, methods_of
from sidecar.probing.plan import Budget, Cost, Plan, check, dearest_call, usd
from sidecar.probing.wire import Wire
from sidecar.providers.registry import DIALECTS
from sidecar.proxy.destination import Destination, destinations_of

SERVED_BY_OTHERS = frozenset({"openrouter"})
"""Dialects at whose upstreams each model is served by a provider of its own: what is found holds for one model."""

HAVE_SOCKETS = frozenset({"azure", "gemini", "openai", "vertex", "xai"})
"""Dialects in which there are calls of kind `live`, too."""


class Asked(msgspec.Struct, frozen=True):
    """What was typed."""

    upstream: str
    model: str
    max_usd: Decimal
    max_requests: int | None
    method: str | None
    stream: bool
    unary: bool
    rounds: int
    tokens: int
    yes: bool
    write: Path | None


def probe_upstream(asked: Asked, format: str, config: str | None) -> int:
    """Measure, print, and write what was found."""
    close_memory()  # keys are in our environment
    loaded, clock = load_settings(config, {}), SystemClock()
    settings = loaded.settings
    if asked.upstream not in settings.upstreams:
        say(f"no upstream {asked.upstream}; there are: {', '.join(settings.upstreams)}")
        return USAGE
    destination = destinations_of(settings)[asked.upstream.encode("ascii")]
    plan = plan_for(asked, destination, str(settings.upstreams[asked.upstream].url))
    book = PriceBook(overrides_of(settings.prices, settings.upstreams))
    cost = dearest_call(plan, book, clock.now())
    check(plan, cost, asked.max_usd, asked.max_requests)
    if not _may_begin(plan, cost, asked.yes):
        return USAGE
    budget = Budget(asked.max_usd, cost, plan.requests)
    measured = asyncio.run(_measured(loaded, destination, plan, budget, book, clock))
    written = _kept(asked, loaded, plan, measured, clock)
    with standard_output() as file:
        if format == "json":
            write_object(document(plan, measured, written), file)
        else:
            _print(plan, measured, written, file)
    return FAILURE if fact_of(plan, measured, clock.now(), __version__) is None else OK


def plan_for(asked: Asked, destination: Destination, url: str) -> Plan:
    """What is to be sent.

    Raises:
        NoMethod: there is no way to ask it.
    """
    dialect = destination.dialect.name
    method = method_of(dialect, asked.method)
    kinds = ((CallKind.STREAM, asked.stream), (CallKind.UNARY, asked.unary))
    return Plan(
        upstream=asked.upstream, dialect=dialect, provider=destination.provider, url=url, method=method, model=asked.model,
        kinds=tuple(kind for kind, is_asked in kinds if is_asked), rounds=asked.rounds, tokens=asked.tokens,
        only_method=method.name != methods_of(dialect)[0].name, only_model=dialect in SERVED_BY_OTHERS,
    )  # fmt: skip


def _may_begin(plan: Plan, cost: Cost | None, yes: bool) -> bool:
    """Say what is about to be sent, and ask whether it may be. Where nobody can answer, only `--yes` does."""
    most = (
        f"at most {usd(plan.requests * cost.usd)} by {cost.source}"
        if cost is not None
        else "and nobody knows the price"
    )
    kinds = " and ".join(plan.kinds)
    say(f"{plan.requests} calls ({kinds}) of {plan.method.name} to {plan.model} at {plan.url}, {most}")
    if yes:
        return True
    if not sys.stdin.isatty():
        say("nobody is there to be asked; --yes begins without asking")
        return False
    import typer

    return typer.confirm("Send them?", default=False, err=True)


async def _measured(
    loaded: Loaded, destination: Destination, plan: Plan, budget: Budget, book: PriceBook, clock: Clock
) -> Measured:
    settings = loaded.settings
    credential = await key_for(settings.upstreams[plan.upstream], DIALECTS[plan.dialect])
    say(f"key: {credential.source}")
    wire = Wire(destination, settings.egress, credential, clock)
    return await Measuring(plan, wire, budget, book, clock, say).run()


def _kept(asked: Asked, loaded: Loaded, plan: Plan, measured: Measured, clock: Clock) -> str | None:
    """Write what was found; where it was written, None where there was nothing to."""
    fact = fact_of(plan, measured, clock.now(), __version__)
    if fact is None:
        return None
    path = asked.write or loaded.facts_file
    write_fact(path, plan.upstream, fact)
    return str(path)


# === for people ===

HEADS = ("CALL", "SENT", "SECONDS", "AT WORK AFTER", "TOKENS", "NAMED")


def _print(plan: Plan, measured: Measured, written: str | None, file: TextIO) -> None:
    table = new_table()
    for head in HEADS:
        table.add_column(head, justify="right" if head in {"SECONDS", "AT WORK AFTER", "TOKENS"} else "left")
    for line in lines(measured):
        table.add_row(*map(printable, _cells(line)))
    print_table(table, file)
    file.write("\n")
    file.writelines(f"{printable(text)}\n" for text in _sentences(plan, measured, written))


def _cells(line: Line) -> tuple[str, ...]:
    after = "-" if line.at_work_seconds is None else f"{line.at_work_seconds:.1f} s"
    tokens = "-" if line.tokens is None else str(line.tokens)
    return line.call, line.sent_at[11:23], f"{line.seconds:.2f}", after, tokens, line.named


def _sentences(plan: Plan, measured: Measured, written: str | None) -> Iterator[str]:
    yield from map(sentence, measured.verdicts)
    if measured.source:
        yield f"looked at: {measured.source}"
    else:
        yield f"{plan.dialect} shows nowhere what becomes of a call of {plan.method.name} that was cut, or did not answer there"
    if measured.stopped:
        yield f"ended early: {measured.stopped}"
    yield from (
        f"rate limits of {line.call}, which prove nothing: {line.limits}" for line in lines(measured) if line.limits
    )
    if plan.dialect in HAVE_SOCKETS:
        yield f"live: not measured; answers in sockets are as upstreams.{plan.upstream}.on_close.live says, else unknown"
    yield from elsewhere(plan, measured)
    yield f"written to {written}, which the next start reads" if written else "nothing is written: nothing was found"
