"""What answers in sockets cost, from the messages that pass to the bill: prices as genai-prices has them."""

from decimal import Decimal

import pytest

from sidecar.clock import from_rfc3339
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.price import PriceBook
from sidecar.providers.google_live import open_live
from sidecar.providers.openai_live_sessions import open_live_session
from sidecar.providers.openai_realtime import open_realtime
from tests.providers.live_listener import Listener
from tests.providers.live_wire import (
    SESSION_START,
    SESSION_STARTED,
    TURN_COMPLETE,
    Json,
    client_content,
    model_speaks,
    realtime_created,
    realtime_done,
    realtime_session,
    realtime_usage,
    session_closed,
    setup,
    transcript,
    usage_metadata,
)

BOOK = PriceBook()
AT = from_rfc3339("2026-11-20T10:00")
MILLION = Decimal(1_000_000)


def billed(live: Listener, provider: str, turn: int = 1) -> Bill | Unpriced:
    reported, model = live.reported(turn), live.models[turn]
    usage = reported.usage if reported is not None else None
    return BOOK.bill(usage=usage, provider=provider, upstream=provider, model=model, tier="", at=AT)


def usd(live: Listener, provider: str, turn: int = 1, basis: Basis = Basis.EXACT) -> Decimal:
    bill = billed(live, provider, turn)
    assert isinstance(bill, Bill)
    assert bill.basis is basis
    return bill.input_usd + bill.output_usd


def spoken(model: str) -> Listener:
    """A turn of Gemini Live in which both sides spoke."""
    live = Listener(open_live(""))
    live.says(setup(model), client_content())
    of_prompt = {
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 300}, {"modality": "AUDIO", "tokenCount": 200}]
    }
    of_answer = {"responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 40}]}
    live.hears(model_speaks(), TURN_COMPLETE | usage_metadata(500, 40, **of_prompt, **of_answer))
    return live


@pytest.mark.parametrize(
    ("provider", "model", "text", "sound", "answer"),
    [
        ("gemini", "models/gemini-3.8-live", "0.75", "3", "12"),
        ("gemini", "models/gemini-2.5-flash-native-audio-latest", "0.5", "3", "12"),
        ("vertex", "projects/p/locations/us-central1/publishers/google/models/gemini-live-2.5-flash", "0.5", "3", "12"),
    ],
)
def test_sound_has_a_price_of_its_own_at_google(provider, model, text, sound, answer):
    want = (300 * Decimal(text) + 200 * Decimal(sound) + 40 * Decimal(answer)) / MILLION
    assert usd(spoken(model), provider) == want


@pytest.mark.parametrize(
    ("provider", "basis"), [("openai", Basis.EXACT), ("azure", Basis.ESTIMATED)], ids=["openai", "azure"]
)
def test_sound_has_a_price_of_its_own_at_openai(provider, basis):
    live = Listener(open_realtime("/v1/realtime?model=gpt-realtime-2"))
    live.hears(realtime_created(), realtime_done(used=realtime_usage(500, 100, 200, 80)))
    want = (300 * Decimal(4) + 200 * Decimal(32) + 20 * Decimal(24) + 80 * Decimal(64)) / MILLION
    assert usd(live, provider, basis=basis) == want


@pytest.mark.parametrize(
    ("split", "basis", "want"),
    [
        # 150 * 4 + 150 * 32 + 150 * 5 + 250 * 0.4 + 200 * 0.4 + 100 * 0.5 + 120 * 16 millionths
        ({"text_tokens": 250, "audio_tokens": 200, "image_tokens": 100}, Basis.EXACT, "0.0083"),
        # Nobody says what 100 of the cached are: 50 * 4 + 150 * 32 + 250 * 5 + 550 * 0.4 + 120 * 16 millionths
        ({"text_tokens": 250, "audio_tokens": 200}, Basis.ESTIMATED, "0.00839"),
    ],
    ids=["told", "told in part"],
)
def test_what_a_realtime_turn_had_cached_is_exact_where_it_is_told_apart(split: Json, basis, want):
    used = realtime_usage(1_000, 120)
    used["input_token_details"] = {
        "text_tokens": 400, "audio_tokens": 350, "image_tokens": 250, "cached_tokens": 550, "cached_tokens_details": split,
    }  # fmt: skip
    live = Listener(open_realtime("/v1/realtime?model=gpt-realtime"))
    live.hears(realtime_created(), realtime_session(model="gpt-realtime"), realtime_done(used=used))
    assert usd(live, "openai", basis=basis) == Decimal(want)


@pytest.mark.parametrize(
    ("model", "used", "want"),
    [
        ("whisper-1", {"type": "duration", "seconds": 60.2}, Decimal("0.006")),
        ("gpt-realtime-whisper", {"type": "duration", "seconds": 60}, Decimal("0.017")),
        (
            "gpt-4o-transcribe",
            {"type": "tokens", "input_tokens": 100, "output_tokens": 10, "total_tokens": 110,
             "input_token_details": {"text_tokens": 20, "audio_tokens": 80}},
            (20 * Decimal("2.5") + 80 * Decimal(6) + 10 * Decimal(10)) / MILLION,
        ),
    ],
    ids=["whisper-1", "gpt-realtime-whisper", "gpt-4o-transcribe"],
)  # fmt: skip
def test_a_transcript_is_billed_at_the_prices_of_its_own_model(model, used: Json, want):
    live = Listener(open_realtime("/v1/realtime?model=gpt-realtime-2"))
    live.hears(realtime_session(model="gpt-realtime-2", audio={"input": {"transcription": {"model": model}}}))
    live.hears(transcript("completed", transcript="Hello", usage=used))
    assert usd(live, "openai") == want


def test_a_live_session_is_billed_by_the_second():
    live = Listener(open_live_session(""))
    live.says(SESSION_START)
    live.hears(SESSION_STARTED, session_closed(90))
    assert usd(live, "openai") == Decimal("0.075"), "OpenAI's own example: 90 seconds at 0.05 USD a minute"


def test_a_model_that_no_list_has_is_unpriced():
    assert billed(spoken("models/gemini-3.5-live-translate-preview"), "gemini") == Unpriced(
        UnpricedReason.UNKNOWN_MODEL
    )


def test_a_turn_of_which_nothing_was_told_is_unpriced():
    live = Listener(open_live(""))
    live.says(setup(), client_content())
    live.hears(TURN_COMPLETE)
    assert billed(live, "gemini") == Unpriced(UnpricedReason.NO_USAGE)
