"""google-genai, openai and anthropic behave the same through the sidecar as directly, errors and retries included.

The same script is played to the same client twice: by the provider itself, and by the provider behind `sidecar serve`. What
the SDK returned or raised must be equal, and so must the requests that the provider saw, one by one.

The sidecar has no routes for the dialects of OpenAI and Anthropic yet. Their clients go through its gemini upstream, which
passes any path that is no call of Google's on as a plain exchange.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.end_to_end.dialect_wire import (
    SSE,
    cut_short,
    error,
    error_event,
    events,
    gzipped,
    head,
    stream,
    unary,
    whole,
    whole_stream,
)  # fmt: skip
from tests.end_to_end.rig import running_sidecar
from tests.end_to_end.scripted_provider import SCRIPT_HEADER, Answer, Asked, ScriptedProvider, Then, scripted_provider
from tests.end_to_end.sdks import FAST_SECONDS, NAMES, Sdk, Told, Wish, every_sdk

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]

OF_A_HOP = {"host", "connection", "transfer-encoding"}
BOUNDARY = re.compile(rb"[0-9a-f]{32}")
HURRY = "Retry-After-Ms: 5"
IMPATIENCE_SECONDS = 0.12

BROKEN = {"RemoteProtocolError", "ReadError", "ClientPayloadError", "ClientOSError", "ServerDisconnectedError"}
"""A provider's FIN in the middle of an answer is passed on as a reset, the one end that no client takes for a clean one.
What the transports of the SDKs raise has another name then: it is raised at the same place, and retried by the same rules."""


class Scenario(NamedTuple):
    """What the provider does, by the client's dialect, and what is asked of the client."""

    answers: Callable[[str], list[Answer]]
    is_stream: bool = False
    leaves_after: int | None = None
    timeout_seconds: float | None = None
    prompt_bytes: int = 0
    attempts: int = 1
    """Requests that the provider sees, where all SDKs agree on that; 0 where they do not."""


def declined(status: int) -> Scenario:
    is_final = status in (400, 401, 404)
    return Scenario(lambda dialect: [error(dialect, status, HURRY)], attempts=1 if is_final else 0)


SCENARIOS = {
    "answer": Scenario(lambda d: [whole(unary(d))]),
    "stream": Scenario(lambda d: [whole_stream(d)], is_stream=True),
    "gzip": Scenario(lambda d: [gzipped(unary(d))]),
    "gzip stream": Scenario(lambda d: [gzipped(b"".join(events(d)), SSE)], is_stream=True),
    "answer until the end of the connection": Scenario(lambda d: [Answer((head(), unary(d)), Then.CLOSE)]),
    "large both ways": Scenario(lambda d: [whole(unary(d, padding=1_000_000))], prompt_bytes=1_000_000),
    "400": declined(400),
    "401": declined(401),
    "404": declined(404),
    "429": declined(429),
    "503": declined(503),
    "529": declined(529),
    "stream declined": Scenario(lambda d: [error(d, 429, HURRY)], is_stream=True, attempts=0),
    "429 and then an answer": Scenario(lambda d: [error(d, 429, "Retry-After: 0.01"), whole(unary(d))], attempts=2),
    "500 and then an answer": Scenario(lambda d: [error(d, 500, HURRY), whole(unary(d))], attempts=2),
    "500 that must not be retried": Scenario(lambda d: [error(d, 500, "x-should-retry: false")], attempts=0),
    "no JSON": Scenario(lambda d: [whole(b'{"a":')], attempts=0),
    "no JSON in a stream": Scenario(lambda d: [stream(events(d)[0], b"data: {\n\n")], is_stream=True),
    "answer cut": Scenario(lambda d: [cut_short(unary(d))], attempts=0),
    "answer cut and then whole": Scenario(lambda d: [cut_short(unary(d)), whole(unary(d))], attempts=0),
    "answer reset": Scenario(lambda d: [cut_short(unary(d), Then.RESET)], attempts=0),
    "stream cut": Scenario(lambda d: [stream(events(d)[0], last=b"", then=Then.CLOSE)], is_stream=True, attempts=0),
    "stream reset": Scenario(lambda d: [stream(events(d)[0], last=b"", then=Then.RESET)], is_stream=True, attempts=0),
    "stream cut within a chunk": Scenario(
        lambda d: [stream(events(d)[0], last=b"ff\r\ndata:", then=Then.CLOSE)], is_stream=True, attempts=0
    ),
    "stream that ends early and in order": Scenario(lambda d: [stream(events(d)[0])], is_stream=True),
    "error within a stream": Scenario(lambda d: [stream(events(d)[0], error_event(d))], is_stream=True),
    "client closes the stream": Scenario(
        lambda d: [stream(events(d)[0], last=b"", then=Then.HANG)], is_stream=True, leaves_after=1
    ),
    "client loses patience": Scenario(lambda d: [Answer((), Then.HANG)], timeout_seconds=IMPATIENCE_SECONDS, attempts=0),
    "client loses patience within an answer": Scenario(
        lambda d: [cut_short(unary(d), Then.HANG)], timeout_seconds=IMPATIENCE_SECONDS, attempts=0
    ),
    "client loses patience within a stream": Scenario(
        lambda d: [stream(events(d)[0], last=b"", then=Then.HANG)], is_stream=True, timeout_seconds=IMPATIENCE_SECONDS, attempts=0
    ),
}  # fmt: skip


