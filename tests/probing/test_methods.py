"""What is asked is what our own dialects take for a call, by the method's name and of the kind that was meant."""

import json

import pytest

from sidecar.lifecycle.record import CallKind
from sidecar.probing.methods import Method, NoMethod, Question, method_of, methods_of
from sidecar.providers.contract import RequestHead, Role
from sidecar.providers.registry import DIALECTS

ALL = [(dialect, method) for dialect in DIALECTS for method in methods_of(dialect)]


def question(kind: CallKind, model: str = "m") -> Question:
    return Question(model, kind, 100, "p1")


@pytest.mark.parametrize("kind", [CallKind.STREAM, CallKind.UNARY])
@pytest.mark.parametrize(("dialect", "method"), ALL, ids=[f"{dialect} {method.name}" for dialect, method in ALL])
def test_every_method_is_a_call_of_its_kind(dialect: str, method: Method, kind: CallKind) -> None:
    asked = question(kind)
    route = DIALECTS[dialect].route("POST", method.target(asked).partition("?")[0])
    assert route is not None
    assert route.role is Role.CALL
    body = json.dumps(method.body(asked)).encode()
    assert b"100" in body
    is_stream = None
    if route.open_request is not None:
        reader = route.open_request(RequestHead("application/json"))
        reader.feed(body)
        reader.finish()
        is_stream = reader.facts().is_stream
    assert is_stream in (None, asked.is_stream)
    assert is_stream is not None or (route.kind is CallKind.STREAM) is asked.is_stream


@pytest.mark.parametrize(("dialect", "method"), [pair for pair in ALL if pair[1] is not methods_of(pair[0])[0]])
def test_a_method_beside_the_usual_one_has_the_name_of_its_route__by_which_its_fact_is_found(dialect, method):
    for kind in (CallKind.STREAM, CallKind.UNARY):
        route = DIALECTS[dialect].route("POST", method.target(question(kind)))
        assert route is not None
        assert route.method == method.name


def test_the_usual_method_is_taken_where_none_is_named():
    assert method_of("openai", None).name == "chat.completions"
    assert method_of("gemini", "interactions").name == "interactions.create"
    assert method_of("bedrock", "converse").name == "Converse"


def test_what_can_not_be_asked_is_said():
    with pytest.raises(NoMethod, match=r"no method nonsense in openai; there are: chat\.completions, responses"):
        method_of("openai", "nonsense")
    with pytest.raises(NoMethod, match="replicate runs models of one's own"):
        method_of("replicate", None)


def test_vertex_is_asked_in_the_project_of_the_sdks_variables(monkeypatch):
    target = method_of("vertex", None).target
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    assert target(question(CallKind.UNARY)) == "/v1/publishers/google/models/m:generateContent"
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "global")
    told = target(question(CallKind.STREAM))
    assert told == "/v1/projects/p/locations/global/publishers/google/models/m:streamGenerateContent?alt=sse"
    whole = "projects/p/locations/l/publishers/google/models/m"
    assert target(question(CallKind.UNARY, whole)) == f"/v1/{whole}:generateContent"
