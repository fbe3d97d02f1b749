"""From HTTP to WebSocket: the request that asks for it, and the moment at which the provider has agreed (RFC 9110 section 7.8).

Until the 101 it is an exchange like others, and any other reply passes as ever. With the 101 the exchange has ended, and both
connections belong to a socket (`live_socket.py`).
"""

from typing import TYPE_CHECKING

import msgspec

from sidecar.http1.head import ReplyHead, RequestHead
from sidecar.lifecycle.call import Downstream as Caller
from sidecar.lifecycle.events import ReplyFinished, ReplyStarted, UpstreamAnswered, UpstreamFinished
from sidecar.lifecycle.policy import NOT_A_CALL
from sidecar.providers.contract import Role
from sidecar.proxy.live_socket import LiveSocket
from sidecar.proxy.replies import via_line
from sidecar.websocket.upgrade import without_deflate

if TYPE_CHECKING:
    from sidecar.proxy.admission import Admission
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.upstream import Upstream


def asking_to_switch(head: RequestHead, admission: "Admission") -> RequestHead:
    """The request with the fields of this hop, which ask for the other protocol.

    Of sockets whose messages are read the offer to compress them is taken away: an intermediary may (RFC 7692 section 5.1 leaves
    it to the server whether it is accepted), and reading them costs no inflating then.
    """
    is_read = admission.route is not None and admission.route.role is Role.LIVE
    fields = without_deflate(head.fields) if is_read else head.fields
    return msgspec.structs.replace(head, fields=fields + _upgrade_lines(admission.upgrade))


def switch(exchange: "Exchange", head: ReplyHead, rest: bytes) -> None:
    """The provider has agreed: end the exchange, and let both connections be a socket. `rest` came behind the provider's head."""
    downstream, upstream = exchange.downstream, exchange.upstream
    if upstream is None or downstream is None or exchange.call.downstream is Caller.GONE:
        exchange.cut(NOT_A_CALL)
        return
    now = exchange.context.clock.now()
    for event in (UpstreamAnswered(now, head.status), ReplyStarted(now), UpstreamFinished(now), ReplyFinished(now)):
        exchange.call.receive(event)
    downstream.write(_head_for_downstream(head, exchange))
    _hand_over(exchange, downstream, upstream, rest)


def _hand_over(exchange: "Exchange", downstream: "Downstream", upstream: "Upstream", rest: bytes) -> None:
    from_caller = downstream.inbound.unread  # behind its request, before it could know the answer
    downstream.inbound.stop()
    downstream.exchange = exchange.upstream = None
    taking_over = LiveSocket(exchange.context, exchange.admission, exchange.request.head, downstream, upstream)
    exchange.conclude()
    taking_over.begin(rest, from_caller)


def _head_for_downstream(head: ReplyHead, exchange: "Exchange") -> bytes:
    lines = _upgrade_lines(exchange.admission.upgrade)
    via = via_line(exchange.context.via)
    return b"HTTP/1.1 %d %b%b%b\r\n%b\r\n" % (head.status, head.reason, head.fields, lines, via)


def _upgrade_lines(protocol: bytes) -> bytes:
    """Each behind its line end, as fields are kept."""
    return b"\r\nConnection: Upgrade\r\nUpgrade: %b" % protocol
