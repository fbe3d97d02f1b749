"""What a call or an operation that goes on has cost by now: always an estimate, and never part of any sum.

No formula of its own. Where a stream has reported or counted what it used, that is billed and split as it is when the call
settles (`proxy.settlement`), as if the provider's work ended now. Else it is what such calls cost here on average, by which the
metric `exposure_usd` is told, accrued evenly from the commit on (`metering.spend`). Else it is not known.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import msgspec

from sidecar.clock import Moment
from sidecar.lifecycle.call import Call
from sidecar.metering.bill import Bill
from sidecar.metering.billable import money_of
from sidecar.metering.money import ZERO, plain
from sidecar.metering.spend import Delivery, HandedOver, split
from sidecar.metering.usage import Usage
from sidecar.proxy.account import Account
from sidecar.proxy.settlement import billable_of

if TYPE_CHECKING:
    from sidecar.proxy.abandoned import Abandoned
    from sidecar.proxy.context import Context
    from sidecar.proxy.joining import Joining

BILLIONTH: Final = Decimal("1e-9")
"""Of a dollar: an average is a float, whose digits behind are nobody's bill."""
NO_USE: Final = Usage()


class OpenCall(Protocol):
    """What is there to see of a call that has not settled: an exchange, or one answer of many in a socket."""

    @property
    def context(self) -> "Context":
        """What all calls share."""
        ...

    @property
    def call(self) -> Call:
        """Its two halves."""
        ...

    @property
    def account(self) -> Account | None:
        """None of an exchange that is no call."""
        ...

    @property
    def started_at(self) -> Moment:
        """When it was asked for."""
        ...

    @property
    def abandoned(self) -> "Abandoned | None":
        """What is kept of it for a retry, since its caller left."""
        ...

    @property
    def joining(self) -> "Joining | None":
        """The answer that it waits for, where that is another call's."""
        ...


class MoneySoFar(NamedTuple):
    """US dollars as decimal text; None where nothing is known."""

    spend_usd: str | None
    orphaned_usd: str | None
    """What of it has accrued since the caller left; None while somebody is there for the call."""


NOTHING: Final = MoneySoFar(None, None)


def money_so_far(open_call: OpenCall, now: Moment) -> MoneySoFar:
    """What a call has cost by now. About 20 us; never raises."""
    account, call = open_call.account, open_call.call
    if account is None or call.committed_at is None or call.is_declined or open_call.joining is not None:
        return NOTHING
    spent = _counted(open_call, account, now) or _usual(open_call, account, now)
    if spent is None:
        return NOTHING
    is_left = call.left_at is not None and (open_call.abandoned is None or open_call.abandoned.taken_by is None)
    return MoneySoFar(plain(spent[0]), plain(spent[1]) if is_left else None)


def dollars(usd: float) -> Decimal | None:
    """An average as an amount; None for 0, which stands for one that is not known."""
    return Decimal(usd).quantize(BILLIONTH) if usd > 0 else None


def _counted(open_call: OpenCall, account: Account, now: Moment) -> tuple[Decimal, Decimal] | None:
    """Spend, and what of it accrued after the caller left, by what was reported or counted until now."""
    call = open_call.call
    reported = account.reported(call)
    if reported is None:
        return None
    billable = billable_of(account, call, None, reported, now)
    delivery = msgspec.structs.replace(billable.delivery, finished_at=call.finished_at or now)
    money = money_of(open_call.context.prices, msgspec.structs.replace(billable, delivery=delivery))
    return None if money.spend_usd is None else (money.spend_usd, money.avoidable_usd or ZERO)


def _usual(open_call: OpenCall, account: Account, now: Moment) -> tuple[Decimal, Decimal] | None:
    """The same by what such calls cost on average."""
    usual, call = dollars(open_call.context.recorder.mean_usd(account.record)), open_call.call
    if usual is None:
        return None
    accruing = Delivery(
        handed_over=HandedOver.NOTHING,
        committed_at=call.committed_at,
        left_at=call.left_at,
        finished_at=call.finished_at or now,
    )
    spend = split(Bill(input_usd=ZERO, output_usd=usual, source=""), NO_USE, accruing)
    return spend.spend_usd, spend.avoidable_usd
