"""`sidecar serve`."""

import gc
import sys
from collections.abc import Mapping

from sidecar.cli.greeting import greeting
from sidecar.cli.loading import load_settings
from sidecar.cli.output import say
from sidecar.config.conflicts import notes


def serve_until_stopped(config: str | None, flags: Mapping[str, str | None]) -> int:
    """Load the settings, say what deserves a word, run until a signal ends it; the exit code."""
    loaded = load_settings(config, flags)
    for note in notes(loaded.settings):
        say(f"note: {note}")

    def announce(addresses: Mapping[str, str]) -> None:
        print(greeting(addresses, loaded.settings), file=sys.stderr, flush=True)  # noqa: T201

    gc.disable()  # looking through modules that stay for ever is a tenth of the start; `Application.start` enables it
    from sidecar.app import serve

    return serve(loaded, announce)
