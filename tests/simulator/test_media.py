"""Pictures, sounds and vectors."""

import base64

import pytest

from sidecar.simulator.media import picture, sound, vector


@pytest.mark.parametrize("size", [0, 5, 8, 10_000])
def test_a_picture__has_the_size_asked_for(size: int):
    assert len(base64.b64decode(picture(size))) == size


def test_a_picture__begins_like_a_png():
    assert base64.b64decode(picture(100)).startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("size", [0, 1, 4_800])
def test_a_sound__has_the_size_asked_for(size: int):
    assert len(base64.b64decode(sound(size))) == size


def test_a_vector__has_the_length_asked_for_and_moderate_numbers():
    numbers = vector(768)
    assert len(numbers) == 768
    assert all(-0.5 <= number < 0.5 for number in numbers)
