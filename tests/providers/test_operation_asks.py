"""Where requests of our own go is made of the create request's path, and of nothing else."""

import re

import pytest
from hypothesis import given, strategies as st

from sidecar.providers.operation import Ask, Observed, Place, Progress
from sidecar.providers.operation_asks import ask_at, ask_below, ask_list, results_at, with_body

BATCH = Place("/v1/batches", "b1")


def test_an_operation_is_asked_about_below_the_path_that_opened_it() -> None:
    assert ask_below()(BATCH) == Ask("GET", "/v1/batches/b1")
    assert ask_below("/cancel", "POST")(BATCH) == Ask("POST", "/v1/batches/b1/cancel")
    assert ask_below(":cancel", "POST")(BATCH) == Ask("POST", "/v1/batches/b1:cancel")


def test_the_base_path_and_what_was_kept_of_the_query_stay() -> None:
    place = Place("/gateway/openai/batches?api-version=2024-10-21", "b1")
    assert ask_below("/cancel", "POST")(place).target == "/gateway/openai/batches/b1/cancel?api-version=2024-10-21"
    assert ask_list("limit=100")(place).target == "/gateway/openai/batches?api-version=2024-10-21&limit=100"
    assert ask_list("limit=100")(BATCH).target == "/v1/batches?limit=100"


def test_a_part_of_the_path_is_taken_away__and_a_group_of_it_kept() -> None:
    make = ask_at(r"/(run|retry)/x", r"/\1/{id}", "PUT")
    assert make(Place("/v2/ep/retry/x", "j1")) == Ask("PUT", "/v2/ep/retry/j1")


def test_a_path_that_was_written_with_escapes_is_known_as_its_row_knew_it() -> None:
    make = ask_at("/predictions", "/predictions/{id}")
    assert make(Place("/v1/%70redictions", "p1")).target == "/v1/predictions/p1"


def test_a_path_of_another_form_is_asked_below__never_itself() -> None:
    """Whatever stands in the ledger, a POST of ours must not go where it would open another operation."""
    assert ask_at("/x", "/y/{id}", "POST")(Place("/v1/batches", "b1")) == Ask("POST", "/v1/batches/b1")


@pytest.mark.parametrize(
    ("name", "written"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("a b", "a%20b"), ("resp_1-2.3~4=", "resp_1-2.3~4="), ("ä", "%C3%A4")],
)
def test_an_id_is_one_segment_of_the_path(name: str, written: str) -> None:
    assert ask_below()(Place("/v1/batches", name)).target == f"/v1/batches/{written}"


def test_an_id_that_is_a_path_keeps_its_slashes_where_the_provider_means_them() -> None:
    make = ask_at("/threads/runs", "/{id}/cancel", "POST", id_bytes="/")
    assert make(Place("/v1/threads/runs", "threads/t1/runs/r1")).target == "/v1/threads/t1/runs/r1/cancel"


def test_results_are_asked_for_by_their_own_name__or_not_at_all() -> None:
    make = results_at("/batches", "/files/{id}/content")
    named = Observed(Progress.SUCCEEDED, "b1", results="file-1")
    assert make(BATCH, named) == Ask("GET", "/v1/files/file-1/content")
    assert make(BATCH, Observed(Progress.SUCCEEDED, "b1")) is None


def test_a_body_names_the_operation() -> None:
    ask = with_body(ask_below(verb="POST"), id="{id}", why="gone")(Place("/v1/x", 'a"b'))
    assert ask.body == b'{"id":"a\\"b","why":"gone"}'
    assert ask.content_type == "application/json"


@given(st.text(max_size=80), st.text(max_size=40))
def test_nothing_that_stands_in_a_row_breaks_out_of_the_target(path: str, name: str) -> None:
    place = Place("/v1/" + path, name)
    for make in (ask_below("/cancel", "POST"), ask_at("/runs", "/runs/{id}"), ask_list("limit=1")):
        assert make(place).target.startswith("/v1/")
    assert re.fullmatch(r"[!-~]*", ask_below()(Place("/v1/batches", name)).target)
