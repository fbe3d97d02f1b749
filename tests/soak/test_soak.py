"""The soak of `make soak`, for ten seconds."""

import pytest

from tests.soak.run import soak


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_ten_seconds_of_mixed_traffic__everything_is_given_back() -> None:
    assert soak(10.0, 20, 20261121, print) == []
