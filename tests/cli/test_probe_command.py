"""`sidecar probe` takes what it says it takes."""

from decimal import Decimal

import pytest
import typer

from sidecar.cli import probing
from sidecar.cli.probe_command import parse_usd, probe


@pytest.fixture
def given(monkeypatch):
    """What the command hands on."""
    handed: list[tuple[probing.Asked, str, str | None]] = []

    def probe_upstream(asked: probing.Asked, format: str, config: str | None) -> int:
        handed.append((asked, format, config))
        return 0

    monkeypatch.setattr(probing, "probe_upstream", probe_upstream)

    def run(*arguments: str):
        program = typer.Typer()
        program.command()(probe)
        assert program(list(arguments), standalone_mode=False) == 0
        return handed[-1]

    return run


def test_defaults_are_cheap_and_ask(given):
    asked, format, config = given("openai", "--model", "m")
    assert (asked.upstream, asked.model, asked.max_usd, asked.max_requests) == ("openai", "m", Decimal("0.05"), None)
    assert (asked.rounds, asked.tokens, asked.yes, asked.write, asked.method) == (2, 500, False, None, None)
    assert (str(format), config) == ("table", None)


@pytest.mark.parametrize(
    ("flags", "kinds"),
    [((), (True, True)), (("--both",), (True, True)), (("--stream",), (True, False)), (("--unary",), (False, True)),
     (("--stream", "--unary"), (True, True)), (("--stream", "--both"), (True, True))],
)  # fmt: skip
def test_kinds(given, flags, kinds):
    asked = given("openai", "--model", "m", *flags)[0]
    assert (asked.stream, asked.unary) == kinds


@pytest.mark.parametrize("text", ["-1", "much", "NaN", "Infinity", ""])
def test_amounts_that_are_none(text):
    with pytest.raises(typer.BadParameter, match="is no amount"):
        parse_usd(text)


def test_an_amount():
    assert parse_usd("0.05") == Decimal("0.05")
