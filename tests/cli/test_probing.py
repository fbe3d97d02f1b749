"""What `sidecar probe` says before it begins, what it prints, and what it leaves behind. End to end: end_to_end/test_probe.py."""

from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.cli import FAILURE, OK, USAGE, probing
from sidecar.cli.probing import plan_for, probe_upstream
from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.probing.measuring import Measured
from sidecar.probing.plan import Refused
from sidecar.probing.verdict import Confidence, Verdict
from sidecar.providers.registry import DIALECTS
from sidecar.simulator.script import OnClose as Does
from sidecar.simulator.server import running_simulator
from sidecar.simulator.settings import Settings
from tests.end_to_end.probed_provider import script
from tests.probing.probed import asked, destination_at


@pytest.fixture(autouse=True)
def mine(monkeypatch):
    """An upstream at a provider of which nothing can be known from outside."""
    with running_simulator(Settings(script=script(Does.STOPS))) as simulator:
        monkeypatch.setenv("SIDECAR_UPSTREAMS__MINE__DIALECT", "anthropic")
        monkeypatch.setenv("SIDECAR_UPSTREAMS__MINE__URL", simulator.url)
        yield simulator


def test_kinds_and_scope_of_a_plan():
    plan = plan_for(asked("m", stream=False), destination_at("http://127.0.0.1:1", "openrouter"), "http://127.0.0.1:1")
    assert plan.kinds == (CallKind.UNARY,)
    assert (plan.only_method, plan.only_model) == (False, True)
    other = plan_for(
        asked("m", method="responses"), destination_at("http://127.0.0.1:1", "openai"), "http://127.0.0.1:1"
    )
    assert (other.only_method, other.only_model) == (True, False)


def test_an_upstream_that_is_not_there(capsys):
    assert probe_upstream(asked("m", upstream="none"), "table", None) == USAGE
    assert "no upstream none; there are: " in capsys.readouterr().err


def test_no_price_and_no_number_of_calls__refused():
    with pytest.raises(Refused, match="has no price at mine"):
        probe_upstream(asked("claude-haiku-4-5", max_requests=None), "table", None)


@pytest.mark.parametrize(("answer", "calls"), [(True, 3), (False, 0)])
def test_on_a_terminal_it_asks(mine, monkeypatch, capsys, answer, calls):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: answer)
    code = probe_upstream(asked("claude-haiku-4-5", yes=False, unary=False), "table", None)
    assert code == (FAILURE if answer else USAGE)
    assert "3 calls (stream) of messages to claude-haiku-4-5 at http" in capsys.readouterr().err
    mine.settled()
    assert len(mine.bill.entries) == calls


def test_nothing_found__a_table_and_no_file(capsys):
    assert probe_upstream(asked("claude-haiku-4-5", unary=False), "table", None) == FAILURE
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["CALL", "SENT", "SECONDS", "AT", "WORK", "AFTER", "TOKENS", "NAMED"]
    assert "stream: unknown" in out
    assert "live:" not in out
    assert not Path("sidecar-facts.yaml").exists()


def test_where_there_are_sockets_too__what_holds_of_them_is_said_to_be_unmeasured(monkeypatch, capsys):
    monkeypatch.setenv("SIDECAR_UPSTREAMS__MINE__DIALECT", "openai")
    monkeypatch.setattr(probing, "_measured", nothing_measured)
    assert probe_upstream(asked("gpt-5-mini"), "table", None) == FAILURE
    assert (
        "\nlive: not measured; answers in sockets are as upstreams.mine.on_close.live says" in capsys.readouterr().out
    )


async def nothing_measured(*_: object) -> Measured:
    return Measured((), (), "", "")


def test_dialects_that_have_sockets_are_dialects():
    assert set(DIALECTS) >= probing.HAVE_SOCKETS


def test_what_is_found_is_written_where_it_was_said(monkeypatch):
    verdict = Verdict(CallKind.STREAM, OnClose.STOPS, Confidence.HIGH, "it was seen")
    found = Measured((), (verdict,), "its /metrics", "")

    async def measured(*_):
        return found

    monkeypatch.setattr(probing, "_measured", measured)
    assert probe_upstream(asked("m", write=Path("here.yaml"), max_usd=Decimal(1)), "json", None) == OK
    assert "stream: stops" in Path("here.yaml").read_text()
