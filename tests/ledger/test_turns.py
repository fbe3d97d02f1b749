"""Whoever waits for the file comes next, however often another comes again."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sidecar.ledger.turns import Turns
from tests.ledger.given import SOON


def test_one_at_a_time():
    turns, inside, most = Turns(), [0], [0]

    def count(_: int) -> None:
        with turns:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            threading.Event().wait(0.0001)
            inside[0] -= 1

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(200)))
    assert (inside[0], most[0]) == (0, 1)


def test_whoever_waits_comes_before_one_who_comes_again():
    turns, order = Turns(), list[str]()

    def wait_for_it() -> None:
        with turns:
            order.append("waited")

    with turns:
        waiting = threading.Thread(target=wait_for_it)
        waiting.start()
        while not turns._waiting:
            threading.Event().wait(0.001)
    with turns:
        order.append("came again")
    waiting.join(SOON)
    assert order == ["waited", "came again"]


def test_many_wait_in_the_order_in_which_they_came():
    turns, order, threads = Turns(), list[int](), list[threading.Thread]()

    def wait_for_it(number: int) -> None:
        with turns:
            order.append(number)

    with turns:
        for number in range(5):
            threads.append(threading.Thread(target=wait_for_it, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join(SOON)
    assert order == [0, 1, 2, 3, 4]


def test_an_error_lets_the_next_in():
    turns = Turns()
    try:
        with turns:
            raise ValueError
    except ValueError:
        pass
    with turns:
        assert turns._is_taken
    assert not turns._is_taken
