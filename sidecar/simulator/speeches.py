"""Which dialect's words a call is answered in. Pure."""

from collections.abc import Callable, Mapping

from sidecar.simulator.anthropic_messages import MessageSpeech
from sidecar.simulator.bedrock import ConverseSpeech, InvokeSpeech
from sidecar.simulator.google_speech import GoogleSpeech
from sidecar.simulator.interactions import InteractionSpeech
from sidecar.simulator.ollama import OllamaSpeech
from sidecar.simulator.openai_chat import ChatSpeech
from sidecar.simulator.openai_pieces import PiecesSpeech
from sidecar.simulator.openai_responses import ResponseSpeech
from sidecar.simulator.plan import Plan
from sidecar.simulator.refusal_speech import RefusalSpeech
from sidecar.simulator.speech import Naming, Speech

SPEECHES: Mapping[str, Callable[[Plan, Naming], Speech]] = {
    "chat.completions": ChatSpeech,
    "completions": ChatSpeech,
    "responses": ResponseSpeech,
    "embeddings": PiecesSpeech,
    "images.generations": PiecesSpeech,
    "messages": MessageSpeech,
    "messages.count_tokens": MessageSpeech,
    "rawPredict": MessageSpeech,
    "streamRawPredict": MessageSpeech,
    "converse": ConverseSpeech,
    "converse-stream": ConverseSpeech,
    "invoke": InvokeSpeech,
    "invoke-with-response-stream": InvokeSpeech,
    "interactions": InteractionSpeech,
    "batches": RefusalSpeech,
    "fine_tuning.jobs": RefusalSpeech,
    "messages.batches": RefusalSpeech,
    "predictions": RefusalSpeech,
    "run": RefusalSpeech,
    "chat": OllamaSpeech,
    "generate": OllamaSpeech,
}
"""Method -> who writes its reply; Google's own methods are all written by one."""


def speech_of(plan: Plan, naming: Naming) -> Speech:
    """The words for one call."""
    return SPEECHES.get(plan.route.method, GoogleSpeech)(plan, naming)
