"""One run, from the sidecar's start to the last word about it. Read top to bottom."""

import asyncio
import os
import resource
import signal
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from sidecar.clock import SystemClock
from sidecar.companion.attendance import Attendance
from sidecar.companion.command import CommandError, End, leave_like, start
from sidecar.companion.family import Family
from sidecar.companion.following import Following
from sidecar.companion.opening import Opened, open_sidecar
from sidecar.companion.screen import NAME, Screen
from sidecar.companion.signals import Signals
from sidecar.companion.story import Story, counted, ended
from sidecar.companion.surroundings import Surroundings, surroundings
from sidecar.companion.typicals import Typicals
from sidecar.config.groups import Mode
from sidecar.config.load import Loaded

HURRIED_SECONDS: Final = 5.0
"""Whoever sent SIGTERM or SIGHUP is about to send SIGKILL: then it is not waited for longer, unless a time was given."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How one run is wanted."""

    wait_seconds: float | None = None
    """How long what goes on after the command's end is followed; None: as long as any orphan is (`calls.follow.max_seconds`)."""
    overrides: bool = False
    """Variables that lead SDKs elsewhere are replaced."""
    intercepts: bool = False
    """Its https calls come through us too, wherever they lead."""
    is_quiet: bool = False
    is_verbose: bool = False
    is_json: bool = False
    report: Path | None = None
    """The file that gets the story; None: standard error."""


def run(loaded: Loaded, command: Sequence[str], options: Options) -> int:
    """Run a command beside a sidecar of its own, tell what became of its calls, and leave as it left.

    Returns its exit status; where a signal ended it, does not return. Standard input and output are the command's alone: ours
    are closed as soon as it has them.

    Raises:
        CommandError: it can't be run.
        SettingsError, LedgerError: there is no sidecar, and nothing was run.
    """
    signals = Signals()
    screen = Screen(is_silent=options.is_quiet, is_json=options.is_json, file=options.report)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        end = runner.run(Run(loaded, command, options, signals, screen).live())
    return leave_like(end)


