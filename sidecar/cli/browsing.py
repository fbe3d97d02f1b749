"""Opening a page in somebody's browser, if there is one: never in the terminal, and never so that anybody has to wait."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY")


def has_desktop(variables: Mapping[str, str], platform: str) -> bool:
    """A window can be shown to whoever sits at this machine; who came by SSH would not see it."""
    if "SSH_CONNECTION" in variables:
        return False
    return platform == "darwin" or any(variables.get(name) for name in DISPLAYS)


def is_opened(wanted: bool | None, is_terminal: bool, variables: Mapping[str, str], platform: str) -> bool:
    """Whether the page is opened: as wanted, else (None) where a person looks on; in no case where there is no desktop."""
    return has_desktop(variables, platform) and (is_terminal if wanted is None else wanted)


def open_page(url: str) -> subprocess.Popen[bytes]:
    """Give an address to the desktop's browser, by a process that nobody waits for.

    Without TERM, so that Python's search for a browser (`webbrowser`) leaves out those that would take over the terminal.
    """
    return subprocess.Popen(  # noqa: S603  our own interpreter; the address is our own as well
        [sys.executable, "-m", "webbrowser", url],
        env={name: value for name, value in os.environ.items() if name != "TERM"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
