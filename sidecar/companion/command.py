"""The command as a child: started as `env CMD` would start it, and its end as the exit status that `env CMD` would leave with.

It is in our process group and on our terminal. Signals that were ignored before us are ignored by it, all others are as usual;
descriptors that somebody handed down (`make`'s, a shell's `3>file`) reach it, ours do not: Python makes its own close-on-exec.
One thing differs: SIGPIPE and SIGXFSZ are always as usual in it, because Python ignores them from its start and forgets how they
were.
"""

import errno
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

CANNOT_RUN, NOT_FOUND = 126, 127
"""Exit statuses of env(1), nohup(1) and shells for a command that is there and can't be run, or is not there."""
SET_BY_PYTHON: Final = (signal.SIGPIPE, signal.SIGXFSZ)
SHELL: Final = "/bin/sh"


class CommandError(Exception):
    """The command can't be run. `status` is what env(1) exits with."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(status, problem)
        self.status, self.problem = status, problem

    def __str__(self) -> str:
        return self.problem


class End(NamedTuple):
    """How the command ended: by itself with a code, or by a signal."""

    code: int | None
    signal: int | None = None

    @property
    def status(self) -> int:
        """As a shell has it in `$?`."""
        return 128 + (self.signal or 0) if self.code is None else self.code


def start(command: Sequence[str], variables: Mapping[str, str], mask: Iterable[int], soft_files: int) -> int:
    """Start the command with this environment, signal mask and soft limit of open files; its process id.

    Raises:
        CommandError: it is not found, or can't be run.
    """
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft_files, most_files[1]))
    try:
        return _spawned(command, variables, mask)
    except OSError as error:
        status = NOT_FOUND if error.errno == errno.ENOENT else CANNOT_RUN
        raise CommandError(status, f"{command[0]}: {os.strerror(error.errno or 0)}") from None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most_files)


def _spawned(command: Sequence[str], variables: Mapping[str, str], mask: Iterable[int]) -> int:
    if not command[0]:  # Python's own complaint would be another
        raise FileNotFoundError(errno.ENOENT, "")
    try:
        return os.posix_spawnp(command[0], [*command], variables, setsigmask=mask, setsigdef=SET_BY_PYTHON)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    # No #! line: execvp(3) and every shell take such a file for a script of sh.
    script = shutil.which(command[0], path=variables.get("PATH")) or command[0]
    return os.posix_spawn(SHELL, [SHELL, script, *command[1:]], variables, setsigmask=mask, setsigdef=SET_BY_PYTHON)


def end_of(pid: int) -> End | None:
    """How a child has ended, which is then reaped; None while it lives."""
    found, status = os.waitpid(pid, os.WNOHANG)
    if not found:
        return None
    code = os.waitstatus_to_exitcode(status)
    return End(code) if code >= 0 else End(None, -code)


def is_stopped(pid: int) -> bool:
    """Whether a child is stopped at this moment (SIGTSTP, SIGSTOP, a background read)."""
    told = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return told is not None and told.si_code == os.CLD_STOPPED


def leave_like(end: End) -> int:
    """Die by the signal that the command died by, so that whoever waits for us sees what it would have seen of the command.

    Returns the exit status where it ended by itself. A second core file would only be ours: there is none.
    """
    if end.signal is None:
        return end.status
    sys.stdout.flush()
    sys.stderr.flush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if end.signal not in {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(end.signal, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {end.signal})
    os.kill(os.getpid(), end.signal)
    return end.status  # a signal whose usual action is to do nothing, which can't have ended it
