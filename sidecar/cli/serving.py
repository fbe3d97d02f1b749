"""`sidecar serve`."""

import gc
import os
import sys
from collections.abc import Mapping
from functools import partial

from sidecar.cli.greeting import greeting
from sidecar.cli.loading import load_settings, load_settings_to_serve
from sidecar.cli.memory import close_memory, forbid_cores, open_memory
from sidecar.cli.output import say
from sidecar.clock import SystemClock
from sidecar.config.conflicts import notes
from sidecar.config.file_notes import file_notes
from sidecar.local_authority import authority_notes


def serve_until_stopped(config: str | None, flags: Mapping[str, str | None]) -> int:
    """Load the settings, say what deserves a word, run until a signal ends it; the exit code."""
    close_memory()  # keys are in our environment already
    loaded = load_settings_to_serve(config, flags)
    settings = loaded.settings
    if settings.debuggable:
        open_memory()
    else:
        forbid_cores()
    for note in (*notes(settings), *file_notes(loaded), *authority_notes(settings, SystemClock(), os.environ)):
        say(f"note: {note}")

    def announce(addresses: Mapping[str, str]) -> None:
        print(greeting(addresses, settings), file=sys.stderr, flush=True)  # noqa: T201

    gc.disable()  # looking through modules that stay for ever is a tenth of the start; `Application.start` enables it
    from sidecar.process import serve

    return serve(loaded, partial(load_settings, config, flags), announce)
