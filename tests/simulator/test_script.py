"""The grammar of `X-Simulator`."""

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from sidecar.simulator.declined import Declined
from sidecar.simulator.script import Failing, OnClose, ReportsUsage, Script, read_script


def test_an_empty_header__the_defaults():
    defaults = Script(seconds=1.0, chunks=3)
    assert read_script("", defaults) == defaults


def test_what_is_said__replaces_the_defaults():
    script = read_script("seconds=1.5  output=300 gzip=1 usage=late on_close=stops fail_with=end", Script(chunks=3))
    assert script == Script(
        seconds=1.5,
        output=300,
        gzip=True,
        usage=ReportsUsage.LATE,
        on_close=OnClose.STOPS,
        fail_with=Failing.END,
        chunks=3,
    )


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("colour=red", "unknown field `colour`"),
        ("seconds=soon", "$.seconds"),
        ("seconds=-1", "$.seconds"),
        ("seconds=nan", "$.seconds"),
        ("chunks=0", "$.chunks"),
        ("status=200", "$.status"),
        ("on_close=perhaps", "'perhaps'"),
        ("gzip=maybe", "$.gzip"),
        ("seconds", "'seconds'"),
        ("chunks=2 chunks=3", "'chunks=3'"),
        ("seconds=1 think=2", "think is more than seconds"),
        ("prompt=10 cached=6 audio=5", "cached and audio"),
        ("images=1 filtered=2", "filtered is more than images"),
    ],
)
def test_what_is_not_in_the_grammar__declined_with_the_reason(header: str, said: str):
    with pytest.raises(Declined) as caught:
        read_script(header, Script())
    assert caught.value.status == 400
    assert said in caught.value.message


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text__is_read_or_declined(text: str):
    try:
        script = read_script(text, Script())
    except Declined:
        return
    assert isinstance(script, Script)


COUNTS = st.integers(min_value=0, max_value=1000)
SCRIPTS = st.builds(
    Script,
    seconds=st.integers(1, 9).map(float),
    output=COUNTS,
    thoughts=COUNTS,
    chunks=st.integers(1, 1000),
    gzip=st.booleans(),
    usage=st.sampled_from(ReportsUsage),
    on_close=st.sampled_from(OnClose),
    fail_with=st.sampled_from(Failing),
)


@settings(max_examples=100)
@given(SCRIPTS)
def test_a_script_written_out__reads_as_itself(script: Script):
    fields = msgspec.structs.asdict(script).items()
    header = " ".join(f"{name}={str(value).lower()}" for name, value in fields if value is not None)
    assert read_script(header, Script()) == script
