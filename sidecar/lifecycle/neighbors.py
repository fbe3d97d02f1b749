"""Who of those that share a ledger looks after what the dead have left: each after his neighbors, in the order of their names.

Anybody may take over from anybody, and the ledger sees to it that only one does. But if all look for all, ten thousand sidecars
read every open row of the ledger five hundred times a second, and whoever is first is given all of it, a third of a fleet at
once (measured: tests/scale/README.md). So the names stand in a ring, and each looks at his *gap*: the names between his own and
that of the next who lives. Whoever is dead stands in exactly one gap.

A neighbor may live and not look: it drains, it has just started, its loop is stuck. So now and then each looks further than the
next one who lives, the rarer the further, and what one neighbor leaves undone another finds.
"""

from bisect import bisect_right

import msgspec


class Gap(msgspec.Struct, frozen=True):
    """The names behind `after` and before `before`, around the end of the alphabet where that is not the greater one.

    Where both are one name it is all others. Whoever lives between them is passed over.
    """

    after: str
    before: str

    @property
    def is_around(self) -> bool:
        """It goes on at the beginning of the alphabet."""
        return self.before <= self.after

    def holds(self, name: str) -> bool:
        """Whether a name stands in it, in the order of code points; a database has its own, and asks by that."""
        if self.is_around:
            return name > self.after or name < self.before
        return self.after < name < self.before


def reach_of(look: int) -> int:
    """How many neighbors who live a look reaches over, the next included; looks are counted from 1.

    1, 2, 1, 4, 1, 2, 1, 8, ..: half of all looks are at the next one alone, and of a ring of `n` the whole is seen once in
    at most `2 * n` looks, however many in a row do not look. Together that is `log2(n)` neighbors a look at most.
    """
    return look & -look


def gap_of(me: str, living: list[str], reach: int | None) -> Gap:
    """What one who lives looks at: all of the ring where fewer than `reach` others live, or with None.

    `living` are the names of all who live, sorted.
    """
    behind = bisect_right(living, me)
    others = len(living) - (living[behind - 1 : behind] == [me])
    return Gap(me, me if reach is None or others < reach else living[(behind + reach - 1) % len(living)])
