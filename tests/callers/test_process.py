"""Who holds the caller's end of a connection, asked about real processes."""

import os
import signal
import socket

from sidecar.callers.peer import PeerLookup
from sidecar.callers.process import Process, holders_among, holders_of
from tests.callers.connections import calling_process


def held(lookup: PeerLookup, ours: socket.socket) -> list[Process]:
    inode = lookup.inode_of(ours.getsockname()[:2], ours.getpeername()[:2])
    return [] if inode is None else holders_of(inode)


def close_all(processes: list[Process]) -> None:
    for process in processes:
        os.close(process.pidfd)


def test_the_process_that_connected_holds_its_end(lookup: PeerLookup) -> None:
    with calling_process() as (ours, caller):
        found = held(lookup, ours)
        assert [process.pid for process in found] == [caller.pid]
        close_all(found)


def test_a_pidfd_is_of_the_process_and_not_of_its_number(lookup: PeerLookup) -> None:
    with calling_process() as (ours, caller):
        (process,) = held(lookup, ours)
        signal.pidfd_send_signal(process.pidfd, signal.SIGKILL)
        assert caller.wait(10) == -signal.SIGKILL
        close_all([process])


def test_a_socket_that_nobody_holds__nobody(lookup: PeerLookup) -> None:
    with calling_process() as (ours, caller):
        caller.kill()
        caller.wait(10)
        while ours.recv(4096):
            pass
        assert held(lookup, ours) == []


def test_a_socket_of_our_own__nobody_who_could_leave() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        assert holders_of(os.fstat(ours.fileno()).st_ino) == []


def test_an_inode_that_is_none__nobody() -> None:
    assert holders_of(0) == []


def test_among_those_that_are_held_already__the_holder_is_found(lookup: PeerLookup) -> None:
    with calling_process() as (first, _), calling_process() as (second, _):
        known = held(lookup, first)
        inode = lookup.inode_of(first.getsockname()[:2], first.getpeername()[:2])
        other = lookup.inode_of(second.getsockname()[:2], second.getpeername()[:2])
        assert inode is not None
        assert other is not None
        assert (holders_among(known, inode), holders_among(known, other)) == (known, [])
        close_all(known)