class Run:
    """One run. `live` it once."""

    def __init__(
        self, loaded: Loaded, command: Sequence[str], options: Options, signals: Signals, screen: Screen
    ) -> None:
        self._loaded, self._command, self._options = loaded, command, options
        self._signals, self._screen = signals, screen
        self._clock = SystemClock()

    async def live(self) -> End:
        """All of it. Raises as `run`."""
        opened = open_sidecar(self._loaded, os.environ, intercepts=self._options.intercepts)
        try:
            return await self._beside(opened)
        finally:
            self._signals.close()
            if opened.interception is not None:
                opened.interception.close()
            self._close_log(opened, has_calls=opened.has_calls)

    async def _beside(self, opened: Opened) -> End:
        """The command, beside a sidecar that has not started yet and is stopped afterwards."""
        loop = asyncio.get_running_loop()
        stopped = False
        try:
            addresses = await opened.sidecar.start()
            around = _around(opened, addresses["proxy"], overrides=self._options.overrides)
            family = Family(loop, int(addresses["proxy"].rpartition(":")[2]))
            attendance = Attendance(loop, self._signals, family)
            if await attendance.was_asked_to_end():
                return End(None, attendance.asked)
            self._say_before(opened, around, addresses["proxy"])
            began_ns = self._clock.monotonic_ns()
            attendance.attend(self._start(around))
            end = await attendance.ended()
            seconds = (self._clock.monotonic_ns() - began_ns) / 1e9
            story = await self._aftermath(opened, attendance, family, end, seconds)
            if around.led is not None:
                story = msgspec.structs.replace(story, seen=opened.sidecar.seen())
            family.close()
            await opened.sidecar.stop()
            stopped = True
        finally:
            if not stopped:
                await opened.sidecar.stop()
        self._tell(opened, around, story)
        return end

    def _start(self, around: Surroundings) -> int:
        """Start the command with the limits that we were started with, and leave standard input and output to it alone."""
        soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the usual soft limit of 1,024 is 500 calls
        pid = start(self._command, around.variables, self._signals.mask_before, soft)
        nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for theirs in (0, 1):  # else a pipe to or from the command would not end with it
            os.dup2(nowhere, theirs)
        os.close(nowhere)
        return pid

    async def _aftermath(
        self, opened: Opened, attendance: Attendance, family: Family, end: End, seconds: float
    ) -> Story:
        """Stay for processes that it left behind, then follow what goes on at providers."""
        signal.signal(
            signal.SIGTTOU, signal.SIG_IGN
        )  # in the background we may be forbidden to write; we have little to say
        sidecar, settings = opened.sidecar, opened.settings
        told = ended(end, seconds)
        left = await family.until_alone(lambda pids: self._screen.say(f"{told}; {_staying(pids)}"), attendance.is_over)
        if left and self._options.is_verbose:
            self._screen.say(f"{counted(len(left), 'process')} of it left running, without calls")
        sidecar.callers_have_ended()
        following = Following(
            sidecar, self._screen, Typicals(settings.ledger.url), is_enforcing=settings.mode is Mode.ENFORCE
        )
        head = f"{told}; the provider works on"
        await following.follow(head, self._patience(opened, attendance), attendance.is_over)
        await following.look_once_more()
        return Story(
            end=end, seconds=seconds, mode=settings.mode.value, tally=opened.tally, operations=following.operations
        )

    def _patience(self, opened: Opened, attendance: Attendance) -> float:
        if self._options.wait_seconds is not None:
            return self._options.wait_seconds
        return HURRIED_SECONDS if attendance.is_hurried else opened.settings.calls.follow.max_seconds

    # === what is said ===

    def _say_before(self, opened: Opened, around: Surroundings, proxy: str) -> None:
        if self._options.is_verbose:
            self._screen.say(f"takes calls at {proxy}, mode {opened.settings.mode.value}")
            if opened.log is not None:
                self._screen.say(f"its log is {opened.log.path}")
            if around.other_sidecar:
                self._screen.say(
                    f"calls go to the sidecar at {around.other_sidecar}, which was there first, and sees them"
                )

    def _tell(self, opened: Opened, around: Surroundings, story: Story) -> None:
        self._screen.tell(story)
        opened.has_calls = story.has_calls
        if (unseen := _unseen(opened, around)) and not around.other_sidecar:
            names = ", ".join(unseen)
            self._screen.say(f"calls by {names} were not seen: set to another place before (--override replaces it)")
        if opened.interception is not None and around.led is not None:
            for remark in opened.interception.remarks(around.led):
                self._screen.say(remark)
        if opened.has_calls and opened.notice:
            self._screen.say(opened.notice)
        if opened.sidecar.rows_unwritten():
            self._screen.say("the ledger could not be written: these figures are not in it")

    def _close_log(self, opened: Opened, *, has_calls: bool) -> None:
        log = opened.log
        if log is None:
            return
        if log.has_trouble and not self._options.is_verbose:
            self._screen.say(f"something went wrong: {log.path} says what")
        log.close(keeps=has_calls or log.has_trouble or self._options.is_verbose)


def _around(opened: Opened, proxy: str, *, overrides: bool) -> Surroundings:
    led = None if opened.interception is None else opened.interception.led_to(proxy)
    return surroundings(os.environ, proxy, overrides=overrides, led=led)


def _unseen(opened: Opened, around: Surroundings) -> list[str]:
    """Variables that lead past us: not those that lead to where we read what passes."""
    way = opened.interception if around.led is not None else None
    return [name for name in around.elsewhere if way is None or not way.sees(around.variables[name])]


def _staying(pids: Collection[int]) -> str:
    named = ", ".join(map(str, sorted(pids)[:5]))
    verb, them = ("goes", "it") if len(pids) == 1 else ("go", "them")
    kind = "process" if len(pids) == 1 else "processes"
    return f"{len(pids)} {kind} of it ({named}) {verb} on calling: waiting for {them}, Ctrl-C stops that"


__all__ = ["CommandError", "NAME", "Options", "run"]
