"""The road's bounds are those of the settings."""

from typing import Any

import pytest

from sidecar.config.quantities import MIB
from sidecar.config.settings import Settings
from sidecar.proxy.limits import RescueLimits, limits_of


def test_limits_are_the_settings() -> None:
    given = {
        "request_line_bytes": 2048, "head_fields": 7, "body_bytes": 9, "max_calls": 11, "max_connections": 13,
        "request_head_seconds": 17, "request_progress_seconds": 19, "upstream_stall_seconds": 23,
    }  # fmt: skip
    settings = Settings.model_validate({"limits": given})
    limits = limits_of(settings)
    for key in settings.limits.model_fields_set:
        assert getattr(limits, key) == getattr(settings.limits, key)


def test_limits_have_what_calls_say() -> None:
    follow = {"max_calls": 3, "max_seconds": 4, "max_bytes": "5KiB"}
    given = {"calls": {"half_close": "wait", "follow": follow}, "limits": {"head_bytes": "8KiB"}}
    limits = limits_of(Settings.model_validate(given))
    assert not limits.takes_fin_as_leaving
    assert limits.head_bytes == 8 * 1024
    assert (limits.follow.max_calls, limits.follow.max_seconds, limits.follow.max_bytes) == (3, 4, 5 * 1024)


def rescue_limits(**keys: Any) -> RescueLimits:
    return limits_of(Settings.model_validate(keys)).rescue


def test_limits_have_what_rescue_says() -> None:
    given = {"window_seconds": 3, "max_bytes": "5MiB", "max_answer_bytes": "1MiB", "on_repeat": "refuse"}
    assert rescue_limits(mode="enforce", rescue=given) == RescueLimits(
        is_on=True, window_seconds=3, max_bytes=5 * MIB, max_answer_bytes=MIB, refuses_repeats=True
    )


HERE = {"gemini": {"dialect": "gemini", "url": "https://h.example", "rescue": True}}
NOT_HERE = {"gemini": {"dialect": "gemini", "url": "https://h.example", "rescue": False}}
ON_A_ROUTE = {"gemini": {**NOT_HERE["gemini"], "routes": [{"path": "/v1/*", "rescue": True}]}}


@pytest.mark.parametrize(
    ("settings", "is_on"),
    [
        ({}, False),
        ({"mode": "enforce"}, True),
        ({"mode": "enforce", "rescue": {"enabled": False}}, False),
        ({"mode": "enforce", "rescue": {"enabled": False}, "upstreams": HERE}, True),
        ({"mode": "enforce", "upstreams": NOT_HERE}, False),
        ({"mode": "enforce", "upstreams": ON_A_ROUTE}, True),
        ({"mode": "observe", "upstreams": HERE}, False),
    ],
)
def test_answers_are_kept_where_some_may_be_handed_on(settings: dict[str, Any], is_on: bool) -> None:
    assert rescue_limits(**settings).is_on is is_on


@pytest.mark.parametrize("settings", [{}, {"mode": "enforce", "rescue": {"enabled": False}}])
def test_no_retry_is_refused_where_none_could_be_given_an_answer(settings: dict[str, Any]) -> None:
    given = {**settings, "rescue": {"on_repeat": "refuse", **settings.get("rescue", {})}}
    assert not rescue_limits(**given).refuses_repeats