class Ways(NamedTuple):
    """The clients of both ways, and the provider that they lead to."""

    provider: ScriptedProvider
    directly: dict[str, Sdk]
    through: dict[str, Sdk]
    to_nobody: dict[str, Sdk]
    to_nobody_through: dict[str, Sdk]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    nobody = "http://127.0.0.1:1"  # tcpmux; nobody listens there
    with (
        pytest.MonkeyPatch.context() as patch,
        scripted_provider() as provider,
        running_sidecar(tmp_path_factory.mktemp("parity"), provider.url, {"UPSTREAMS__VERTEX__URL": nobody}) as sidecar,
        every_sdk(provider.url) as directly,
        every_sdk(f"{sidecar.proxy}/gemini") as through,
        every_sdk(nobody) as to_nobody,
        every_sdk(f"{sidecar.proxy}/vertex") as to_nobody_through,
    ):
        for sdk in ("openai", "anthropic"):
            patch.setattr(f"{sdk}._base_client.INITIAL_RETRY_DELAY", FAST_SECONDS)
        yield Ways(provider, directly, through, to_nobody, to_nobody_through)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def played(provider: ScriptedProvider, sdk: Sdk, scenario: Scenario, **more: bytes) -> tuple[Told, list[Asked]]:
    """What the client told, and what the provider saw."""
    script = uuid.uuid4().hex
    provider.script(script, *scenario.answers(sdk.dialect))
    wish = Wish(
        {SCRIPT_HEADER: script, "X-Of-The-Caller": 'b,c; d="e"'},
        scenario.is_stream, scenario.leaves_after, scenario.timeout_seconds, scenario.prompt_bytes, **more,
    )  # fmt: skip
    return alike(sdk.ask(wish)), [without_hop(asked) for asked in provider.asked(script)]


def alike(told: Told) -> Told:
    """Without the name of how a connection broke."""
    if told.error is None or told.error[0] not in BROKEN:
        return told
    return told._replace(error=("the connection broke",))


def without_hop(asked: Asked) -> Asked:
    """What is the same on every way: no fields of the hop, no random boundary of a multipart body, no name of the script."""
    fields = tuple(
        (name, BOUNDARY.sub(b"BOUNDARY", value.encode("latin-1")).decode("latin-1"))
        for name, value in asked.fields
        if name not in OF_A_HOP
    )
    return asked._replace(fields=fields, body=BOUNDARY.sub(b"BOUNDARY", asked.body))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_client_is_told_the_same__and_the_provider_is_asked_the_same(ways: Ways, name: str, scenario: Scenario) -> None:
    told_directly, asked_directly = played(ways.provider, ways.directly[name], scenario)
    told_through, asked_through = played(ways.provider, ways.through[name], scenario)
    assert told_through == told_directly
    assert asked_through == asked_directly
    assert asked_directly, told_directly
    assert len(asked_directly) == scenario.attempts or not scenario.attempts


@pytest.mark.parametrize("name", ["openai", "openai async"])
@pytest.mark.parametrize("answer", [whole(b'{"created":1,"data":[]}'), error("openai", 500, HURRY)], ids=["200", "500"])
def test_multipart_upload__arrives_the_same(ways: Ways, name: str, answer: Answer) -> None:
    scenario = Scenario(lambda _: [answer])
    picture = bytes(range(256)) * 2000
    told_directly, asked_directly = played(ways.provider, ways.directly[name], scenario, upload=picture)
    told_through, asked_through = played(ways.provider, ways.through[name], scenario, upload=picture)
    assert (told_through, asked_through) == (told_directly, asked_directly)
    assert picture in asked_through[0].body


def is_our_502(told: Told, because: str) -> bool:
    return told.error is not None and told.error[1] == "502" and because in told.error[2]


def test_provider_closes_without_an_answer__the_same_requests_and_the_same_kind_of_error(ways: Ways, name: str) -> None:
    """Not 502: google-genai, asked to retry, sends again after one, and not after a connection that broke."""
    scenario = Scenario(lambda _: [Answer((), Then.CLOSE)])
    told_directly, asked_directly = played(ways.provider, ways.directly[name], scenario)
    told_through, asked_through = played(ways.provider, ways.through[name], scenario)
    assert told_directly.error is not None
    assert told_through.error is not None
    assert asked_through == asked_directly


def test_nobody_listens__ours_is_given(ways: Ways, name: str) -> None:
    """The one difference there must be: the connection that is refused is not the client's own."""
    assert ways.to_nobody[name].ask(Wish({})).error is not None
    assert is_our_502(ways.to_nobody_through[name].ask(Wish({})), "could not be reached")
