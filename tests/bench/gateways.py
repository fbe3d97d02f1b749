"""The gateways that are often set up for the same purpose: LiteLLM's proxy and Portkey's.

LiteLLM passes Gemini's own dialect on. Portkey's pass-through answers 500 to everything on Node.js 20 (it adds fields to
headers that it may not change), so it is asked in OpenAI's dialect, and translates, which is its usual work.
Their defaults are kept, with nothing switched on that costs: no database, no budget, no log but errors.
"""

from tests.bench.contenders import Contender
from tests.bench.peers import LITELLM, PORTKEY
from tests.bench.places import Place, Start, Upstream
from tests.bench.transcript import HEADERS, Dialect, gemini

OPENAI = Dialect("/v1/chat/completions", "/v1/chat/completions", is_openai=True)
KEY = HEADERS["x-goog-api-key"]


def _litellm(place: Place) -> Start:
    settings = place.folder / "litellm.yaml"
    settings.write_text("litellm_settings: {telemetry: false, num_retries: 0, request_timeout: 600}\n")
    variables = {
        "LITELLM_MASTER_KEY": KEY,
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or it asks the Internet at its start
        "NO_DOCS": "True",
        "AIOHTTP_CONNECTOR_LIMIT": "20000",  # its defaults, 1,000 and 500, are below the streams that are to be open
        "AIOHTTP_CONNECTOR_LIMIT_PER_HOST": "20000",
        "GEMINI_API_BASE": place.upstream.url,
        "GEMINI_API_KEY": KEY,
    }
    if place.upstream.ca_file:
        variables["SSL_CERT_FILE"] = str(place.upstream.ca_file)
    flags = ["--host", "127.0.0.1", "--port", str(place.port), "--num_workers", "1", "--telemetry", "False"]
    return Start([str(LITELLM), "--config", str(settings), *flags], variables)


def _portkey(place: Place) -> Start:
    variables = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}
    if place.upstream.ca_file:
        variables["NODE_EXTRA_CA_CERTS"] = str(place.upstream.ca_file)
    return Start(["node", str(PORTKEY), f"--port={place.port}", "--headless"], variables)


def _portkey_headers(upstream: Upstream) -> dict[str, str]:
    return {"x-portkey-provider": "google", "x-portkey-custom-host": upstream.url}


SLOW = (
    Contender("litellm", (LITELLM,), _litellm, dialect=gemini("/gemini/v1beta"), is_heavy=True),
    Contender("portkey", ("node", PORTKEY), _portkey, dialect=OPENAI, headers=_portkey_headers, is_heavy=True),
)
