"""What is allowed, and worth a word."""

import pytest

from sidecar.config.conflicts import conflicts, notes
from sidecar.config.schema import dotted
from sidecar.config.settings import Settings
from tests.proxy.certificates import Authority


def noted(**keys) -> list[str]:
    return list(notes(Settings.model_validate(keys)))


def test_defaults_have_no_conflict_and_need_no_note():
    assert list(conflicts(Settings())) == []
    assert noted() == []


def test_enforce_says_what_it_cancels():
    (note,) = noted(mode="enforce")
    assert note == (
        "mode is enforce: operations of kind background and lro are cancelled at their provider when their caller is gone; "
        "abandoned answers are kept in memory and given to their caller's retry"
    )


def test_enforce_without_a_rescue_does_not_speak_of_it():
    (note,) = noted(mode="enforce", rescue={"enabled": False})
    assert "abandoned answers" not in note


@pytest.mark.parametrize(
    ("settings", "why"),
    [({}, "mode is observe"), ({"mode": "enforce", "rescue": {"enabled": False}}, "rescue is off")],
)
def test_refusing_repeats_where_nothing_is_rescued_is_noted_and_no_conflict(settings, why):
    given = settings | {"rescue": {"on_repeat": "refuse"} | settings.get("rescue", {})}
    assert list(conflicts(Settings.model_validate(given))) == []
    (note,) = [note for note in noted(**given) if "on_repeat" in note]
    assert f"has no effect: {why}" in note


def test_refusing_repeats_where_answers_are_rescued_needs_no_note():
    assert not any("on_repeat" in note for note in noted(mode="enforce", rescue={"on_repeat": "refuse"}))


@pytest.mark.parametrize(("mode", "count"), [("enforce", 1), ("observe", 0)])
def test_stopping_at_google_what_a_retry_could_have_had_is_noted(mode, count):
    notes_on_it = [note for note in noted(mode=mode, calls={"server_timeout": "from_client"}) if "Google" in note]
    assert len(notes_on_it) == count


@pytest.mark.parametrize(("path", "count"), [("/mine/v1/*", 1), ("/v1/mine/*", 0), ("/*", 0)])
def test_route_that_begins_with_the_upstreams_name_is_noted(path, count):
    mine = {"dialect": "openai", "url": "https://mine.example", "routes": [{"path": path, "rescue": False}]}
    found = [note for note in noted(upstreams={"mine": mine}) if "routes[0]" in note]
    assert len(found) == count
    assert all("matches /mine/mine/v1/* of the proxy, not /mine/v1/*" in note for note in found)


def blamed(rescue) -> list[str]:
    return [dotted(path) for path, _, _ in conflicts(Settings.model_validate({"rescue": rescue}))]


@pytest.mark.parametrize(
    ("rescue", "key"),
    [
        ({"max_bytes": 1}, "rescue.max_bytes"),
        ({"max_answer_bytes": 1 << 30}, "rescue.max_answer_bytes"),
        ({"max_bytes": 1, "max_answer_bytes": 2}, "rescue.max_answer_bytes"),
    ],
)
def test_one_answer_larger_than_all_is_blamed_on_what_was_set(rescue, key):
    assert blamed(rescue) == [key]


def test_one_answer_may_be_as_large_as_all():
    assert blamed({"max_bytes": 5, "max_answer_bytes": 5}) == []
    assert blamed({"max_bytes": 0, "max_answer_bytes": 0}) == []


def test_enforce_that_only_watches_says_so():
    kinds = dict.fromkeys(("background", "lro", "batch", "tuning"), "watch")
    (note,) = noted(mode="enforce", operations={"on_orphan": kinds})
    assert "operations that were given a lease of their own" in note


@pytest.mark.parametrize(
    ("url", "count"), [("http://10.0.0.1", 1), ("http://127.0.0.1:8000", 0), ("https://10.0.0.1", 0)]
)
def test_plain_http_beyond_this_machine_is_noted(url, count):
    assert len(noted(upstreams={"mine": {"dialect": "gemini", "url": url}})) == count


def test_plain_http_is_noted_to_go_around_the_proxy():
    upstreams = {"mine": {"dialect": "gemini", "url": "http://10.0.0.1"}}
    noted_of_it = noted(upstreams=upstreams, egress={"https_proxy": "http://proxy.example:3128"})
    assert "upstream mine is reached directly: only https goes through egress.https_proxy" in noted_of_it


def problems_of(upstream=None, egress=None) -> list[tuple[str, str]]:
    mine = {"dialect": "gemini", "url": "https://mine.example", **(upstream or {})}
    settings = Settings.model_validate({"upstreams": {"mine": mine}, "egress": egress or {}})
    return [(dotted(path), problem) for path, problem, _ in conflicts(settings)]


def test_half_of_a_pair_is_blamed_on_the_half_that_is_there(tmp_path):
    pair = Authority(tmp_path).pair()
    certificate, key = {"client_certificate_file": str(pair.certificate)}, {"client_key_file": str(pair.key)}
    assert problems_of(certificate) == [("upstreams.mine.client_certificate_file", "has no key")]
    assert problems_of(key) == [("upstreams.mine.client_key_file", "has no certificate")]
    assert problems_of(certificate | key) == []


def test_key_of_another_certificate_is_blamed_on_the_key(tmp_path):
    one, other = Authority(tmp_path).pair(name="one"), Authority(tmp_path).pair(name="other")
    files = {"client_certificate_file": str(one.certificate), "client_key_file": str(other.key)}
    ((key, problem),) = problems_of(files)
    assert key == "upstreams.mine.client_key_file"
    assert problem.endswith("is not the key of client_certificate_file")


def test_authorities_that_are_none_are_blamed_where_they_stand(tmp_path):
    (tmp_path / "empty.pem").touch()
    files = {"ca_file": str(tmp_path / "empty.pem")}
    assert [key for key, _ in problems_of(files, files)] == ["egress.ca_file", "upstreams.mine.ca_file"]


def test_glob_in_a_price_matches_some_upstream():
    settings = Settings.model_validate({"prices": {"overrides": [{"upstream": "gem*", "model": "a", "image_usd": 1}]}})
    assert list(conflicts(settings)) == []
