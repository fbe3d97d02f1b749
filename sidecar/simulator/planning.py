"""From a request and its script to a plan. Pure.

Here is what all dialects share: the script, the model, and the plan of declining what can't be served. What a body means is
in the planning of its dialect.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from sidecar.simulator import chat_planning, google_planning, openai_planning
from sidecar.simulator.asked import Asked
from sidecar.simulator.catalog import Family, Model
from sidecar.simulator.chat_prompt import Named
from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Price
from sidecar.simulator.prompt import read_body
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script, read_script
from sidecar.simulator.settings import Settings

AGENTS_MODEL = "gemini-2.5-pro"
"""The model that does the work where a request names an agent."""
PLANNERS: Mapping[str, Callable[[Asked], Plan]] = {
    **google_planning.PLANNERS,
    **chat_planning.PLANNERS,
    **openai_planning.PLANNERS,
}


Decided = TypeVar("Decided")


def plan_call(route: Route, request: Request, settings: Settings) -> Plan:
    """The plan of a call; when it can't be served, the plan of declining it."""
    return decide(route, request, settings, PLANNERS[route.method])


def decide(
    route: Route,
    request: Request,
    settings: Settings,
    planner: Callable[[Asked], Decided],
    name: Callable[[Route, Request, Script], Route] | None = None,
) -> Decided | Plan:
    """What a planner makes of a request; when it can't be served, the plan of declining it.

    `name` gives the route its model where the path does not name one: by default the body's `model` is it.
    """
    try:
        script = read_script(request.headers.get("x-simulator", ""), settings.script)
        if not route.model:
            route = name(route, request, script) if name else named_by_the_body(route, request)
        if script.status is not None:
            return declining(route, script, Declined(script.status, "The script of this call declines it."))
        model = _model_for(route, script, settings)
        return planner(Asked(route, model, script, request, settings))
    except Declined as declined:
        return declining(route, Script(), declined)


def named_by_the_body(route: Route, request: Request) -> Route:
    """The route with the model that the body names, and whether it asks for a stream.

    Raises:
        Declined: the body names none, or can't be read.
    """
    if request.held is None:
        raise Declined(413, "The simulator reads no model out of a body of more than 1 MiB.")
    named = read_body(request.held, Named)
    model = named.model or (AGENTS_MODEL if named.agent else "")
    if not model:
        raise Declined(400, "you must provide a model parameter")
    streams = named.stream if named.stream is not None else route.dialect is Dialect.OLLAMA
    return msgspec.structs.replace(route, model=model, asks_stream=streams)


def declining(route: Route, script: Script, declined: Declined) -> Plan:
    """The plan of answering with an error."""
    model = Model(route.model, Family.CONTENT, Price())
    seconds = script.think if script.seconds is None else script.seconds
    return Plan(route=route, model=model, script=script, declined=declined, seconds=seconds)


def _model_for(route: Route, script: Script, settings: Settings) -> Model:
    """The model that is asked, at the price of the tier that serves it."""
    model = settings.catalog.get(route.model)
    if model is None or not model.can(route.method) or not model.speaks(route.dialect):
        raise Declined(404, f"models/{route.model} is not found, or is not supported for {route.method}.")
    return msgspec.structs.replace(model, price=model.price.variant(script.tier))
