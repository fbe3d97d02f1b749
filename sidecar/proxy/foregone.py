"""What would have been rescued: in `mode: observe` nothing is kept or given, and it is counted what could have been.

A retry counts here when `enforce` would have given it the answer: under the same conditions, as far as they can be told without
having held the first attempt's connection.
"""

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from sidecar.clock import SECOND, Moment
from sidecar.lifecycle.call import Upstream as Provider
from sidecar.lifecycle.policy import AS_KNOWN, Command, CutUpstream
from sidecar.providers.sdk_family import grace_seconds, sender_of
from sidecar.proxy.limits import RescueLimits

if TYPE_CHECKING:
    from sidecar.proxy.account import Account
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.following import Following

MOST: Final = 1_000
"""Calls that are remembered; the oldest go first."""
CUT_BY_FACTS: Final = frozenset(command for command in AS_KNOWN.values() if isinstance(command, CutUpstream))


class Left:
    """A call whose caller left, and until when its answer would have been there."""

    __slots__ = ("_account", "_exchange", "_following", "_given_bytes", "held_until")

    def __init__(self, exchange: "Exchange", account: "Account", held_until: Moment | None) -> None:
        self._exchange = exchange
        self._account = account
        self._given_bytes = 0 if exchange.is_settled else exchange.reply.body_bytes  # cut: its size does not matter
        self._following: Following | None = exchange.following
        self.held_until = held_until
        """Where it was cut, and would have been held for a retry; None where it was followed, or had ended."""

    def is_equal(self, account: "Account") -> bool:
        """The request of this account is the same."""
        return bool(account.identity) and self._account.identity == account.identity

    def would_be_there(self, now: Moment, limits: RescueLimits) -> bool:
        """A retry that comes now would have been given the answer."""
        if self.held_until is not None:
            return now <= self.held_until
        call = self._exchange.call
        if self._size() > limits.max_answer_bytes or call.is_declined:
            return False
        ended_at = call.finished_at or now
        return call.is_live_upstream or now <= ended_at + int(limits.window_seconds * SECOND)

    def _size(self) -> int:
        """Bytes of the answer that were read."""
        return self._given_bytes + (0 if self._following is None else self._following.read_bytes)


class Foregone:
    """Takes the place of the shelf where nothing is rescued."""

    def __init__(self, limits: RescueLimits) -> None:
        self._limits = limits
        self._left: OrderedDict[bytes, Left] = OrderedDict()
        """By the keys of their requests, oldest first; of several that are the same, the last."""

    def bound(self, limits: RescueLimits) -> None:
        """These bounds hold from now on."""
        self._limits = limits

    def kept(self) -> tuple[int, int]:
        """Bytes that are kept, and of how many answers."""
        return 0, 0

    def meet(self, exchange: "Exchange", account: "Account") -> bool:
        """A request was read whole: whether it goes no further, which it always does."""
        left = self._left.get(account.key)
        if left is not None and left.is_equal(account):
            del self._left[account.key]
            if left.would_be_there(account.record.started_at, self._limits):
                exchange.context.recorder.would_rescue(account.metrics, account.record.id)
        return False

    def left(self, exchange: "Exchange", account: "Account", command: Command | None) -> None:
        """The caller left, and this is what followed."""
        held_until = None
        if isinstance(command, CutUpstream):
            seconds = grace_seconds(sender_of(account.request_fields)) if command in CUT_BY_FACTS else 0.0
            if not seconds:
                return
            held_until = (exchange.call.left_at or 0) + int(seconds * SECOND)
        elif command is None and exchange.call.upstream is not Provider.FINISHED:
            return
        self._left[account.key] = Left(exchange, account, held_until)
        self._left.move_to_end(account.key)
        if len(self._left) > MOST:
            self._left.popitem(last=False)

    def make_room(self) -> bool:
        """Nothing waits for a retry."""
        return False

    def close(self) -> None:
        """No retry can come any more."""
        self._left.clear()
