"""Sessions that outlive their sockets: a caller that has a handle may go on with its session in another socket.

Gemini's API ends every socket after some ten minutes, and its SDKs come again with the handle that they were given. Who is back
within the grace had not left, and what it was being told when its socket ended is not lost. So the calls of a socket that is left
are held: whether they were left is said when it is known.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from sidecar.clock import Moment
from sidecar.http1.head import RequestHead
from sidecar.providers.credential_seen import credential_in

if TYPE_CHECKING:
    from sidecar.proxy.admission import Admission
    from sidecar.proxy.context import Context
    from sidecar.proxy.live_call import LiveCall

MOST_HANDLES: Final = 4
"""Of one socket. A caller may come back with one that is not the newest, which it may not have read; and while an answer is under
way Gemini names none ("resumable: false"), and goes on by the last."""

Key = bytes


class _Hold:
    """The calls of one socket that are held, under each of its handles."""

    __slots__ = ("calls", "keys", "timer")

    def __init__(self, keys: tuple[Key, ...], calls: "list[LiveCall]", timer: asyncio.TimerHandle) -> None:
        self.keys, self.calls, self.timer = keys, calls, timer


class Resumptions:
    """All calls that are held. A handle is good for who holds the same credential at the same upstream, and for nobody else."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._held: dict[Key, _Hold] = {}

    def hold(self, keys: Iterable[Key], calls: "list[LiveCall]") -> bool:
        """Hold calls for the grace; False where there is none, or no way back."""
        context, keys = self._context, tuple(keys)
        seconds = context.limits.live.resume_seconds
        if not keys or not calls or not seconds or context.is_draining or context.pod_is_ending:
            return False
        for key in keys:
            self._end(key)
        held = _Hold(keys, list(calls), context.loop.call_later(seconds, self._end, keys[0]))
        self._held.update(dict.fromkeys(keys, held))
        return True

    def came_back(self, key: Key, now: Moment) -> None:
        """A session goes on by a handle."""
        for call in self._forget(key):
            call.came_back(now)

    @property
    def is_holding(self) -> bool:
        """Of some calls it is not known yet whether their callers come back."""
        return bool(self._held)

    def close(self) -> None:
        """Nobody can come back any more."""
        for key in list(self._held):
            self._end(key)

    def _end(self, key: Key) -> None:
        for call in self._forget(key):
            call.stayed_away()

    def _forget(self, key: Key) -> "list[LiveCall]":
        held = self._held.get(key)
        if held is None:
            return []
        held.timer.cancel()
        for each in held.keys:
            if self._held.get(each) is held:
                del self._held[each]
        return held.calls


class Session:
    """What one socket's session can be gone on with by."""

    __slots__ = ("_admission", "_fields", "_keys", "_resumptions", "_whose")

    def __init__(self, resumptions: Resumptions, admission: "Admission", head: RequestHead) -> None:
        self._resumptions = resumptions
        self._admission, self._fields = admission, head.fields
        self._whose: bytes | None = None
        self._keys: deque[Key] = deque(maxlen=MOST_HANDLES)

    def may_go_on_by(self, handle: str) -> None:
        """The provider has named a handle; none where it is empty, and the earlier ones stay good."""
        key = self._key(handle)
        if key and key not in self._keys:
            self._keys.append(key)

    def goes_on_by(self, handle: str, now: Moment) -> None:
        """The caller goes on with an earlier session, as the provider's handle for it says."""
        key = self._key(handle)
        if key:
            self._keys.append(key)  # it is good until there is another
            self._resumptions.came_back(key, now)

    def hold(self, calls: "list[LiveCall]") -> bool:
        """Hold calls that are being left until it is known whether their caller comes back."""
        return self._resumptions.hold(self._keys, calls)

    def _key(self, handle: str) -> Key:
        """A digest of handle, upstream and credential; empty where there is no handle or no credential to know a caller by."""
        if self._whose is None:
            self._whose = _whose(self._admission, self._fields)
        if not handle or not self._whose:
            return b""
        return blake2b(handle.encode(), key=self._whose, digest_size=16).digest()


def _whose(admission: "Admission", fields: bytes) -> bytes:
    destination = admission.destination
    credential = credential_in(destination.dialect.name, fields, admission.target.decode("latin-1"))
    if not credential:
        return b""
    named = b"\0".join(name + b":" + value for name, value in credential)
    return blake2b(named, person=b"session", salt=blake2b(destination.name.encode(), digest_size=16).digest()).digest()
