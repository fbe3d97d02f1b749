import json
from fnmatch import fnmatchcase

import pytest

from sidecar.lifecycle.record import CallKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.openai import OPENAI, OpenAIDialect
from sidecar.providers.openai_chat import open_chat
from sidecar.providers.openai_extras import Extras, cost_at
from sidecar.providers.openai_request import open_call
from sidecar.providers.openai_routes import row
from tests.providers.openai_wire import used
from tests.providers.wire import JSON, read, whole


def spoken_by(name: str = "openai", **more: object) -> OpenAIDialect:
    return OpenAIDialect(name, name, ("api.example.com",), ON_CLOSE["openai"], **more)  # type: ignore[arg-type]


def test_the_dialect_introduces_itself():
    assert (OPENAI.name, OPENAI.provider) == ("openai", "openai")
    assert any(fnmatchcase("api.openai.com", host) for host in OPENAI.hosts)
    assert any(fnmatchcase("eu.api.openai.com", host) for host in OPENAI.hosts)


@pytest.mark.parametrize("path", ["", "/", "/?api-version=1"])
def test_a_post_without_a_path_is_refused(path):
    refusal = OPENAI.refusal("POST", path)
    assert refusal
    assert "OPENAI_BASE_URL" in refusal
    assert OPENAI.refusal("GET", path) is None


def test_a_doubled_version_is_refused():
    refusal = OPENAI.refusal("POST", "/v1/v1/chat/completions?x=1")
    assert refusal
    assert "twice" in refusal
    assert OPENAI.refusal("POST", "/v1/chat/completions?next=/v1/v1/") is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (418, "invalid_request_error"),
        (429, "rate_limit_error"),
        (502, "server_error"),
        (599, "server_error"),
    ],
)
def test_an_error_of_ours_has_openais_shape(status, kind):
    error = json.loads(OPENAI.error_body(status, 'no "road"'))
    assert error == {"error": {"message": 'no "road"', "type": kind, "param": None, "code": None}}


def test_routes_are_remembered_without_their_query():
    first = OPENAI.route("POST", "/v1/chat/completions?key=1")
    assert first is OPENAI.route("POST", "/v1/chat/completions?key=2")
    assert OPENAI.route("POST", "/v1/" + "x" * 600 + "/chat/completions") is not None


def test_a_call_is_unary_unless_its_body_says_otherwise():
    route = OPENAI.route("POST", "/v1/chat/completions")
    assert route is not None
    assert route.kind is CallKind.UNARY
    assert route.open_request is open_call


def test_a_provider_has_rows_of_its_own_and_they_come_first():
    dialect = spoken_by(rows=(row("special", r"/chat/completions"), row("rerank", r"/rerank")))
    assert [
        getattr(dialect.route("POST", path), "method", None) for path in ("/v1/chat/completions", "/v1/rerank")
    ] == [
        "special",
        "rerank",
    ]
    assert OPENAI.route("POST", "/v1/rerank") is None


def test_another_dialect_of_the_same_server_is_asked_at_the_end():
    other = spoken_by("other", rows=(row("messages", r"/v1/messages"),))
    dialect = spoken_by(then=other.route)
    found = dialect.route("POST", "/v1/messages")
    assert found is not None
    assert found.method == "messages"
    assert dialect.route("POST", "/v1/nothing") is None


def test_extras_reach_every_call():
    extras = Extras(amend=cost_at("cost"), reply_headers=("x-id",), asks_usage=False)
    dialect = spoken_by(extras=extras)
    for path in ("/v1/chat/completions", "/v1/responses", "/v1/embeddings"):
        route = dialect.route("POST", path)
        assert route is not None
        assert (route.reply_headers, route.asks_usage) == (("x-id",), False)
        got = read(route.open_reply(JSON, NO_FACTS), whole({"usage": used(10, 5, cost=0.25)}))
        assert isinstance(got, Reported)
        assert (got.usage, str(got.cost_usd)) == (Usage(input=10, output=5), "0.25")
    free = dialect.route("GET", "/v1/models")
    assert free is not None
    assert free.reply_headers == ()
    assert read(open_chat(JSON, NO_FACTS), whole({"usage": used(1, 2)})) == Reported(Usage(input=1, output=2))
