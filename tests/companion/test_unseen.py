import pytest

from sidecar.companion.unseen import Seen, unseen

NOTHING = "nothing came by HTTPS_PROXY: it called nobody, or does not heed it (Java, Node.js before 22.21)"
ELSEWHERE = "connections to hosts that no upstream has, which passed unread: 2"
GRPC = "connections by HTTP/2 alone (gRPC) that passed unread, at a cost that is not known: 3"
GIVEN_UP = (
    "connections given up in the handshake: 1; a program may take its authorities from elsewhere than SSL_CERT_FILE, "
    "REQUESTS_CA_BUNDLE or NODE_EXTRA_CA_CERTS"
)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (Seen(), [NOTHING]),
        (Seen(intercepted=1), []),
        (Seen(tunneled=2), [ELSEWHERE]),
        (Seen(tunneled=2, grpc=3), [GRPC]),
        (Seen(intercepted=1, tunneled=2, given_up=1), [GIVEN_UP]),
    ],
)
def test_no_call_was_seen__then_it_is_told_what_passed_unread(seen: Seen, told: list[str]) -> None:
    assert list(unseen(seen, has_calls=False)) == told


def test_calls_were_seen__then_only_what_may_have_been_calls_too_is_told() -> None:
    assert list(unseen(Seen(tunneled=2, grpc=3, given_up=1), has_calls=True)) == [GIVEN_UP, GRPC]
    assert not list(unseen(Seen(tunneled=2), has_calls=True))
