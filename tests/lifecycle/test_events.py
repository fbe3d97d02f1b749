"""Events are values: fixed once they happened."""

import pytest

from sidecar.lifecycle.events import Event, LeftReason
from tests.lifecycle.moves import BY_NAME


@pytest.mark.parametrize("event", BY_NAME.values(), ids=list(BY_NAME))
def test_an_event_can_not_be_changed(event: Event) -> None:
    with pytest.raises(AttributeError):
        event.at = 99  # type: ignore[misc]


def test_reasons_are_the_words_of_the_metric() -> None:
    words = ["fin", "rst", "closed", "write_stalled", "pod_ending", "sidecar_lost"]
    assert [reason.value for reason in LeftReason] == words
