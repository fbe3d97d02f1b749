"""Veo: a video is asked for, an operation makes it, and nothing ever says what it cost (google-wire 7.3).

What is billed are the seconds of each video that was delivered, so the request and the operation's end are read together:
its length, resolution and sound stand in the one, how many were not filtered out in the other.
"""

from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, decoded, value_of
from sidecar.metering.usage import Usage
from sidecar.providers.contract import (
    NO_FACTS,
    ReplyHead,
    ReplyReader,
    Reported,
    RequestFacts,
    RequestHead,
    RequestReader,
)
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.unary import UnaryReader

LONGEST_VIDEO = 3600
"""Seconds; more is no length that could be asked for."""
MOST_VIDEOS = 64
RESOLUTION_LENGTH = 16


class VideoParameters(Struct, rename="camel", gc=False):
    """The part of a Veo request that its price depends on (google-wire 7.3)."""

    sample_count: Raw = NULL
    duration_seconds: Raw = NULL
    resolution: Raw = NULL
    generate_audio: Raw = NULL


class VideoRequest(Struct, gc=False):
    """A Veo request."""

    parameters: VideoParameters | None = None


VIDEO_REQUEST = msgspec.json.Decoder(VideoRequest)


def video_in(document: bytes) -> RequestFacts:
    """Seconds of one video, how many, and what a second's price hangs on.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    parameters = decoded(VIDEO_REQUEST, document).parameters
    if parameters is None:
        return NO_FACTS
    resolution = value_of(parameters.resolution)
    is_named = isinstance(resolution, str) and len(resolution) <= RESOLUTION_LENGTH and resolution.isalnum()
    words = [str(resolution)] if is_named else []
    has_sound = value_of(parameters.generate_audio)
    if isinstance(has_sound, bool):
        words.append("audio" if has_sound else "silent")
    return RequestFacts(
        variant=" ".join(words),
        pieces=number_of(parameters.sample_count, MOST_VIDEOS),
        seconds=number_of(parameters.duration_seconds, LONGEST_VIDEO),
    )


def number_of(raw: Raw, most: int) -> int:
    """A whole number from 1 to `most`, written as a number or as a string; 0 when it is none."""
    value = value_of(raw)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(most)):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most else 0


def open_video_request(head: RequestHead) -> RequestReader:
    """The reader of a request for videos."""
    return JsonRequest(video_in, head)


# === the operation ===


class Samples(Struct, rename="camel", gc=False):
    """Videos as the Gemini API delivers them."""

    generated_samples: Raw = NULL


class Videos(Struct, rename="camel", gc=False):
    """Videos as Vertex delivers them, or where the Gemini API has its own."""

    videos: Raw = NULL
    generate_video_response: Samples | None = None


class Operation(Struct, gc=False):
    """An operation, as far as it tells what came of it."""

    done: Raw = NULL
    error: Raw = NULL
    response: Videos | None = None


OPERATION = msgspec.json.Decoder(Operation)


def delivered_in(document: bytes, facts: RequestFacts) -> Reported | None:
    """The seconds of all videos that an operation delivered; None before its end, and where their length is not known.

    Raises:
        Unreadable: the document is no operation, or not a whole one.
    """
    operation = decoded(OPERATION, document)
    if value_of(operation.done) is not True:
        return None
    if operation.error != NULL or operation.response is None:
        return Reported(Usage()) if operation.error != NULL else None
    samples = operation.response.generate_video_response
    videos = value_of(samples.generated_samples if samples else operation.response.videos)
    count = len(videos) if isinstance(videos, list) else 0
    if count and not facts.seconds:
        return None
    return Reported(Usage(video_seconds=count * facts.seconds, variant=facts.variant if count else ""))


def open_video(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of an operation; the facts are those of the request that opened it."""
    return UnaryReader(partial(delivered_in, facts=facts), head)
