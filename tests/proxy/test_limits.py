"""The road's bounds are those of the settings."""

from sidecar.config.settings import Settings
from sidecar.proxy.limits import limits_of


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
