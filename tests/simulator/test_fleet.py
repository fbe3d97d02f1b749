"""The demo's callers."""

from sidecar.simulator.fleet import SIGNALS, Ending, Fleet, Role, roles
from sidecar.simulator.milestones import Milestone
from sidecar.simulator.script import Script, read_script
from sidecar.simulator.server import running_simulator


def test_same_seed_gives_the_same_cast() -> None:
    assert list(roles(20, seed=3)) == list(roles(20, seed=3))
    assert list(roles(20, seed=3)) != list(roles(20, seed=4))


def test_some_stay_and_some_vanish_in_the_middle_of_their_call() -> None:
    cast = list(roles(40, seed=7))
    assert {role.ending for role in cast} == set(Ending)
    assert all(0 < role.vanishes_after_seconds < role.work_seconds for role in cast)


def test_a_role_speaks_the_simulators_grammar() -> None:
    (role,) = roles(1, seed=7)
    script = read_script(role.script, Script())
    assert script.seconds is not None
    assert script.chunks == 12


def test_a_caller_that_is_killed_leaves_its_provider_working() -> None:
    role = Role("doomed", "gemini-2.5-flash", False, 0.8, Ending.KILLED, 0.3)
    with running_simulator() as simulator:
        fleet = Fleet(simulator.url)
        try:
            fleet.start(role)
            simulator.reached("doomed", Milestone.RECEIVED)
            while not fleet.look():
                pass
            simulator.reached("doomed", Milestone.BILLED)
        finally:
            fleet.close()
        (entry,) = simulator.bill.of("doomed")
    assert entry.caller_left_at is not None
    assert entry.usd > 0


def test_every_ending_but_staying_has_a_signal() -> None:
    assert set(SIGNALS) == set(Ending) - {Ending.STAYS}
