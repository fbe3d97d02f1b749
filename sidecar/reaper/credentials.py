"""Whose credential is used for an operation: its own caller's newest, else one that the settings name."""

from collections.abc import Mapping, Sequence

from sidecar.clock import Clock
from sidecar.config.upstreams import Upstream
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.answer import Credential
from sidecar.reaper.credentials_configured import ConfiguredCredentials, Say
from sidecar.reaper.credentials_seen import SeenCredentials

CALLER = "caller"
"""The source of what a caller sent."""


class KnownCredentials:
    """All that are known (the `Credentials` of the reaper). The road tells what it sees, the reaper what has settled."""

    def __init__(self, upstreams: Mapping[str, Upstream], clock: Clock, say: Say) -> None:
        """`say` is told what is wrong with a configured one, once: an upstream's name and a sentence without any secret."""
        self._seen = SeenCredentials()
        self._configured = ConfiguredCredentials(upstreams, clock, say)

    def __repr__(self) -> str:
        return "<KnownCredentials>"

    def saw(
        self, operation: str | None, upstream: str, dialect: str, caller: str | None, fields: bytes, target: str = ""
    ) -> None:
        """A request about an operation came with these header fields; when to tell is said at `SeenCredentials.saw`."""
        self._seen.saw(operation, upstream, dialect, caller, fields, target)

    def forget(self, id: str) -> None:
        """The operation has settled."""
        self._seen.forget(id)

    async def candidates(self, record: OperationRecord) -> Sequence[Credential]:
        """The best first; empty when there is none. After a 401 or 403 the next is worth a try. Never raises."""
        found = [Credential(fields, CALLER) for fields in self._seen.of(record.id)]
        configured = await self._configured.of(record.upstream)
        if configured is not None and all(configured.fields != other.fields or configured.sign for other in found):
            found.append(configured)
        return found
