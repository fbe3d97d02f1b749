from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import Role, Route
from sidecar.providers.unread import open_unread


def test_only_a_call_is_billed_by_itself():
    roles = {role for role in Role if Route("m", CallKind.UNARY, "", open_unread, role).is_billable}
    assert roles == {Role.CALL}, "a socket carries calls and is none"
