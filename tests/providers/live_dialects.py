"""Every reader of sockets, with messages that mean something to it."""

from collections.abc import Callable

import msgspec

from sidecar.providers.google_live import open_live
from sidecar.providers.google_live_music import open_music
from sidecar.providers.live import LiveReader
from sidecar.providers.openai_live_sessions import open_live_session
from sidecar.providers.openai_realtime import open_realtime
from sidecar.providers.openai_responses_socket import open_responses_socket
from tests.providers.live_wire import (
    GENERATION_COMPLETE,
    SESSION_START,
    SESSION_STARTED,
    SOUND,
    TOOL_CALL,
    TOOL_RESPONSE,
    TURN_COMPLETE,
    Json,
    client_content,
    event,
    live,
    model_says,
    model_speaks,
    nested,
    realtime,
    realtime_created,
    realtime_done,
    realtime_error,
    realtime_piece,
    realtime_session,
    realtime_usage,
    response,
    server_content,
    session_closed,
    session_used,
    setup,
    sound_in,
    text_delta,
    tokens,
    transcript,
    usage_metadata,
)


class Dialect(msgspec.Struct):
    """A reader, messages of both sides that mean something to it, and what those of them report together."""

    open: Callable[[str], LiveReader]
    said: list[Json]
    heard: list[Json]
    told: Callable[[list[Json]], tuple[int, int]]
    """Input and output that these messages of the provider report, all added up."""


def in_google(heard: list[Json]) -> tuple[int, int]:
    used = [one["usageMetadata"] for one in heard if "usageMetadata" in one]
    return sum(one["promptTokenCount"] for one in used), sum(one["responseTokenCount"] for one in used)


def in_openai(heard: list[Json]) -> tuple[int, int]:
    shown = [(one.get("event") or one) for one in heard]
    used = [(one.get("response") or one.get("decision") or one).get("usage") or {} for one in shown]
    return sum(one.get("input_tokens", 0) for one in used), sum(one.get("output_tokens", 0) for one in used)


DIALECTS = {
    "gemini live": Dialect(
        open_live,
        [setup(sessionResumption={"handle": "h0"}), client_content(), client_content(is_complete=False), sound_in(),
         TOOL_RESPONSE, {"realtime_input": {"text": "Hi"}}, {"realtimeInput": {"activityEnd": {}}}],
        [{"setupComplete": {}}, model_says("Hello"), model_speaks(), GENERATION_COMPLETE, TURN_COMPLETE, TOOL_CALL,
         server_content(interrupted=True), server_content(outputTranscription={"text": "Hello"}),
         server_content(inputTranscription={"text": "Hi"}), usage_metadata(300, 20), usage_metadata(400, 30),
         server_content(turnComplete=True) | usage_metadata(500, 40), model_says("More") | usage_metadata(600, 50),
         {"sessionResumptionUpdate": {"newHandle": "h1", "resumable": True}}, {"sessionResumptionUpdate": {}},
         {"goAway": {"timeLeft": "9s"}}],
        in_google,
    ),
    "music": Dialect(
        open_music,
        [setup("models/lyria-realtime-exp"), *({"playbackControl": one} for one in ("PLAY", "PAUSE", "STOP"))],
        [{"setupComplete": {}}, server_content(audioChunks=[{"data": SOUND, "mimeType": "audio/l16"}])],
        lambda heard: (0, 0),
    ),
    "realtime": Dialect(
        open_realtime,
        [{"type": "response.create"}, {"type": "response.create", "event_id": "c1", "response": {"conversation": "none"}},
         {"type": "input_audio_buffer.append", "audio": SOUND}, {"type": "response.cancel"}],
        [realtime_session(model="gpt-realtime-2"), realtime_created("r1"), realtime_created("r2", None), realtime_created("r3"),
         realtime_piece(response="r1"), realtime_piece("output_audio", SOUND, "r2"), realtime_error(None, "c1"),
         realtime_error("conversation_already_has_active_response"), realtime_done("r1", realtime_usage(100, 10)),
         realtime_done("r2", realtime_usage(200, 20), "cancelled", None), realtime_done("r4", realtime_usage(300, 30)),
         realtime_done("r3", None, "failed"), transcript("delta", delta="Hi"), transcript("delta", "i2", delta="Ho"),
         transcript("completed", transcript="Hi", usage={"type": "tokens"} | tokens(7, 3)),
         transcript("failed", "i2", error={"message": "no"}), realtime("input_audio_buffer.cleared")],
        in_openai,
    ),
    "responses": Dialect(
        open_responses_socket,
        [{"type": "response.create", "model": "gpt-5.6", "input": "Hi", "stream_id": lane} for lane in ("a", "b", None)]
        + [{"type": "response.steer", "previous_response_id": "resp_1", "input": "More"}],
        [event(type_, response=response("in_progress"), **lane) for lane in ({"stream_id": "a"}, {}) for type_ in
         ("response.created", "response.in_progress")]
        + [text_delta(**lane) for lane in ({"stream_id": "a"}, {"stream_id": "b"}, {})]
        + [event("response.completed", response=response("completed", tokens(100, 10)), stream_id="a"),
           event("response.incomplete", response=response("incomplete", tokens(200, 20)), stream_id="b"),
           event("response.completed", response=response("completed", tokens(300, 30))),
           event("response.failed", response=response("failed")),
           {"type": "error", "status": 429, "error": {"type": "rate_limit", "message": "no"}, "stream_id": "b"},
           event("error", error={"type": "server_error", "message": "no"})],
        in_openai,
    ),
    "live sessions": Dialect(
        open_live_session,
        [SESSION_START, {"type": "session.close"}, {"type": "response.create"},
         {"type": "session.input_audio.append", "audio": SOUND}],
        [SESSION_STARTED, session_used(0.0), live("session.output_audio.delta", delta=SOUND),
         nested(event("response.created", response=response("in_progress"))), nested(text_delta()),
         nested(event("response.completed", response=response("completed", tokens(100, 10)))),
         nested(event("response.completed", response=response("completed", tokens(200, 20))), None),
         {"type": "decision.event", "event_id": "e", "event": {"type": "decision.completed", "decision": {
             "model": "gpt-5.6", "answers": [], "usage": tokens(50, 5)}}},
         live("error", error={"type": "invalid_request_error", "code": "x", "message": "no"}), session_closed(0.0)],
        in_openai,
    ),
}  # fmt: skip
