"""Answers of the simulator byte for byte, with what it billed for each: what scripted providers send, cut and lie about."""

import socket
from collections.abc import Mapping
from typing import Final, NamedTuple

import h11
import msgspec

from sidecar.simulator.bill import Bill, Entry
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.faults.wire import PIECE, Kind, request

SCRIPTS: Final = {
    Kind.UNARY: "seconds=0 output=4 framing=length",
    Kind.STREAM: "seconds=0 output=40 chunks=3",
    Kind.GZIP: "seconds=0 output=4 framing=length gzip=1",
}


class Answer(NamedTuple):
    """One answer."""

    head: bytes
    framed: bytes
    """The body as it is on the wire."""
    body: bytes
    """The same without its framing."""
    entry: Entry
    """What the provider bills for it."""

    @property
    def raw(self) -> bytes:
        """All of it."""
        return self.head + self.framed


def captured() -> dict[Kind, Answer]:
    """One answer of each kind."""
    with running_simulator() as simulator:
        return {kind: _capture(simulator, kind) for kind in Kind}


def _capture(simulator: RunningSimulator, kind: Kind) -> Answer:
    asked = request(kind, "", kind, script=SCRIPTS[kind]).replace(b"POST //", b"POST /", 1)
    with socket.create_connection((simulator.host, simulator.port)) as connection:
        connection.sendall(asked)
        raw, body = _read(connection)
    simulator.settled()
    head, _, framed = raw.partition(b"\r\n\r\n")
    (entry,) = simulator.bill.of(kind)
    return Answer(head + b"\r\n\r\n", framed, body, entry)


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    parser, raw, body = h11.Connection(h11.CLIENT), b"", b""
    parser.send(h11.Request(method="POST", target="/", headers=[("Host", "a")]))
    parser.send(h11.EndOfMessage())
    while not isinstance(event := parser.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            piece = connection.recv(PIECE)
            raw += piece
            parser.receive_data(piece)
        elif isinstance(event, h11.Data):
            body += event.data
    return raw, body


def billed(answers: Mapping[Kind, Answer], kinds: Mapping[str, Kind], counts: Mapping[str, int]) -> Bill:
    """The bill of a provider that has had these requests whole so many times, each for an answer of its kind."""
    bill = Bill()
    for name, count in counts.items():
        for number in range(count):
            bill.add(msgspec.structs.replace(answers[kinds[name]].entry, id=name, number=number))
    return bill
