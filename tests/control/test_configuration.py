"""The settings, through a real socket."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.control.shown import Setting

Ask = Callable[..., Any]


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


def test_every_setting_has_its_value_and_its_origin(server: AppServer, ask: Ask):
    assert json.loads(ask(server, "GET", "/api/config").body) == {
        "mode": {"value": "observe", "origin": "default"},
        "ledger.url": {"value": "postgresql://me:***@db/x", "origin": None},
    }


def test_value_that_was_no_utf8_in_a_variable_is_shown_nevertheless(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.shown.lines = [Setting("pod.name", "a\udcff", "variable SIDECAR_POD__NAME")]
    assert json.loads(ask(server, "GET", "/api/config").body)["pod.name"]["value"] == "a?"
