"""Answers whose caller left, and the retries that may have them: who repeats whom, and how much is kept.

A request repeats another when it is the same in everything that two attempts of one call have in common: upstream, method,
target, body, credential, and every other field but those that differ from attempt to attempt (`providers/same_request.py`).
It is given the answer only of one whose caller left: of two that are both waited for, each is a call of its own.
"""

from typing import TYPE_CHECKING

from sidecar.http1.head import ReplyHead
from sidecar.lifecycle.call import ERROR_STATUS, Upstream as Provider
from sidecar.lifecycle.policy import Command, CutUpstream
from sidecar.lifecycle.rescue import Offer
from sidecar.providers.sdk_family import follows, sender_of
from sidecar.proxy.abandoned import Abandoned
from sidecar.proxy.instead import refuse_repeat
from sidecar.proxy.kept import MAX_ALL, Kept, Store, release
from sidecar.proxy.limits import RescueLimits

if TYPE_CHECKING:
    from sidecar.proxy.account import Account
    from sidecar.proxy.exchange import Exchange


class Shelf:
    """Where `mode: enforce` keeps them."""

    def __init__(self, limits: RescueLimits) -> None:
        self._store = Store(limits.max_bytes, limits.max_answer_bytes, self._outgrew)
        self.bound(limits)
        self._attended: dict[bytes, Exchange] = {}
        """The calls whose caller is there, by the keys of their requests; of equal ones the last."""
        self._abandoned: dict[bytes, list[Abandoned]] = {}
        self._shelved: dict[Abandoned, None] = {}
        """Those whose work has ended, oldest first."""
        self.is_closed = False
        """Nothing is kept any more."""

    def bound(self, limits: RescueLimits) -> None:
        """These bounds hold from now on, for what is kept already too: answers that are too large go as they grow."""
        self.window_seconds = limits.window_seconds
        self._refuses_repeats = limits.refuses_repeats
        self._store.most_bytes, self._store.most_each = limits.max_bytes, limits.max_answer_bytes

    def kept(self) -> tuple[int, int]:
        """Bytes that are kept, and of how many answers."""
        return self._store.bytes, self._store.answers

    # === a call begins ===

    def meet(self, exchange: "Exchange", account: "Account") -> bool:
        """A request was read whole: whether it goes no further, because it is given an abandoned answer, or refused."""
        key = account.key
        if key in self._attended or key in self._abandoned:
            self._notice_departures(exchange, account)
            if exchange.is_settled or any(
                self._serves(abandoned, exchange, account) for abandoned in self._abandoned.get(key, ())
            ):
                return True
        self._attended[key] = exchange
        account.shelf = self
        return False

    def _notice_departures(self, exchange: "Exchange", account: "Account") -> None:
        """A retry may come before its first attempt's end was told: the kernel knows it by then, or the SDK itself says so."""
        exchange.context.watch.look()
        before = self._attended.get(account.key)
        earlier = None if before is None else before.account
        if before is None or earlier is None:
            return
        if follows(sender_of(account.request_fields), sender_of(earlier.request_fields)) and _is_equal(
            account, earlier
        ):
            before.departure.was_followed()

    def _serves(self, abandoned: Abandoned, exchange: "Exchange", account: "Account") -> bool:
        """The request repeats this one's, and is given its answer or refused."""
        if not _is_equal(account, abandoned.account):
            return False
        if abandoned.offer is Offer.OPEN:
            abandoned.give(exchange)
            return True
        if abandoned.outgrew and self._refuses_repeats:
            exchange.context.recorder.repeat_refused(account.metrics)
            refuse_repeat(exchange, abandoned.account.record.id, abandoned.outgrew)
            return True
        return False

    # === its reply passes ===

    def keep(self, exchange: "Exchange", head: ReplyHead) -> None:
        """The reply begins: from here it is kept. An error is nobody's but of who waits for it."""
        abandoned, is_error = exchange.abandoned, head.status >= ERROR_STATUS
        if is_error and abandoned is not None:
            abandoned.declined()
        if not is_error or (abandoned is not None and abandoned.joining is not None):
            exchange.kept = Kept(self._store, head)

    def _outgrew(self, exchange: "Exchange", kept: Kept) -> None:
        """There is no room for all of its answer, unless one that nobody has asked for makes some."""
        if kept.outgrew == MAX_ALL and self._makes_room(exchange):
            kept.outgrew = ""
        elif exchange.abandoned is not None:
            exchange.abandoned.outgrow(kept.outgrew)
        elif exchange.account is not None:
            exchange.account.outgrew = kept.outgrew
            release(exchange)

    def _makes_room(self, exchange: "Exchange") -> bool:
        while self._store.bytes > self._store.most_bytes and self.make_room():
            exchange.context.recorder.limit_reached(MAX_ALL)
        return self._store.bytes <= self._store.most_bytes

    # === its caller leaves ===

    def left(self, exchange: "Exchange", account: "Account", command: Command | None) -> None:
        """The caller left, and this is what follows: the answer is on offer, unless it will not come, or can't be kept."""
        if self._attended.get(account.key) is exchange:
            del self._attended[account.key]
        is_there = exchange.kept is not None or bool(account.outgrew) or exchange.call.upstream is Provider.COMMITTED
        is_there = is_there and not exchange.call.is_declined
        if isinstance(command, CutUpstream) or not is_there or not account.identity:
            return
        if self.is_closed or account.shelf is not self:  # it began when nothing was kept
            return
        exchange.abandoned = abandoned = Abandoned(self, exchange, account)
        self._abandoned.setdefault(account.key, []).append(abandoned)
        if account.outgrew:
            abandoned.outgrow(account.outgrew)

    def shelved(self, abandoned: Abandoned) -> None:
        """The work has ended, and only a retry is waited for."""
        self._shelved[abandoned] = None

    def unshelve(self, abandoned: Abandoned) -> None:
        """A retry has come for it, or none can."""
        self._shelved.pop(abandoned, None)

    def make_room(self) -> bool:
        """Withdraw the oldest answer that only waits for a retry; returns whether there was one."""
        for oldest in self._shelved:
            oldest.withdraw()
            return True
        return False

    def remove(self, abandoned: Abandoned) -> None:
        """It is on offer no more."""
        self.unshelve(abandoned)
        key = abandoned.account.key
        same = [each for each in self._abandoned.pop(key, ()) if each is not abandoned]
        if same:
            self._abandoned[key] = same

    # === its end ===

    def let_go(self, exchange: "Exchange", account: "Account") -> None:
        """The call has settled. What was too large to be kept is known for a while: sent again, it would be paid twice."""
        if self._attended.get(account.key) is exchange:
            del self._attended[account.key]
        if exchange.kept is not None:
            release(exchange)
        abandoned, exchange.abandoned = exchange.abandoned, None
        if abandoned is None or abandoned not in self._abandoned.get(account.key, ()):
            return
        if self._refuses_repeats and not self.is_closed:
            abandoned.wait(self.window_seconds)
        else:
            self.remove(abandoned)

    def close(self) -> None:
        """A drain has begun, or nothing is rescued any more: no retry is given anything from now on."""
        self.is_closed = True
        for abandoned in [each for same in self._abandoned.values() for each in same]:
            abandoned.withdraw()
            abandoned.stop_waiting()


def _is_equal(one: "Account", other: "Account") -> bool:
    """The two requests are one and the same; what has no identity is like nothing."""
    return bool(one.identity) and one.identity == other.identity
