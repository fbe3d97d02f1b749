"""Where providers are reached: the built-in upstreams, and the group that each of them is."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

from pydantic import model_validator

from sidecar.config.credential import Credential
from sidecar.config.group import Group
from sidecar.config.measured import MeasuredFact
from sidecar.config.prices import UpstreamPrice
from sidecar.config.values import ExistingFile, PathGlob, Text, UpstreamUrl, unusable_whole
from sidecar.lifecycle.policy import OnClose, OnDeparture


class DialectName(StrEnum):
    """The wire languages that an upstream may speak; `providers/registry.py` has one for each."""

    GEMINI = "gemini"
    VERTEX = "vertex"
    OPENAI = "openai"
    AZURE = "azure"
    ANTHROPIC = "anthropic"
    BEDROCK = "bedrock"
    COHERE = "cohere"
    MISTRAL = "mistral"
    GROQ = "groq"
    XAI = "xai"
    DEEPSEEK = "deepseek"
    TOGETHER = "together"
    FIREWORKS = "fireworks"
    OPENROUTER = "openrouter"
    OLLAMA = "ollama"
    VLLM = "vllm"
    SGLANG = "sglang"
    TGI = "tgi"
    TRT_LLM = "trt_llm"
    LLAMA_CPP = "llama_cpp"
    LM_STUDIO = "lm_studio"
    REPLICATE = "replicate"
    FAL = "fal"
    FAL_QUEUE = "fal_queue"
    RUNPOD = "runpod"


PUBLIC_URLS: Final[Mapping[DialectName, str]] = MappingProxyType({
    DialectName.GEMINI: "https://generativelanguage.googleapis.com",
    # Left as it is, a request goes to its own location's host (providers/vertex.py); another url is used as it stands.
    DialectName.VERTEX: "https://aiplatform.googleapis.com",
    DialectName.OPENAI: "https://api.openai.com",
    DialectName.ANTHROPIC: "https://api.anthropic.com",
    # Requests that name another region's host, as those of the AWS SDKs do, go there (providers/bedrock.py).
    DialectName.BEDROCK: "https://bedrock-runtime.us-east-1.amazonaws.com",
    DialectName.COHERE: "https://api.cohere.com",
    DialectName.MISTRAL: "https://api.mistral.ai",
    DialectName.GROQ: "https://api.groq.com",
    DialectName.XAI: "https://api.x.ai",
    DialectName.DEEPSEEK: "https://api.deepseek.com",
    DialectName.TOGETHER: "https://api.together.xyz",
    DialectName.FIREWORKS: "https://api.fireworks.ai",
    DialectName.OPENROUTER: "https://openrouter.ai",
    DialectName.REPLICATE: "https://api.replicate.com",
    DialectName.FAL: "https://fal.run",
    DialectName.FAL_QUEUE: "https://queue.fal.run",
    DialectName.RUNPOD: "https://api.runpod.ai",
    DialectName.OLLAMA: "http://127.0.0.1:11434",
})  # fmt: skip
"""Where a dialect's provider is reached by everybody."""

BUILT_IN_UPSTREAMS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({
    dialect.value.replace("_", "-"): {"dialect": dialect.value, "url": url} for dialect, url in PUBLIC_URLS.items()
})  # fmt: skip
"""Upstreams that need no setting. Naming one in the settings changes only the keys that are given."""


def built_in_upstreams() -> "dict[str, Upstream]":
    """The upstreams when no setting speaks of any."""
    return {name: Upstream.model_validate(keys) for name, keys in BUILT_IN_UPSTREAMS.items()}


