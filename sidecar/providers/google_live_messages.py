"""What one message of Gemini Live is to us (google-wire 8; python-genai 3.4.0, `LiveClientMessage` and `LiveServerMessage`).

The usual message is decoded at once into few typed fields; a second of sound in base64 costs a few microseconds to pass over.
One in which something has another shape is read field by field.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from sidecar.bodies.lenient import NULL, value_of
from sidecar.providers.google_marks import Part, size_of
from sidecar.providers.json_request import text_bytes_in
from sidecar.providers.live_json import value_in

# === the caller's ===


class Resumption(Struct, rename="camel", gc=False):
    """Asks to go on with an earlier session."""

    handle: str | None = None


class Setup(Struct, rename="camel", gc=False):
    """The first message."""

    model: str | None = None
    session_resumption: Resumption | None = None
    session_resumption_: Resumption | None = field(name="session_resumption", default=None)


class ClientContent(Struct, gc=False):
    """Turns of the conversation; the answer begins when it says that the turn is complete, which it need not."""

    turn_complete: bool | None = None
    turn_complete_: bool | None = field(name="turnComplete", default=None)
    turns: Raw = NULL


class RealtimeInput(Struct, gc=False):
    """Sound, video or text as it comes. Sound is answered when the provider hears a pause, or is told of one."""

    text: str | None = None
    activity_end: Raw = NULL
    activity_end_: Raw = field(name="activityEnd", default=NULL)


class Said(Struct, gc=False):
    """A message of the caller. The Python SDK writes outer names with underscores, the others do not."""

    setup: Setup | None = None
    client_content: ClientContent | None = None
    client_content_: ClientContent | None = field(name="clientContent", default=None)
    realtime_input: RealtimeInput | None = None
    realtime_input_: RealtimeInput | None = field(name="realtimeInput", default=None)
    tool_response: Raw = NULL
    tool_response_: Raw = field(name="toolResponse", default=NULL)

    def asks(self) -> bool:
        """Whether an answer follows."""
        content, realtime = self.client_content or self.client_content_, self.realtime_input or self.realtime_input_
        if content is not None:
            return bool(content.turn_complete or content.turn_complete_)
        if realtime is not None:
            return bool(realtime.text) or realtime.activity_end != NULL or realtime.activity_end_ != NULL
        return self.has_results()

    def has_results(self) -> bool:
        """Whether it brings what tools returned."""
        return self.tool_response != NULL or self.tool_response_ != NULL

    def text_bytes(self, document: bytes) -> int:
        """Bytes of text in it; in the message that sets the session up, instructions and tools are."""
        realtime = self.realtime_input or self.realtime_input_
        if realtime is not None:
            return len(realtime.text.encode()) if realtime.text else 0
        return text_bytes_in(document)


class UnsureSaid(Struct, gc=False):
    """The same, unread."""

    setup: Raw = NULL
    client_content: Raw = NULL
    client_content_: Raw = field(name="clientContent", default=NULL)
    realtime_input: Raw = NULL
    realtime_input_: Raw = field(name="realtimeInput", default=NULL)
    tool_response: Raw = NULL
    tool_response_: Raw = field(name="toolResponse", default=NULL)


# === the provider's ===


class Inline(Struct, rename="camel", gc=False):
    """Sound, mostly."""

    mime_type: str | None = None


class LivePart(Part, rename="camel", gc=False):
    """A piece of the answer."""

    inline_data: Inline | None = None


class ModelTurn(Struct, gc=False):
    """New pieces of the answer."""

    parts: list[LivePart] | None = None


class Transcript(Struct, gc=False):
    """What was said, in words."""

    text: str | None = None


class ServerContent(Struct, rename="camel", gc=False):
    """A part of the answer, or where it stands."""

    model_turn: ModelTurn | None = None
    output_transcription: Transcript | None = None
    """"It doesn't imply any ordering between transcription and model turn": so it opens none."""
    generation_complete: bool | None = None
    """All of it has been said; a model that speaks in real time completes its turn when that has been heard."""
    turn_complete: bool | None = None
    """Nothing more comes. An answer that was interrupted ends so too, without the one above."""
    grounding_metadata: Raw = NULL

    def parts(self) -> Iterable[LivePart]:
        """The pieces of the answer that it brings."""
        return (self.model_turn.parts if self.model_turn else None) or ()

    def said_bytes(self) -> int:
        """Bytes of text, or of the transcript of sound."""
        transcript = self.output_transcription.text if self.output_transcription else None
        said = len(transcript.encode()) if transcript else 0
        return said + size_of(self.parts())

    def has_sound(self) -> bool:
        """Whether some of it is sound."""
        return any(
            part.inline_data and (part.inline_data.mime_type or "").startswith("audio/") for part in self.parts()
        )


class ResumptionUpdate(Struct, rename="camel", gc=False):
    """The handle by which the session may be gone on with from here, if it may."""

    new_handle: str | None = None
    resumable: bool | None = None


class Heard(Struct, rename="camel", gc=False):
    """A message of the provider: one of these, and perhaps usage besides (Live API reference)."""

    server_content: ServerContent | None = None
    tool_call: Raw = NULL
    usage_metadata: Raw = NULL
    session_resumption_update: ResumptionUpdate | None = None


class UnsureHeard(Struct, rename="camel", gc=False):
    """The same, unread."""

    server_content: Raw = NULL
    tool_call: Raw = NULL
    usage_metadata: Raw = NULL
    session_resumption_update: Raw = NULL


SAID, UNSURE_SAID = msgspec.json.Decoder(Said), msgspec.json.Decoder(UnsureSaid)
HEARD, UNSURE_HEARD = msgspec.json.Decoder(Heard), msgspec.json.Decoder(UnsureHeard)

Shape = TypeVar("Shape", bound=Struct)


def said_in(document: bytes) -> Said | None:
    """A message of the caller; None when it is no JSON object."""
    said = value_in(SAID, document)
    return said if said is not None else part_by_part(document, UNSURE_SAID, Said(), SAID_PARTS)


def heard_in(document: bytes) -> Heard | None:
    """A message of the provider; None when it is no JSON object."""
    heard = value_in(HEARD, document)
    return heard if heard is not None else part_by_part(document, UNSURE_HEARD, Heard(), HEARD_PARTS)


# === with care ===

ReadPart = Callable[[Raw], object]


def part_by_part(
    document: bytes, unsure: "msgspec.json.Decoder[Any]", found: Shape, parts: Mapping[str, ReadPart]
) -> Shape | None:
    """Those members of a message that can be read."""
    raws = value_in(unsure, document)
    if raws is None:
        return None
    for name in raws.__struct_fields__:
        raw = getattr(raws, name)
        if raw is not NULL:
            setattr(found, name, parts[name](raw) if name in parts else raw)
    return found


def part_of(shape: type[Struct]) -> ReadPart:
    """Reads one member; None when it is not what it should be."""
    decoder = msgspec.json.Decoder(shape)
    return lambda raw: value_in(decoder, bytes(raw))


def content_in(raw: Raw) -> ServerContent | None:
    """A part of an answer; of one whose pieces can't be read, where the answer stands."""
    content = value_in(CONTENT, bytes(raw))
    if content is not None or not isinstance(fields := value_of(raw), dict):
        return content
    return ServerContent(
        ModelTurn() if "modelTurn" in fields else None,
        generation_complete=fields.get("generationComplete") is True,
        turn_complete=fields.get("turnComplete") is True,
    )


CONTENT = msgspec.json.Decoder(ServerContent)
SAID_PARTS: Mapping[str, ReadPart] = {
    "setup": part_of(Setup),
    "client_content": part_of(ClientContent),
    "client_content_": part_of(ClientContent),
    "realtime_input": part_of(RealtimeInput),
    "realtime_input_": part_of(RealtimeInput),
}
HEARD_PARTS: Mapping[str, ReadPart] = {
    "server_content": content_in,
    "session_resumption_update": part_of(ResumptionUpdate),
}
