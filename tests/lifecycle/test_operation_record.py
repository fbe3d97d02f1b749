"""By what an operation is found again."""

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.operation_record import key_of

ROWS = [
    ("resp_1", "resp_1"),
    ("batches/abc", "abc"),
    ("projects/p/locations/l/batchPredictionJobs/12", "12"),
    ("projects/p/locations/l/batchPredictionJobs/12/", "12"),
    ("arn:aws:bedrock:us-east-1:1:async-invoke/x1", "x1"),
    ("", ""),
]


@pytest.mark.parametrize(("provider_id", "key"), ROWS)
def test_the_last_segment(provider_id: str, key: str) -> None:
    assert key_of(provider_id) == key


@given(st.text(max_size=60))
def test_a_key_is_its_own_key(provider_id: str) -> None:
    assert key_of(key_of(provider_id)) == key_of(provider_id)
