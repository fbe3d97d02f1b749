"""How far a figure can be trusted, and why not further: what every dialect makes of a usage that it has read."""

import msgspec

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported

NOTHING = Usage()
NOTHING_SAID = Reported(NOTHING)
"""What stands in for a report where there is none."""
MALFORMED = "malformed_usage"
"""Something was no number: what could be read is a lower bound."""
COUNTED = "counted_deltas"
"""The stream told no usage, or broke off before it did: what had passed of the answer was counted."""


def judged(usage: Usage, model: str, tier: str | None, doubt: str, continuation: str = "") -> Reported:
    """The usage with its basis: a doubt makes it a lower bound, a tier that we don't know (None) makes its price a guess."""
    if tier is None:
        return Reported(usage, model, "", Basis.ESTIMATED, doubt or "unknown_tier", continuation)
    return Reported(usage, model, tier, Basis.AT_LEAST if doubt else Basis.EXACT, doubt, continuation)


def at_least(reported: Reported, reason: str) -> Reported:
    """The same as a lower bound, unless it is in doubt already."""
    if reported.basis is not Basis.EXACT:
        return reported
    return msgspec.structs.replace(reported, basis=Basis.AT_LEAST, reason=reason)
