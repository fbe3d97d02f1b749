import pytest

from sidecar.providers.google_targets import (
    cancel_at,
    key,
    listing,
    parent_of,
    path_of,
    query_of,
    read_at,
    root_of,
)
from sidecar.providers.operation import Ask, Place


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/v1beta/interactions", "/v1beta/interactions"),
        ("/v1beta/interactions?x=1", "/v1beta/interactions"),
        ("/v1beta/models/m%3AbatchGenerateContent", "/v1beta/models/m:batchGenerateContent"),
        ("/v1beta/models/a%2Fb:predict", "/v1beta/models/a/b:predict"),
        ("/v1beta/models/a%20b%3F:predict", "/v1beta/models/a%20b%3F:predict"),
        ("/v1beta/models/a%0d%0aHost:predict", "/v1beta/models/a%0D%0AHost:predict"),
    ],
)
def test_a_path_is_as_it_was_but_for_needless_escapes(path, plain):
    assert path_of(Place(path, "")) == plain


@pytest.mark.parametrize(
    ("path", "parent"),
    [
        ("/v1beta/models/m:batchGenerateContent", "/v1beta/models/m"),
        ("/v1beta1/projects/p/locations/l/interactions:create", "/v1beta1/projects/p/locations/l/interactions"),
        ("/gw:8/v1beta/interactions", "/gw:8/v1beta/interactions"),
        ("/v1beta/models/ns:m@2:predictLongRunning", "/v1beta/models/ns:m@2"),
    ],
)
def test_a_custom_method_is_taken_off(path, parent):
    assert parent_of(Place(path, "")) == parent


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/v1beta/models/m:batchGenerateContent", "/v1beta"),
        ("/models/v1/models/m:batchGenerateContent", "/models/v1"),
        ("/gw/v9/tunedModels/t:batchGenerateContent", "/gw/v9"),
        ("/v1beta/things/m:verb", "/v1beta/things"),
    ],
)
def test_what_stands_before_a_collection(path, root):
    assert root_of(Place(path, ""), "models", "tunedModels") == root


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("batches/b1", "b1"),
        ("projects/7/locations/l/batchPredictionJobs/12", "12"),
        ("b1", "b1"),
        ("a?b#c", "a%3Fb%23c"),
        ("a:b", "a%3Ab"),
        ("", ""),
    ],
)
def test_an_operation_is_named_by_its_last_segment(name, segment):
    assert key(Place("/v1", name)) == segment


@pytest.mark.parametrize(
    ("path", "query", "listed"),
    [
        ("/v1/batches", "", "?pageSize=100"),
        ("/v1/batches?$xgafv=2", "?$xgafv=2", "?$xgafv=2&pageSize=100"),
        ("/v1/interactions?alt=sse", "", "?pageSize=100"),
        ("/v1/interactions?a=1&alt=sse&b", "?a=1&b", "?a=1&b&pageSize=100"),
        ("/v1/interactions?%24alt=sse&$alt=json", "", "?pageSize=100"),
    ],
)
def test_what_was_kept_of_the_query_goes_with_it_but_for_the_form_of_the_reply(path, query, listed):
    assert query_of(Place(path, "")) == query
    assert listing("/x", Place(path, "")).target == f"/x{listed}"


def test_our_reads_and_cancels_keep_what_is_kept_of_the_query():
    def job(place: Place) -> str:
        return f"{path_of(place)}/{key(place)}"

    place = Place("/v1beta/jobs?$alt=sse&x=1", "jobs/12")
    assert read_at(job)(place) == Ask("GET", "/v1beta/jobs/12?x=1")
    assert cancel_at(job)(place) == Ask("POST", "/v1beta/jobs/12:cancel?x=1")
    assert cancel_at(job, "/cancel")(place) == Ask("POST", "/v1beta/jobs/12/cancel?x=1")
