"""Who is let in: the credential of a request, and the keys that open the simulator."""

import hashlib
import re
from collections.abc import Iterable

from sidecar.simulator.declined import Declined
from sidecar.simulator.request import Request

KEY_HEADERS = ("x-goog-api-key", "x-api-key", "api-key")
SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/")
"""Of a request signed for AWS the key's name is all that can be told without its secret."""


def credential_of(request: Request) -> str:
    """The key or token that a request carries, without its scheme; empty for none."""
    for name in KEY_HEADERS:
        if key := request.headers.get(name):
            return key
    authorization = request.headers.get("authorization", "")
    if signed := SIGNED.match(authorization):
        return signed[1]
    scheme, _, token = authorization.partition(" ")
    return token or scheme or request.query.get("key", "")


def digest_of(credential: str) -> str:
    """SHA-256, hexadecimal; empty for no credential."""
    return hashlib.sha256(credential.encode()).hexdigest() if credential else ""


class Keys:
    """The keys that open the simulator; with none given at the start it is open to all but those revoked."""

    def __init__(self, admitted: Iterable[str] | None) -> None:
        self._admitted = None if admitted is None else set(admitted)
        self._revoked: set[str] = set()

    def revoke(self, key: str) -> None:
        """Let nobody in with this key any more; work that was begun with it goes on."""
        self._revoked.add(key)

    def admit(self, key: str) -> None:
        """Let in whoever has this key, from now on."""
        self._revoked.discard(key)
        if self._admitted is not None:
            self._admitted.add(key)

    def check(self, request: Request) -> None:
        """Return if it may come in.

        Raises:
            Declined: 401 without a credential or with one that is not known, 403 with one that was revoked.
        """
        key = credential_of(request)
        if key in self._revoked:
            raise Declined(403, "The credential of this request was revoked.")
        if self._admitted is not None and key not in self._admitted:
            raise Declined(401, "The credential of this request is missing or not known.")
