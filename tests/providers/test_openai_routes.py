from decimal import Decimal

import pytest

from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import NO_FACTS, Role
from sidecar.providers.openai import OPENAI
from sidecar.providers.openai_routes import CALLS, FREE, OPERATIONS, SOCKETS, rows
from sidecar.providers.xai import XAI
from sidecar.websocket.message import Message
from tests.providers.wire import JSON, read

CALLED = [
    ("/chat/completions", "chat.completions"),
    ("/completions", "completions"),
    ("/responses", "responses"),
    ("/responses/compact", "responses.compact"),
    ("/embeddings", "embeddings"),
    ("/images/generations", "images.generations"),
    ("/images/edits", "images.edits"),
    ("/images/variations", "images.variations"),
    ("/audio/transcriptions", "audio.transcriptions"),
    ("/audio/translations", "audio.translations"),
    ("/audio/speech", "audio.speech"),
    ("/decisions", "decisions"),
]
OTHERS = [
    ("POST", "/responses/resp_1/cancel", "responses.cancel", Role.CANCEL),
    ("GET", "/responses/resp_1?starting_after=7&stream=true", "responses.get", Role.POLL),
    ("POST", "/responses/input_tokens", "responses.input_tokens", Role.FREE),
    ("GET", "/responses/resp_1/input_items", "responses.input_items", Role.FREE),
    ("DELETE", "/responses/resp_1", "responses.delete", Role.FREE),
    ("POST", "/videos", "videos", Role.SUBMIT),
    ("POST", "/videos/edits", "videos", Role.SUBMIT),
    ("POST", "/videos/extensions", "videos", Role.SUBMIT),
    ("POST", "/videos/video_1/remix", "videos", Role.SUBMIT),
    ("GET", "/videos/video_1", "videos.get", Role.POLL),
    ("GET", "/videos/video_1/content", "videos.content", Role.FREE),
    ("DELETE", "/videos/video_1", "videos.delete", Role.FREE),
    ("POST", "/batches", "batches", Role.SUBMIT),
    ("GET", "/batches", "lists", Role.FREE),
    ("GET", "/batches/batch_1", "batches.get", Role.POLL),
    ("POST", "/batches/batch_1/cancel", "batches.cancel", Role.CANCEL),
    ("POST", "/batches/batch_1:cancel", "batches.cancel", Role.CANCEL),
    ("POST", "/fine_tuning/jobs", "fine_tuning.jobs", Role.SUBMIT),
    ("GET", "/fine_tuning/jobs/ft_1", "fine_tuning.jobs.get", Role.POLL),
    ("POST", "/fine_tuning/jobs/ft_1/cancel", "fine_tuning.jobs.cancel", Role.CANCEL),
    ("POST", "/fine_tuning/jobs/ft_1/pause", "fine_tuning.jobs.pause", Role.FREE),
    ("POST", "/fine_tuning/jobs/ft_1/resume", "fine_tuning.jobs.resume", Role.FREE),
    ("GET", "/fine_tuning/jobs/ft_1/events", "fine_tuning.jobs.events", Role.FREE),
    ("POST", "/evals/e_1/runs", "evals.runs", Role.SUBMIT),
    ("GET", "/evals/e_1/runs/r_1", "evals.runs.get", Role.POLL),
    ("POST", "/evals/e_1/runs/r_1/cancel", "evals.runs.cancel", Role.CANCEL),
    ("POST", "/evals/e_1/runs/r_1", "evals.runs.cancel", Role.CANCEL),
    ("POST", "/threads/runs", "threads.runs", Role.SUBMIT),
    ("POST", "/threads/t_1/runs", "threads.runs", Role.SUBMIT),
    ("GET", "/threads/t_1/runs/r_1", "threads.runs.get", Role.POLL),
    ("POST", "/threads/t_1/runs/r_1/cancel", "threads.runs.cancel", Role.CANCEL),
    ("POST", "/moderations", "moderations", Role.FREE),
    ("GET", "/models", "models", Role.FREE),
    ("GET", "/models/gpt-5", "models", Role.FREE),
    ("GET", "/models/Qwen/Qwen3-8B", "models", Role.FREE),
    ("GET", "/chat/completions/chatcmpl-1/messages", "chat.completions.stored", Role.FREE),
    ("DELETE", "/chat/completions/chatcmpl-1", "chat.completions.delete", Role.FREE),
    ("POST", "/files", "files", Role.FREE),
    ("GET", "/files/file-1/content", "files", Role.FREE),
    ("DELETE", "/files/file-1", "files", Role.FREE),
    ("POST", "/uploads/u_1/parts", "uploads", Role.FREE),
]
OPENED = [
    ("/realtime", "realtime.connect"),
    ("/realtime?model=gpt-realtime-2", "realtime.connect"),
    ("/realtime?api-version=2025-04-01-preview&deployment=my-dep", "realtime.connect"),
    ("/responses", "responses.connect"),
    ("/live/sessions", "live.connect"),
    ("/live/sessions/live_1/fork", "live.forks.connect"),
]
PREFIXES = ["/v1", "/openai/v1", "/openai", "/api/v1", "/v2/abc123/openai/v1", "", "/gateway/team-a/v1"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(("path", "name"), CALLED)
def test_a_call_is_known_below_every_prefix(prefix, path, name):
    route = OPENAI.route("POST", prefix + path)
    assert route is not None
    assert (route.method, route.role, route.model, route.needs_body) == (name, Role.CALL, "", True)
    assert route.asks_usage == (name in ("chat.completions", "completions"))


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(("verb", "path", "name", "role"), OTHERS)
def test_what_is_no_call_is_known_too(prefix, verb, path, name, role):
    route = OPENAI.route(verb, prefix + path)
    assert route is not None
    assert (route.method, route.role) == (name, role)
    assert not route.is_billable


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(("target", "name"), OPENED)
def test_a_socket_is_known_below_every_prefix(prefix, target, name):
    route = OPENAI.route("GET", prefix + target)
    assert route is not None
    assert (route.method, route.role, route.kind, route.is_billable) == (name, Role.LIVE, CallKind.LIVE, False)
    assert route.open_live is not None
    assert route.open_live(prefix + target).turn(1).reported() is None


def test_a_provider_reads_its_sockets_in_its_own_way():
    ended = b'{"type":"response.completed","response":{"usage":{"input_tokens":9,"cost_in_usd_ticks":1000000000}}}'
    costs = []
    for dialect in (OPENAI, XAI):
        route = dialect.route("GET", "/v1/responses")
        assert route is not None
        assert route.open_live is not None
        reader = route.open_live("/v1/responses")
        reader.from_provider(Message(ended))
        reported = reader.turn(1).reported()
        costs.append(reported and reported.cost_usd)
    assert costs == [None, Decimal("0.1")]


@pytest.mark.parametrize("middle", ["/deployments/my-dep", "/deployments/my%2Ddep", "/engines/my-dep"])
@pytest.mark.parametrize(("path", "name"), CALLED)
def test_a_deployment_in_the_path_names_the_model(middle, path, name):
    route = OPENAI.route("POST", f"/openai{middle}{path}?api-version=2024-10-21")
    assert route is not None
    assert (route.method, route.model) == (name, "my-dep")


def test_a_deployment_with_extensions_names_the_model():
    route = OPENAI.route("POST", "/openai/deployments/my-dep/extensions/chat/completions")
    assert route is not None
    assert route.model == "my-dep"


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/v1/chat"),
        ("POST", "/v1/chat/completions/"),
        ("POST", "/v1/chat/completions/x"),
        ("POST", "/v1/xcompletions"),
        ("POST", "/v1/messages"),
        ("POST", "/v1/messages/batches"),
        ("GET", "/v1/messages/batches/b_1"),
        ("POST", "/v1/messages/batches/b_1/cancel"),
        ("POST", "/v1/conversations"),
        ("POST", "/v1/realtime/client_secrets"),
        ("PUT", "/v1/chat/completions"),
        ("GET", "/v1/embeddings"),
        ("GET", "/v1/live/sessions/live_1/attach"),
        ("GET", "/v1/realtime/translations"),
        ("POST", "/v1/realtime"),
        ("POST", "/v1/live/sessions"),
        ("POST", "/"),
        ("POST", ""),
        ("GET", "/v1/chat/completions\n"),
        ("POST", "*"),
    ],
)
def test_what_is_not_in_the_table_is_no_route(verb, path):
    assert OPENAI.route(verb, path) is None


def test_every_row_of_the_table_has_its_test():
    tested = {name for _, name in (*CALLED, *OPENED)} | {name for _, _, name, _ in OTHERS}
    assert tested == {row[0] for row in (*CALLS, *OPERATIONS, *FREE, *SOCKETS)}
    assert len(rows()) == len(CALLS) + len(OPERATIONS) + len(FREE) + len(SOCKETS)


def test_a_free_reply_is_not_read():
    route = OPENAI.route("GET", "/v1/files/file-1/content")
    assert route is not None
    assert read(route.open_reply(JSON, NO_FACTS), b'{"usage": {"prompt_tokens": 7}}') is None
