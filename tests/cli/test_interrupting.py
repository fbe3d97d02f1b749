"""Signals as wishes."""

import os
import signal

import pytest

from sidecar.cli.interrupting import WISHES, wish_to_end


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signal_is_a_wish_with_an_exit_code(number: signal.Signals, code: int) -> None:
    with wish_to_end() as wish:
        assert not wish
        os.kill(os.getpid(), number)
        assert wish
        assert wish.exit_code == code


def test_first_signal_counts() -> None:
    with wish_to_end() as wish:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert wish.exit_code == 143


def test_afterwards_signals_are_what_they_were() -> None:
    before = [signal.getsignal(number) for number in WISHES]
    with wish_to_end():
        pass
    assert [signal.getsignal(number) for number in WISHES] == before
