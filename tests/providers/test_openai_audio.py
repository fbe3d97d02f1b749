import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts
from sidecar.providers.openai_audio import open_speech, open_transcript, transcript_in
from tests.bodies.cutting import bytewise, in_two
from tests.providers.openai_wire import billed, chunk, chunks, judged, last, named, used
from tests.providers.wire import JSON, SSE, Json, read, whole

USAGE = billed(14, 45, type="tokens", input_token_details={"text_tokens": 0, "audio_tokens": 14})
TOKENS = Reported(Usage(input=14, output=45, audio_input=14))
SPOKEN = billed(14, 101)


def of(document: Json) -> Reported | None:
    return transcript_in(whole(document))


# transcripts


def test_a_transcript_by_tokens():
    assert of({"text": "Imagine", "usage": USAGE}) == TOKENS


@pytest.mark.parametrize(("seconds", "billed_seconds"), [(9, 9), (9.4, 9), (9.6, 10), ("12", 12)])
def test_a_transcript_by_its_length(seconds, billed_seconds):
    got = of({"text": "Imagine", "usage": {"type": "duration", "seconds": seconds}})
    assert got == Reported(Usage(audio_seconds=billed_seconds))


def test_the_length_of_a_verbose_transcript_is_a_guess_at_what_is_billed():
    got = of({"task": "transcribe", "duration": 8.47, "text": "x", "segments": []})
    assert got == Reported(Usage(audio_seconds=8), basis=Basis.ESTIMATED, reason="audio_length")
    assert of({"duration": 8.47, "usage": USAGE}) == TOKENS


@pytest.mark.parametrize(
    "usage", [None, {}, 7, {"type": "duration"}, {"seconds": -3}, {"seconds": "x"}, {"seconds": 1e300}]
)
def test_a_transcript_that_says_nothing_reports_nothing(usage):
    assert of({"text": "x", "usage": usage, "duration": None}) is None


@pytest.mark.parametrize("kind", ["text/plain", "application/x-subrip", "text/vtt", ""])
def test_plain_text_and_subtitles_are_not_read(kind):
    reader = open_transcript(ReplyHead(200, kind), NO_FACTS)
    assert read(reader, b'{"usage": 1') is None
    assert reader.is_terminal
    assert not reader.gave_up


TRANSCRIPT = named(
    {"type": "transcript.text.delta", "delta": "I see"},
    {"type": "transcript.text.delta", "delta": " skies"},
    {"type": "transcript.text.done", "text": "I see skies", "usage": USAGE},
)


def test_a_transcript_is_read_in_a_stream_at_every_cut():
    for pieces in [bytewise(TRANSCRIPT), *in_two(TRANSCRIPT)]:
        reader = open_transcript(SSE, NO_FACTS)
        assert read(reader, *pieces) == TOKENS
        assert reader.is_terminal


def test_a_transcript_that_is_cut_is_counted():
    end = TRANSCRIPT.index(b"event: transcript.text.done")
    got = read(open_transcript(SSE, NO_FACTS), TRANSCRIPT[:end])
    assert got == Reported(Usage(output=2), basis=Basis.ESTIMATED, reason="counted_deltas")


def test_a_transcript_may_come_in_chunks_like_those_of_chat():
    body = chunks(chunk("I"), chunk("see"), chunk(finish="stop"), last(used(9, 2)))
    assert read(open_transcript(SSE, NO_FACTS), body) == Reported(Usage(input=9, output=2), "gpt-5")


def test_a_transcript_as_json_is_read_at_every_cut():
    body = whole({"text": "Imagine", "usage": USAGE})
    assert all(read(open_transcript(JSON, NO_FACTS), *pieces) == TOKENS for pieces in in_two(body))


# speech

BY_CHARACTER = RequestFacts(model="tts-1-hd", characters=500)
BY_TOKEN = RequestFacts(model="gpt-4o-mini-tts", characters=500)
SOUND = ReplyHead(200, "audio/mpeg")


def test_sound_that_is_priced_by_the_character_is_told_by_its_request():
    reader = open_speech(SOUND, BY_CHARACTER)
    assert reader.reported() is None
    assert read(reader, b"\xff\xfb", b"") == Reported(Usage(characters=500))
    assert reader.is_terminal


def test_sound_that_is_priced_by_tokens_is_an_estimate():
    got = read(open_speech(SOUND, BY_TOKEN), b"\xff\xfb")
    assert got == Reported(Usage(input=125, characters=500), basis=Basis.ESTIMATED, reason="unreported_sound")


def test_an_error_or_an_unread_request_tells_nothing():
    assert read(open_speech(ReplyHead(400, "application/json"), BY_CHARACTER), b'{"error": {}}') is None
    assert read(open_speech(SOUND, NO_FACTS), b"\xff\xfb") is None
    assert read(open_speech(SOUND, BY_CHARACTER)) is None


def test_speech_in_events_says_what_it_used():
    sound = {"type": "speech.audio.delta", "audio": "SUQz"}
    body = named(sound, sound, {"type": "speech.audio.done", "usage": SPOKEN})
    for pieces in in_two(body):
        reader = open_speech(SSE, BY_TOKEN)
        assert read(reader, *pieces) == Reported(Usage(input=14, output=101, audio_output=101))
        assert reader.is_terminal
    cut_off = read(open_speech(SSE, BY_TOKEN), named(sound))
    assert judged(cut_off) == (Basis.ESTIMATED, "unreported_sound")
