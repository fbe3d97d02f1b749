import pytest
from hypothesis import given, strategies as st

from sidecar.providers.vertex import DEFAULT_HOST, VERTEX, host_for, serves

TAIL = "publishers/google/models/m:generateContent"


def test_vertex_is_a_dialect_and_a_provider_of_its_own():
    assert (VERTEX.name, VERTEX.provider, VERTEX.hosts) == ("vertex", "vertex", ())


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("global", DEFAULT_HOST),
    ],
)
def test_a_location_has_its_host(location, host):
    assert host_for(f"/v1beta1/projects/p/locations/{location}/{TAIL}") == host
    assert host_for(f"/gateway/v1/projects/p/locations/{location}/{TAIL}?alt=sse") == host
    assert host_for(f"/v1/projects/p/locations/{location}") == host


@pytest.mark.parametrize(
    "path",
    [
        f"/v1beta1/{TAIL}",  # express
        "",
        "/",
        "/v1/projects/p/locations/",
        "/v1/projects/p/locations//x",
        "/v1/locations/us-central1/x",
        f"/v1beta1/{TAIL}?x=/projects/p/locations/us-central1/",
        "/v1/projects/p/locations/evil.com%2F/x",
        "/v1/projects/p/locations/evil.com#/x",
        "/v1/projects/p/locations/evil.com:443/x",
        "/v1/projects/p/locations/user@evil.com/x",
        "/v1/projects/p/locations/US-CENTRAL1/x",
        "/v1/projects/p/locations/-us/x",
        "/v1/projects/p/locations/us-/x",
        "/v1/projects/p/locations/us\n/x",
        "/v1/projects/p/locations/\u0435u/x",
        "/v1/projects/p/locations/" + "a" * 41 + "/x",
    ],
)
def test_what_names_no_region_goes_to_the_default_host(path):
    assert host_for(path) == DEFAULT_HOST


@given(st.text(max_size=50))
def test_no_client_chooses_a_foreign_host(location):
    host = host_for(f"/v1/projects/p/locations/{location}")
    assert host.endswith(".googleapis.com")
    assert all(character in "abcdefghijklmnopqrstuvwxyz0123456789-." for character in host)
    assert len(host.split(".")) in (3, 5)


@pytest.mark.parametrize("location", ["us-central1", "us", "eu", "global", "", "a" * 40])
def test_each_host_that_a_path_may_lead_to_is_served(location):
    assert serves(host_for(f"/v1/projects/p/locations/{location}/{TAIL}"))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "aiplatform.googleapis.com.evil.example",
        "evil.example-aiplatform.googleapis.com",
        "-aiplatform.googleapis.com",
        "aiplatform.evil.rep.googleapis.com",
        "storage.googleapis.com",
        "googleapis.com",
        "a" * 41 + "-aiplatform.googleapis.com",
    ],
)
def test_no_other_host_is(host):
    assert not serves(host)
