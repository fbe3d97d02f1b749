"""Ids of calls: unique, in order of time, and nothing of the caller in them."""

import re

from sidecar.clock import MILLISECOND, SECOND
from sidecar.ids import Ids, instance_of

NOW = 1_790_000_000 * SECOND


def test_an_id_is_milliseconds_process_and_number() -> None:
    assert re.fullmatch(r"c01a0c4506c00-[0-9a-f]{8}-00001", Ids("c").new(NOW))


def test_ids_of_one_moment_differ() -> None:
    ids = Ids("c")
    assert len({ids.new(NOW) for _ in range(1000)}) == 1000


def test_ids_of_two_processes_differ() -> None:
    assert Ids("c").new(NOW) != Ids("c").new(NOW)


def test_ids_sort_by_the_moment_they_were_given() -> None:
    ids = Ids("c")
    given = [ids.new(NOW + number * MILLISECOND) for number in range(300)]
    assert given == sorted(given)


def test_ids_of_one_millisecond_sort_by_their_number() -> None:
    ids = Ids("c")
    given = [ids.new(NOW) for _ in range(300)]
    assert given == sorted(given)


def test_an_id_needs_no_quoting_anywhere() -> None:
    assert re.fullmatch(r"[a-z0-9-]+", Ids("c").new(NOW))


def test_name_among_others_tells_the_pod_and_is_another_at_each_start() -> None:
    assert instance_of("api-0").startswith("api-0.")
    assert instance_of("api-0") != instance_of("api-0")
    assert "." not in instance_of(None)
