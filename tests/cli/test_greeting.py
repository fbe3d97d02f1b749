"""What `serve` says once it listens."""

import pytest

from sidecar.cli.greeting import greeting
from sidecar.config.settings import Settings

ADDRESSES = {"proxy": "http://127.0.0.1:41234", "control": "http://[::1]:8782", "observe": "http://0.0.0.0:8781"}


def greeted(**keys) -> str:
    return greeting(ADDRESSES, Settings.model_validate(keys))


@pytest.mark.parametrize(
    ("variable", "route"),
    [
        ("GOOGLE_GEMINI_BASE_URL", "gemini"), ("GOOGLE_VERTEX_BASE_URL", "vertex"), ("OPENAI_BASE_URL", "openai/v1"),
        ("ANTHROPIC_BASE_URL", "anthropic"),
    ],
)  # fmt: skip
def test_variables_of_the_sdks_name_the_port_that_was_bound(variable, route):
    assert f"export {variable}=http://127.0.0.1:41234/{route}\n" in greeted()


def test_metrics_are_where_somebody_can_connect():
    assert "http://127.0.0.1:8781/metrics\n" in greeted()
    assert "http://[::1]:8782/\n" in greeted()


def test_upstreams_of_your_own_are_named_with_their_routes():
    upstreams = {"my-vllm": {"dialect": "gemini", "url": "http://127.0.0.1:8000"}}
    assert "each by the base URL http://127.0.0.1:41234/<name>: my-vllm\n" in greeted(upstreams=upstreams)


def test_ledger_by_its_path_and_how_long_rows_live():
    assert greeted().endswith("ledger    sidecar.db, rows are kept 30 days")
    said = greeted(ledger={"url": "sqlite:////var/lib/calls.db", "retention_days": None})
    assert said.endswith("ledger    /var/lib/calls.db, rows are kept for ever")


def test_the_password_of_a_database_is_not_said():
    said = greeted(ledger={"url": "postgresql://me:hunter2@host/db"})
    assert said.endswith("ledger    postgresql://me:***@host/db, rows are kept 30 days")


def test_control_socket_may_be_at_a_path():
    said = greeting({**ADDRESSES, "control": "unix:/run/sidecar.sock"}, Settings())
    assert "  control   unix:/run/sidecar.sock\n" in said


def test_ways_besides_plain_http_are_named_where_they_are_open():
    assert "wss://" not in greeted()
    assert "HTTPS_PROXY" not in greeted()
    said = greeted(proxy={"tls": {"local": True}, "connect": {"intercept": True}})
    assert "  the same with https:// and wss://, for clients that trust the certificate\n" in said
    assert "HTTPS_PROXY=http://127.0.0.1:41234, and what `sidecar ca show` names\n" in said
