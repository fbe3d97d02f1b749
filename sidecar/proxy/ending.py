"""What an exchange leaves behind when it has settled: a count, the word to its operation, the account of its call."""

from typing import TYPE_CHECKING

from sidecar.proxy.inquiry import settle_or_ask

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange


def settle(exchange: "Exchange") -> None:
    """Tell everybody who keeps a record. Called once, by `Exchange.conclude`."""
    provider, status = exchange.admission.destination.provider, exchange.own_status or exchange.call.status
    exchange.context.recorder.exchange(provider, status, exchange.overhead_ns / 1e9)
    if exchange.operation is not None:
        exchange.operation.concluded()
    if exchange.account is not None:
        settle_or_ask(exchange, exchange.account)
