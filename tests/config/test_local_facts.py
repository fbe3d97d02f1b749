"""The file of facts: found, read, written, and spoken of when it is old."""

from pathlib import Path

import pytest

from sidecar.clock import from_rfc3339
from sidecar.config.load import load
from sidecar.config.local_facts import DAY, FactsNotWritten, fact_notes, facts_path, with_fact, write_fact
from sidecar.config.measured import MeasuredFact
from sidecar.config.sources import ChosenFile
from sidecar.lifecycle.policy import OnClose
from tests.config.loading import loaded, refusal

pytestmark = pytest.mark.usefixtures("folder")

MINE = "upstreams: {mine: {dialect: vllm, url: 'http://vllm:8000'}}\n"
AT = "2026-11-22T10:00:00.000000Z"


def fact(**keys: object) -> MeasuredFact:
    given = {
        "dialect": "vllm", "url": "http://vllm:8000", "model": "m", "method": "chat.completions", "stream": "stops",
        "measured_at": AT, "evidence": "it was seen: twice", "version": "1.0.0",
    }  # fmt: skip
    return MeasuredFact.model_validate({**given, **keys})


# === where it is ===


def test_it_is_beside_the_settings_file_unless_it_is_named():
    assert facts_path((), None) == Path("sidecar-facts.yaml")
    assert facts_path((), ChosenFile("/etc/sidecar/s.yaml", "--config")) == Path("/etc/sidecar/sidecar-facts.yaml")
    assert loaded("facts_file: here/facts.yaml").facts_file == Path("here/facts.yaml")
    assert loaded("facts_file: here", SIDECAR_FACTS_FILE="there").facts_file == Path("there")


def test_one_that_is_not_there_yet_is_no_error():
    assert loaded("facts_file: nowhere/facts.yaml").settings.upstreams["openai"].measured == ()


# === reading ===


def test_what_was_written_is_read_with_its_origin():
    write_fact(Path("sidecar-facts.yaml"), "mine", fact())
    found = loaded(MINE)
    assert found.settings.upstreams["mine"].measured == (fact(),)
    assert found.origins["upstreams.mine.measured[0].stream"] == "file sidecar-facts.yaml:10"
    assert str(found.settings.upstreams["mine"].url) == "http://vllm:8000"


def test_built_in_upstreams_have_facts_too():
    write_fact(Path("sidecar-facts.yaml"), "openai", fact(dialect="openai", url="https://api.openai.com"))
    assert len(load({}, {}).settings.upstreams["openai"].measured) == 1


def test_what_the_settings_say_stands_above_it():
    write_fact(Path("sidecar-facts.yaml"), "mine", fact())
    told = MINE.replace("8000'", "8000', on_close: {stream: runs_on}")
    found = loaded(told)
    assert found.settings.upstreams["mine"].on_close.stream is OnClose.RUNS_ON
    assert found.origins["upstreams.mine.on_close.stream"] == "file s.yaml:1"


def test_facts_of_upstreams_that_are_gone_say_nothing():
    write_fact(Path("sidecar-facts.yaml"), "gone", fact())
    assert "gone" not in loaded(MINE).settings.upstreams


@pytest.mark.parametrize(
    "text",
    [
        "mode: enforce",
        "upstreams: {openai: {url: 'https://evil.example', measured: []}}",
        "upstreams: {mine: {on_close: {stream: stops}}}",
        "upstreams: {mine: {credential: {env: KEY}}}",
    ],
)
def test_nothing_else_may_stand_there(text):
    Path("sidecar-facts.yaml").write_text(text)
    said = refusal(MINE)
    assert said.startswith("sidecar-facts.yaml:1: ")
    assert said.endswith("can't stand in a file of facts; it holds upstreams.<name>.measured alone")


@pytest.mark.parametrize(
    "text", ["[", "- a", "word", "upstreams: [1]", "upstreams: {mine: 5}", "upstreams: {mine: {measured: 5}}"]
)
def test_files_that_are_broken_are_problems_with_their_name(text):
    Path("sidecar-facts.yaml").write_text(text)
    assert "sidecar-facts.yaml" in refusal(MINE)


# === writing ===


def test_the_newest_comes_first_and_takes_the_place_of_one_that_says_no_more():
    text = with_fact(with_fact("", "mine", fact()), "mine", fact(stream="runs_on", unary="stops"))
    text = with_fact(with_fact(text, "mine", fact(model="other")), "theirs", fact())
    Path("sidecar-facts.yaml").write_text(text)
    measured = loaded(MINE).settings.upstreams["mine"].measured
    assert [(one.model, one.stream) for one in measured] == [("other", OnClose.STOPS), ("m", OnClose.RUNS_ON)]
    assert text.startswith("# Measured by `sidecar probe`")
    assert "theirs:" in text


def test_one_that_says_more_stays():
    text = with_fact(with_fact("", "mine", fact(unary="stops")), "mine", fact(stream="runs_on"))
    Path("sidecar-facts.yaml").write_text(text)
    assert [one.unary for one in loaded(MINE).settings.upstreams["mine"].measured] == [None, OnClose.STOPS]


@pytest.mark.parametrize(
    "text", ["mode: observe", "- a", "[", "upstreams: {mine: 5}", "upstreams: {mine: {measured: 5}}"]
)
def test_what_is_no_file_of_facts_is_not_overwritten(text):
    Path("mine.yaml").write_text(text)
    with pytest.raises(FactsNotWritten, match="holds something else than facts"):
        write_fact(Path("mine.yaml"), "mine", fact())
    assert Path("mine.yaml").read_text() == text


def test_a_folder_that_is_not_there_is_said():
    with pytest.raises(FactsNotWritten, match=r"--write: nowhere/f\.yaml can't be written: no such file or directory"):
        write_fact(Path("nowhere/f.yaml"), "mine", fact())


# === notes ===


@pytest.mark.parametrize(
    ("days", "keys", "note"),
    [
        (90, {}, ""),
        (91, {}, "was measured 91 days ago"),
        (0, {"url": "http://vllm:9000"}, "does not count: it was measured at http://vllm:9000 in vllm"),
        (0, {"dialect": "openai"}, "does not count"),
    ],
)
def test_old_facts_and_those_of_other_places_earn_a_note(days, keys, note):
    write_fact(Path("sidecar-facts.yaml"), "mine", fact(**keys))
    said = list(fact_notes(loaded(MINE).settings, from_rfc3339(AT) + days * DAY))
    assert len(said) == bool(note)
    assert note in "".join(said)


def test_a_name_that_is_too_long_for_a_file_is_one_of_no_facts():
    assert not loaded(f"facts_file: {'n' * 300}").settings.upstreams["openai"].measured