def implied_upstreams(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """What upstreams of these names have without being told: the built-in ones, and the dialect of those called like one.

    Azure's host is the user's own, and an engine's too, so that they have no url here: `azure: {url: ...}` is enough.
    """
    spelled = {name: name.replace("-", "_") for name in names}  # an upstream's name has no underscores: it is a route
    called_like_one = {name: {"dialect": dialect} for name, dialect in spelled.items() if dialect in set(DialectName)}
    return called_like_one | {name: dict(keys) for name, keys in BUILT_IN_UPSTREAMS.items()}


class OnCloseOverride(Group):
    """What the provider does with the work when its connection closes, where you know better than the built-in facts."""

    stream: OnClose | None = None
    """For streamed replies; None takes the dialect's fact."""
    unary: OnClose | None = None
    """For whole replies; None takes the dialect's fact."""
    live: OnClose | None = None
    """For sockets that carry many calls; None takes the dialect's fact."""


class RouteRule(Group):
    """What holds for some of an upstream's requests. Of those that match and set a key, the first counts for it."""

    path: PathGlob
    """Glob over the path as it is sent, behind the upstream's name and without its query: `/v1/images/*`,
    `/*:streamGenerateContent`. `*` also stands for slashes."""
    on_departure: OnDeparture | None = None
    """What to do when a caller leaves; None takes the upstream's."""
    rescue: bool | None = None
    """Whether abandoned answers are given to retries (`rescue`); None takes the upstream's."""

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if self.on_departure is None and self.rescue is None:
            raise unusable_whole("sets nothing", "write on_departure: auto, follow or cut, or rescue: true or false")
        return self


class Upstream(Group):
    """One place to reach a provider. Its route is `/<its name>`."""

    dialect: DialectName
    """The wire language spoken there. An upstream that is called like a dialect speaks it unless told otherwise."""
    url: UpstreamUrl
    """`https://host[:port][/path]`; the request's path, without the route, is appended to it."""
    provider: Text | None = None
    """Who computes and bills: the metrics' label, and whose price list counts. None takes the dialect's provider at its own hosts
    (`api.openai.com`) and the upstream's name anywhere else: a gateway in front of OpenAI is `provider: openai`."""
    credential: Credential | None = None
    """Where a credential of ours is kept, for operations whose caller has left none: `{env: GEMINI_API_KEY}`. None: nowhere, and
    after a restart such operations are not cancelled until their caller is heard of again."""
    on_close: OnCloseOverride = OnCloseOverride()
    measured: tuple[MeasuredFact, ...] = ()
    """What `sidecar probe` has measured here, newest first; as a rule it comes out of the file of facts (`facts_file`). It stands
    above the built-in table and below `on_close`. Empty: nothing."""
    on_departure: OnDeparture | None = None
    """What to do when a caller leaves; None takes `calls.on_departure`."""
    routes: tuple[RouteRule, ...] = ()
    """What holds for single routes instead: `[{path: "/v1/images/*", on_departure: follow, rescue: false}]`. Empty: nothing."""
    rescue: bool | None = None
    """Whether abandoned answers are given to retries (`rescue`): `false` where answers are too large, or too private, to be kept
    in memory for a while. None takes `rescue.enabled`."""
    inject_usage: bool = False
    """Ask for usage in OpenAI-style streams whose caller did not (`stream_options.include_usage`), and take it out of the reply
    again. Off, because it changes what the provider is sent; without it such a stream's figures are estimated."""
    price: UpstreamPrice | None = None
    """What it costs, where that is yours to say: `{gpu_hour_usd: 2.50, slots: 8}`. None: `prices.overrides` and the lists."""
    ca_file: ExistingFile | None = None
    """PEM file of certificate authorities trusted for this upstream besides the system's; None adds none.

    This file and the next two are read again when they change, without a restart.
    """
    client_certificate_file: ExistingFile | None = None
    """PEM file of the certificate, and its chain, that we show this upstream; None shows none."""
    client_key_file: ExistingFile | None = None
    """PEM file of that certificate's private key, without a password; the two go together."""

    def may_be_rescued(self, otherwise: bool) -> bool:
        """Whether abandoned answers are given to retries, unless a route says otherwise; `otherwise` is `rescue.enabled`."""
        return otherwise if self.rescue is None else self.rescue
