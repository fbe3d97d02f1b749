"""A journal of cancels that looks at the claim of each as it leaves."""

from sidecar.clock import Moment
from sidecar.lifecycle.operation import OperationState as S
from tests.reaper.world import World


class Checked(list[tuple[Moment, str, str]]):
    """The journal of cancels that left; looks at each claim as it passes."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.violations: list[str] = []

    def append(self, sent: tuple[Moment, str, str]) -> None:
        _, id, by = sent
        row = self._world.rows.records[id]
        if row.holder != by or row.cancel_requested_at is None or row.settled_at is not None:
            self.violations.append(f"{id} by {by}, held by {row.holder}")
        if row.state is not S.CANCELLING and row.ended_at is None:
            self.violations.append(f"{id} while {row.state}")
        super().append(sent)
