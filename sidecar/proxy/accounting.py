"""Which requests are calls and get an account, and which may cost money without being one."""

from typing import TYPE_CHECKING

from sidecar.clock import Moment
from sidecar.http1.head import RequestHead
from sidecar.providers.contract import Role
from sidecar.proxy.account import Account
from sidecar.proxy.admission import Admission

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

SAFE_METHODS = frozenset({b"GET", b"HEAD", b"OPTIONS", b"DELETE"})
"""They ask, or take away: no inference comes of them."""


def open_account(context: "Context", admission: Admission, head: RequestHead, at: Moment) -> Account | None:
    """An account for a request that is a call; None for any other exchange."""
    route = admission.route
    if route is None or route.role is not Role.CALL:
        _count_unmetered(context, admission, head)
        return None
    return Account(context, admission, route, head, at)


def _count_unmetered(context: "Context", admission: Admission, head: RequestHead) -> None:
    """What may cost money although it is no call to us is counted, so that nobody takes the spend for all there is."""
    route, provider = admission.route, admission.destination.provider
    if route is None and head.method not in SAFE_METHODS:
        context.recorder.unmetered(provider, "unknown_path")
    elif route is not None and route.role is Role.SUBMIT and (route.operation is None or context.operations is None):
        context.recorder.unmetered(provider, "operation")
