"""Opening a page in somebody's browser."""

import os
from pathlib import Path

import pytest

from sidecar.cli.browsing import has_desktop, is_opened, open_page

DESKTOP = {"DISPLAY": ":0"}


@pytest.mark.parametrize(
    ("variables", "platform", "has"),
    [
        (DESKTOP, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({}, "darwin", True),
        ({**DESKTOP, "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "linux", False),
    ],
)
def test_desktop_is_where_a_window_can_be_seen(variables: dict[str, str], platform: str, has: bool) -> None:
    assert has_desktop(variables, platform) is has


@pytest.mark.parametrize(
    ("wanted", "is_terminal", "variables", "opened"),
    [
        (None, True, DESKTOP, True),
        (None, False, DESKTOP, False),
        (None, True, {}, False),
        (True, False, DESKTOP, True),
        (True, True, {}, False),
        (False, True, DESKTOP, False),
    ],
)
def test_page_is_opened_where_a_person_looks_on(
    wanted: bool | None, is_terminal: bool, variables: dict[str, str], opened: bool
) -> None:
    assert is_opened(wanted, is_terminal, variables, "linux") is opened


def test_browser_is_given_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" "TERM=$TERM" > {tmp_path}/told\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", os.fspath(browser))
    with open_page("http://127.0.0.1:8782/") as opening:
        assert opening.wait(20) == 0
    assert (tmp_path / "told").read_text().split() == ["http://127.0.0.1:8782/", "TERM="]
