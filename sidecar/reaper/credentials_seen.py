"""The newest credential that came with each unsettled operation. In memory only, bounded, and forgotten when it settles.

An operation is cancelled with what its own caller sent, never with another tenant's (reliability.md B 13): that would be refused,
or answered "not found", which must not be taken for the truth. Keys are good until they are revoked, so nobody's stands in for
another. A token is good for about an hour, so a newer one may stand in: one that came with another operation of the same
caller, where everything that names a tenant is the same. A caller without a name shares with nobody.
"""

import re
from collections import OrderedDict
from typing import Final

import msgspec

from sidecar.providers.answer import Fields
from sidecar.providers.credential_headers import credential_fields
from sidecar.providers.credential_seen import credential_in

MOST_OPERATIONS: Final = 4096
"""Whose credentials are kept, some 500 bytes each; beyond that the one that was not heard of for longest is forgotten."""
PROJECT: Final = re.compile(r"/projects/([^/?]+)/").search
"""Google's tenant stands in the path."""
TOKENS: Final = (b"Bearer ya29.", b"Bearer eyJ")
"""Beginnings of what expires: Google's access tokens, and JSON web tokens (Entra, workload identity)."""
VERSIONS: Final = (b"-version", b"-beta")
"""Ends of the names of fields that say how a provider is spoken to, and not for whom."""


class Tenant(msgspec.Struct, frozen=True):
    """All that is known of whose a credential is, without the secret in it."""

    upstream: str
    caller: str
    project: str
    account: Fields
    """Organization, project, who pays for the quota."""


class Seen(msgspec.Struct, frozen=True):
    """One operation's newest credential."""

    fields: Fields
    tenant: Tenant | None
    """None where nobody else's may stand in."""

    def __repr__(self) -> str:
        return "<Seen>"


class SeenCredentials:
    """By operation, the one that was heard of last behind the others."""

    def __init__(self, most: int = MOST_OPERATIONS) -> None:
        self._most = most
        self._seen: OrderedDict[str, Seen] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def __repr__(self) -> str:
        return f"<SeenCredentials of {len(self._seen)} operations>"

    def saw(
        self, operation: str | None, upstream: str, dialect: str, caller: str | None, fields: bytes, target: str = ""
    ) -> None:
        """A request about one of our operations came with these header fields (`RequestHead.fields`) and this target.

        Called for a create before it leaves; for a poll or a cancel only when the provider has answered it with success, which
        is its word that this credential may act on the operation: whoever guesses an id does not become its owner here.
        """
        found = credential_in(dialect, fields, target)
        if operation is None or not found:
            return
        self._seen[operation] = Seen(found, tenant_of(upstream, dialect, caller, found, target))
        self._seen.move_to_end(operation)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def forget(self, id: str) -> None:
        """The operation has settled: nothing more is asked about it."""
        self._seen.pop(id, None)

    def of(self, operation: str) -> list[Fields]:
        """What may be used for an operation: its own newest, then a newer one of its tenant. Empty when none was seen."""
        own = self._seen.get(operation)
        if own is None:
            return []
        newest = own if own.tenant is None else self._newest_of(own.tenant)
        return [own.fields] if newest.fields == own.fields else [own.fields, newest.fields]

    def _newest_of(self, tenant: Tenant) -> Seen:
        """The last that a tenant sent, who has sent one."""
        return next(seen for seen in reversed(self._seen.values()) if seen.tenant == tenant)


def tenant_of(upstream: str, dialect: str, caller: str | None, fields: Fields, target: str) -> Tenant | None:
    """Whose a credential is; None where that is not known well enough, or where it is no token."""
    if not caller or not target or not any(value.startswith(TOKENS) for _, value in fields):
        return None
    secrets = credential_fields(dialect).secret
    project = PROJECT(target)
    return Tenant(
        upstream=upstream,
        caller=caller,
        project=project[1] if project else "",
        account=tuple(line for line in fields if line[0] not in secrets and not line[0].endswith(VERSIONS)),
    )
