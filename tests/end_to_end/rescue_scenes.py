"""Scenes in which a client gives up and comes again, each played before the provider itself and through the sidecar."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import NamedTuple

from sidecar.simulator.bill import Entry
from sidecar.simulator.milestones import Milestone
from tests.end_to_end import rescue_clients
from tests.end_to_end.asking import Asking
from tests.end_to_end.relay import relay_to
from tests.end_to_end.rescue_clients import RetryingClient, Told, told_by
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
RUNS_ON = "seconds=3 on_close=runs_on"
AT_ONCE = "seconds=0"


class Scene(NamedTuple):
    """Who asks whom for what. No other scene asks for this model in this way, so that its metrics are its own."""

    client: RetryingClient
    upstream: str
    model: str
    script: str = RUNS_ON
    amounts: str = "prompt=40 output=60 gzip=1"
    is_stream: bool = False
    is_path_broken: bool = False
    """The connection breaks once, when the provider has the request."""

    def asking(self, base_url: str, headers: Mapping[str, str]) -> Asking:
        """The question; streams are asked for their usage, so that the bill is known exactly."""
        options = {"stream_options": {"include_usage": True}} if self.is_stream else {}
        return Asking(base_url, self.model, headers, self.is_stream, options=options)


SCENES = {
    "openai": Scene(rescue_clients.openai_chat, "openai", "gpt-5-mini"),
    "anthropic": Scene(rescue_clients.anthropic_messages, "anthropic", "claude-sonnet-5"),
    "genai": Scene(rescue_clients.genai_content, "gemini", "gemini-2.5-flash"),
    "genai aiohttp": Scene(rescue_clients.genai_content_aiohttp, "gemini", "gemini-2.5-pro", "seconds=1.5", is_path_broken=True),
    "boto3": Scene(rescue_clients.bedrock_converse, "bedrock", CLAUDE, "seconds=2.5 on_close=runs_on"),
    "openai stream": Scene(
        rescue_clients.openai_chat, "openai", "gpt-5-mini", "think=3 seconds=3.1 on_close=stops", is_stream=True
    ),
    "openai stream midway": Scene(
        rescue_clients.openai_stream_given_up, "openai", "gpt-4.1-nano", "seconds=3 on_close=stops", is_stream=True
    ),
}  # fmt: skip
"""Each after what is known of its provider: unary calls run on, and OpenAI's streams stop when their connection closes."""


class Played(NamedTuple):
    """What came of a scene on one of its two ways."""

    name: str
    """Its `X-Sidecar-Caller`."""
    told: Told
    billed: list[Entry]
    """What stands on the provider's own bill."""


class Outcome(NamedTuple):
    """What came of a scene on both ways, and what the same client is told when nothing goes wrong."""

    without: Played
    through: Played
    undisturbed: Told


def play_all(road: SdkRoad) -> Mapping[str, Outcome]:
    """All scenes on both ways, at the same time."""
    with ThreadPoolExecutor(3 * len(SCENES)) as pool:
        playing = {name: _begin(pool, road, scene) for name, scene in SCENES.items()}
        return {
            name: Outcome(without.result(), through.result(), undisturbed.result())
            for name, (without, through, undisturbed) in playing.items()
        }


def _begin(
    pool: ThreadPoolExecutor, road: SdkRoad, scene: Scene
) -> tuple[Future[Played], Future[Played], Future[Told]]:
    return (
        pool.submit(_play, road, scene, road.simulator.url),
        pool.submit(_play, road, scene, road.through(scene.upstream)),
        pool.submit(_undisturbed, road, scene),
    )


def _play(road: SdkRoad, scene: Scene, base_url: str) -> Played:
    name = new_name()
    headers = headers_of(name, f"{scene.script} {scene.amounts}")
    path = relay_to(base_url) if scene.is_path_broken else nullcontext()
    with path as relay, ThreadPoolExecutor(1) as pool:
        asking = scene.asking(relay.url if relay else base_url, headers)
        telling = pool.submit(told_by, scene.client, asking)
        if relay:
            road.simulator.reached(name, Milestone.RECEIVED)
            relay.break_connections()
        told = telling.result()
    road.simulator.settled()
    return Played(name, told, road.simulator.bill.of(name))


def _undisturbed(road: SdkRoad, scene: Scene) -> Told:
    headers = headers_of(new_name(), f"{AT_ONCE} {scene.amounts}")
    return told_by(scene.client, scene.asking(road.simulator.url, headers))
