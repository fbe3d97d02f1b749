"""The settings, as the decisions want them."""

from sidecar.config.groups import Mode, OnOrphan, Operations, WhenOrphaned
from sidecar.lifecycle.known import Rules
from sidecar.lifecycle.operation import OperationKind


def rules_of(operations: Operations, mode: Mode) -> Rules:
    """What `operations` and `mode` say."""
    return Rules(
        is_enforcing=mode is Mode.ENFORCE,
        is_watching=operations.watch,
        cancelled_kinds=cancelled_kinds(operations.on_orphan),
        lease_seconds=operations.lease_seconds,
        grace_seconds=operations.grace_seconds,
        claim_seconds=operations.claim_seconds,
        confirm_seconds=operations.confirm_seconds,
        give_up_seconds=operations.give_up_seconds,
    )


def cancelled_kinds(on_orphan: OnOrphan) -> frozenset[OperationKind]:
    """Kinds of operations that are cancelled when their caller is gone."""
    return frozenset(kind for kind in OperationKind if getattr(on_orphan, kind.value) is WhenOrphaned.CANCEL)
