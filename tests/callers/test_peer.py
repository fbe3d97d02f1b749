"""What the kernel knows of the caller's end, asked about real sockets."""

import contextlib
import os
import socket
import time

import pytest

from sidecar.callers.peer import (
    Address,
    PeerEnd,
    PeerLookup,
    _question,
    acknowledged_bytes,
    seconds_since_heard,
    unacknowledged_bytes,
)
from tests.callers.connections import Connection, calling_process, connected, eventually

ROADS = [("127.0.0.1", None), ("::1", None), ("::", "127.0.0.1"), ("::", "::1")]
"""Where we listen, and what the caller connects to; the third is IPv4 seen as ::ffff:127.0.0.1."""

roads = pytest.mark.parametrize("road", ROADS, ids=["IPv4", "IPv6", "IPv4-mapped", "dual stack"])


@roads
def test_an_open_end_is_held(lookup: PeerLookup, road: tuple[str, str | None]) -> None:
    with connected(*road) as connection:
        assert lookup.end_of(*connection.addresses) is PeerEnd.HELD


@roads
def test_a_half_closed_end_is_held(lookup: PeerLookup, road: tuple[str, str | None]) -> None:
    with connected(*road) as connection:
        connection.theirs.shutdown(socket.SHUT_WR)
        connection.await_fin()
        assert lookup.end_of(*connection.addresses) is PeerEnd.HELD


@roads
def test_a_closed_end_is_gone(lookup: PeerLookup, road: tuple[str, str | None]) -> None:
    with connected(*road) as connection:
        addresses = connection.addresses
        connection.theirs.close()
        connection.await_fin()
        assert lookup.end_of(*addresses) is PeerEnd.GONE


@roads
def test_an_end_that_was_reset_is_gone(lookup: PeerLookup, road: tuple[str, str | None]) -> None:
    with connected(*road) as connection:
        addresses = connection.addresses
        connection.reset()
        assert lookup.end_of(*addresses) is PeerEnd.GONE


def test_half_closed_and_then_closed__gone(lookup: PeerLookup) -> None:
    with connected() as connection:
        connection.theirs.shutdown(socket.SHUT_WR)
        connection.await_fin()
        connection.theirs.close()
        assert lookup.end_of(*connection.addresses) is PeerEnd.GONE


def test_an_end_with_a_second_holder_is_held_until_the_last_lets_go(lookup: PeerLookup) -> None:
    with connected() as connection:
        second = connection.theirs.dup()
        connection.theirs.close()
        assert lookup.end_of(*connection.addresses) is PeerEnd.HELD
        second.close()
        assert lookup.end_of(*connection.addresses) is PeerEnd.GONE


def test_a_killed_process_is_gone(lookup: PeerLookup) -> None:
    with calling_process() as (ours, process):
        addresses = ours.getsockname(), ours.getpeername()
        assert lookup.end_of(*addresses) is PeerEnd.HELD
        process.kill()
        process.wait()
        assert lookup.end_of(*addresses) is PeerEnd.GONE


def test_a_killed_process_that_had_bytes_to_read_is_gone(lookup: PeerLookup) -> None:
    with calling_process() as (ours, process):
        addresses = ours.getsockname(), ours.getpeername()
        ours.sendall(b"unread")
        process.kill()
        process.wait()
        assert lookup.end_of(*addresses) is PeerEnd.GONE


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("192.0.2.1", 80), ("192.0.2.2", 1)),  # another machine: nothing is known of its sockets
        (("2001:db8::1", 80), ("2001:db8::2", 1)),
        (("", 0), ("", 0)),
        (("/run/socket", 0), ("", 0)),
        (("fe80::1%lo", 80), ("fe80::2%lo", 1)),
    ],
)
def test_an_end_that_is_not_here_is_unknown(lookup: PeerLookup, ours: Address, theirs: Address) -> None:
    assert lookup.end_of(ours, theirs) is PeerEnd.UNKNOWN


def test_a_closed_lookup_knows_nothing(lookup: PeerLookup) -> None:
    lookup.close()
    lookup.close()
    with connected() as connection:
        assert lookup.end_of(*connection.addresses) is PeerEnd.UNKNOWN


def test_an_answer_to_an_earlier_question_is_not_taken_for_this_one(lookup: PeerLookup) -> None:
    with connected() as held, connected() as gone:
        ours, theirs = held.addresses
        addresses = gone.addresses
        gone.theirs.close()
        gone.await_fin()
        assert lookup._netlink is not None
        lookup._netlink.send(_question(4711, of=theirs, towards=ours))
        assert lookup.end_of(*addresses) is PeerEnd.GONE


# === bytes and time ===


def _fill(connection: Connection) -> int:
    """Send until nothing more goes; returns how many bytes that was."""
    connection.ours.setblocking(False)
    sent = 0
    try:
        while True:
            sent += connection.ours.send(b"x" * 65536)
    except BlockingIOError:
        return sent


def test_bytes_that_the_peer_has_no_room_for_are_unacknowledged() -> None:
    with connected() as connection:
        sent = _fill(connection)
        assert 0 < unacknowledged_bytes(connection.ours.fileno()) <= sent


def test_bytes_in_the_peers_kernel_are_acknowledged_although_nobody_read_them() -> None:
    with connected() as connection:
        connection.ours.sendall(b"x")
        assert eventually(lambda: unacknowledged_bytes(connection.ours.fileno()) == 0)


def test_acknowledged_bytes_grow_as_the_peer_takes_them() -> None:
    with connected() as connection:
        before = acknowledged_bytes(connection.ours)
        assert before is not None
        connection.ours.sendall(b"x" * 1000)
        assert eventually(lambda: acknowledged_bytes(connection.ours) == before + 1000)


def test_peer_that_takes_nothing__acknowledged_bytes_stand_still_although_more_is_sent() -> None:
    with connected() as connection:
        _fill(connection)
        assert eventually(lambda: _stands_still(connection))
        assert unacknowledged_bytes(connection.ours.fileno()) > 0


def _stands_still(connection: Connection) -> bool:
    before = acknowledged_bytes(connection.ours)
    with contextlib.suppress(BlockingIOError):
        connection.ours.send(b"x")
    time.sleep(0.05)
    return acknowledged_bytes(connection.ours) == before


def test_what_is_no_connection_has_acknowledged_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert acknowledged_bytes(datagrams) is None


def test_what_is_no_connection_has_nothing_unacknowledged() -> None:
    reading, writing = os.pipe()
    assert unacknowledged_bytes(writing) == 0
    os.close(reading)
    os.close(writing)
    assert unacknowledged_bytes(writing) == 0


def test_a_fin_is_heard() -> None:
    with connected() as connection:
        connection.theirs.close()
        connection.await_fin()
        heard = seconds_since_heard(connection.ours)
        assert heard is not None
        assert 0 <= heard < 5


def test_a_socket_without_segments_has_heard_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert seconds_since_heard(datagrams) is None
