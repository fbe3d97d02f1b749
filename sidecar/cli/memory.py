"""Our memory holds the credentials of those who call through us: it is shown to nobody, and a crash does not write it down.

Against other processes of the same user (a container beside us with the same uid, a crash reporter that is handed every core
through a pipe, whatever its limit): not dumpable (prctl(2), PR_SET_DUMPABLE), so that ptrace(2), /proc/PID/mem and
/proc/PID/environ are root's alone. Where the kernel has no such thing, RLIMIT_CORE at least keeps cores from being files.

It costs that /proc/PID/fd and the like are root's too, for debuggers, profilers and `ls`: `debuggable` gives them back.
"""

import ctypes
import resource

PR_SET_DUMPABLE = 4


def close_memory() -> bool:
    """Show our memory to no other process but root's, and leave no core; a program that we execute is not touched by it.

    Returns whether this kernel can do so.
    """
    return _set_dumpable(0)


def open_memory() -> bool:
    """Show it again as it is usual: to every process of our user, and in a core where limits allow one."""
    return _set_dumpable(1)


def forbid_cores() -> None:
    """No core file of this process, nor of those that it will start: their limit is ours."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _set_dumpable(is_dumpable: int) -> bool:
    try:
        return bool(ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, is_dumpable, 0, 0, 0) == 0)
    except (OSError, AttributeError):  # not Linux
        return False
