"""What the kernel knows of the caller's end of a connection, where both ends are in one network namespace.

A FIN says only that the caller will send no more. Whether it still reads is not on the wire; but on one machine, or in
one pod, the caller's socket is in the same kernel, which can be asked about it (sock_diag(7), unprivileged, about 10 us):
a socket that a process still holds has an inode, one that was closed has none, or is not there any more.
"""

import errno
import fcntl
import socket
import struct
import sys
import termios
from enum import Enum, auto

SOCK_DIAG_BY_FAMILY = 20
NETLINK_SOCK_DIAG = 4
NLM_F_REQUEST = 1
NLMSG_ERROR = 2
ALL_STATES = 0xFFFFFFFF
NO_COOKIE = b"\xff" * 8

REQUEST = struct.Struct("=IHHII BBBxI HH16s16sI8s")
"""nlmsghdr, then inet_diag_req_v2; ports and addresses are put in network order by hand."""
HEADER = struct.Struct("=IHHII")
INODE_AT = 16 + 4 + 48 + 16
"""Offset of `idiag_inode`: header, four bytes, the socket's id, and four counters."""

TCP_LAST_ACK_RECEIVED_AT = 56
"""Offset of `tcpi_last_ack_recv` in struct tcp_info, milliseconds."""
TCP_BYTES_ACKED_AT = 120
"""Offset of `tcpi_bytes_acked`, of eight bytes (Linux 4.1)."""

Address = tuple[str, int]

CANT_TELL = (OSError, AttributeError, ValueError)
"""What asking about a socket may raise: the system does not know, has no such question, or the socket is closed. Over TLS a
connection is told that it was lost only after its socket was closed; uvloop's sockets say then "negative file descriptor".
"""


class PeerEnd(Enum):
    """The caller's end of a connection."""

    HELD = auto()
    """A process holds it: the caller is there."""
    GONE = auto()
    """No process holds it: the caller closed it, or ended."""
    UNKNOWN = auto()
    """It can't be seen from here."""


class PeerLookup:
    """Asks the kernel about the other end of connections to this machine."""

    def __init__(self) -> None:
        try:
            self._netlink: socket.socket | None = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG)
            self._netlink.settimeout(0.05)  # the kernel answers within the call; this only bounds a surprise
        except (OSError, AttributeError):
            self._netlink = None
        self._questions = 0

    def close(self) -> None:
        """Close the netlink socket."""
        if self._netlink is not None:
            self._netlink.close()
            self._netlink = None

    def end_of(self, ours: Address, theirs: Address) -> PeerEnd:
        """What became of the caller's end, given the connection's two addresses as we see them."""
        if self._netlink is None:
            return PeerEnd.UNKNOWN
        try:
            answer = self._ask(self._netlink, of=theirs, towards=ours)
        except (OSError, ValueError):
            return PeerEnd.UNKNOWN
        return _read_answer(answer, is_local=ours[0] == theirs[0])

    def inode_of(self, ours: Address, theirs: Address) -> int | None:
        """The inode of the caller's socket, while a process holds it; None where there is none, or it can't be seen."""
        if self._netlink is None:
            return None
        try:
            return _inode_in(self._ask(self._netlink, of=theirs, towards=ours)) or None
        except (OSError, ValueError):
            return None

    def _ask(self, netlink: socket.socket, of: Address, towards: Address) -> bytes:
        self._questions = number = (self._questions + 1) & 0xFFFFFFFF
        netlink.send(_question(number, of, towards))
        while True:
            answer = netlink.recv(4096)
            if HEADER.unpack_from(answer)[3] == number:  # else it answers a question that was given up
                return answer


def _question(number: int, of: Address, towards: Address) -> bytes:
    family = socket.AF_INET6 if ":" in of[0] else socket.AF_INET
    source, destination = socket.inet_pton(family, of[0]), socket.inet_pton(family, towards[0])
    ports = socket.htons(of[1]), socket.htons(towards[1])
    return REQUEST.pack(
        REQUEST.size, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, number, 0,
        family, socket.IPPROTO_TCP, 0, ALL_STATES,
        *ports, source.ljust(16, b"\0"), destination.ljust(16, b"\0"), 0, NO_COOKIE,
    )  # fmt: skip


def _read_answer(answer: bytes, *, is_local: bool) -> PeerEnd:
    """An inode, none, or an error. "No such socket" is an answer only if the caller's socket would be in this kernel."""
    _, kind, *_ = HEADER.unpack_from(answer)
    if kind == NLMSG_ERROR:
        (code,) = struct.unpack_from("=i", answer, HEADER.size)
        return PeerEnd.GONE if -code == errno.ENOENT and is_local else PeerEnd.UNKNOWN
    return PeerEnd.HELD if _inode_in(answer) else PeerEnd.GONE


def _inode_in(answer: bytes) -> int:
    """The inode in an answer; 0 for a socket that nobody holds, or an error."""
    _, kind, *_ = HEADER.unpack_from(answer)
    if kind == NLMSG_ERROR:
        return 0
    (inode,) = struct.unpack_from("=I", answer, INODE_AT)
    return int(inode)


def unacknowledged_bytes(fd: int) -> int:
    """Bytes that we wrote and the peer's kernel has not acknowledged (SIOCOUTQ); 0 where the system can't tell."""
    try:
        answer = fcntl.ioctl(fd, termios.TIOCOUTQ, b"\0\0\0\0")
    except OSError:
        return 0
    return int.from_bytes(answer, sys.byteorder)


def acknowledged_bytes(sock: socket.socket) -> int | None:
    """Bytes that the peer's kernel has ever acknowledged on this connection; None where the system can't tell."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_BYTES_ACKED_AT + 8)
    except CANT_TELL:
        return None
    return int.from_bytes(info[TCP_BYTES_ACKED_AT:], sys.byteorder) if len(info) > TCP_BYTES_ACKED_AT else None


def seconds_since_heard(sock: socket.socket) -> float | None:
    """Seconds since the peer's last segment arrived, a FIN included; in steps of the kernel's clock tick. None if unknown."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_LAST_ACK_RECEIVED_AT + 4)
    except CANT_TELL:
        return None
    (milliseconds,) = struct.unpack_from("=I", info, TCP_LAST_ACK_RECEIVED_AT)
    return float(milliseconds) / 1000
