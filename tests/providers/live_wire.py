"""Messages of sockets in the shapes of the SDKs' types.

`test_live_wire.py` holds them against the types of openai-python and python-genai.
"""

from typing import Any

Json = dict[str, Any]
SOUND = "UklGRiQA" * 600
"""Some sound, in base64."""

# === Gemini Live ===


def setup(model: str = "models/gemini-3.8-live", **more: Any) -> Json:
    """The first message, as the Python SDK sends it."""
    return {"setup": {"model": model, "generationConfig": {"responseModalities": ["AUDIO"]}, **more}}


def client_content(text: str = "Hello", *, is_complete: bool = True) -> Json:
    """A turn of the caller."""
    turns = [{"parts": [{"text": text}], "role": "user"}]
    return {"client_content": {"turns": turns, "turnComplete": is_complete}}


def sound_in() -> Json:
    """What the caller says."""
    return {"realtime_input": {"audio": {"data": SOUND, "mimeType": "audio/pcm;rate=16000"}}}


def server_content(**fields: Any) -> Json:
    """A part of an answer, or where it stands."""
    return {"serverContent": fields}


def model_says(text: str) -> Json:
    """Text of an answer."""
    return server_content(modelTurn={"parts": [{"text": text}]})


def model_speaks() -> Json:
    """Sound of an answer."""
    return server_content(modelTurn={"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": SOUND}}]})


def usage_metadata(prompt: int, response: int, **more: Any) -> Json:
    """A report, alone in its message."""
    counts = {"promptTokenCount": prompt, "responseTokenCount": response, "totalTokenCount": prompt + response}
    return {"usageMetadata": counts | more}


TURN_COMPLETE = server_content(turnComplete=True)
GENERATION_COMPLETE = server_content(generationComplete=True)
TOOL_CALL = {"toolCall": {"functionCalls": [{"id": "f1", "name": "clock", "args": {}}]}}
TOOL_RESPONSE = {"tool_response": {"functionResponses": [{"id": "f1", "name": "clock", "response": {"time": "9:00"}}]}}

# === OpenAI ===


def realtime(type_: str, **fields: Any) -> Json:
    """An event of Realtime's provider."""
    return {"type": type_, "event_id": "event_1", **fields}


def realtime_session(**fields: Any) -> Json:
    """The first event."""
    return realtime("session.created", session={"type": "realtime", "id": "sess_1", **fields})


def realtime_created(response: str = "resp_1", conversation: str | None = "conv_1") -> Json:
    """A response begins."""
    shown = {"id": response, "object": "realtime.response", "status": "in_progress", "conversation_id": conversation}
    return realtime("response.created", response={**shown, "output": [], "usage": None})


def realtime_done(
    response: str = "resp_1", used: Json | None = None, status: str = "completed", conversation: str | None = "conv_1"
) -> Json:
    """A response has ended."""
    shown = {"id": response, "object": "realtime.response", "status": status, "conversation_id": conversation}
    return realtime("response.done", response={**shown, "output": [], "usage": used})


def realtime_piece(kind: str = "output_text", delta: str = "Hello there", response: str = "resp_1") -> Json:
    """A piece of an answer."""
    place = {"response_id": response, "item_id": "item_1", "output_index": 0, "content_index": 0}
    return realtime(f"response.{kind}.delta", delta=delta, **place)


def realtime_usage(given: int, made: int, given_audio: int = 0, made_audio: int = 0) -> Json:
    """`usage` of a response."""
    return {
        "total_tokens": given + made,
        "input_tokens": given,
        "output_tokens": made,
        "input_token_details": {
            "text_tokens": given - given_audio,
            "audio_tokens": given_audio,
            "image_tokens": 0,
            "cached_tokens": 0,
            "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": made - made_audio, "audio_tokens": made_audio},
    }


def transcript(kind: str, item: str = "item_1", **fields: Any) -> Json:
    """An event of a transcript of what the caller said."""
    place = {"item_id": item, "content_index": 0}
    return realtime(f"conversation.item.input_audio_transcription.{kind}", **place, **fields)


def realtime_error(code: str | None, event_id: str | None = None, param: str | None = None) -> Json:
    """An error."""
    error = {"type": "invalid_request_error", "code": code, "message": "no", "param": param, "event_id": event_id}
    return realtime("error", error=error)


def response(status: str, used: Json | None = None, model: str = "gpt-5.6") -> Json:
    """A response as an event of Responses shows it."""
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "model": model, "output": [], "parallel_tool_calls": True,
        "status": status, "tool_choice": "auto", "tools": [], "usage": used,
    }  # fmt: skip


def event(type_: str, **fields: Any) -> Json:
    """An event of Responses."""
    return {"type": type_, "sequence_number": 1, **fields}


def text_delta(text: str = "Hi", **more: Any) -> Json:
    """A piece of an answer."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    return event("response.output_text.delta", delta=text, **place, **more)


def tokens(given: int, made: int) -> Json:
    """`usage` of a response."""
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + made,
    }


def session(model: str = "gpt-live-1") -> Json:
    """A Live session, as its provider shows it."""
    return {"id": "live_1", "expires_at": 1, "model": model, "status": "active"}


def live(type_: str, **fields: Any) -> Json:
    """An event of a Live session."""
    return {"type": type_, "event_id": "event_1", **fields}


SESSION_START = {"type": "session.start", "session": {"model": "gpt-live-1"}}
SESSION_STARTED = live("session.started", session=session())


def session_used(seconds: float) -> Json:
    """What a session has used up to now."""
    return live("session.usage.updated", usage={"seconds": seconds})


def session_closed(seconds: float) -> Json:
    """A session has ended."""
    return live("session.closed", reason="close_requested", session=session(), usage={"seconds": seconds})


def nested(inner: Json, delegation: str | None = "del_1") -> Json:
    """An event of what a session delegates."""
    return live("response.event", event=inner, delegation_id=delegation)
