"""File descriptors: how many the road may take. The rest is for the ledger, the log, and those who look at what is wrong.

The kernel gives a new descriptor the lowest number that is free (POSIX, open(2)), so the number of a new socket says how full the
table is, and nothing has to be counted. The limit is asked for each time: it may be changed while we run (prlimit(1)).
"""

import resource

RESERVE = 224
"""Half of it above what the road may take: 48 connections at each of the control and observe sockets (`control/connection.py`),
the ledger's further files or connections, name lookups. Half below: what a sidecar has open from its start."""
UNBOUNDED = 2**31
LEAST_PART = 4
"""Where the limit is small, the reserve is this part of it, a quarter."""


def most_callers() -> int:
    """Connections of callers at once: each needs a second one, to its provider."""
    return (_limit() - _reserve()) // 2


def ceiling() -> int:
    """A socket of the road with this number or a higher one is one too many: what is open from the start has the lowest."""
    return _limit() - _reserve() // 2


def is_tight(fd: int) -> bool:
    """The road has taken three quarters of what it may. What is left is for callers that are there already."""
    return fd >= ceiling() * 3 // 4


def _limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNBOUNDED if soft == resource.RLIM_INFINITY else soft


def _reserve() -> int:
    return min(RESERVE, _limit() // LEAST_PART)
