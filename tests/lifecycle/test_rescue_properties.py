"""Abandoned answers, callers and retries in any order, without a wire: each is handed over once, and nobody is left waiting."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sidecar.lifecycle.call import Downstream, Outcome, Upstream
from sidecar.lifecycle.rescue import Offer
from tests.lifecycle.rescuing import ON_OFFER, TAKEN, Attempt

requests = st.sampled_from(["a question", "another question"])
picks = st.integers(0, 999)
some = Callable[["AnyOrder"], list[Attempt]]


def wherever(which: some) -> Callable[[Callable[["AnyOrder", Attempt], None]], Any]:
    """A rule about one of these attempts, where there are any."""

    def as_rule(happens: Callable[["AnyOrder", Attempt], None]) -> Any:
        def picked(self: "AnyOrder", pick: int) -> None:
            found = which(self)
            happens(self, found[pick % len(found)])

        return precondition(lambda self: bool(which(self)))(rule(pick=picks)(wraps(happens)(picked)))

    return as_rule


class AnyOrder(RuleBasedStateMachine):
    """Attempts at two requests, whose callers leave and come again while their provider answers, fails, or takes its time."""

    @initialize()
    def begin(self) -> None:
        self.attempts: list[Attempt] = []
        self.is_draining = False
        for request in ("a question", "a question", "another question"):
            self.a_request_comes(request)

    def running(self, *upstream: Upstream) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.call.upstream in upstream]

    def offered(self, *offers: Offer) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.offer in offers]

    def there(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.is_there]

    def receiving(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.call.downstream is Downstream.RECEIVING]

    def abandoned(self) -> list[Attempt]:
        return [] if self.is_draining else self.offered(Offer.OPEN)

    # === what may happen ===

    @precondition(lambda self: not self.is_draining)
    @rule(request=requests)
    def a_request_comes(self, request: str) -> None:
        """A retry, if the answer to an equal one is on offer: the oldest such. A call of its own otherwise."""
        attempt = Attempt(request)
        fitting = [offered for offered in self.offered(Offer.OPEN) if offered.request == request]
        self.attempts.append(attempt)
        if fitting:
            fitting[0].give_to(attempt)
        else:
            attempt.commit()

    @wherever(abandoned)
    def a_retry_comes(self, abandoned: Attempt) -> None:
        self.a_request_comes(abandoned.request)

    @wherever(there)
    def a_caller_leaves(self, attempt: Attempt) -> None:
        attempt.left()

    @wherever(lambda self: self.offered(*TAKEN))
    def a_retry_leaves(self, abandoned: Attempt) -> None:
        assert abandoned.retry is not None
        abandoned.retry.left()

    @wherever(lambda self: self.running(Upstream.COMMITTED))
    def a_provider_answers(self, attempt: Attempt) -> None:
        attempt.answered(200)

    @wherever(lambda self: self.running(Upstream.COMMITTED))
    def a_provider_declines(self, attempt: Attempt) -> None:
        attempt.answered(429)

    @wherever(lambda self: self.running(Upstream.ANSWERING))
    def an_answer_ends(self, attempt: Attempt) -> None:
        attempt.finished()

    @wherever(lambda self: self.running(Upstream.COMMITTED, Upstream.ANSWERING))
    def an_answer_breaks(self, attempt: Attempt) -> None:
        """The provider breaks it, or we do."""
        if len(self.attempts) % 2:
            attempt.failed()
        else:
            attempt.cut()

    @wherever(receiving)
    def an_answer_arrives(self, attempt: Attempt) -> None:
        """Whole, or up to its terminal event."""
        attempt.arrived()

    @wherever(lambda self: self.running(Upstream.ANSWERING))
    def an_answer_outgrows(self, attempt: Attempt) -> None:
        attempt.outgrew()

    @wherever(lambda self: [taken for taken in self.offered(*TAKEN) if taken.call.upstream is Upstream.ANSWERING])
    def an_answer_outgrows_while_a_retry_is_given_it(self, attempt: Attempt) -> None:
        attempt.outgrew()

    @wherever(lambda self: self.offered(Offer.OPEN))
    def a_window_closes(self, attempt: Attempt) -> None:
        attempt.window_closed()

    @precondition(lambda self: len(self.attempts) > 8)
    @rule()
    def a_drain_begins(self) -> None:
        """Nobody can come any more."""
        self.is_draining = True
        for attempt in self.offered(Offer.OPEN):
            attempt.window_closed()

    # === what is true at any time ===

    @invariant()
    def each_answer_reached_at_most_one(self) -> None:
        for attempt in self.attempts:
            assert len(attempt.given_to) + (attempt.call.downstream is Downstream.SERVED) <= 1

    @invariant()
    def no_retry_waits_for_an_answer_that_is_gone(self) -> None:
        for attempt in self.attempts:
            if (
                attempt.source is not None
                and attempt.is_there
                and attempt.call.upstream in (Upstream.JOINED, Upstream.GIVEN)
            ):
                assert attempt.source.offer in TAKEN
                assert attempt.source.retry is attempt

    @invariant()
    def an_answer_is_taken_where_a_retry_is_there_for_it(self) -> None:
        for attempt in self.attempts:
            assert (attempt.offer in TAKEN) == (attempt.retry is not None and attempt.retry.is_there)

    @invariant()
    def nothing_stays_neither_offered_nor_ended(self) -> None:
        for attempt in self.attempts:
            can_go_on = attempt.is_there or attempt.call.is_live_upstream or attempt.offer in ON_OFFER
            assert can_go_on or attempt.is_settled, attempt

    @invariant()
    def what_is_on_offer_can_be_had(self) -> None:
        for attempt in self.offered(*ON_OFFER):
            assert attempt.call.downstream is Downstream.GONE
            assert attempt.call.upstream in (Upstream.COMMITTED, Upstream.ANSWERING, Upstream.FINISHED)
            assert attempt.offer is not Offer.OPEN or not attempt.has_outgrown  # from its first byte

    @invariant()
    def only_an_equal_request_joins(self) -> None:
        assert all(one.source is None or one.source.request == one.request for one in self.attempts)

    # === and in the end ===

    def teardown(self) -> None:
        """Providers come to an end, callers get what is there, and windows close: nothing is left open."""
        for attempt in self.running(Upstream.COMMITTED):
            attempt.answered(200)
        for attempt in self.running(Upstream.ANSWERING):
            attempt.finished()
        for attempt in self.receiving():
            attempt.arrived()
        for attempt in self.offered(Offer.OPEN):
            attempt.window_closed()
        assert all(attempt.is_settled for attempt in self.attempts)
        self._money_is_counted_once()

    def _money_is_counted_once(self) -> None:
        """For every rescued call there is one that joined it, and for every one that joined there is one that was rescued."""
        rescued = [attempt for attempt in self.attempts if attempt.call.outcome is Outcome.RESCUED]
        joined = [attempt for attempt in self.attempts if attempt.call.outcome is Outcome.JOINED]
        assert [retry for attempt in rescued for retry in attempt.given_to if retry not in joined] == []
        assert len(joined) == len(rescued)
        assert all(retry.call.committed_at is None for retry in self.attempts if retry.source is not None)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
