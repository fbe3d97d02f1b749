"""Colors by meaning, the same on every page, and where a figure turns from calm to worrying.

Delivered is green, orphaned orange to red, rescued and cancelled blue, and what nobody knows is grey.
"""

from typing import Final, NamedTuple


class Threshold(NamedTuple):
    """From `above` on a figure has this color; None is from the very bottom."""

    above: float | None
    color: str


GREEN, BLUE, ORANGE, RED, YELLOW, PURPLE, GREY = "green", "blue", "orange", "red", "yellow", "purple", "#8e8e8e"
DARK_ORANGE, DARK_RED, LIGHT_GREEN, LIGHT_BLUE = "dark-orange", "dark-red", "light-green", "light-blue"
LIGHT_ORANGE, LIGHT_PURPLE, LIGHT_YELLOW = "light-orange", "light-purple", "light-yellow"

BY_LABEL: Final = {
    "fate": {"delivered": GREEN, "orphaned": ORANGE},
    "attachment": {"attached": GREEN, "orphaned": ORANGE, "shelved": YELLOW},
    "outcome": {
        # of calls
        "delivered": GREEN,
        "rescued": BLUE,
        "joined": LIGHT_BLUE,
        "orphan_finished": DARK_ORANGE,
        "orphan_cut": ORANGE,
        "orphan_failed": DARK_RED,
        "undelivered": LIGHT_ORANGE,
        "left_early": YELLOW,
        "upstream_failed": RED,
        "cut_short": PURPLE,
        "rejected": LIGHT_PURPLE,
        "refused": LIGHT_YELLOW,
        "lost": GREY,
        # of operations
        "succeeded": GREEN,
        "failed": RED,
        "cancelled": BLUE,
        "expired": GREY,
        "untraceable": GREY,
        "abandoned": DARK_RED,
    },
    "state": {
        "opening": LIGHT_GREEN,
        "running": GREEN,
        "orphaned": ORANGE,
        "cancelling": YELLOW,
        "succeeded": LIGHT_BLUE,
        "failed": RED,
        "cancelled": BLUE,
        "expired": GREY,
        "untraceable": GREY,
        "abandoned": DARK_RED,
        # of connections
        "active": GREEN,
        "busy": GREEN,
        "connecting": YELLOW,
        "waiting": RED,
        "idle": GREY,
    },
    "result": {
        "confirmed": BLUE,
        "too_late": YELLOW,
        "unsupported": GREY,
        "refused": DARK_ORANGE,
        "unconfirmed": RED,
        "no_credential": PURPLE,
        "would_cancel": LIGHT_BLUE,
        # of a connection, of a file read again
        "made": GREEN,
        "good": GREEN,
        "failed": RED,
        # of a CONNECT, of a handshake
        "intercepted": GREEN,
        "tunneled": GREY,
        "grpc": YELLOW,
        "untrusted": DARK_RED,
    },
    "end": {"caller": GREEN, "provider": LIGHT_GREEN, "left": ORANGE, "broken": RED, "cut": PURPLE},
    "direction": {"to_provider": LIGHT_BLUE, "to_caller": GREEN},
    "basis": {"exact": GREEN, "at_least": YELLOW, "estimated": GREY},
    "inference_sidecar_state": {"serving": GREEN, "starting": YELLOW, "draining": BLUE, "settling": PURPLE},
}
"""The color of a label's value."""
BY_NAME: Final = {
    "orphaned": ORANGE,
    "avoidable": RED,
    "avoided": GREEN,
    "regretted": RED,
    "reclaimed": LIGHT_GREEN,
    "rescued": BLUE,
    "would be rescued": LIGHT_BLUE,
    "below 400": GREEN,
    "4xx": YELLOW,
    "5xx": RED,
    "no reply": GREY,
}
"""The color of a curve that its page has named."""


def colors_of(legend: str) -> dict[str, str]:
    """The colors that are fixed for the series of one query, by their names; empty where the palette may choose."""
    if legend.startswith("{{") and legend.endswith("}}"):
        return BY_LABEL.get(legend[2:-2], {})
    return {legend: BY_NAME[legend]} if legend in BY_NAME else {}


CALM: Final = (Threshold(None, "text"),)
"""A figure without a good and a bad side."""
GOOD: Final = (Threshold(None, "text"), Threshold(1e-9, GREEN))
"""The more the better."""
LOSS: Final = (Threshold(None, GREEN), Threshold(1e-9, ORANGE))
"""Any of it is a loss; how much is too much depends on who pays, and is the alerts' to say."""
WORRY: Final = (Threshold(None, GREEN), Threshold(1e-9, RED))
"""Any of it is a fault."""
HINT: Final = (Threshold(None, "text"), Threshold(1e-9, YELLOW))
"""Worth a look, and not bad in itself."""
MUST_BE_ZERO: Final = (Threshold(None, RED), Threshold(-1e-6, GREEN), Threshold(1e-6, RED))
"""Zero, but for the rounding of floating-point dollars; less is as wrong as more."""
ORPHANED_SHARE: Final = (Threshold(None, GREEN), Threshold(0.05, ORANGE), Threshold(0.10, RED))
"""The alert OrphanedSpendRatioHigh speaks at 10 %, unless another threshold was recorded."""
ORPHAN_AGE: Final = (Threshold(None, GREEN), Threshold(300, ORANGE), Threshold(900, RED))
"""Seconds. The alert OrphanStuck speaks at 15 minutes, unless another threshold was recorded."""
PRICES_AGE: Final = (Threshold(None, GREEN), Threshold(60 * 86_400, ORANGE), Threshold(90 * 86_400, RED))
"""Seconds. The alert PricesStale speaks at 90 days, unless another threshold was recorded."""
