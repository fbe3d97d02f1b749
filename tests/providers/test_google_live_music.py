import pytest

from sidecar.providers.google_live_music import open_music
from sidecar.providers.live import Asked, Began, Ended
from tests.providers.live_listener import Listener
from tests.providers.live_wire import SOUND, server_content, setup

MODEL = "lyria-realtime-exp"
CHUNK = server_content(audioChunks=[{"data": SOUND, "mimeType": "audio/l16;rate=48000;channels=2"}])


def control(word: object) -> dict[str, object]:
    return {"playbackControl": word}


@pytest.fixture
def music() -> Listener:
    listener = Listener(open_music(""))
    assert not listener.says(
        setup(f"models/{MODEL}"), {"clientContent": {"weightedPrompts": [{"text": "jazz", "weight": 1}]}}
    )
    assert not listener.hears({"setupComplete": {}})
    return listener


@pytest.mark.parametrize("word", ["PAUSE", "STOP"])
def test_music_is_a_turn_from_its_start_to_its_end(music, word):
    assert music.says(control("PLAY")) == [Asked(1, MODEL)]
    assert music.hears(CHUNK, CHUNK) == [Began(1, MODEL)]
    assert music.says(control("RESET_CONTEXT"), control("PLAY"), control(word)) == [Ended(1)]
    assert music.reported() is None, "nobody says what it used"
    assert music.says(control("PLAY")) == [Asked(2, MODEL)]


def test_music_ends_in_order_with_its_socket(music):
    music.says({"playback_control": "PLAY"})
    music.hears(CHUNK)
    assert music.turns[1].is_terminal, "what has been played is whole"
    assert music.take(music.reader.closed()) == [Ended(1)]
    assert not music.take(music.reader.closed())


def test_music_that_is_stopped_before_it_plays_has_ended(music):
    music.says(control("PLAY"))
    assert music.says(control("STOP")) == [Began(1, MODEL), Ended(1)]


@pytest.mark.parametrize("word", [{}, [], None, 5, "LOUDER"])
def test_what_is_no_word_for_it_starts_no_music(music, word):
    assert not music.says(control(word))
    assert not music.hears(CHUNK)


def test_a_message_that_is_none_starts_no_music():
    music = Listener(open_music(""))
    assert not music.says({"setup": 5}, b"x")
    assert music.says(control("PLAY")) == [Asked(1)]
    assert not music.hears(b"x", {"filteredPrompt": {"text": "jazz"}})
