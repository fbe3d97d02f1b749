"""What of settings that were read anew is taken over while the program runs."""

from pathlib import Path

import pytest

from sidecar.config.load import Loaded, leaves, load
from sidecar.config.problems import BadSettings
from sidecar.config.reload import RELOADABLE, Reload, may_change, reload
from sidecar.config.schema import kind_at
from tests.config.loading import loaded

pytestmark = pytest.mark.usefixtures("folder")
MINE = "mine: {dialect: openai, url: 'http://127.0.0.1:1'"


def changed(before: str, after: str) -> Reload:
    """What comes of a file that had the one text, and now has the other."""
    return reload(loaded(before), loaded(after))


def test_nothing_has_changed() -> None:
    same = changed("mode: enforce", "mode: enforce")
    assert (same.changed, same.needs_restart) == ((), ())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("prices: {overrides: [{model: x, output_per_mtok_usd: 3}]}", "prices.overrides"),
        ("calls: {on_departure: cut}", "calls.on_departure"),
        ("calls: {follow: {max_seconds: 3}}", "calls.follow.max_seconds"),
        ("calls: {server_timeout: from_client}", "calls.server_timeout"),
        ("rescue: {window_seconds: 3}", "rescue.window_seconds"),
        ("operations: {grace_seconds: 3}", "operations.grace_seconds"),
        ("operations: {on_orphan: {batch: cancel}}", "operations.on_orphan.batch"),
        ("labels: {allow: [team]}", "labels.allow"),
        ("log: {level: debug}", "log.level"),
        ("upstreams: {gemini: {on_close: {stream: stops}}}", "upstreams.gemini.on_close.stream"),
        ("upstreams: {gemini: {on_close: {live: runs_on}}}", "upstreams.gemini.on_close.live"),
        ("upstreams: {gemini: {routes: [{path: /x, rescue: false}]}}", "upstreams.gemini.routes"),
        ("upstreams: {gemini: {rescue: false}}", "upstreams.gemini.rescue"),
        ("upstreams: {gemini: {price: {free: true}}}", "upstreams.gemini.price.free"),
    ],
)
def test_prices_and_policies_are_taken_over(text: str, key: str) -> None:
    taken = changed("", text)
    assert key in taken.changed
    assert taken.needs_restart == ()
    assert dict(leaves(taken.loaded.settings)) == dict(leaves(loaded(text).settings))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("proxy: {listen: '127.0.0.1:1'}", "proxy.listen"),
        ("proxy: {tls: {names: [a.example]}}", "proxy.tls.names"),
        ("proxy: {connect: {intercept: true}}", "proxy.connect.intercept"),
        ("proxy: {connect: {ports: [443, 8443]}}", "proxy.connect.ports"),
        ("proxy: {ca_directory: /ca}", "proxy.ca_directory"),
        ("calls: {live: {resume_seconds: 3}}", "calls.live.resume_seconds"),
        ("ledger: {retention_days: 3}", "ledger.retention_days"),
        ("upstreams: {gemini: {url: 'https://example.test'}}", "upstreams.gemini.url"),
        ("upstreams: {gemini: {credential: {env: A}}}", "upstreams.gemini.credential.env"),
        ("calls: {half_close: wait}", "calls.half_close"),
        ("limits: {max_calls: 3}", "limits.max_calls"),
        ("log: {format: console}", "log.format"),
        ("labels: {max_models: 3}", "labels.max_models"),
        ("otel: {endpoint: 'http://127.0.0.1:1'}", "otel.endpoint"),
    ],
)
def test_what_is_built_once_is_named_and_stays(text: str, key: str) -> None:
    kept = changed("", text)
    assert kept.changed == ()
    assert key in kept.needs_restart
    assert kept.loaded.settings == loaded().settings


def test_both_in_one_file__each_for_itself() -> None:
    both = changed("", "log: {level: debug, format: console}")
    assert (both.changed, both.needs_restart) == (("log.level",), ("log.format",))


def test_upstream_that_is_new_or_gone__by_its_name_alone() -> None:
    text = f"upstreams: {{{MINE}, price: {{free: true}}}}}}"
    new, gone = changed("", text), changed(text, "")
    assert new.needs_restart == gone.needs_restart == ("upstreams.mine",)
    assert "mine" not in new.loaded.settings.upstreams
    assert "mine" in gone.loaded.settings.upstreams


def test_price_of_an_upstream_changes_while_its_url_does_not() -> None:
    both = changed(
        f"upstreams: {{{MINE}}}}}", "upstreams: {mine: {dialect: openai, url: 'http://127.0.0.1:2', rescue: false}}"
    )
    assert (both.changed, both.needs_restart) == (("upstreams.mine.rescue",), ("upstreams.mine.url",))
    assert both.loaded.settings.upstreams["mine"].url.port == 1


def test_mode__braking_is_taken_over_and_letting_loose_needs_a_restart() -> None:
    assert changed("mode: enforce", "mode: observe").changed == ("mode",)
    assert changed("mode: observe", "mode: enforce").needs_restart == ("mode",)


def test_origins_are_those_of_what_is_in_force() -> None:
    taken = changed("mode: observe", "# a line more\nlog: {level: debug}\nmode: enforce")
    assert taken.loaded.origins["log.level"] == "file s.yaml:2"
    assert taken.loaded.origins["mode"] == "file s.yaml:1"  # where `observe` stood
    assert taken.loaded.origins["proxy.listen"] == "default"
    assert set(taken.loaded.origins) == set(loaded().origins)


def test_flag_stands_above_a_file_that_changes() -> None:
    before, after = (loaded(f"log: {{level: {level}}}", {"--log-level": "error"}) for level in ("info", "debug"))
    assert reload(before, after).changed == ()


def test_file_that_was_found_and_is_gone__refused() -> None:
    Path("sidecar.yaml").write_text("mode: enforce")
    before = load({}, {})
    Path("sidecar.yaml").unlink()
    with pytest.raises(BadSettings, match=r"sidecar\.yaml: is gone; put it back, or restart without it"):
        reload(before, load({}, {}))


def test_file_that_is_there_only_now_is_read() -> None:
    before = load({}, {})
    assert reload(before, loaded("log: {level: debug}")).changed == ("log.level",)


@pytest.mark.parametrize("path", RELOADABLE)
def test_every_reloadable_key_is_a_key(path: tuple[str, ...]) -> None:
    assert kind_at(path) is not None


def test_one_that_is_not_below_a_reloadable_key_may_not_change() -> None:
    assert not may_change(("upstreams", "gemini"), None)
    assert not may_change(("calls",), None)
    assert may_change(("upstreams", "any", "price", "slots"), 3)


def test_no_secret_is_in_what_is_said() -> None:
    text = "ledger: {url: 'postgresql://me:hunter2@host/db'}"
    assert "hunter2" not in repr((changed("", text).changed, changed("", text).needs_restart))
    assert isinstance(changed("", text).loaded, Loaded)
