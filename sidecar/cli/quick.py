"""The commands that Kubernetes and Docker run, without the road of all others.

A HEALTHCHECK or an exec probe is a new process every few seconds, in the memory and on the processor of the container. Typer,
and pydantic behind it, take five times as long to import as these commands take to answer. So command lines that are plain are
read here; whatever is not, help and every slip included, is left to Typer, which runs the same functions (`pod_commands.py`).
Every other command passes through here first: nothing is imported until one of these was typed.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from sidecar.cli import INTERRUPTED, OK
from sidecar.errors import SidecarError

Flags = Mapping[str, str]
Work = Callable[[], None]


def _wait(flags: Flags) -> Work:
    from sidecar.cli.readiness import Readiness
    from sidecar.cli.waiting import wait
    from sidecar.config.quantities import parse_seconds

    readiness, timeout_seconds = Readiness(flags.get("--for", "started")), parse_seconds(flags.get("--timeout", "30s"))
    return partial(wait, readiness, timeout_seconds, flags.get("--observe"), flags.get("--config"))


def _drain(flags: Flags) -> Work:
    from sidecar.cli.ending import drain

    return partial(drain, flags.get("--control"), flags.get("--config"))


def _shutdown(flags: Flags) -> Work:
    from sidecar.cli.ending import shutdown

    return partial(shutdown, flags.get("--control"), flags.get("--config"))


COMMANDS: Final[Mapping[str, tuple[Callable[[Flags], Work], frozenset[str]]]] = {
    "wait": (_wait, frozenset({"--timeout", "--for", "--observe", "--config"})),
    "drain": (_drain, frozenset({"--control", "--config"})),
    "shutdown": (_shutdown, frozenset({"--control", "--config"})),
}
"""What makes the work of the flags (ValueError: a value is none), and the flags there are; each has a value."""


def run_quickly(arguments: Sequence[str]) -> int | None:
    """The exit code of a command line that is plain, once it was run; None for every other, of which nothing was done."""
    work = _work_of(arguments)
    if work is None:
        return None
    try:
        work()
    except SidecarError as failed:
        from sidecar.cli.failing import said

        return said(failed)
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK


def _work_of(arguments: Sequence[str]) -> Work | None:
    if not arguments or arguments[0] not in COMMANDS:
        return None
    making, known = COMMANDS[arguments[0]]
    flags = flags_in(arguments[1:], known)
    try:
        return None if flags is None else making(flags)
    except ValueError:
        return None


def flags_in(words: Sequence[str], known: frozenset[str]) -> dict[str, str] | None:
    """`--name value` and `--name=value` by name, the last one counting; None when anything else stands there."""
    flags: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, is_joined, text = word.partition("=")
        value = text if is_joined else next(rest, "")
        if name not in known or not value or value.startswith("-"):
            return None
        flags[name] = value
    return flags
