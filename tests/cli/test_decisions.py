"""Every decision that can be made has its words."""

import pytest

from sidecar.cli.decisions import DONE, WHY, in_words
from sidecar.lifecycle import policy
from sidecar.lifecycle.policy import DECISIONS, CutUpstream, FollowUpstream, HoldUpstream, WishedBy
from sidecar.proxy import live_ending


def reasons() -> set[str]:
    """Why a command may be given."""
    declared = (*vars(policy).values(), *vars(live_ending).values())
    said = {each.because for each in declared if isinstance(each, CutUpstream | FollowUpstream)}
    known = {each.because for each in policy.AS_KNOWN.values()}
    return said | known | {HoldUpstream(1.0, policy.NO_RETRY_CAME).because, *WishedBy}


def test_every_decision_and_every_reason_is_said_in_words():
    assert set(DONE) == set(DECISIONS.values())
    assert set(WHY) == reasons()


@pytest.mark.parametrize(
    ("decision", "reason", "words"),
    [
        (None, None, ""),
        ("follow", "provider_runs_on", "the answer was read on: the provider works on after a closed connection"),
        ("cut", "provider_stops", "the provider's connection was closed: that stops the provider's work"),
        ("cut", "a_new_word", "the provider's connection was closed: a_new_word"),
        ("dance", "setting", "dance: it is set so (calls.on_departure)"),
        ("hold", None, "the connection was held for a retry"),
    ],
)
def test_a_decision_in_words(decision, reason, words):
    assert in_words(decision, reason) == words
