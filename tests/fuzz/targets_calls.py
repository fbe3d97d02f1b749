"""What every dialect reads of calls: replies and requests. The first line of an input names the reader (`dialects.routed`)."""

from collections.abc import Iterable

from sidecar.providers.contract import NO_FACTS, Reported, RequestFacts, RequestHead
from sidecar.providers.observing import IDENTITY
from tests.bench.metering_transcripts import TRANSCRIPTS
from tests.fuzz.dialects import MOST_COUNT, WORDS, check_reported, check_word, files_of, routed
from tests.fuzz.target import Target, in_two_parts, same_however_cut, with_line


def reply(data: bytes) -> None:
    """A reply reports the same however it comes, in counts that can be; what it reports has a price or none, never an error."""
    line, body = in_two_parts(data)
    route, _, head, facts = routed(line)
    if route is None:
        return

    def read(pieces: Iterable[bytes]) -> tuple[Reported | None, bool]:
        reader = route.open_reply(head, facts)
        for piece in pieces:
            reader.feed(piece)
            reader.reported()
        reader.finish()
        if route.inquiry is not None:
            route.inquiry.path(route.inquiry.identity(reader))
            check_reported(route.inquiry.read(body), line)
        return reader.reported(), reader.is_terminal

    reported, _ = same_however_cut(read, body) if not head.content_coding else read([body])
    check_reported(reported, line)


def request(data: bytes) -> None:
    """A request says the same however it comes, in words that can be written and numbers that can be."""
    line, body = in_two_parts(data)
    route, _, head, _ = routed(line)
    if route is None or route.open_request is None:
        return
    opened = route.open_request

    def read(pieces: Iterable[bytes]) -> tuple[RequestFacts, int]:
        reader = opened(RequestHead(head.content_type, head.content_coding))
        for piece in pieces:
            reader.feed(piece)
        assert reader.facts() == NO_FACTS
        reader.finish()
        return reader.facts(), reader.text_bytes()

    facts, text_bytes = same_however_cut(read, body) if not head.content_coding else read([body])
    assert text_bytes >= 0
    assert head.content_coding or text_bytes <= len(body)
    for text in (facts.model, facts.variant, facts.mark):
        check_word(text)
    for number in (facts.pieces, facts.seconds, facts.characters):
        assert type(number) is int
        assert 0 <= number <= MOST_COUNT, f"{facts}"
    assert not facts.operation_id or IDENTITY.fullmatch(facts.operation_id)
    assert type(facts.is_stream) in (bool, type(None))
    assert type(facts.is_background) is bool


def seeds() -> list[bytes]:
    """A whole reply, a stream and a request of each dialect that has a transcript."""
    made = []
    for name, one in TRANSCRIPTS.items():
        stream = one.opening + one.chunk * 2
        made.append(with_line(f"{name} POST {one.path} 200 application/json", one.reply))
        made.append(with_line(f"{name} POST {one.stream_path} 201 {one.stream_type}", stream))
        made.append(with_line(f"{name} POST {one.path}", one.request))
    return made


OF_REPLIES = (
    "anthropic", "bedrock", "cohere", "fal", "figures", "google", "mistral", "ollama", "openai", "openrouter", "replicate",
    "runpod",
    "together", "unary", "xai", "stream", "frame", "counts",
)  # fmt: skip
NOT_OF_REPLIES = (
    "operation", "batch", "jobs", "long_running", "video", "tuned", "triggers", "dreams", "background", "live", "realtime",
    "socket",
    "lanes", "request", "routes", "inject", "deadline",
)  # fmt: skip

TARGETS = (
    Target("reply", reply, seeds(), files_of(*OF_REPLIES, but=NOT_OF_REPLIES), WORDS, 4096),
    Target(
        "request",
        request,
        seeds(),
        files_of("json_request", "form_request", "openai_request", "google_request", "operation_requests"),
        WORDS,
    ),
)
