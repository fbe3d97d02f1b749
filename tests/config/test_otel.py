"""Whether and where OpenTelemetry is told anything; header fields are named by their place, and repeated nowhere."""

from pathlib import Path

import pytest

from sidecar.config.load import leaves
from sidecar.config.otel import GenAiMetrics, HeadersSource, Otel
from sidecar.config.schema import dotted
from sidecar.errors import SettingsError
from tests.config.loading import loaded, refusal

pytestmark = pytest.mark.usefixtures("folder")

ONE = "write a place: {env: OTLP_HEADERS} or {file: /run/secrets/otlp}"
HIDDEN = "what stands there (not shown: it may be a credential) is not"
SHARE = "write a number from 0 (none) to 1 (all): 0.1"


def test_it_is_off_unless_it_is_asked_for():
    assert loaded().settings.otel == Otel()
    assert not Otel().enabled


def test_it_can_be_set_by_the_file():
    text = "otel: {enabled: true, endpoint: 'http://collector:4318/', genai_metrics: off, sample_ratio: 0.5, service_name: me}"
    otel = loaded(text).settings.otel
    assert (otel.enabled, str(otel.endpoint), otel.genai_metrics) == (True, "http://collector:4318", GenAiMetrics.OFF)
    assert (otel.sample_ratio, otel.service_name, otel.headers) == (0.5, "me", None)


def test_it_can_be_set_by_variables():
    variables = {
        "SIDECAR_OTEL__HEADERS__ENV": "OTLP",
        "SIDECAR_OTEL__GENAI_METRICS": "v1.41",
        "SIDECAR_OTEL__SAMPLE_RATIO": "0",
    }
    otel = loaded(**variables).settings.otel
    assert (otel.headers, otel.genai_metrics, otel.sample_ratio) == (HeadersSource(env="OTLP"), GenAiMetrics.V1_41, 0.0)


def test_every_key_of_it_is_shown_but_the_place_that_is_not_used():
    keys = [dotted(path) for path, _ in leaves(loaded("otel: {headers: {file: ./otlp}}").settings) if path[0] == "otel"]
    assert keys[:4] == ["otel.enabled", "otel.endpoint", "otel.headers.file", "otel.traces"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("headers: authorization=canary", f"otel.headers: {HIDDEN} a group of keys; {ONE}"),
        ("headers: {env: authorization=canary}", f"otel.headers.env: {HIDDEN} the name of a variable; {ONE}"),
        ("headers: {}", f"otel.headers: names no place; {ONE}"),
        ("headers: {env: A, file: ./b}", f"otel.headers: names two places; {ONE}"),
        ("sample_ratio: 2", f"otel.sample_ratio: 2 is not a share; {SHARE}"),
        ("sample_ratio: yes", f"otel.sample_ratio: true is not a share; {SHARE}"),
        ("sample_ratio: half", f"otel.sample_ratio: 'half' is not a share; {SHARE}"),
        ("sample_ratio: .nan", f"otel.sample_ratio: nan is not a share; {SHARE}"),
        ("genai_metrics: v1.40", "otel.genai_metrics: 'v1.40' is not one of latest, v1.41, off; did you mean v1.41?"),
    ],
)
def test_what_can_not_be_used_is_refused(text, sentence):
    assert refusal(f"otel: {{{text}}}") == f"s.yaml:1: {sentence}"


def test_headers_come_from_the_variable_that_is_named():
    assert HeadersSource(env="OTLP").read({"OTLP": " a=b \n"}) == "a=b"


def test_headers_come_from_the_file_that_is_named(folder: Path):
    (folder / "otlp").write_text("a=b,c=d\n")
    assert HeadersSource(file="./otlp").read({}) == "a=b,c=d"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (HeadersSource(env="OTLP"), "otel.headers.env: OTLP is empty or not set; write name=value,name=value there"),
        (HeadersSource(file="/no/file"), "otel.headers.file: can't read /no/file: FileNotFoundError"),
    ],
)
def test_headers_that_are_not_there_are_said(source, sentence):
    with pytest.raises(SettingsError) as refused:
        source.read({"OTLP": " "})
    assert str(refused.value) == sentence


def test_a_file_that_is_no_text_is_said_without_what_is_in_it(folder: Path):
    (folder / "otlp").write_bytes(b"canary\xff")
    with pytest.raises(SettingsError) as refused:
        HeadersSource(file="./otlp").read({})
    assert str(refused.value) == "otel.headers.file: can't read ./otlp: UnicodeDecodeError"
