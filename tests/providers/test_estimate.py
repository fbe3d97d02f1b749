import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers import estimate
from sidecar.providers.contract import Reported


@pytest.mark.parametrize(("text_bytes", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2), (4_000, 1_000)])
def test_four_bytes_are_a_token(text_bytes, tokens):
    assert estimate.tokens_of(text_bytes) == tokens


def test_a_call_without_an_answer_used_its_input():
    assert estimate.of_request(40) == Reported(Usage(input=10), basis=Basis.ESTIMATED, reason="no_answer")
    assert estimate.of_request(0) is None


def test_an_estimate_of_the_output_gets_one_of_the_input():
    made = Reported(Usage(output=7, reasoning=3), "m", "flex", Basis.ESTIMATED, "counted_deltas")
    whole = estimate.with_input(made, 40)
    assert whole.usage == Usage(input=10, output=7, reasoning=3)
    assert (whole.model, whole.tier, whole.basis, whole.reason) == ("m", "flex", Basis.ESTIMATED, "counted_deltas")


def test_what_else_was_made_stays_beside_the_input():
    made = Reported(Usage(output=7, audio_output=5, web_searches=2), basis=Basis.ESTIMATED)
    assert estimate.with_input(made, 40).usage == Usage(input=10, output=7, audio_output=5, web_searches=2)


@pytest.mark.parametrize(
    "told",
    [
        Reported(Usage(images=2, variant="2K"), basis=Basis.ESTIMATED),
        Reported(Usage(units=3), basis=Basis.ESTIMATED),
        Reported(Usage(input=3, output=7), basis=Basis.ESTIMATED),
        Reported(Usage(cached_input=3, output=7), basis=Basis.ESTIMATED),
        Reported(Usage(output=7)),
        Reported(Usage(output=7), basis=Basis.AT_LEAST),
    ],
)
def test_what_the_provider_told_is_left_as_it_is(told):
    assert estimate.with_input(told, 40) == told
