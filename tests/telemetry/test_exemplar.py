import pytest

from sidecar.telemetry.exemplar import exemplar_of, naming, trace_id_in

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_trace_is_named_before_the_own_id():
    assert naming("call_id", "c1", TRACE) == {"trace_id": TRACE}
    assert naming("operation_id", "o1") == {"operation_id": "o1"}


@pytest.mark.parametrize("trace_id", [TRACE.upper(), TRACE[:-1], TRACE + "0", "0" * 32, f"{TRACE}\n", "ä" * 32])
def test_what_is_no_trace_id_is_not_named(trace_id: str):
    assert naming("call_id", "c1", trace_id) == {"call_id": "c1"}


def test_the_trace_id_stands_behind_the_version_of_a_traceparent():
    assert trace_id_in(f"00-{TRACE}-b7ad6b7169203331-01") == TRACE
    assert trace_id_in(None) == trace_id_in("") == ""


@pytest.mark.parametrize(("length", "is_kept"), [(121, True), (122, False)])
def test_names_and_values_have_128_characters_together(length: int, is_kept: bool):
    text = "é" * length  # characters count, not bytes
    found = exemplar_of({"call_id": text}, 1.5, 7.0)
    assert found == (({"call_id": text}, 1.5, 7.0) if is_kept else None)


@pytest.mark.parametrize("text", ["a\udcff", "a\nb", "a\x00"])
def test_what_would_spoil_the_page_is_no_example(text: str):
    assert exemplar_of({"call_id": text}, 1.0, 7.0) is None
