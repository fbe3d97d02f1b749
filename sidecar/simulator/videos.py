"""Videos: `predictLongRunning` on Google's two APIs (google-wire 2.4, 4, 7.3). Pure.

Nobody can cancel them, and no reply tells what they used.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec

from sidecar.simulator.asked import STEPS, Asked
from sidecar.simulator.declined import Declined
from sidecar.simulator.family import Family
from sidecar.simulator.opening import Document, held_of, planner
from sidecar.simulator.phase import Phase
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.prompt import Camel, read_body
from sidecar.simulator.undertaking import Kind, Undertaking
from sidecar.simulator.vertex_jobs import parent_of
from sidecar.simulator.view import View, google_page

FAILED = {"code": 13, "message": "The video failed, as its script says."}
VERTEX_RESPONSE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
GEMINI_RESPONSE = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"


class VideoParameters(Camel, frozen=True):
    """What is asked for."""

    sample_count: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1
    duration_seconds: Annotated[int, msgspec.Meta(ge=1, le=60)] = 8
    resolution: str = "720p"
    storage_uri: str = "gs://simulated"


class VideoBody(Camel, frozen=True):
    """Body of `predictLongRunning`."""

    instances: tuple[Document, ...] = ()
    parameters: VideoParameters = VideoParameters()


def _undertake(asked: Asked) -> Undertaking:
    body = read_body(held_of(asked.request), VideoBody)
    if not body.instances:
        raise Declined(400, "instances are required")
    said = body.parameters
    samples, price = said.sample_count, asked.model.price.variant(said.resolution)
    made = max(0, samples - asked.script.filtered)
    plan = Plan(
        route=asked.route,
        model=msgspec.structs.replace(asked.model, price=price),
        script=asked.script,
        used=Used(video_seconds=made * said.duration_seconds),
        seconds=asked.seconds(images=samples),
        steps=asked.script.chunks or STEPS,
    )
    echo = {"made": made, "storageUri": said.storage_uri, "parent": parent_of(asked.request)}
    return Undertaking(kind=Kind.LRO, plan=plan, echo=echo)


def told_gemini(view: View) -> Document:
    """The operation on the Gemini API."""
    videos = [{"video": {"uri": f"{view.origin}/v1beta/files/{view.id}-{n}:download?alt=media"}} for n in _made(view)]
    response = {"generatedSamples": videos, **_filtered(view)}
    name = f"models/{view.plan.model.name}/operations/{view.id}"
    return _told(view, name, {"@type": GEMINI_RESPONSE, "generateVideoResponse": response})


def told_vertex(view: View) -> Document:
    """The operation on Vertex."""
    bucket = view.undertaking.echo["storageUri"]
    videos = [{"gcsUri": f"{bucket}/{view.id}-{n}.mp4", "mimeType": "video/mp4"} for n in _made(view)]
    parent = view.undertaking.echo["parent"]
    name = f"{parent}/publishers/google/models/{view.plan.model.name}/operations/{view.id}"
    return _told(
        view, name, {"@type": VERTEX_RESPONSE, "raiMediaFilteredCount": 0, **_filtered(view), "videos": videos}
    )


def _told(view: View, name: str, response: Document) -> Document:
    if view.phase is Phase.SUCCEEDED:
        return {"name": name, "done": True, "response": response}
    return {"name": name, "done": True, "error": FAILED} if view.phase.is_end else {"name": name}


def _made(view: View) -> range:
    made: int = view.undertaking.echo["made"]
    return range(made)


def _filtered(view: View) -> Document:
    withheld = view.plan.script.filtered
    reasons = ["The script of this operation withholds it."] * withheld
    return {"raiMediaFilteredCount": withheld, "raiMediaFilteredReasons": reasons} if withheld else {}


def _family(name: str, tell: Callable[[View], Document], uncancellable: Declined) -> Family:
    return Family(
        name=name,
        kind=Kind.LRO,
        method="predictLongRunning",
        plan=planner(Kind.LRO, _undertake),
        name_of=lambda number: f"simulated-{number}",
        tell=tell,
        tell_cancel=tell,
        tell_list=lambda views, more: google_page("operations", tell, views, more),
        uncancellable=uncancellable,
    )


GEMINI_VIDEOS = _family("videos", told_gemini, Declined(404, "Method not found."))
"""The API has no cancel for operations at all."""
VERTEX_VIDEOS = _family(
    "vertexVideos", told_vertex, Declined(501, "Operation is not implemented, or supported, or enabled.")
)
"""A cancel exists for operations of other resources; what does not support it says so."""
