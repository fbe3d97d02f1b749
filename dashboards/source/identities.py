"""What must be equal, as PromQL that reads 0 when it is.

The page of one sidecar is taken in one instant and adds up by itself, from the process's start on: so every identity is told
per instance, of raw values and not of rates (counters and gauges begin together when a process starts anew), and only then
are the differences, without their signs, added up. That is why `_total` stands outside of rate() here, and only here.
"""

from typing import NamedTuple

from dashboards.source.panels import COUNT, USD

INSTANCE = "job, instance"
BY_KIND = "job, instance, kind"
BY_MODEL = "job, instance, provider, model, kind"

PREFIX = "inference_sidecar_"
DEPARTED = "left_early|undelivered|orphan_finished|orphan_cut|orphan_failed|rescued|lost"
"""Outcomes of calls whose caller has left, each without exception."""
MAY_HAVE_DEPARTED = "cut_short|upstream_failed"
"""Outcomes that a call may have had before or after its caller left; the metrics don't say which."""
OUTCOMES = f"delivered|rejected|refused|joined|{MAY_HAVE_DEPARTED}|{DEPARTED}"
CALLS, OPERATIONS = 'kind!~"background|batch|lro|tuning"', 'kind=~"background|batch|lro|tuning"'


class Identity(NamedTuple):
    """One statement that holds on every page, and the figure that is 0 while it does."""

    title: str
    description: str
    expr: str
    unit: str = COUNT


def total(name: str, matchers: str = "", by: str = INSTANCE) -> str:
    """The sum of a family's values by labels; `name` is without our prefix."""
    return f"sum by ({by}) ({PREFIX}{name}{{{matchers}}})" if matchers else f"sum by ({by}) ({PREFIX}{name})"


def difference(one: str, *others: str) -> str:
    """By how much one differs from the sum of the others, over all instances."""
    return f"sum(abs({' - '.join((one, *others))}))"


def excess(one: str, *others: str) -> str:
    """By how much one is more than the sum of the others, over all instances; 0 where it is less."""
    return f"sum(clamp_min({' - '.join((one, *others))}, 0))"


def to_a_millionth(expr: str) -> str:
    """Dollars are summed as floating-point numbers: what differs by less is rounding."""
    return f"round({expr}, 0.000001)"


def none_of(name: str, matchers: str) -> str:
    """The sum over series that should not exist; 0 where none does."""
    return f"(sum({PREFIX}{name}{{{matchers}}}) or 0 * sum({PREFIX}{name}))"


def _departures_of_calls() -> str:
    """What no account of departures explains, in either direction."""
    gone = (total("departures_total", CALLS), total("returns_total", CALLS))
    certain = (
        total("calls_settled_total", f'outcome=~"{DEPARTED}"'),
        total("calls_in_flight", 'attachment=~"orphaned|shelved"'),
    )
    possible = (
        total("calls_settled_total", f'outcome=~"{MAY_HAVE_DEPARTED}"'),
        total("calls_in_flight", 'attachment="attached"'),
    )
    too_few = f"sum(clamp_min({certain[0]} + {certain[1]} + {gone[1]} - {gone[0]}, 0))"
    return f"{too_few} + {excess(*gone, *certain, *possible)}"


def _departures_of_operations() -> str:
    gone = (total("departures_total", OPERATIONS, BY_KIND), total("returns_total", OPERATIONS, BY_KIND))
    too_few = excess(total("operations_open", 'state="orphaned"', BY_KIND), f"({gone[0]} - {gone[1]})")
    return f"{too_few} + {excess(*gone, total('operations_opened_total', by=BY_KIND))}"


def _durations() -> str:
    by = "job, instance, provider, kind"
    settled, lost = total("calls_settled_total", by=by), total("calls_settled_total", 'outcome="lost"', by)
    measured = total("call_duration_seconds_count", by=by)
    return f"{excess(measured, settled)} + {excess(settled, measured, f'({lost} or 0 * {settled})')}"


