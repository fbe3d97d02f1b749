"""What goes wrong at the caller: it stands still, breaks off, asks too much at once, comes in crowds."""

from tests.faults import caller_crowds, caller_ends, caller_paces
from tests.faults.billed import BilledScene, before_the_simulator
from tests.faults.fault import Fault
from tests.faults.together import Act, Together

TOGETHER = Together(
    before_the_simulator({"LIMITS__UPSTREAM_IDLE_SECONDS": "1", **caller_paces.SETTINGS, **caller_crowds.SETTINGS})
)


def _fault(name: str, right: str, act: Act[BilledScene], *, is_alone: bool = False) -> Fault:
    return Fault(name, right, TOGETHER.act(name, act, is_alone=is_alone))


FAULTS: tuple[Fault, ...] = (
    _fault(
        "stops reading",
        "it has left after calls.write_stall_seconds, and what it cost is exact",
        caller_paces.stops_reading,
    ),
    _fault("sends byte by byte", "it is served as ever", caller_paces.byte_by_byte),
    _fault(
        "never reads its 100-continue",
        "served, or 408 after limits.request_progress_seconds",
        caller_paces.ignores_continue,
    ),
    _fault("half-closes", "it gets its answer, and never left", caller_ends.half_closes),
    _fault(
        "resets",
        "half a request costs nothing; of half an answer the ledger says what the bill says",
        caller_ends.resets,
    ),
    _fault("pipelines", "answers in order; what waits in line when it leaves is not sent", caller_ends.pipelines),
    _fault(
        "reconnects by the thousand", "nothing stays, and others are served", caller_crowds.reconnects, is_alone=True
    ),
    _fault(
        "never ends its heads",
        "408 after limits.request_head_seconds, and others are served",
        caller_crowds.slowloris,
        is_alone=True,
    ),
)
