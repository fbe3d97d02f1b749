"""A file that is uploaded twice: the SDK draws another boundary for each attempt, and all between the boundaries is the same."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from tests.end_to_end.asking import KEY
from tests.end_to_end.dialect_wire import whole
from tests.end_to_end.scripted_provider import BETWEEN_PIECES_SECONDS, SCRIPT_HEADER
from tests.end_to_end.sdk_road import SdkRoad, new_name, sdk_road

IMPATIENCE_SECONDS = 0.4
LATE = (b"",) * round(1.2 * IMPATIENCE_SECONDS / BETWEEN_PIECES_SECONDS)
"""Pieces before the answer: too late for the first attempt, in time for the second, which leaves after 1.18 s or later."""
FILE = bytes(range(256)) * 40
EDITED = {"created": 1, "data": [{"b64_json": "aGk="}]}
HEARD = {"text": "the sea"}

Upload = Callable[[openai.OpenAI, bytes], Any]


def edit(client: openai.OpenAI, file: bytes) -> Any:
    return client.images.edit(image=("a.png", file), prompt="a sea", model="gpt-image-1")


def transcribe(client: openai.OpenAI, file: bytes) -> Any:
    return client.audio.transcriptions.create(file=("a.wav", file), model="gpt-4o-transcribe")


UPLOADS = {"image": (edit, EDITED), "audio": (transcribe, HEARD)}


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("uploads"), {"mode": "enforce"}) as running:
        yield running


def client_of(road: SdkRoad, name: str, **more: Any) -> openai.OpenAI:
    headers = {"X-Sidecar-Caller": name, SCRIPT_HEADER: name}
    return openai.OpenAI(api_key=KEY, base_url=f"{road.through('scripted-openai')}/v1", default_headers=headers, **more)


@pytest.mark.parametrize(("upload", "answer"), UPLOADS.values(), ids=UPLOADS.keys())
def test_upload_that_the_sdk_sends_again__sent_on_once(road: SdkRoad, upload: Upload, answer: dict[str, Any]) -> None:
    name, reply = new_name(), whole(json.dumps(answer).encode())
    road.provider.script(name, reply._replace(pieces=(*LATE, *reply.pieces)))
    with client_of(road, name, timeout=IMPATIENCE_SECONDS) as client:
        told = upload(client, FILE)
    assert len(road.provider.asked(name)) == 1
    assert told.model_dump(exclude_unset=True).items() >= answer.items()
    assert [row.outcome for row in road.rows(name, 2)] == ["rescued", "joined"]


@pytest.mark.parametrize(("upload", "answer"), UPLOADS.values(), ids=UPLOADS.keys())
def test_another_file__is_another_request(road: SdkRoad, upload: Upload, answer: dict[str, Any]) -> None:
    name, reply = new_name(), whole(json.dumps(answer).encode())
    road.provider.script(name, reply._replace(pieces=(*LATE, *reply.pieces)), reply)
    with client_of(road, name, timeout=IMPATIENCE_SECONDS, max_retries=0) as client:
        with pytest.raises(openai.APITimeoutError):
            upload(client, FILE)
        upload(client, FILE[::-1])
        assert len(road.provider.asked(name)) == 2
        upload(client, FILE)
    assert len(road.provider.asked(name)) == 2
