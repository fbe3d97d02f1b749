"""Errors in everybody's shapes."""

import pytest

from sidecar.simulator.declined import Declined
from sidecar.simulator.refusals import anthropic_error, bedrock_exception, openai_error


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(400, "invalid_request_error", None), (429, "requests", "rate_limit_exceeded"), (503, "server_error", None)],
)
def test_openai(status: int, kind: str, code: str | None):
    said = openai_error(Declined(status, "why"))["error"]
    assert said == {"message": "why", "type": kind, "param": None, "code": code}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (429, "rate_limit_error"), (529, "overloaded_error"), (503, "api_error")],
)
def test_anthropic(status: int, kind: str):
    assert anthropic_error(Declined(status, "why")) == {"type": "error", "error": {"type": kind, "message": "why"}}


@pytest.mark.parametrize(("status", "name"), [(429, "ThrottlingException"), (400, "ValidationException")])
def test_bedrock(status: int, name: str):
    assert bedrock_exception(Declined(status, "why")) == name
