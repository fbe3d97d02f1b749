"""The identities of DESIGN 4.5, on the page a scraper reads, after any history that the call machine allows."""

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from hypothesis import Phase, given, settings, strategies as st

from sidecar.clock import SECOND
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.calls import Attachment
from sidecar.telemetry.totals import totals_of
from tests.telemetry.lives import Bill, Lives

Page = dict[str, list[tuple[dict[str, str], float]]]
ORPHANS = (Outcome.ORPHAN_FINISHED, Outcome.ORPHAN_CUT, Outcome.ORPHAN_FAILED)
GONE_WITH_THE_CALLER = (Outcome.LEFT_EARLY, Outcome.UNDELIVERED, *ORPHANS, Outcome.RESCUED, Outcome.LOST)
A_CENT_AT_MOST = 1e-6

shares = st.integers(0, 100)
spoiled = st.sampled_from([*[""] * 20, "NaN", "sNaN", "Infinity", "-0.01", "1e400"])
histories = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 1000), st.builds(Bill, shares, shares, shares, spoiled)),
    min_size=60,
    max_size=120,
)
"""Which call moves, which of the steps open to it is taken, and how it settles if that is the step."""


@settings(
    max_examples=80, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)  # shrinking takes minutes
@given(histories, st.integers(0, 3))
def test_every_page_adds_up(
    read: Callable[..., Page], new_log: Callable[[], Any], history: list[tuple[int, int, Bill]], lost: int
):
    lives = Lives(new_log())
    lives.recorder.lost(a_lost_call(number) for number in range(lost))
    for slot, choice, bill in history:
        lives.take(slot, choice, bill)
    last = lives.recorder.page()
    page = read(last)

    def total(name: str, **labels: str) -> float:
        return sum(value for had, value in page.get(name, []) if labels.items() <= had.items())

    assert_calls_add_up(lives, total)
    assert_departures_add_up(lives, total)
    assert_money_adds_up(lives, total)
    assert_exposure_is_of_orphans(lives, total)
    assert_the_final_totals_are_the_page(totals_of(last.families), total)


def assert_calls_add_up(lives: Lives, total: Callable[..., float]) -> None:
    for kind in CallKind:
        settled, in_flight = total("calls_settled_total", kind=kind), total("calls_in_flight", kind=kind)
        assert total("calls_started_total", kind=kind) == settled + in_flight
    assert sum(total("calls_settled_total", outcome=outcome) for outcome in Outcome) == len(lives.logged)
    assert total("calls_settled_total") == len(lives.logged)
    standing = Counter((life.kind, life.attachment) for life in lives.open())
    for kind in CallKind:
        for attachment in Attachment:
            assert total("calls_in_flight", kind=kind, attachment=attachment) == standing[kind, attachment]
    assert all(lives.recorder.attachment(life.id) is life.attachment for life in lives.open())


def assert_departures_add_up(lives: Lives, total: Callable[..., float]) -> None:
    settled = {outcome: total("calls_settled_total", outcome=outcome) for outcome in Outcome}
    taken = sum(life.has_left and life.attachment is Attachment.ATTACHED for life in lives.open())
    assert total("departures_total") == (
        sum(settled[outcome] for outcome in GONE_WITH_THE_CALLER)
        + lives.left_and_broken
        + total("calls_in_flight", attachment="orphaned")
        + total("calls_in_flight", attachment="shelved")
        + taken
        + total("returns_total")
    )
    assert 0 <= lives.left_and_broken <= settled[Outcome.CUT_SHORT] + settled[Outcome.UPSTREAM_FAILED]
    assert total("rescued_total", via="retry") == settled[Outcome.RESCUED] <= settled[Outcome.JOINED]
    assert total("would_rescue_total") == lives.asked_again
    assert total("orphaned_seconds_count") == sum(settled[outcome] for outcome in ORPHANS)
    running = [life.orphaned_at for life in lives.open() if life.orphaned_at is not None]
    assert total("oldest_orphan_timestamp_seconds") == min(running, default=0) / SECOND


def assert_money_adds_up(lives: Lives, total: Callable[..., float]) -> None:
    delivered, orphaned = (total("spend_usd_total", fate=fate) for fate in ("delivered", "orphaned"))
    assert abs(delivered + orphaned - spent(lives.logged)) < A_CENT_AT_MOST
    assert total("avoidable_spend_usd_total") <= orphaned + A_CENT_AT_MOST
    assert total("rescued_spend_usd_total") <= delivered + A_CENT_AT_MOST
    rescued = [record for record in lives.logged if record.outcome == Outcome.RESCUED]
    assert abs(total("rescued_spend_usd_total") - spent(rescued)) < A_CENT_AT_MOST
    assert abs(total("would_rescue_spend_usd_total") - spent(lives.repeats)) < A_CENT_AT_MOST
    assert total("unpriced_total", reason="inconsistent") == lives.spoiled


def assert_exposure_is_of_orphans(lives: Lives, total: Callable[..., float]) -> None:
    for kind in CallKind:
        orphans = [life for life in lives.open() if life.kind is kind and life.orphaned_at is not None]
        assert abs(total("exposure_usd", kind=kind) - sum(life.metrics.mean_usd() for life in orphans)) < A_CENT_AT_MOST


def assert_the_final_totals_are_the_page(totals: dict[str, Any], total: Callable[..., float]) -> None:
    assert totals["calls"] == {o: n for o in Outcome if (n := total("calls_settled_total", outcome=o))}
    assert totals["calls_in_flight"] == total("calls_in_flight")
    assert sum(totals["unpriced"].values()) == total("unpriced_total")
    for fate, usd in totals["spend_usd"].items():
        assert abs(float(usd) - total("spend_usd_total", fate=fate)) < A_CENT_AT_MOST
    for name in ("avoidable", "rescued", "would_rescue"):
        assert abs(float(totals[f"{name}_usd"]) - total(f"{name}_spend_usd_total")) < A_CENT_AT_MOST


def spent(records: Iterable[CallRecord]) -> float:
    """What of these is an amount of money."""
    bills = (record.spend_usd or Decimal(0) for record in records)
    return sum(float(usd) for usd in bills if usd.is_finite() and 0 <= usd < Decimal("1e300"))


def a_lost_call(number: int) -> CallRecord:
    return CallRecord(
        id=f"lost{number}", upstream="u", provider="google", dialect="gemini", model="a", kind=CallKind.UNARY,
        started_at=1, settled_at=2, outcome="lost", unpriced_reason="lost",
    )  # fmt: skip
