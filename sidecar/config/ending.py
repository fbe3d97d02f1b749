"""The groups of settings about the sidecar's end, and about the pod that it ends with."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from sidecar.config.addresses import Unusable
from sidecar.config.group import Group
from sidecar.config.values import Seconds, Text, as_text, reading


def _absolute(text: str) -> Path:
    """A file's place, whatever the working directory is.

    Raises:
        Unusable: it hangs on the working directory.
    """
    path = Path(text)
    if not path.is_absolute():
        raise Unusable("is not a file's whole path", "write /dev/termination-log")
    return path


WholePath = Annotated[Path, BeforeValidator(reading(_absolute, Path)), as_text]


class Drain(Group):
    """What happens between SIGTERM and the end."""

    deadline_seconds: Seconds = 25
    """Live calls and orphans get so long after SIGTERM to end, then are cut. Below Kubernetes' 30 seconds, to leave time for the
    ledger."""
    linger_seconds: Seconds = 20
    """When all has settled, a scraper that is due within so long is waited for, so that it reads the last figures; never beyond
    the deadline. 0 waits for none. Nothing is waited for where nobody scrapes. Clusters scrape every 15 or 30 seconds."""
    callers_are_gone: bool = False
    """The application ends before us, as beside a native sidecar in Kubernetes: `POST /api/drain` only announces the end and
    calls are taken on; whoever leaves then leaves because the pod ends; SIGTERM means that nobody is left, and operations that
    are cancelled when their caller is gone are cancelled at once. Elsewhere callers may live on, and find us again."""
    pod_grace_seconds: Seconds = 30
    """The pod's `terminationGracePeriodSeconds`, which no container is told. With `callers_are_gone`, Kubernetes has counted it
    since `POST /api/drain` (the preStop hook): all is done 3 s before it is over, even if `deadline_seconds` is longer; where
    it is over already, in the 2 s that are left. Kubernetes' own default."""
    termination_message_file: WholePath | None = None
    """Gets the last figures in a line of at most 4 KiB: `/dev/termination-log` shows them in the pod's status. None: no file."""


class Pod(Group):
    """Who we are in a cluster, by the downward API: for log, ledger and traces, and not for metrics, whose scrape adds it."""

    name: Text | None = None
    """`metadata.name`. It is a part of the name by which other sidecars know this one in a shared ledger."""
    namespace: Text | None = None
    """`metadata.namespace`."""
    uid: Text | None = None
    """`metadata.uid`."""
    node: Text | None = None
    """`spec.nodeName`."""

    def known(self) -> dict[str, str]:
        """What of it is known, by field."""
        return {field: value for field, value in self if value}
