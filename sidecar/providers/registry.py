"""The dialects that we know, by the name that `upstreams.<name>.dialect` gives them."""

from sidecar.providers.anthropic import ANTHROPIC
from sidecar.providers.azure import AZURE
from sidecar.providers.bedrock import BEDROCK
from sidecar.providers.cohere import COHERE
from sidecar.providers.contract import Dialect
from sidecar.providers.deepseek import DEEPSEEK
from sidecar.providers.engines import LLAMA_CPP, LM_STUDIO, SGLANG, TGI, TRT_LLM, VLLM
from sidecar.providers.fal import FAL, FAL_QUEUE
from sidecar.providers.fireworks import FIREWORKS
from sidecar.providers.gemini import GEMINI
from sidecar.providers.groq import GROQ
from sidecar.providers.mistral import MISTRAL
from sidecar.providers.ollama import OLLAMA
from sidecar.providers.openai import OPENAI
from sidecar.providers.openrouter import OPENROUTER
from sidecar.providers.replicate import REPLICATE
from sidecar.providers.runpod import RUNPOD
from sidecar.providers.together import TOGETHER
from sidecar.providers.vertex import VERTEX
from sidecar.providers.xai import XAI

DIALECTS: dict[str, Dialect] = {
    "gemini": GEMINI,
    "vertex": VERTEX,
    "openai": OPENAI,
    "azure": AZURE,
    "anthropic": ANTHROPIC,
    "bedrock": BEDROCK,
    "cohere": COHERE,
    "mistral": MISTRAL,
    "groq": GROQ,
    "xai": XAI,
    "deepseek": DEEPSEEK,
    "together": TOGETHER,
    "fireworks": FIREWORKS,
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
"""In the order of `config.upstreams.DialectName`, which is README's too."""
