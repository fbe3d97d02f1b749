from decimal import Decimal

import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.live import Asked, Began, Declined, Ended
from sidecar.providers.openai_extras import Extras, cost_at
from sidecar.providers.openai_realtime import MOST_OPEN, open_realtime
from tests.providers.live_listener import Listener, numbers
from tests.providers.live_wire import (
    SOUND,
    realtime,
    realtime_created,
    realtime_done,
    realtime_error,
    realtime_piece,
    realtime_session,
    realtime_usage,
)

MODEL = "gpt-realtime-2"
CREATE = {"type": "response.create"}
BUSY = "conversation_already_has_active_response"


def opened(target: str = f"/v1/realtime?model={MODEL}") -> Listener:
    return Listener(open_realtime(target))


@pytest.fixture
def live() -> Listener:
    return opened()


# === responses ===


def test_a_response_is_a_turn(live):
    assert live.says(CREATE) == [Asked(1, MODEL)]
    assert live.hears(realtime_created(), realtime_piece(), realtime_piece("output_audio", SOUND)) == [Began(1, MODEL)]
    assert live.hears(realtime_done(used=realtime_usage(300, 120, 200, 100))) == [Ended(1)]
    assert live.reported() == Reported(Usage(input=300, output=120, audio_input=200, audio_output=100))


def test_cached_tokens_are_told_apart_by_modality(live):
    used = realtime_usage(300, 20, 200)
    used["input_token_details"] |= {
        "text_tokens": 60,
        "image_tokens": 40,
        "cached_tokens": 150,
        "cached_tokens_details": {"text_tokens": 35, "audio_tokens": 100, "image_tokens": 15},
    }
    live.hears(realtime_created(), realtime_done(used=used))
    want = Usage(
        input=150, audio_input=100, image_input=25, output=20,
        cached_input=150, cached_text_input=35, cached_audio_input=100, cached_image_input=15,
    )  # fmt: skip
    assert live.reported() == Reported(want)


@pytest.mark.parametrize("status", ["completed", "cancelled", "incomplete", "failed"])
def test_usage_counts_whatever_became_of_a_response(live, status):
    live.says(CREATE, {"type": "response.cancel"})
    live.hears(realtime_created(), realtime_done(used=realtime_usage(300, 20), status=status))
    assert live.reported() == Reported(Usage(input=300, output=20))


def test_a_response_that_failed_with_nothing_used_nothing(live):
    live.says(CREATE)
    assert numbers(live.hears(realtime_created(), realtime_done(status="failed"))) == [("Began", 1), ("Ended", 1)]
    assert live.reported() is None


def test_a_response_that_nobody_asked_for_begins_by_itself(live):
    assert not live.says({"type": "input_audio_buffer.append", "audio": SOUND})
    assert live.hears(realtime("input_audio_buffer.speech_stopped"), realtime_created()) == [Began(1, MODEL)]


def test_responses_run_side_by_side(live):
    live.says(CREATE, {"type": "response.create", "response": {"conversation": "none", "input": []}})
    live.hears(realtime_created("r1"), realtime_created("r2", None))
    ended = live.hears(
        realtime_done("r2", realtime_usage(50, 5), conversation=None), realtime_done("r1", realtime_usage(300, 20))
    )
    assert ended == [Ended(2), Ended(1)]
    assert live.reported(2) == Reported(Usage(input=50, output=5))
    assert live.reported(1) == Reported(Usage(input=300, output=20))


def test_a_response_of_which_only_the_end_is_seen_counts(live):
    assert live.hears(realtime_done("r9", realtime_usage(300, 20))) == [Began(1, MODEL), Ended(1)]
    assert live.reported() == Reported(Usage(input=300, output=20))


def test_a_response_begins_once(live):
    live.says(CREATE)
    assert numbers(live.hears(realtime_created(), realtime_created())) == [("Began", 1)]


def test_the_oldest_of_too_many_is_followed_no_further(live):
    for number in range(MOST_OPEN):
        live.hears(realtime_created(f"r{number}"))
    assert live.hears(realtime_created("one more")) == [Ended(1), Began(MOST_OPEN + 1, MODEL)]


def test_what_is_asked_for_beyond_a_bound_is_told_of_when_it_begins(live):
    assert len(live.says(*[CREATE] * (MOST_OPEN + 1))) == MOST_OPEN


# === unfinished ===


