"""What was found, for people and for the file of facts: lines of a table, sentences, and where else one may look. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from sidecar.clock import SECOND, Moment, rfc3339, seconds_between
from sidecar.config.measured import MeasuredFact
from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.probing.measuring import Measured
from sidecar.probing.observations import Call
from sidecar.probing.plan import Plan
from sidecar.probing.verdict import Verdict, made_in

MINUTE: Final[Moment] = 60 * SECOND
LOGS: Final[Mapping[str, str]] = {
    "gemini": "Google AI Studio, Usage; or Cloud Monitoring of the key's project, API requests and tokens by the minute",
    "vertex": "Cloud Monitoring, publisher/online_serving/token_count by the minute; the request log if it is on",
    "openai": "platform.openai.com, Logs and Usage (usage API: /v1/organization/usage/completions?bucket_width=1m)",
    "azure": "Azure Monitor of the resource, Generated Completion Tokens by the minute",
    "anthropic": "the Claude Console, Usage and Logs (usage API: /v1/organizations/usage_report/messages?bucket_width=1m)",
    "bedrock": "CloudWatch, AWS/Bedrock, OutputTokenCount by the minute; the model invocation log if it is on",
    "openrouter": "openrouter.ai/activity",
    "ollama": "the server's log: a request that ended after the cut, and the machine's load meanwhile",
}
"""Where the provider itself shows what it counted, by dialect."""
ELSEWHERE: Final = (
    "the provider's usage page or log, by the minute if it has that; a server of your own: its log and its load"
)


class Line(msgspec.Struct, frozen=True):
    """One call for a table; None for what was not seen."""

    call: str
    sent_at: str
    seconds: float
    """Until its end, or until it was cut."""
    was_cut: bool
    at_work_seconds: float | None
    """How long after that the source still showed work; None where it does not say."""
    tokens: int | None
    """Output and thinking, by the source, else by the reply."""
    named: str
    """By the provider, else the mark that we sent with it (`X-Client-Request-Id`)."""
    limits: str
    """What its head said to be left of a rate limit: proves nothing, see `sources.py`."""


def lines(measured: Measured) -> Iterator[Line]:
    """A line for each call, in the order in which they were made."""
    for call in measured.calls:
        yield Line(
            f"{call.kind}, {'cut' if call.was_cut else 'whole'}", rfc3339(call.committed_at), round(call.seconds, 3),
            call.was_cut, _at_work_seconds(call), made_in(call), call.identity or call.request_id or call.mark,
            ", ".join(f"{name}: {value}" for name, value in sorted(call.limits.items())),
        )  # fmt: skip


def _at_work_seconds(call: Call) -> float | None:
    """To the last look that showed work."""
    looks = [look for look in call.after if look.is_at_work is not None]
    if not call.was_cut or not looks:
        return None
    busy = [look.at for look in looks if look.is_at_work]
    return round(seconds_between(call.ended_at, busy[-1]), 3) if busy else 0.0


def sentence(verdict: Verdict) -> str:
    """What was found for one kind of call."""
    what = {OnClose.STOPS: "stops", OnClose.RUNS_ON: "runs on", OnClose.UNKNOWN: "unknown"}[verdict.on_close]
    sure = "" if verdict.on_close is OnClose.UNKNOWN else f" ({verdict.confidence} confidence)"
    return f"{verdict.kind}: {what}{sure}: {verdict.why}"


def elsewhere(plan: Plan, measured: Measured) -> Iterator[str]:
    """For kinds of which nothing could be known from here: what to look for, where, and what it would mean."""
    for verdict in measured.verdicts:
        calls = [call for call in measured.calls if call.kind is verdict.kind]
        if verdict.on_close is OnClose.UNKNOWN and any(call.was_cut for call in calls):
            yield from _to_look_for(plan, verdict.kind, calls)


def _to_look_for(plan: Plan, kind: CallKind, calls: list[Call]) -> Iterator[str]:
    begin, end = min(call.committed_at for call in calls), max(call.ended_at for call in calls)
    names = ", ".join(call.identity or call.request_id or call.mark for call in calls if call.was_cut)
    yield (
        f"{kind}: look at {LOGS.get(plan.dialect, ELSEWHERE)}: {plan.model} from {_minute(begin)} to "
        f"{_minute(end + MINUTE)} UTC; cut calls {names} (sent with X-Client-Request-Id)"
    )
    whole = next((call for call in calls if not call.was_cut), None)
    cut = [call for call in calls if call.was_cut]
    if whole is not None and whole.tokens and cut:
        share = sum(call.seconds for call in cut) / len(cut) / whole.seconds
        yield (
            f"{kind}: the whole answer had {whole.tokens} output tokens; cut calls show about {round(share * whole.tokens)} each "
            f"where the work stops, about {whole.tokens} where it runs on"
        )


def _minute(moment: Moment) -> str:
    return rfc3339(moment)[:16].replace("T", " ")


def fact_of(plan: Plan, measured: Measured, now: Moment, version: str) -> MeasuredFact | None:
    """What is to be kept; None where nothing was found."""
    found = {verdict.kind: verdict for verdict in measured.verdicts if verdict.on_close is not OnClose.UNKNOWN}
    if not found:
        return None
    said = {str(kind): verdict.on_close for kind, verdict in found.items()}
    seen = "; ".join(sentence(verdict) for verdict in found.values())
    return MeasuredFact.model_validate({
        "dialect": plan.dialect, "url": plan.url, "model": plan.model, "method": plan.method.name,
        "only_method": plan.only_method, "only_model": plan.only_model, **said, "measured_at": rfc3339(now),
        "evidence": f"{seen}; seen in {measured.source}", "version": version,
    })  # fmt: skip


def document(plan: Plan, measured: Measured, written: str | None) -> dict[str, object]:
    """All of it, for machines."""
    return {
        "upstream": plan.upstream,
        "dialect": plan.dialect,
        "model": plan.model,
        "method": plan.method.name,
        "source": measured.source or None,
        "stopped": measured.stopped or None,
        "calls": [msgspec.structs.asdict(line) for line in lines(measured)],
        "verdicts": [msgspec.structs.asdict(verdict) for verdict in measured.verdicts],
        "look_elsewhere": list(elsewhere(plan, measured)),
        "written": written,
    }
