"""To the first address that answers. uvloop tries addresses one after another and waits for each to the end; this does not."""

import asyncio
import errno
import os
import socket
from collections.abc import Sequence

from sidecar.proxy.descriptors import ceiling
from sidecar.proxy.lookups import Found

HEAD_START_SECONDS = 0.25
"""What an address has before the next one is tried beside it (RFC 8305 section 5)."""

PROBES = 4
"""Unanswered keep-alive probes after which a connection is dead, each a quarter of the idle time apart."""


def new_socket(family: socket.AddressFamily, keepalive_seconds: float) -> socket.socket:
    """A socket that does not hang for ever on a connection that a NAT or a dead host has forgotten.

    After `keepalive_seconds` without a byte the kernel asks whether the other side is there, which also keeps the connection
    in the tables on the way; twice that long without any answer, to a probe or to bytes that were sent, and it is dead.

    Raises:
        OSError: no file descriptor is left, but for those that are kept back (`descriptors.py`).
    """
    sock = socket.socket(family, socket.SOCK_STREAM)
    if sock.fileno() >= ceiling():
        sock.close()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    sock.setblocking(False)
    idle = max(1, round(keepalive_seconds))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, idle // PROBES))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2 * idle * 1000)
    return sock


async def connect_first(
    loop: asyncio.AbstractEventLoop, addresses: Sequence[Found], keepalive_seconds: float
) -> socket.socket:
    """A connected socket: to the first of the addresses that takes the connection. The other attempts are ended.

    Raises:
        OSError: none did; the error of the first that said no.
    """
    if len(addresses) == 1:
        return await _connect(loop, addresses[0], keepalive_seconds)
    left, running, errors = list(addresses), set[asyncio.Task[socket.socket]](), list[OSError]()
    try:
        while left or running:
            if left:
                running.add(loop.create_task(_connect(loop, left.pop(0), keepalive_seconds)))
            done, _ = await asyncio.wait(
                running, timeout=HEAD_START_SECONDS if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if error is None:
                    running.discard(task)
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                running.discard(task)
                errors.append(error)
    finally:
        _end(running)
    raise errors[0]


async def _connect(loop: asyncio.AbstractEventLoop, found: Found, keepalive_seconds: float) -> socket.socket:
    family, address = found
    sock = new_socket(family, keepalive_seconds)
    try:
        await loop.sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def _end(attempts: "set[asyncio.Task[socket.socket]]") -> None:
    """End what lost the race: what is under way, and what came in second."""
    for task in attempts:
        if not task.cancel() and task.exception() is None:
            task.result().close()
