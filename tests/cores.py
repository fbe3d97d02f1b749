"""A process that may leave a core where it crashes, as in a shell in which somebody said `ulimit -c unlimited`."""

import resource


def with_cores() -> None:
    """Raise the limit as far as that is allowed: what `subprocess` calls before the program is executed."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
