"""What one event of Realtime is to us (openai-python 3.54, `types/realtime`).

The usual event is decoded at once into few typed fields: a second of sound in base64 costs a few microseconds to pass over.
One in which something has another shape is read field by field.
"""

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, value_of
from sidecar.providers.live_json import value_in
from sidecar.providers.names import name_of


class Request(Struct, frozen=True, gc=False):
    """An event of the caller."""

    type: str = ""
    event_id: str = ""
    is_apart: bool = False
    """The response that it asks for is not to belong to the conversation."""


class RealtimeEvent(Struct, frozen=True, gc=False):
    """An event of the provider."""

    type: str = ""
    response_id: str = ""
    item_id: str = ""
    delta_bytes: int = 0
    """Of the piece that it brings, as JSON writes it."""
    is_of_conversation: bool = False
    """The response belongs to the conversation: later ones read what it said."""
    session_model: str = ""
    transcriber: str = ""
    error_code: str = ""
    error_event_id: str = ""
    error_param: str = ""
    error_type: str = ""


NO_EVENT, NO_REQUEST = RealtimeEvent(), Request()


class Piece(Struct, gc=False):
    """An event that says its own name and whose piece it is: nearly all."""

    type: str = ""
    response_id: str = ""
    item_id: str = ""
    delta: Raw = NULL
    response: Raw = NULL
    session: Raw = NULL
    error: Raw = NULL


class Unsure(Struct, gc=False):
    """The same, of which nothing is sure."""

    type: object = None
    response_id: object = None
    item_id: object = None
    delta: Raw = NULL
    response: Raw = NULL
    session: Raw = NULL
    error: Raw = NULL


class Response(Struct, gc=False):
    """The response that an event is about."""

    id: object = None
    conversation_id: object = None


class Asking(Struct, gc=False):
    """What is asked for."""

    conversation: object = None


class Ask(Struct, gc=False):
    """An event of the caller."""

    type: object = None
    event_id: object = None
    response: Raw = NULL


PIECE, UNSURE, ASK = msgspec.json.Decoder(Piece), msgspec.json.Decoder(Unsure), msgspec.json.Decoder(Ask)
RESPONSE, ASKING = msgspec.json.Decoder(Response), msgspec.json.Decoder(Asking)


def request_in(document: bytes) -> Request:
    """What an event of the caller is; nothing, when it is no JSON object."""
    ask = value_in(ASK, document)
    if ask is None:
        return NO_REQUEST
    asking = value_in(ASKING, bytes(ask.response)) if ask.response is not NULL else None
    return Request(name_of(ask.type), name_of(ask.event_id), asking is not None and asking.conversation == "none")


def event_in(document: bytes) -> RealtimeEvent:
    """What an event of the provider is; nothing, when it is no JSON object."""
    piece = piece_in(document)
    if piece.response is not NULL:
        return of_response(piece)
    if piece.session is not NULL:
        return of_session(piece)
    if piece.error is not NULL:
        return of_error(piece)
    size = max(0, len(piece.delta) - len('""')) if piece.delta is not NULL else 0
    return RealtimeEvent(piece.type, piece.response_id, piece.item_id, size)


def piece_in(document: bytes) -> Piece:
    """The members of an event."""
    piece = value_in(PIECE, document)
    if piece is not None:
        return piece
    unsure = value_in(UNSURE, document)
    if unsure is None:
        return Piece()
    return Piece(
        name_of(unsure.type),
        name_of(unsure.response_id),
        name_of(unsure.item_id),
        unsure.delta,
        unsure.response,
        unsure.session,
        unsure.error,
    )


def of_response(piece: Piece) -> RealtimeEvent:
    """An event that shows a response."""
    response = value_in(RESPONSE, bytes(piece.response))
    if response is None:
        return RealtimeEvent(piece.type)
    return RealtimeEvent(piece.type, name_of(response.id), is_of_conversation=isinstance(response.conversation_id, str))


def of_session(piece: Piece) -> RealtimeEvent:
    """An event that shows the session; the beta has the model that transcribes at its top."""
    session = value_of(piece.session)
    old, new = inside(session, "input_audio_transcription"), inside(session, "audio", "input", "transcription")
    return RealtimeEvent(
        piece.type,
        session_model=name_of(inside(session, "model")),
        transcriber=name_of(inside(new, "model")) or name_of(inside(old, "model")),
    )


def of_error(piece: Piece) -> RealtimeEvent:
    """An error."""
    error = value_of(piece.error)
    return RealtimeEvent(
        piece.type,
        item_id=piece.item_id,
        error_code=name_of(inside(error, "code")),
        error_event_id=name_of(inside(error, "event_id")),
        error_param=name_of(inside(error, "param")),
        error_type=name_of(inside(error, "type")),
    )


def inside(value: object, *names: str) -> object:
    """What stands in an object, and in what stands there; None where something is no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