IDENTITIES = (
    Identity(
        "Calls: started = settled + in flight",
        "Every call that was admitted has settled or is in flight. Else a call was counted twice or has got lost in the sidecar:"
        " a bug, please report it with the process's log lines `call_settled`.",
        difference(
            total("calls_started_total", by=BY_KIND),
            total("calls_settled_total", by=BY_KIND),
            total("calls_in_flight", by=BY_KIND),
        ),
    ),
    Identity(
        "Operations: opened = settled + open",
        "As for calls. May differ, for good and until the process ends, by operations that another sidecar took over from this"
        " one because it was thought dead: they were opened here, and settle there (log line `operation_released`).",
        difference(
            total("operations_opened_total", by=BY_KIND),
            total("operations_settled_total", by=BY_KIND),
            total("operations_open", by=BY_KIND),
        ),
    ),
    Identity(
        "Calls with no known outcome",
        "The outcomes add up to settled: each settled call has one of the thirteen. Else a version of the sidecar that is newer"
        " than this dashboard knows another, or one settled without any: a bug.",
        none_of("calls_settled_total", f'outcome!~"{OUTCOMES}"'),
    ),
    Identity(
        "Calls of no known duration",
        "Every settled call was measured, but for those that an earlier process lost. Else the histograms of the lifecycle page"
        " show fewer calls than there were.",
        _durations(),
    ),
    Identity(
        "Departures: calls",
        "Callers that left = calls settled as left_early, undelivered, orphan_*, rescued or lost + calls left and still in flight"
        " + returned; and calls that were cut or failed after their caller had left. Of those last, and of the calls whose answer"
        " a retry is being given (they count as attached), the metrics tell only the most that there can be: what is shown is"
        " what lies outside of that range.",
        _departures_of_calls(),
    ),
    Identity(
        "Departures: operations",
        "Callers that are gone, less those that came back, are at least the operations that stand as orphaned, and at most all"
        " that were opened. The states are told by the reaper's last round, so that one scrape may see a departure early.",
        _departures_of_operations(),
    ),
    Identity(
        "Orphans without a duration",
        "Each call that settles as orphan_finished, orphan_cut or orphan_failed is in the histogram of seconds for nobody, and no"
        " other call is.",
        difference(
            total("orphaned_seconds_count", by=BY_KIND),
            total("calls_settled_total", 'outcome=~"orphan_finished|orphan_cut|orphan_failed"', BY_KIND),
        ),
    ),
    Identity(
        "Rescued calls",
        "What was handed to a retry is what settled as rescued. Both are counted when the rescued call settles.",
        difference(total("rescued_total", by=BY_MODEL), total("calls_settled_total", 'outcome="rescued"', BY_MODEL)),
    ),
    Identity(
        "Spend = delivered + orphaned",
        "Every dollar of the bill was for somebody or for nobody. Else there is spend of a fate that this dashboard does not"
        " know, and the overview's sums are short by it.",
        to_a_millionth(
            difference(
                total("spend_usd_total"),
                total("spend_usd_total", 'fate="delivered"'),
                total("spend_usd_total", 'fate="orphaned"'),
            )
        ),
        USD,
    ),
    Identity(
        "Avoidable beyond orphaned",
        "Avoidable is a part of orphaned, of every model and kind. Shown is by how much it is more.",
        to_a_millionth(
            excess(
                total("avoidable_spend_usd_total", by=BY_MODEL), total("spend_usd_total", 'fate="orphaned"', BY_MODEL)
            )
        ),
        USD,
    ),
    Identity(
        "Rescued beyond delivered",
        "Rescued spend is a part of delivered spend, of every model and kind. Shown is by how much it is more.",
        to_a_millionth(
            excess(
                total("rescued_spend_usd_total", by=BY_MODEL), total("spend_usd_total", 'fate="delivered"', BY_MODEL)
            )
        ),
        USD,
    ),
    Identity(
        "Inconsistent bills",
        "Bills whose parts were more than their whole. They are left out of spend and counted as unpriced, with this reason: a"
        " bug in a price or in a provider's figures; the log line names the call.",
        none_of("unpriced_total", 'reason="inconsistent"'),
    ),
)
