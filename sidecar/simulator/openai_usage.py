"""Usage as OpenAI's dialect writes it: cached and reasoning tokens are parts of the totals. Pure."""

from typing import Any

from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used


def chat_usage(used: Used) -> dict[str, Any]:
    """Of `/chat/completions` and `/completions`."""
    completion = used.output_tokens + used.thought_tokens
    return {
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": used.prompt_tokens + completion,
        "prompt_tokens_details": {"cached_tokens": used.cached_tokens, "audio_tokens": used.audio_tokens},
        "completion_tokens_details": {
            "reasoning_tokens": used.thought_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def response_usage(used: Used) -> dict[str, Any]:
    """Of `/responses`."""
    output = used.output_tokens + used.thought_tokens
    return {
        "input_tokens": used.prompt_tokens,
        "input_tokens_details": {"cached_tokens": used.cached_tokens, "cache_write_tokens": used.cache_write_tokens},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": used.thought_tokens},
        "total_tokens": used.prompt_tokens + output,
    }


def image_usage(used: Used) -> dict[str, Any]:
    """Of `/images/generations`, by a model that is billed by the token."""
    return {
        "input_tokens": used.prompt_tokens,
        "input_tokens_details": {"text_tokens": used.prompt_tokens, "image_tokens": 0},
        "output_tokens": used.image_tokens,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": used.image_tokens},
        "total_tokens": used.prompt_tokens + used.image_tokens,
    }


def service_tier(plan: Plan) -> str:
    """The tier that served the call."""
    return plan.script.tier or "default"
