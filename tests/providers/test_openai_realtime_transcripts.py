import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.live import Began, Ended
from sidecar.providers.openai_realtime import open_realtime
from tests.providers.live_listener import Listener, numbers
from tests.providers.live_wire import (
    Json,
    realtime,
    realtime_created,
    realtime_done,
    realtime_piece,
    realtime_session,
    realtime_usage,
    tokens,
    transcript,
)

MODEL = "gpt-realtime-2"
CREATE = {"type": "response.create"}
COMPLETED = b"conversation.item.input_audio_transcription.completed"


def opened(target: str = f"/v1/realtime?model={MODEL}") -> Listener:
    return Listener(open_realtime(target))


@pytest.fixture
def live() -> Listener:
    return opened()


def transcribing(model: str = "gpt-4o-transcribe") -> Json:
    return realtime_session(model=MODEL, audio={"input": {"transcription": {"model": model}}})


def test_a_transcript_is_a_turn_of_the_model_that_made_it(live):
    live.hears(transcribing())
    assert live.hears(transcript("delta", delta="He"), transcript("delta", delta="llo")) == [
        Began(1, "gpt-4o-transcribe")
    ]
    got = live.reported()
    assert got == Reported(Usage(output=2), basis=Basis.ESTIMATED, reason="counted_deltas")
    used = {"type": "tokens", "input_token_details": {"audio_tokens": 17, "text_tokens": 3}, **tokens(20, 5)}
    used.pop("input_tokens_details")
    assert live.hears(transcript("completed", transcript="Hello", usage=used)) == [Ended(1)]
    assert live.reported() == Reported(Usage(input=20, output=5, audio_input=17))


def test_a_transcript_may_be_billed_by_the_second(live):
    live.hears(transcribing("whisper-1"))
    spoken = transcript("completed", transcript="Hello", usage={"type": "duration", "seconds": 3.4})
    assert live.hears(spoken) == [Began(1, "whisper-1"), Ended(1)]
    assert live.reported() == Reported(Usage(audio_seconds=3))


def test_a_transcript_runs_beside_a_response(live):
    live.hears(transcribing())
    live.says(CREATE)
    heard = live.hears(
        realtime_created(),
        transcript("delta", delta="Hello"),
        realtime_done(used=realtime_usage(300, 20)),
        transcript("failed", error={"message": "no"}),
    )
    assert numbers(heard) == [("Began", 1), ("Began", 2), ("Ended", 1), ("Ended", 2)]


@pytest.mark.parametrize("kind", ["segment", "failed"])
def test_what_is_not_followed_opens_no_turn(live, kind):
    assert not live.hears(transcript(kind, error={}))


def test_the_beta_has_the_model_at_the_top_of_its_session():
    live = opened("/v1/realtime?intent=transcription")
    live.hears(realtime("transcription_session.updated", session={"input_audio_transcription": {"model": "whisper-1"}}))
    assert live.hears(transcript("delta", delta="He")) == [Began(1, "whisper-1")]


# === looking on ===


def test_whoever_looks_on_a_call_is_told_of_a_response_when_it_is_done():
    live = opened("/v1/realtime?call_id=rtc_1")
    live.hears(transcribing())
    assert not live.says(CREATE)
    assert not live.hears(realtime_created(), realtime_piece(), transcript("delta", delta="He"))
    assert live.hears(realtime_done(used=realtime_usage(300, 20))) == [Began(1, MODEL), Ended(1)]
    spoken = transcript("completed", transcript="Hello", usage={"type": "duration", "seconds": 3})
    assert live.hears(spoken) == [Began(2, "gpt-4o-transcribe"), Ended(2)]


def test_a_transcript_that_says_nothing_of_its_bill_reports_nothing(live):
    live.hears(transcribing())
    live.hears(transcript("completed", transcript="Hello"), b'{"type":"' + COMPLETED + b'","usage":5,"duration":[]}')
    assert (live.reported(1), live.reported(2)) == (None, None)
