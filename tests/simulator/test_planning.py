"""From a request to a plan."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sidecar.simulator.catalog import CONVERSED, ELSEWHERE, METHODS, OPENED
from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import PLANNERS, plan_call
from sidecar.simulator.prices import Used
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.settings import Settings

QUESTION = {"contents": [{"parts": [{"text": "Why is the sky blue?"}]}]}


def planned(
    method: str = "generateContent",
    model: str = "gemini-2.5-flash",
    body: Any = QUESTION,
    script: str = "",
    settings: Settings | None = None,
    dialect: Dialect = Dialect.GEMINI,
    **fields: Any,
) -> Plan:
    held = json.dumps(body).encode()
    request = Request("POST", "/", {}, {"x-simulator": script}, "00", len(held), held, 0)
    route = Route(dialect, method, model)
    return plan_call(route, msgspec.structs.replace(request, **fields), settings or Settings())


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (404, {"model": "gemini-of-tomorrow"}),
        (404, {"model": "gemini-2.5-flash", "method": "predict"}),
        (404, {"model": "imagen-4.0-generate-001"}),
        (400, {"script": "nonsense"}),
        (404, {"model": "gpt-4o-mini"}),
        (404, {"model": "gpt-4o-mini", "dialect": Dialect.OPENAI, "method": "embeddings"}),
        (404, {"model": "claude-haiku-4-5", "dialect": Dialect.OPENAI, "method": "chat.completions"}),
        (400, {"model": "", "dialect": Dialect.OPENAI, "method": "chat.completions"}),
        (413, {"model": "", "dialect": Dialect.OPENAI, "method": "chat.completions", "held": None}),
        (503, {"script": "status=503"}),
    ],
)
def test_what_can_not_be_served__the_plan_of_declining_it(status: int, arguments: dict[str, Any]):
    plan = planned(**arguments)
    assert plan.declined is not None
    assert plan.declined.status == status
    assert (plan.used, plan.seconds, plan.is_billable) == (Used(), 0.0, False)


def test_a_scripted_error__comes_when_the_script_says():
    assert planned(script="status=503 seconds=2").seconds == 2.0


CHAT = {"messages": [{"role": "user", "content": "Why is the sky blue?"}], "model": "gpt-5-mini"}


def test_a_body_that_names_the_model__named_on_the_route():
    plan = planned("chat.completions", "", {**CHAT, "stream": True}, dialect=Dialect.OPENAI)
    assert (plan.route.model, plan.route.asks_stream, plan.is_stream) == ("gpt-5-mini", True, True)


@pytest.mark.parametrize(
    ("dialect", "method", "model"), [("openai", "chat.completions", "gpt-5-mini"), ("ollama", "chat", "llama3.2")]
)
def test_a_body_that_does_not_say__streams_only_where_that_is_the_habit(dialect: str, method: str, model: str):
    plan = planned(method, "", {**CHAT, "model": model}, dialect=Dialect(dialect))
    assert plan.is_stream == (dialect == "ollama")


@pytest.mark.parametrize(("tier", "output"), [("", "2"), ("flex", "1"), ("priority", "3.60"), ("unheard-of", "2")])
def test_a_tier__has_its_price(tier: str, output: str):
    plan = planned("chat.completions", "", CHAT, f"tier={tier}", dialect=Dialect.OPENAI)
    assert plan.model.price.output == Decimal(output)


def test_every_method_of_every_model__has_a_planner():
    named = {method for methods in (*METHODS.values(), *ELSEWHERE.values()) for method in methods}
    opened = {method for methods in OPENED.values() for method in methods}  # planned by the families of operations
    conversed = {method for methods in CONVERSED.values() for method in methods}  # by the conversations of sockets
    assert named - opened - conversed == set(PLANNERS)
