"""What goes wrong at the provider: it stands still, breaks off, lies, floods, speaks no TLS, is nowhere."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.faults import upstream_cuts, upstream_floods, upstream_hangs, upstream_lies, upstream_places, upstream_tls
from tests.faults.fault import Fault
from tests.faults.raw_provider import RawProvider
from tests.faults.scene import Scene, before_a_script
from tests.faults.together import Act, Together


async def _settings(directory: Path, provider: RawProvider, stack: ExitStack) -> Mapping[str, str]:
    return {
        "LIMITS__UPSTREAM_IDLE_SECONDS": "1",
        "LIMITS__CONNECT_SECONDS": str(upstream_tls.CONNECT_SECONDS),
        **upstream_hangs.SETTINGS,
        **upstream_floods.SETTINGS,
        **await upstream_tls.ROADS.settings(directory, provider),
        **upstream_places.PLACES.settings(directory, await provider.listen(), stack),
    }


TOGETHER = Together(before_a_script(_settings))


def _fault(name: str, right: str, act: Act[Scene]) -> Fault:
    return Fault(name, right, TOGETHER.act(name, act))


WHOLE_OR_BROKEN = "the caller's connection breaks, or it gets 502; what was seen of the usage is no more than at least"
FAULTS: tuple[Fault, ...] = (
    _fault("hangs", "the caller decides how long it waits; then calls.follow.max_seconds", upstream_hangs.hangs),
    _fault("takes nothing of an upload", "504 after limits.upstream_stall_seconds", upstream_hangs.takes_nothing),
    _fault("sends byte by byte", "the same answer, metered exactly", upstream_hangs.byte_by_byte),
    _fault("reset", WHOLE_OR_BROKEN, upstream_cuts.resets),
    _fault("closed", WHOLE_OR_BROKEN, upstream_cuts.closes),
    _fault("lies about its length", WHOLE_OR_BROKEN, upstream_lies.lies),
    _fault("sends an answer too many", "the next caller never gets it", upstream_lies.surplus),
    _fault("answers before the request ended", "the caller gets the answer", upstream_lies.answers_early),
    _fault("floods", "memory is bounded, and what has no end is cut when nobody reads it", upstream_floods.floods),
    _fault("speaks garbage TLS", "502 with the reason; the request never goes out", upstream_tls.speaks_no_tls),
    _fault("refuses connections", "502 at once", upstream_places.nobody_listens),
    _fault("is a black hole", "502 after limits.connect_seconds", upstream_places.nobody_accepts),
    _fault("vanishes from DNS", "502 with the reason until it is back", upstream_places.vanishes),
)
