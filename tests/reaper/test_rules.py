"""From settings to rules."""

import pytest

from sidecar.config.groups import Mode, OnOrphan, Operations, WhenOrphaned
from sidecar.lifecycle.operation import OperationKind as K
from sidecar.reaper.rules import cancelled_kinds, rules_of


def test_the_defaults() -> None:
    rules = rules_of(Operations(), Mode.OBSERVE)
    assert (rules.is_enforcing, rules.is_watching) == (False, True)
    assert rules.cancelled_kinds == {K.BACKGROUND, K.LRO}
    assert (rules.lease_seconds, rules.grace_seconds, rules.claim_seconds) == (60, 10, 3_600)
    assert (rules.confirm_seconds, rules.give_up_seconds) == (120, 900)


def test_enforce() -> None:
    assert rules_of(Operations(), Mode.ENFORCE).is_enforcing


@pytest.mark.parametrize("kind", K)
def test_every_kind_has_its_setting(kind: K) -> None:
    assert cancelled_kinds(
        OnOrphan(**dict.fromkeys(map(str, K), WhenOrphaned.WATCH) | {kind.value: WhenOrphaned.CANCEL})
    ) == {kind}
