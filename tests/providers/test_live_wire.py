"""The messages that the other tests feed are those that the providers' own SDKs know."""

from typing import Any

import pytest
from google.genai import types as google
from google.genai._live_converters import _LiveServerMessage_from_mldev, _LiveServerMessage_from_vertex
from openai.types.live import ClientEvent, ServerEvent
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from openai.types.responses import ResponsesClientEvent, ResponsesServerEvent
from pydantic import TypeAdapter

from tests.providers import live_wire as wire
from tests.providers.live_dialects import DIALECTS

OF_OPENAI: dict[str, tuple[TypeAdapter[Any], TypeAdapter[Any]]] = {
    "realtime": (TypeAdapter(RealtimeClientEvent), TypeAdapter(RealtimeServerEvent)),
    "responses": (TypeAdapter(ResponsesClientEvent), TypeAdapter(ResponsesServerEvent)),
    "live sessions": (TypeAdapter(ClientEvent), TypeAdapter(ServerEvent)),
}
"""Unions of all events of the caller, and of the provider."""


@pytest.mark.parametrize("convert", [_LiveServerMessage_from_mldev, _LiveServerMessage_from_vertex])
def test_gemini_lives_are_understood_by_googles_sdk(convert):
    for heard in DIALECTS["gemini live"].heard:
        read = google.LiveServerMessage._from_response(response=convert(heard), kwargs={})
        assert read.model_dump(exclude_none=True), heard


@pytest.mark.parametrize("name", OF_OPENAI)
def test_events_are_understood_by_openais_sdk(name):
    callers, providers = OF_OPENAI[name]
    for said in DIALECTS[name].said:
        callers.validate_python(said)
    for heard in DIALECTS[name].heard:
        providers.validate_python(heard)


def test_usage_of_gemini_live_has_the_names_of_googles_sdk():
    known = {field.alias for field in google.UsageMetadata.model_fields.values()}
    assert set(wire.usage_metadata(1, 1, promptTokensDetails=[])["usageMetadata"]) <= known
