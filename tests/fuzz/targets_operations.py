"""What dialects say of operations and in sockets. The first line of an input names the reader."""

import json
from collections.abc import Iterable

from sidecar.providers.answer import Unreachable
from sidecar.providers.cancel_answer import CancelAnswer, cancel_answer
from sidecar.providers.contract import ReplyHead, Reported, RequestFacts
from sidecar.providers.observing import IDENTITY
from sidecar.providers.operation import Observed, OperationWire, Place
from sidecar.proxy.own_request import request_bytes
from sidecar.websocket.message import Message
from tests.fuzz.dialects import WORDS, check_reported, check_word, files_of, routed
from tests.fuzz.target import Target, in_two_parts, same_however_cut, with_line
from tests.providers.live_dialects import DIALECTS as LIVE, Dialect
from tests.providers.live_listener import Listener
from tests.providers.live_wire import SOUND
from tests.proxy.road import a_destination


def operation(data: bytes) -> None:
    """A document about an operation says the same however it comes; what is then asked can be sent, and goes nowhere else."""
    line, body = in_two_parts(data)
    route, path, head, facts = routed(line)
    if route is None or route.operation is None:
        return
    wire = route.operation

    def read(pieces: Iterable[bytes]) -> Observed | None:
        reader = wire.open_reply(head, facts)
        for piece in pieces:
            reader.feed(piece)
        reader.finish()
        return reader.observed()

    observed = same_however_cut(read, body) if not head.content_coding else read([body])
    if observed is not None:
        check_observed(observed, line)
        check_asks(wire, Place(path, observed.provider_id or "op-1"), observed)
    for found in wire.found_in(body) if wire.found_in else ():
        check_observed(found, line)
    if wire.open_results is not None:
        check_results(wire, head, facts, body, line)
    assert isinstance(cancel_answer(head.status, body), CancelAnswer)


def check_observed(observed: Observed, line: str) -> None:
    assert not observed.provider_id or IDENTITY.fullmatch(observed.provider_id)
    check_word(observed.model)
    check_reported(observed.reported, line)
    for moment in (observed.ended_at, observed.created_at):
        assert moment is None or (type(moment) is int and -(2**62) < moment < 2**62)


def check_asks(wire: OperationWire, place: Place, observed: Observed) -> None:
    """Every request of ours is one request to a path, or it is refused before it is sent."""
    asks = [
        wire.poll(place),
        wire.cancel and wire.cancel(place),
        wire.find and wire.find(place),
        wire.results and wire.results(place, observed),
    ]
    for ask in asks:
        if ask:
            try:
                sent = request_bytes(DESTINATION, DESTINATION.endpoint, ask, ())
            except Unreachable:
                continue
            assert sent.count(b"\r\n\r\n") == 1 + ask.body.count(b"\r\n\r\n")
            segments = sent.split(b" ", 2)[1].partition(b"?")[0].split(b"/")
            assert segments[0] == b""
            assert not {b".", b"..", b"%2e", b"%2E%2E"}.intersection(segments), "it leaves its path"


DESTINATION = a_destination()


def check_results(wire: OperationWire, head: ReplyHead, facts: RequestFacts, body: bytes, line: str) -> None:
    """The sum over rows of results is the same however they come."""

    def read(pieces: Iterable[bytes]) -> Reported | None:
        assert wire.open_results is not None
        reader = wire.open_results(head, facts)
        for piece in pieces:
            reader.feed(piece)
        reader.finish()
        return reader.reported()

    check_reported(same_however_cut(read, body) if not head.content_coding else read([body]), line)


def live(data: bytes) -> None:
    """Messages of both sides, a line each behind `>` (the caller) or `<`: turns begin and end in the order that is promised."""
    name, body = in_two_parts(data)
    dialect = LIVE.get(name)
    if dialect is None:
        return
    listener = Listener(dialect.open("/v1/x?model=m"))
    for line in body.split(b"\n"):
        message = Message(line[1:], is_whole=not line.endswith(b"~"))
        reader = listener.reader
        listener.take(reader.from_caller(message) if line[:1] == b">" else reader.from_provider(message))
    listener.take(listener.reader.closed())
    for number, turn in listener.turns.items():
        check_reported(turn.reported(), "openai" if "gemini" not in name else "gemini")
        check_word(listener.models[number])


def live_seed(name: str, of: Dialect) -> bytes:
    """A conversation in which every message that means something comes once."""
    said = [b">" + json.dumps(one).encode() for one in of.said]
    heard = [b"<" + json.dumps(one).encode() for one in of.heard]
    mixed = [line for pair in zip(said, heard, strict=False) for line in pair] + heard[len(said) :]
    return with_line(name, b"\n".join(mixed).replace(SOUND.encode(), SOUND[:8].encode()))


OPERATIONS = [
    with_line(
        "openai POST /v1/batches",
        b'{"id":"b1","object":"batch","status":"completed","output_file_id":"f1","created_at":1790000000}',
    ),
    with_line(
        "openai GET /v1/responses/resp_1", b'{"id":"resp_1","status":"in_progress","model":"gpt-5","usage":null}'
    ),
    with_line(
        "gemini GET /v1beta/batches/b1",
        b'{"name":"batches/b1","metadata":{"state":"BATCH_STATE_RUNNING","model":"models/m"}}',
    ),
    with_line(
        "anthropic GET /v1/messages/batches/b1", b'{"id":"b1","processing_status":"ended","results_url":"https://a/b"}'
    ),
    with_line("openai POST /v1/batches", b'{"id":"..","object":"batch","status":"in_progress"}'),
    with_line("replicate GET /v1/predictions/p1", b'{"id":"p1","status":"succeeded","metrics":{"predict_time":1.5}}'),
]

OF_OPERATIONS = (
    "operation", "anthropic_batches", "google_batches", "google_jobs", "openai_batches", "openai_operations", "observing",
    "cancel_answer",
    "result_rows", "google_long_running", "google_video", "bedrock_operations",
)  # fmt: skip

TARGETS = (
    Target("operation", operation, OPERATIONS, files_of(*OF_OPERATIONS), WORDS),
    Target(
        "live",
        live,
        [live_seed(name, of) for name, of in LIVE.items()],
        files_of("live", "google_live", "openai_live", "openai_realtime", "openai_response"),
        WORDS,
        4096,
    ),
)
