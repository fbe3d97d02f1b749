"""What people are told of the local authority."""

from pathlib import Path

from sidecar.authority.authority import Authority
from sidecar.authority.variables import VARIABLES
from sidecar.cli.ca_words import WIDTH, Described, explanation
from sidecar.config.settings import Settings
from tests.authority.made import HOST, NOW, MovedClock

DIRECTORY = Path("/houses/me/ca of mine")
AUTHORITY = Authority.in_memory([HOST, *(f"{number}.example" for number in range(30))], MovedClock(), days=10)


def said(found_in: Path = DIRECTORY, **proxy: object) -> str:
    settings = Settings.model_validate({"proxy": proxy})
    return explanation(Described.of(AUTHORITY, DIRECTORY), settings, found_in, NOW)


def test_it_says_who_it_is_and_until_when_and_for_whom_it_speaks():
    text = said()
    assert f"authority     {AUTHORITY.name}\n" in text
    assert f"SHA-256       {AUTHORITY.fingerprint}\n" in text
    assert "10 days from now\n" in text
    assert all(f"{number}.example" in text for number in range(30))


def test_every_variable_can_be_typed_as_it_stands():
    lines = said().splitlines()
    for name in VARIABLES:
        (line,) = [each for each in lines if f"export {name}=" in each]
        assert f"{name}='/houses/me/ca of mine/" in line


def test_what_is_wrapped_fits_a_screen():
    assert [line for line in said().splitlines() if len(line) > WIDTH and "export" not in line] == []


def test_it_says_what_the_settings_want_and_nothing_that_they_have():
    assert "proxy: {connect: {intercept: true}}\n" in said()
    assert "proxy: {connect: {intercept: true}, ca_directory: /houses/me/ca of mine}\n" in said(Path("/other"))
    assert "proxy: {ca_directory: /houses/me/ca of mine}\n" in said(Path("/other"), connect={"intercept": True})
    assert "the settings want" not in said(connect={"intercept": True})


def test_it_says_where_the_program_is_to_send_its_calls():
    assert "export HTTPS_PROXY=http://127.0.0.1:8780  #" in said()
    assert "export HTTPS_PROXY=http://127.0.0.1:9000  #" in said(listen="0.0.0.0:9000")
    assert "export HTTPS_PROXY=http://127.0.0.1:PORT  #" in said(listen="127.0.0.1:0")


def test_scripts_are_shown_the_same():
    shown = Described.of(AUTHORITY, DIRECTORY).as_object()
    assert shown["hosts"] == list(AUTHORITY.scope)
    assert shown["fingerprint_sha256"] == AUTHORITY.fingerprint
    assert str(shown["ends_at"]).endswith("Z")
