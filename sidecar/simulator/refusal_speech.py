"""How creates of operations are declined, in any dialect; what they say otherwise is their families' affair. Pure."""

from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.refusals import refusal
from sidecar.simulator.speech import Header, Naming, Unstreamed, json_line


class RefusalSpeech(Unstreamed):
    """A reply that declines."""

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._dialect = plan.route.dialect

    def headers(self) -> list[Header]:
        """None."""
        return []

    def whole(self) -> bytes:
        """Nothing."""
        return b""

    def refusal(self, declined: Declined) -> bytes:
        """The dialect's error."""
        return json_line(refusal(self._dialect, declined))
