"""deploy/README.md's tables of SDKs are true: each client, made in a process with a pod's variables, comes where they say."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import NamedTuple

import pytest

from sidecar.injection.remarks import NO_ADDRESS
from sidecar.injection.variables import sdk_values
from tests.deploy import page
from tests.end_to_end import sdk_addresses
from tests.end_to_end.sdk_addresses import CLIENTS, model_of
from tests.end_to_end.sdk_road import SdkRoad, sdk_road

MORE_UPSTREAMS: Mapping[str, Mapping[str, str]] = {name: {} for name in ("azure", "cohere", "ollama")}
OTHERS = re.compile(
    r"(google|gemini|openai|anthropic|azure|aws|groq|co|ollama)_|https?_proxy|(no|all)_proxy", re.IGNORECASE
)
"""Variables that the tests' own environment must not add."""
NOBODY = "http://127.0.0.1:9"
"""The port of the discard protocol, where nothing listens."""
PATHLESS = "the request has no path, so its method and model are lost"

ALL_BY_VARIABLE = {
    "GOOGLE_GENAI_USE_VERTEXAI": "true", "GOOGLE_CLOUD_PROJECT": "a-project", "GOOGLE_CLOUD_LOCATION": "us-central1",
}  # fmt: skip
"""What code says itself counts more: `enterprise=True`, and project and location, if both are arguments."""
NAMED = {
    "AZURE_OPENAI_ENDPOINT": "{base}/azure",
    "ANTHROPIC_VERTEX_BASE_URL": "{base}/vertex/v1",
    "OLLAMA_HOST": "{base}/ollama",
}
"""Variables that nobody injects."""
EMPTY = dict.fromkeys(NO_ADDRESS, "")
REGIONAL = "http://bedrock-runtime.us-east-1.amazonaws.com"
AWS = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "HTTP_PROXY": "{base}",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": REGIONAL, "ANTHROPIC_BEDROCK_BASE_URL": REGIONAL,
}  # fmt: skip


class Scene(NamedTuple):
    """A client, what its container has besides the variables of the injection, and where its call comes."""

    client: str
    upstream: str
    """Empty where nothing is forwarded."""
    row: str = ""
    """The first cell of its row in deploy/README.md."""
    variables: Mapping[str, str] = {}
    """`{base}` stands for the sidecar's address; an empty one takes the injection's away."""
    error: str = ""
    """A part of what the SDK raises."""


SCENES = (
    Scene("gemini, key", "gemini", "`genai.Client()` with an API key, by argument or variable"),
    Scene(
        "vertex, project and location as arguments", "vertex",
        "`genai.Client(enterprise=True, project=..., location=...)`",
    ),
    Scene(
        "vertex, project or location from the environment", "",
        "the same, with project or location from `GOOGLE_CLOUD_PROJECT` and `GOOGLE_CLOUD_LOCATION`",
        ALL_BY_VARIABLE, PATHLESS,
    ),
    Scene(
        "vertex by variable, project and location as arguments", "vertex",
        "switched to Vertex by `GOOGLE_GENAI_USE_VERTEXAI` or `GOOGLE_GENAI_USE_ENTERPRISE` alone; "
        "project and location as arguments",
        ALL_BY_VARIABLE,
    ),
    Scene("the same, sent to vertex", "vertex", "", ALL_BY_VARIABLE | {"GOOGLE_GEMINI_BASE_URL": "{base}/vertex"}),
    Scene(
        "vertex by variable, all from the environment", "",
        "switched by variable alone, and everything else from the environment too",
        ALL_BY_VARIABLE, PATHLESS,
    ),
    Scene(
        "vertex by variable, without GOOGLE_GEMINI_BASE_URL", "",
        "switched by variable alone, without `GOOGLE_GEMINI_BASE_URL`",
        ALL_BY_VARIABLE | {"GOOGLE_GEMINI_BASE_URL": ""}, "would have gone to us-central1-aiplatform.googleapis.com",
    ),
    Scene("vertex, express", "vertex", "`genai.Client(enterprise=True, api_key=...)` (express)"),
    Scene("google live", "", "`client.aio.live.connect` (Live API)", {}, "SSLError"),
    Scene("gemini, NO_PROXY", "gemini", "", {"HTTP_PROXY": NOBODY, "NO_PROXY": "127.0.0.1,localhost"}),
    Scene("openai", "openai", "openai `OpenAI`"),
    Scene("openai, HTTP_PROXY", "", "", {"HTTP_PROXY": NOBODY}, "Connection error"),
    Scene("openai, NO_PROXY", "openai", "", {"HTTP_PROXY": NOBODY, "NO_PROXY": "127.0.0.1,localhost"}),
    Scene("openai, another upstream", "groq", "openai `OpenAI`, for anybody who speaks its language"),
    Scene("openai AzureOpenAI", "azure", "openai `AzureOpenAI`", NAMED),
    Scene("anthropic", "anthropic", "anthropic `Anthropic`"),
    Scene("anthropic AnthropicVertex", "vertex", "anthropic `AnthropicVertex`", NAMED),
    Scene("anthropic AnthropicBedrock", "bedrock", "anthropic `AnthropicBedrock`", AWS),
    Scene("boto3", "bedrock", "boto3 (Bedrock)", AWS),
    Scene("groq", "groq", "groq `Groq`"),
    Scene("cohere", "cohere", "cohere `ClientV2`"),
    Scene("openai, no address", "", "", EMPTY, "Connection error"),
    Scene("anthropic, no address", "", "", EMPTY, "Connection error"),
    Scene("groq, no address", "", "", EMPTY, "Connection error"),
    Scene("cohere, no address", "", "", EMPTY, "UnsupportedProtocol"),
    Scene("mistralai", "mistral", "mistralai `Mistral`"),
    Scene("ollama", "ollama", "ollama", NAMED),
)  # fmt: skip


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("addresses"), more_upstreams=MORE_UPSTREAMS) as running:
        yield running


