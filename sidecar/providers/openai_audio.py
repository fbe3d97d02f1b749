"""Sounds: transcriptions and translations, billed by tokens or by seconds, and speech, billed by characters or by tokens.

A transcript says which (`usage.type`). A sound says nothing: what was asked to be spoken is all there is to go by, and it is the
bill itself for the models that are priced by the character.
"""

from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, decoded, value_of
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.estimate import tokens_of
from sidecar.providers.figures import Figures
from sidecar.providers.openai_chat import look_at_chunk
from sidecar.providers.openai_events import Kind, look_at_event, look_for
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_stream import PieceTally, stream_reader
from sidecar.providers.reported import MALFORMED, judged
from sidecar.providers.unary import UnaryReader
from sidecar.providers.unread import UnreadReply


class Transcript(Struct, gc=False):
    """A reply of `transcriptions`; `duration` is that of `verbose_json`."""

    usage: Raw = NULL
    duration: Raw = NULL


TRANSCRIPT = msgspec.json.Decoder(Transcript)

TRANSCRIPT_EVENTS = {
    "transcript.text.delta": Kind.OUTPUT,
    "transcript.text.done": Kind.END,
    "error": Kind.FAILURE,
}
SPEECH_EVENTS = {"speech.audio.done": Kind.END, "error": Kind.FAILURE}

BY_CHARACTER = ("tts-1",)
"""How the models are called that OpenAI prices by the character; the others are priced by tokens of sound."""

look_at_speech = look_for(SPEECH_EVENTS)


def look_at_transcript(event: bytes, tally: PieceTally) -> None:
    """Note what an event was: OpenAI's have a type, vLLM sends chunks like those of chat."""
    if b'"choices"' in event:
        look_at_chunk(event, tally)
    else:
        look_at_event(event, tally, TRANSCRIPT_EVENTS)


def open_transcript(head: ReplyHead, facts: RequestFacts, extras: Extras = PLAIN) -> ReplyReader:
    """The reader of a transcript: JSON, events, or plain text and subtitles, which report nothing."""
    extract = partial(transcript_in, extras=extras)
    if head.is_event_stream:
        return stream_reader(head, look_at_transcript, extract, extras)
    if "json" in head.content_type.lower():
        return UnaryReader(extract, head)
    return UnreadReply()


def transcript_in(document: bytes, extras: Extras = PLAIN) -> Reported | None:
    """The tokens or the seconds of a transcript; None when it reports neither.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    transcript = decoded(TRANSCRIPT, document)
    used = Figures(value_of(transcript.usage))
    if used.has("seconds"):
        return timed(used, "seconds")
    reported = reported_in(document, extras)
    if reported is not None:
        return reported
    spoken = timed(Figures({"duration": value_of(transcript.duration)}), "duration")
    return msgspec.structs.replace(spoken, basis=Basis.ESTIMATED, reason="audio_length") if spoken else None


def timed(figures: Figures, name: str) -> Reported | None:
    """Seconds of sound, "rounded to the nearest second" (OpenAI's price list of Whisper); None when there are none."""
    seconds = round(figures.amount(name))
    return judged(Usage(audio_seconds=seconds), "", "", "" if figures.is_sound else MALFORMED) if seconds else None


def open_speech(head: ReplyHead, facts: RequestFacts, extras: Extras = PLAIN) -> ReplyReader:
    """The reader of speech: events, or the sound itself. An error has neither and was not billed."""
    spoken = spoken_of(facts) if head.status < 400 else None
    if head.is_event_stream:
        return stream_reader(head, look_at_speech, partial(speech_in, extras=extras), extras, otherwise=spoken)
    return UnreadReply(spoken)


def speech_in(document: bytes, extras: Extras = PLAIN) -> Reported | None:
    """What the last event of speech reports: its output is sound.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    reported = reported_in(document, extras)
    if reported is None or reported.usage.audio_output:
        return reported
    usage = msgspec.structs.replace(reported.usage, audio_output=reported.usage.output)
    return msgspec.structs.replace(reported, usage=usage)


def spoken_of(facts: RequestFacts) -> Reported | None:
    """What a request for speech uses, when its reply does not say: nobody tells how long the sound will be."""
    if not facts.characters:
        return None
    if facts.model.startswith(BY_CHARACTER):
        return Reported(Usage(characters=facts.characters))
    usage = Usage(input=tokens_of(facts.characters), characters=facts.characters)
    return Reported(usage, basis=Basis.ESTIMATED, reason="unreported_sound")
