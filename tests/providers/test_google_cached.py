import json

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.google_cached import cached_in, open_cached
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.wire import JSON, Json, read, whole

CACHED: Json = {
    "name": "cachedContents/c1", "model": "models/gemini-3-flash", "createTime": "2026-11-20T00:00:00Z",
    "expireTime": "2026-11-20T01:00:00Z", "usageMetadata": {"totalTokenCount": 4096},
}  # fmt: skip
MADE = Reported(Usage(input=4096), "gemini-3-flash", basis=Basis.AT_LEAST, reason="storage_not_counted")


@pytest.mark.parametrize(
    ("head", "body"), [(JSON, whole(CACHED)), (ReplyHead(200, "application/json", "gzip"), zipped(whole(CACHED)))]
)
def test_the_tokens_that_were_cached_are_the_least_that_it_costs(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        assert read(open_cached(head, NO_FACTS), *pieces) == MADE


def test_vertex_names_the_model_at_length_and_writes_numbers_as_strings():
    document = CACHED | {
        "model": "projects/p/locations/l/publishers/google/models/gemini-3-flash",
        "usageMetadata": {"totalTokenCount": "4096", "textCount": 10},
    }
    assert cached_in(whole(document)) == MADE


@pytest.mark.parametrize(
    "used",
    [None, 7, [], "x", {}, {"totalTokenCount": None}, {"totalTokenCount": 0}, {"totalTokenCount": -5}, {"totalTokenCount": "x"},
     {"totalTokenCount": 2**40}],
)  # fmt: skip
def test_what_was_not_counted_is_not_reported(used):
    assert cached_in(json.dumps(CACHED | {"usageMetadata": used}).encode()) is None


@given(st.lists(st.binary(max_size=40), max_size=3))
def test_no_bytes_raise(pieces):
    assert read(open_cached(JSON, NO_FACTS), *pieces) is None
