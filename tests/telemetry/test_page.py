import gzip
import subprocess
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from sidecar.clock import SECOND
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.page import Page, expose, runtime_collectors
from sidecar.telemetry.recorder import Recorder
from tests.telemetry.everything import seen_everything

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


@pytest.fixture
def page(recorder: Recorder) -> Page:
    """A page on which every family has at least one sample."""
    return seen_everything(recorder).page()


def test_both_formats_say_the_same(page: Page):
    plain = text_families(expose(page).body.decode())
    openmetrics = openmetrics_families(expose(page, OPENMETRICS).body.decode())
    assert ours(plain) == ours(openmetrics)
    assert len(ours(text_families(expose(page).body.decode()))) > 100


def ours(families: Iterable[Metric]) -> dict[tuple[object, ...], float]:
    samples = [sample for family in families for sample in family.samples]
    return {(s.name, *sorted(s.labels.items())): s.value for s in samples if s.name.startswith("inference_sidecar_")}


def test_created_series_are_in_neither_format(page: Page):
    assert b"_created" not in expose(page).body
    assert b"inference_sidecar_calls_started_created" not in expose(page, OPENMETRICS).body


def test_the_example_of_an_orphan_names_its_call_in_openmetrics_only(page: Page):
    assert b'# {call_id="c1"} 1.0' in expose(page, OPENMETRICS).body
    assert b"call_id" not in expose(page).body


def test_the_example_stands_at_the_bucket_of_its_outcome_and_a_rescued_call_is_none(
    recorder: Recorder, record: Callable[..., CallRecord]
):
    left_at = record().started_at + SECOND
    for outcome in ("orphan_finished", "rescued"):
        call = recorder.admitted("google", "gemini-3-pro", CallKind.STREAM)
        recorder.left(call, outcome, LeftReason.FIN, left_at)
        recorder.settled(call, record(outcome, outcome=outcome, left_at=left_at))
    families = openmetrics_families(expose(recorder.page(), OPENMETRICS).body.decode())
    samples = [
        s for family in families for s in family.samples if s.name == "inference_sidecar_orphaned_seconds_bucket"
    ]
    shown = [(s.labels, s.exemplar) for s in samples if s.exemplar]
    assert [(labels["outcome"], labels["le"]) for labels, _ in shown] == [("orphan_finished", "1.0")]
    assert [(example.labels, example.value) for _, example in shown] == [({"call_id": "orphan_finished"}, 1.0)]


def test_content_types_follow_the_accept_header(page: Page):
    assert expose(page).content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert expose(page, OPENMETRICS).content_type.startswith("application/openmetrics-text; version=1.0.0")


@given(st.text(), st.text())
def test_any_accept_header_gets_a_page(kind: str, version: str):
    shown = expose(Page([]), f"application/openmetrics-text;version={version},text/plain;version={version},{kind}")
    assert shown.content_type


def test_gzip_is_used_when_it_is_accepted(page: Page):
    shown = expose(page, accept_encoding="gzip, deflate")
    assert shown.is_gzipped
    assert gzip.decompress(shown.body).startswith(b"# HELP inference_sidecar_calls_started_total")
    assert not expose(page, accept_encoding="identity").is_gzipped


def test_a_scrape_may_ask_for_some_samples_by_name(page: Page):
    text = expose(page, names=["inference_sidecar_spend_usd_total", "python_info"]).body.decode()
    assert {family.name for family in text_families(text)} == {"inference_sidecar_spend_usd", "python_info"}


def test_asking_for_some_samples_leaves_the_next_page_whole(recorder: Recorder):
    before = expose(recorder.page()).body.count(b"python_info")
    expose(recorder.page(), names=["inference_sidecar_spend_usd_total"])
    assert expose(recorder.page()).body.count(b"python_info") == before > 0


def test_the_process_reports_itself():
    text = expose(Page([], runtime_collectors())).body
    assert b"process_resident_memory_bytes" in text
    assert b"python_gc_collections_total" in text


@pytest.mark.part("promtool")
def test_promtool_has_nothing_to_say(page: Page):
    done = subprocess.run(["promtool", "check", "metrics"], input=expose(page).body, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
