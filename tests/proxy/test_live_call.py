"""One answer of a socket: what it takes in, what it holds back, and that it settles once."""

from collections.abc import AsyncIterator

import pytest

from sidecar.http1.head import read_request_head
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import NOT_SENT, CutUpstream
from sidecar.lifecycle.record import CallKind
from sidecar.proxy.admission import admit
from sidecar.proxy.live_call import LiveCall
from sidecar.proxy.live_steps import Word
from tests.proxy.messages import get
from tests.proxy.plain_live import MODEL, TARGET, PlainTurn
from tests.proxy.road import Road
from tests.proxy.talking import ASKS, KEY, a_live_road

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000_000_000


class Conversation:
    """Stands in for the calls of a socket, of which a call asks only this."""

    def __init__(self, road: Road) -> None:
        self.context = road.context
        self.head = read_request_head(get(TARGET, *ASKS, KEY, "X-Sidecar-Caller: me"))
        self.admission = admit(self.head, self.context.destinations, road.address)
        self.route = self.admission.route
        self.has_settled: list[LiveCall] = []
        self._calls: list[LiveCall] = []

    def settled(self, call: LiveCall) -> None:
        self.has_settled.append(call)

    def call(self) -> LiveCall:
        self._calls.append(LiveCall(self, 1, MODEL, PlainTurn(), NOW))  # type: ignore[arg-type]
        return self._calls[-1]

    def end(self) -> None:
        """Whatever a test has left open ends."""
        for call in self._calls:
            call.stayed_away()
            call.usage_told()
            call.tell(Word.CUT, NOW)


@pytest.fixture
async def conversation() -> AsyncIterator[Conversation]:
    async with a_live_road() as road:
        conversation = Conversation(road)
        yield conversation
        conversation.end()


async def test_begins__a_row_of_its_own_under_its_model(conversation: Conversation) -> None:
    record = conversation.call().account.record
    assert (record.kind, record.model, record.caller, record.method) == (CallKind.LIVE, MODEL, "me", None)
    assert record.started_at == NOW


async def test_takes_part_in_no_rescue(conversation: Conversation) -> None:
    account = conversation.call().account
    assert (account.may_be_rescued, account.key, account.grace_seconds()) == (False, b"", 0.0)


async def test_handed_over__settles_once(conversation: Conversation) -> None:
    call = conversation.call()
    for word in (Word.COMMITTED, Word.BEGAN, Word.ENDED, Word.HANDED_OVER, Word.HANDED_OVER, Word.LEFT, Word.CUT):
        call.tell(word, NOW + 1)
    assert conversation.has_settled == [call]
    assert call.account.record.outcome == Outcome.DELIVERED


async def test_usage_is_awaited__settles_with_it(conversation: Conversation) -> None:
    call = conversation.call()
    call.awaits_usage = True
    for word in (Word.BEGAN, Word.ENDED, Word.HANDED_OVER):
        call.tell(word, NOW + 1)
    assert not conversation.has_settled
    call.usage_told()
    assert conversation.has_settled == [call]


async def test_left_and_held__nothing_is_said_of_it_yet(conversation: Conversation) -> None:
    call = conversation.call()
    call.tell(Word.BEGAN, NOW + 1)
    call.left(LeftReason.FIN, NOW + 2, None, is_held=True)
    call.tell(Word.CUT, NOW + 3)
    assert call.is_held
    assert not call.is_running
    assert call.call.left_at is None
    assert not conversation.has_settled


async def test_stayed_away__left_at_the_moment_at_which_it_was(conversation: Conversation) -> None:
    call = conversation.call()
    call.tell(Word.BEGAN, NOW + 1)
    call.left(LeftReason.FIN, NOW + 2, None, is_held=True)
    call.tell(Word.CUT, NOW + 3)
    call.stayed_away()
    record = call.account.record
    assert (record.outcome, record.left_at, record.left_reason) == (Outcome.ORPHAN_CUT, NOW + 2, LeftReason.FIN)


@pytest.mark.parametrize(
    ("meanwhile", "outcome"),
    [
        ((), Outcome.CUT_SHORT),
        ((Word.CUT,), Outcome.CUT_SHORT),
        ((Word.BEGAN, Word.ENDED), Outcome.DELIVERED),
        ((Word.FAILED,), Outcome.UPSTREAM_FAILED),
    ],
)
async def test_came_back__had_not_left(
    conversation: Conversation, meanwhile: tuple[Word, ...], outcome: Outcome
) -> None:
    call = conversation.call()
    call.tell(Word.COMMITTED, NOW + 1)
    call.left(LeftReason.FIN, NOW + 2, None, is_held=True)
    for word in meanwhile:
        call.tell(word, NOW + 3)
    call.came_back(NOW + 4)
    record = call.account.record
    assert (record.outcome, record.left_at, record.left_reason) == (outcome, None, None)


async def test_decision__by_the_rules_once_the_provider_has_it(conversation: Conversation) -> None:
    call = conversation.call()
    assert call.command(0) is NOT_SENT
    call.tell(Word.COMMITTED, NOW)
    assert call.command(0) == CutUpstream("provider_unknown")
    call.tell(Word.CUT, NOW)
