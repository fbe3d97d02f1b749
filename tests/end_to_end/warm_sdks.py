"""What OpenAI's SDK builds at the first event of a kind, built at import: once in a fork server, not in every program."""

from typing import Any

import google.genai.live  # noqa: F401
import openai
from openai._models import construct_type_unchecked
from openai.types.live.connect_server_event import ConnectServerEvent
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from openai.types.responses.responses_server_event import ResponsesServerEvent

EVENTS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (RealtimeServerEvent, {"type": "response.done", "event_id": "", "response": {"id": "", "output": []}}),
    (ResponsesServerEvent, {"type": "response.completed", "sequence_number": 1, "response": {"id": ""}}),
    (ConnectServerEvent, {"type": "response.event", "event_id": "", "event": {"type": ""}}),
)
for kind, event in EVENTS:
    construct_type_unchecked(value=event, type_=kind)
with openai.OpenAI(api_key="nobody's") as client:
    RESOURCES = (client.realtime, client.responses, client.live)