def test_an_unfinished_response_is_estimated_from_its_transcript_and_from_what_came_before(live):
    live.hears(realtime_created(), realtime_done(used=realtime_usage(300, 120, 200, 100)))
    live.says({"type": "conversation.item.create", "item": {"content": [{"text": "x" * 40}]}}, CREATE)
    live.hears(realtime_created("r2"), realtime_piece("output_audio_transcript", "y" * 40, "r2"))
    got = live.reported(2)
    assert got is not None
    assert (got.basis, got.reason) == (Basis.ESTIMATED, "counted_deltas")
    assert (got.usage.cached_input, got.usage.cached_audio_input, got.usage.output) == (300, 200, 10)
    assert 120 < got.usage.input < 160, "what was said in the last answer, and since"
    live.hears(realtime_piece("output_audio", SOUND, "r2"))
    got = live.reported(2)
    assert got is not None
    assert got.reason == "unreported_sound"


def test_a_response_apart_reads_nothing_of_the_conversation(live):
    live.hears(realtime_created(), realtime_done(used=realtime_usage(300, 120)))
    live.says({"type": "response.create", "response": {"conversation": "none"}})
    got = live.reported(2)
    assert got is not None
    assert got.usage.cached_input == 0
    live.hears(realtime_created("r2", None), realtime_done("r2", realtime_usage(9, 1), conversation=None))
    live.says(CREATE)
    got = live.reported(3)
    assert got is not None
    assert got.usage.cached_input == 300


@pytest.mark.parametrize(
    "kind", ["text", "audio_transcript", "output_text", "function_call_arguments", "mcp_call_arguments"]
)
def test_every_kind_of_text_is_counted(live, kind):
    live.hears(realtime_created(), realtime_piece(kind, "y" * 40), realtime_piece("audio", SOUND, "another"))
    assert live.reported() == Reported(Usage(output=10), basis=Basis.ESTIMATED, reason="counted_deltas")


# === errors ===


def test_a_refusal_names_the_event_that_is_refused(live):
    live.says(CREATE | {"event_id": "c1"}, CREATE | {"event_id": "c2"})
    assert live.hears(realtime_error(BUSY, "c2")) == [Declined(2)]
    assert live.hears(realtime_created()) == [Began(1, MODEL)]
    assert live.reported(2) is None


@pytest.mark.parametrize(
    ("code", "param"), [(BUSY, None), ("invalid_value", "response.output_modalities"), (None, "response.tools")]
)
def test_a_refusal_that_names_none_is_of_what_was_asked_for_first(live, code, param):
    live.says(CREATE)
    assert live.hears(realtime_error(code, None, param)) == [Declined(1)]


def test_a_fault_of_the_provider_is_told_as_one(live):
    live.says(CREATE)
    error = realtime_error(BUSY)
    error["error"]["type"] = "server_error"
    assert live.hears(error) == [Declined(1, 500)]


@pytest.mark.parametrize(
    "error", [realtime_error("response_cancel_not_active"), realtime_error("invalid_value", None, "session.voice")]
)
def test_other_errors_refuse_nothing(live, error):
    live.says(CREATE)
    assert not live.hears(error, realtime_error("x", "another"))


def test_a_refusal_of_what_was_taken_for_a_response_that_nobody_asked_for_changes_nothing(live):
    live.says(CREATE | {"event_id": "c1"})
    live.hears(realtime_created())
    assert not live.hears(realtime_error(BUSY, "c1"))


# === models ===


@pytest.mark.parametrize(
    ("target", "model"),
    [
        ("/v1/realtime?model=gpt-realtime", "gpt-realtime"),
        ("/openai/realtime?api-version=2025-04-01-preview&deployment=my-gpt", "my-gpt"),
        ("/openai/v1/realtime?model=my%2Dgpt", "my-gpt"),
        ("/v1/realtime?intent=transcription", ""),
        ("/v1/realtime", ""),
        ("/v1/realtime?model=" + "x" * 200, ""),
        ("/v1/realtime?model", ""),
    ],
)
def test_the_target_names_the_model(target, model):
    assert opened(target).says(CREATE) == [Asked(1, model)]


def test_the_session_names_the_model_behind_a_deployment():
    live = opened("/openai/realtime?deployment=my-gpt")
    assert not live.hears(realtime_session(model="gpt-realtime-2025-08-28"))
    assert live.says(CREATE) == [Asked(1, "gpt-realtime-2025-08-28")]
    live.hears(realtime("session.updated", session={"type": "realtime"}))
    assert live.says(CREATE) == [Asked(2, "gpt-realtime-2025-08-28")]


def test_what_a_provider_says_beyond_openai_is_read():
    live = Listener(open_realtime("", Extras(amend=cost_at("cost_in_usd_ticks", 10**10))))
    live.hears(realtime_done(used=realtime_usage(300, 20) | {"cost_in_usd_ticks": 5 * 10**9}))
    assert live.reported() == Reported(Usage(input=300, output=20), cost_usd=Decimal("0.5"))


def test_an_end_whose_usage_cannot_be_read_reports_nothing(live):
    live.hears(realtime_created(), b'{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":[]}}}')
    assert live.reported() is None
