"""What is known of an operation, put together from its row, its wire and what was learned."""

import msgspec

from tests.reaper.provider import WIRE
from tests.reaper.world import World


def test_no_wire__it_can_neither_be_asked_about_nor_cancelled(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open()
    sidecar.reaper._means.wires = lambda record: None
    entry = sidecar.reaper._means.roster.get(record.id)
    assert entry is not None
    known = sidecar.reaper._means.known(entry, record)
    assert (known.can_look, known.can_cancel, known.can_find) == (False, False, False)


def test_without_an_id__only_looked_up(world: World) -> None:
    sidecar = world.start()
    record = sidecar.opening(name="nightly")
    sidecar.reaper.opened(record)
    entry = sidecar.reaper._means.roster.get(record.id)
    assert entry is not None
    known = sidecar.reaper._means.known(entry, record)
    assert (known.can_look, known.can_cancel, known.can_find) == (False, False, True)


def test_another_method_of_the_same_upstream__its_cancel_is_not_in_doubt(world: World) -> None:
    sidecar = world.start(wire=WIRE)
    record = sidecar.open()
    sidecar.reaper._means.unsupported.add((record.upstream, "videos"))
    assert sidecar.reaper._means.can_cancel(record)
    assert not sidecar.reaper._means.can_cancel(msgspec.structs.replace(record, method="videos"))
