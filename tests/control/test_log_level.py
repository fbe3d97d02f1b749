"""What is logged, asked and changed through a real socket."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sidecar.control.people import control_app
from sidecar.control.server import AppServer

Ask = Callable[..., Any]
JSON = "application/json"


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


def test_level_is_told(server: AppServer, ask: Ask):
    assert json.loads(ask(server, "GET", "/api/log-level").body) == {"level": "info"}


def test_level_is_set(server: AppServer, sidecar: Any, ask: Ask):
    reply = ask(server, "PUT", "/api/log-level", b'{"level": "debug"}', X_Sidecar_Control="true", Content_Type=JSON)
    assert (reply.status, json.loads(reply.body), sidecar.shown.log_level) == (200, {"level": "debug"}, "debug")


@pytest.mark.parametrize("body", [b'{"level": "loud"}', b"{}", b"[]", b"debug", b"", b"\xff"])
def test_what_is_no_level_is_refused_and_nothing_changes(server: AppServer, sidecar: Any, ask: Ask, body: bytes):
    reply = ask(server, "PUT", "/api/log-level", body, X_Sidecar_Control="true", Content_Type=JSON)
    assert reply.status == (400 if body == b"\xff" else 422)
    assert sidecar.shown.log_level == "info"


def test_foreign_page_sets_nothing(server: AppServer, sidecar: Any, ask: Ask):
    assert ask(server, "PUT", "/api/log-level", b'{"level": "error"}', Content_Type=JSON).status == 403
    assert sidecar.shown.log_level == "info"
