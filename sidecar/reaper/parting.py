"""The end of a pod: its application is dead, and nobody will be there in a minute to cancel what it left running.

All at once, each in its time box, without a grace; what is not confirmed in time stays CANCELLING in the ledger, for the next
start or another sidecar. What has ended and waits only for somebody to come, or for a doubt to pass, settles now where nobody
goes on with it: a pod's own volume goes with the pod, and figures that were never told are lost for good. Safe to be killed at
any point (reliability A 17).
"""

import asyncio
from functools import partial
from typing import Final

import msgspec

from sidecar.clock import SECOND
from sidecar.lifecycle.known import Gone, Rules
from sidecar.lifecycle.operation import GoneReason, OperationState as S
from sidecar.lifecycle.step import Claim, Conclude, Lapse, Look, Send, Settle, Step, Wait
from sidecar.reaper.means import Means
from sidecar.reaper.roster import Entry
from sidecar.reaper.steps import Steps
from sidecar.reaper.work import Work

ENDING: Final = Gone(GoneReason.POD_ENDING, "the pod is ending")
CONCERNED: Final = frozenset({S.RUNNING, S.ORPHANED, S.CANCELLING})
WAITING: Final = frozenset({S.SUCCEEDED, S.CANCELLED})
"""Ended, and not settled: their results may be fetched, or their ends be no ends."""
TAKEN: Final = (Lapse, Claim, Conclude, Send, Settle)
"""Steps that are worth their time now. A look is, where a cancel is to be confirmed."""


async def part(means: Means, steps: Steps, work: Work, deadline_seconds: float) -> None:
    """Cancel what its caller's going dooms, in `mode: enforce`; in `observe` say what would have been cancelled."""
    means.rules = _last_rules(means.rules, has_heirs=means.has_heirs)
    states = CONCERNED if means.has_heirs else CONCERNED | WAITING
    concerned = [entry for entry in means.roster.entries() if entry.state in states]
    for entry in concerned:
        entry.gone = ENDING
    tasks = [asyncio.ensure_future(work.guarded(partial(_end, means, steps, entry))) for entry in concerned]
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=deadline_seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _last_rules(rules: Rules, *, has_heirs: bool) -> Rules:
    confirm_seconds = rules.confirm_seconds if has_heirs else 0
    return msgspec.structs.replace(rules, grace_seconds=0, claim_seconds=0, confirm_seconds=confirm_seconds)


async def _end(means: Means, steps: Steps, entry: Entry) -> None:
    while entry.id in means.roster:
        record = await means.store.do(lambda ledger: ledger.operation(entry.id))
        step = steps.decide(entry, record)
        if record is None or entry.rest_until > means.now():
            return
        if _is_worth_it(step, record.state):
            await steps.take(entry, record, step)
        elif isinstance(step, Wait) and record.state is S.CANCELLING:
            await asyncio.sleep((step.until - means.now()) / SECOND)
        else:
            return


def _is_worth_it(step: Step, state: S) -> bool:
    return isinstance(step, TAKEN) or (isinstance(step, Look) and state is S.CANCELLING)
