"""What follows from what: every phase, every sign, with and without answers under way."""

from itertools import product

import pytest

from sidecar.lifecycle.events import LeftReason
from sidecar.proxy.live_ending import LEAVING, Fate, Manner, Phase, Sign, is_departure, what_follows
from sidecar.telemetry.sockets import SocketEnd
from sidecar.websocket.closing import CloseCode

CALLERS = frozenset(LEAVING)
GONE = {Sign.CALLER_RESET, Sign.CALLER_STALLED}
STAYS = Manner.STAYS

EVERY_SIGN = list(product(Phase, Sign, (False, True)))
EVERYTHING = list(product(Phase, Sign, (False, True), (False, True)))


@pytest.mark.parametrize(("phase", "sign", "has_calls", "reads_on"), EVERYTHING)
def test_whatever_happens__nothing_is_left_in_between(
    phase: Phase, sign: Sign, has_calls: bool, reads_on: bool
) -> None:
    verdict = what_follows(phase, sign, has_calls=has_calls, reads_on=reads_on)
    if verdict.phase is not phase:
        assert phase is not Phase.ENDING, "an end is final"
        assert verdict.phase is not Phase.OPEN
    if verdict.phase is Phase.ENDING is not phase:
        assert verdict.provider is not STAYS
        assert verdict.caller is not STAYS or phase is Phase.FOLLOWING  # there it is ended already
        assert verdict.calls is not Fate.GO_ON or not has_calls or sign is Sign.CALLS_ENDED or phase is Phase.CLOSING
    if verdict.provider is not STAYS or verdict.caller is not STAYS:
        assert verdict.phase in (Phase.ENDING, Phase.FOLLOWING)


@pytest.mark.parametrize(("phase", "sign", "has_calls"), EVERY_SIGN)
def test_a_caller_leaves_only_what_is_under_way_and_only_by_its_own_end(
    phase: Phase, sign: Sign, has_calls: bool
) -> None:
    expected = has_calls and sign in CALLERS and phase in (Phase.OPEN, Phase.CLOSING)
    assert is_departure(phase, sign, has_calls=has_calls) is expected
    left = what_follows(phase, sign, has_calls=has_calls).calls is Fate.LEFT
    assert left is expected


@pytest.mark.parametrize(("phase", "sign"), list(product((Phase.OPEN, Phase.CLOSING), LEAVING)))
def test_caller_leaves__provider_is_cut_at_once_or_read_on(phase: Phase, sign: Sign) -> None:
    cut = what_follows(phase, sign, has_calls=True)
    assert (cut.phase, cut.provider, cut.end) == (Phase.ENDING, Manner.CUT, SocketEnd.LEFT)
    kept = what_follows(phase, sign, has_calls=True, reads_on=True)
    assert (kept.phase, kept.provider, kept.caller, kept.calls) == (Phase.FOLLOWING, STAYS, cut.caller, Fate.LEFT)


@pytest.mark.parametrize(("phase", "sign", "has_calls"), EVERY_SIGN)
def test_caller_is_reset_only_where_it_did_so_or_takes_nothing_or_we_go(
    phase: Phase, sign: Sign, has_calls: bool
) -> None:
    verdict = what_follows(phase, sign, has_calls=has_calls)
    assert (verdict.caller is Manner.BROKEN) <= (sign in GONE or sign is Sign.STOPPED)


@pytest.mark.parametrize("has_calls", [False, True])
def test_close_frame_of_the_provider__answered_before_anything_is_closed(has_calls: bool) -> None:
    verdict = what_follows(Phase.OPEN, Sign.PROVIDER_CLOSED, has_calls=has_calls)
    assert (verdict.phase, verdict.caller, verdict.provider) == (Phase.CLOSING, STAYS, STAYS)
    assert verdict.end is (SocketEnd.BROKEN if has_calls else SocketEnd.PROVIDER)
    assert verdict.calls is (Fate.FAILED if has_calls else Fate.GO_ON)


def test_close_frame_of_the_caller_between_answers__answered_before_anything_is_closed() -> None:
    verdict = what_follows(Phase.OPEN, Sign.CALLER_CLOSED, has_calls=False)
    assert (verdict.phase, verdict.caller, verdict.provider) == (Phase.CLOSING, STAYS, STAYS)
    assert (verdict.end, verdict.calls) == (SocketEnd.CALLER, Fate.GO_ON)


@pytest.mark.parametrize(
    ("sign", "code"),
    [
        (Sign.TOO_LARGE, CloseCode.MESSAGE_TOO_BIG),
        (Sign.IDLE, CloseCode.GOING_AWAY),
        (Sign.PROVIDER_STALLED, CloseCode.INTERNAL_ERROR),
        (Sign.DRAIN_OVER, CloseCode.GOING_AWAY),
    ],
)
@pytest.mark.parametrize("has_calls", [False, True])
def test_limit_of_ours__both_are_told_why(sign: Sign, code: CloseCode, has_calls: bool) -> None:
    verdict = what_follows(Phase.OPEN, sign, has_calls=has_calls)
    assert (verdict.code, verdict.end, verdict.calls) == (code, SocketEnd.CUT, Fate.CUT)
    assert verdict.caller is Manner.TOLD


def test_drain__who_is_answered_has_time_and_nobody_else() -> None:
    assert what_follows(Phase.OPEN, Sign.DRAIN, has_calls=True).phase is Phase.OPEN
    verdict = what_follows(Phase.OPEN, Sign.DRAIN, has_calls=False)
    assert (verdict.caller, verdict.provider, verdict.code) == (Manner.TOLD, Manner.TOLD, CloseCode.GOING_AWAY)


@pytest.mark.parametrize("phase", list(Phase))
def test_sidecar_goes__everything_does(phase: Phase) -> None:
    verdict = what_follows(phase, Sign.STOPPED, has_calls=True)
    assert (verdict.calls, verdict.caller, verdict.provider) == (Fate.CUT, Manner.BROKEN, Manner.BROKEN)


def test_every_way_of_leaving_has_its_reason() -> None:
    assert set(LEAVING.values()) == {LeftReason.CLOSED, LeftReason.FIN, LeftReason.RST, LeftReason.WRITE_STALLED}
