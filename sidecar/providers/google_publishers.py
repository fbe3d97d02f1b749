"""Other makers' models on Google's services, and OpenAI's language spoken by Google.

Their requests and replies are their own dialects', so their readers are those dialects' too (google-wire 2). Claude is called
by `rawPredict` with Anthropic's bodies; Mistral, Llama and what one deploys oneself by `rawPredict` with OpenAI's. OpenAI's
paths stand behind `/openai` on the Gemini API, and on Vertex behind an endpoint or behind `publishers/{name}/v1`.
"""

import re

import msgspec

from sidecar.lifecycle.record import CallKind
from sidecar.providers.anthropic import route_on_vertex
from sidecar.providers.contract import Route
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.names import name_of
from sidecar.providers.openai import OPENAI
from sidecar.providers.openai_chat import open_chat
from sidecar.providers.openai_request import open_call

TARGET = re.compile(r"(?P<before>(?:/.*)?/)(?:models/(?P<model>[^/]+)|endpoints/(?P<endpoint>[^/:]+)):(?P<verb>[^/:]+)")
PUBLISHER = re.compile(r"/publishers/([^/]+)/\Z")
KINDS = {"rawPredict": CallKind.UNARY, "streamRawPredict": CallKind.STREAM}
"""Of the methods whose bodies are the publisher's own."""

OPENAI_PATH = re.compile(
    r"(?:/.*)?(?:(?P<gemini>(?<!/publishers)/openai)|/endpoints/[^/:]+|/publishers/[^/]+/v1)(?P<path>/.+)"
)
"""`/v1beta/openai/chat/completions`, `../endpoints/openapi/chat/completions`, `../publishers/{name}/v1/responses`."""


def publishers_route(path: str) -> Route | None:
    """The call that a POST to a raw method makes; None when it is none."""
    found = TARGET.fullmatch(path)
    if found is None or found["verb"] not in KINDS:
        return None
    publisher = PUBLISHER.search(found["before"])
    if publisher and publisher[1] == "anthropic":
        return route_on_vertex(found["verb"], found["model"])
    return Route(
        method=found["verb"],
        kind=KINDS[found["verb"]],
        model=name_of(found["model"] or found["endpoint"]),
        open_reply=open_chat,
        open_request=open_call,
        on_close=ON_CLOSE["vertex.publishers"],
    )


def openai_route(method: str, path: str) -> Route | None:
    """What a request in OpenAI's language is; None when the path is not one of those, or OpenAI has none like it.

    Whose model answers stands in the body (`google/gemini-2.5-flash`, `meta/llama-..`), so that on Vertex nobody can say by
    the path what closing the connection does. The Gemini API serves Google's only.
    """
    found = OPENAI_PATH.fullmatch(path)
    route = OPENAI.route(method, found["path"]) if found else None
    if found is None or route is None:
        return None
    return msgspec.structs.replace(route, on_close=None if found["gemini"] else ON_CLOSE["vertex.publishers"])