def told(base: str, scenes: list[Scene]) -> dict[str, str]:
    """What the SDKs raised in one process, whose container has the variables of these scenes."""
    kept = {name: value for name, value in os.environ.items() if not OTHERS.match(name)}
    own = {name: value.format(base=base) for name, value in scenes[0].variables.items()}
    done = subprocess.run(
        [sys.executable, "-P", sdk_addresses.__file__, base, *(scene.client for scene in scenes)],
        env=kept | sdk_values(base) | own, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def errors(road: SdkRoad) -> dict[str, str]:
    """By client; those of one environment share a process."""
    ordered = sorted(SCENES, key=lambda scene: json.dumps(scene.variables))
    containers = [list(scenes) for _, scenes in groupby(ordered, key=lambda scene: scene.variables)]
    containers.sort(key=len, reverse=True)  # or one that takes long begins last
    with ThreadPoolExecutor(2) as pool:
        all_told = pool.map(lambda scenes: told(road.sidecar.proxy, scenes), containers)
        return {client: error for each in all_told for client, error in each.items()}


def test_every_client_has_its_scene() -> None:
    assert [scene.client for scene in SCENES] == list(CLIENTS)


def test_every_row_that_is_said_to_be_run_is_run() -> None:
    said = {row[0] for name in ("google", "others") for row in page.rows(name) if row[-1] == "run"}
    assert said == {scene.row for scene in SCENES} - {""}


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene.row], ids=lambda scene: scene.client)
def test_row_says_what_is_seen(scene: Scene) -> None:
    (row,) = [row for name in ("google", "others") for row in page.rows(name) if row[0] == scene.row]
    routes = [cell for cell in row[1:] if f"`/{scene.upstream}`" in cell]
    assert bool(routes) == bool(scene.upstream)
    assert (PATHLESS in " ".join(row) or "as above" in " ".join(row)) >= (scene.error == PATHLESS)


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene.upstream], ids=lambda scene: scene.client)
def test_call_comes_to_the_route_that_is_said(road: SdkRoad, errors: dict[str, str], scene: Scene) -> None:
    assert scene.client in errors
    line = road.sidecar.logged("call_settled", model=model_of(scene.client))
    assert line["upstream"] == scene.upstream


def test_sentence_of_a_request_without_a_path__names_the_variable_that_switches(errors: dict[str, str]) -> None:
    assert "GOOGLE_GENAI_USE_VERTEXAI" in errors["vertex by variable, all from the environment"]


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene.error], ids=lambda scene: scene.client)
def test_client_that_can_not_come_through__raises_what_is_said(errors: dict[str, str], scene: Scene) -> None:
    assert scene.error in errors[scene.client]
