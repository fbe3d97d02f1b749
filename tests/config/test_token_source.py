"""Where the control socket's token is kept: one place, and never the token itself."""

from pathlib import Path

import pytest

from sidecar.config.listing import listing
from sidecar.config.sockets import Control
from sidecar.config.token_source import TokenSource, token_of
from sidecar.errors import SettingsError
from tests.config.loading import loaded, refusal

pytestmark = pytest.mark.usefixtures("folder")

GOOD = "0123456789abcdef"


def test_one_place_can_be_named():
    assert loaded("control: {token: {env: SIDECAR_TOKEN}}").settings.control.token == TokenSource(env="SIDECAR_TOKEN")
    assert loaded("control: {token: {file: token}}").settings.control.token == TokenSource(file="token")
    assert loaded("control: {}").settings.control.token is None


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("{}", "names no place"),
        ("{env: A, file: b}", "names two places"),
        ("secret-of-mine-123", "is not a group of keys"),
        ("{env: secret-of-mine-123}", "is not the name of a variable"),
    ],
)
def test_what_names_no_place_is_refused_without_being_repeated(token: str, problem: str):
    said = refusal(f"control: {{token: {token}}}")
    assert problem in said
    assert "secret-of-mine" not in said


def test_token_is_read_from_a_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OURS", f" {GOOD}\n")
    assert token_of(Control(token=TokenSource(env="OURS"))) == GOOD


def test_token_is_read_from_a_file(tmp_path: Path):
    (tmp_path / "token").write_text(f"{GOOD}\n")
    assert TokenSource(file=str(tmp_path / "token")).read({}) == GOOD


def test_no_token_is_asked_for_where_none_is_named():
    assert token_of(Control()) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "OURS holds no token"),
        (" \n", "OURS holds no token"),
        ("short", "can't be a token"),
        (f"{GOOD} b", "can't be a token"),
    ],
)
def test_what_is_no_token_is_refused_without_being_repeated(text: str, problem: str):
    with pytest.raises(SettingsError, match=problem) as refused:
        TokenSource(env="OURS").read({"OURS": text})
    assert not text.strip() or text not in str(refused.value)


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_file_that_can_not_be_read__error_that_names_it(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(SettingsError, match=r"control\.token\.file: can't read"):
        TokenSource(file=str(tmp_path / "token")).read({})


def test_settings_are_shown_with_the_place_and_without_the_token(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OURS", GOOD)
    found = loaded("control: {token: {env: OURS}}")
    shown = {line.key: line.value for line in listing(found.settings, found.origins)}
    assert shown["control.token.env"] == "OURS"
    assert "control.token.file" not in shown
    assert GOOD not in str(shown)
