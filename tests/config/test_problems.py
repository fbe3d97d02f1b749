"""How a problem is said, and what it never says."""

import pytest
from hypothesis import given, strategies as st

from sidecar.config.problems import BadSettings, SettingProblem, did_you_mean, masked, shown
from sidecar.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("https://token@host", "https://***@host"),
        ("postgresql://host/db?password=secret&x=1", "postgresql://host/db?password=***&x=1"),
        ("sqlite:///sidecar.db", "sqlite:///sidecar.db"),
        ("nothing secret@here", "nothing secret@here"),
    ],
)
def test_secrets_of_urls_are_masked(text, result):
    assert masked(text) == result


@given(st.from_regex(r"[a-z0-9%:.-]{1,12}", fullmatch=True))
def test_no_password_survives(password):
    assert f":{password}q@" not in masked(f"postgresql://me:{password}q@host/db")


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (None, "null"),
        (True, "true"),
        (3, "3"),
        ("x", "'x'"),
        ({}, "a group of keys"),
        ([1], "a list"),
        ("y" * 99, f"'{'y' * 57}...'"),
    ],
)
def test_value_as_a_sentence_names_it(value, result):
    assert shown(value) == result


def test_suggestion_only_when_near():
    assert did_you_mean("folow", ["follow", "cut"]) == "did you mean follow?"
    assert did_you_mean("xyzzy", ["follow", "cut"]) == ""


def test_one_error_carries_all_problems_and_is_a_settings_error():
    error = BadSettings([SettingProblem("f:1", "a", "is bad", "mend it"), SettingProblem("", "--b", "is bad")])
    assert isinstance(error, SettingsError)
    assert str(error) == "f:1: a: is bad; mend it\n--b: is bad"


def test_a_number_that_nobody_would_read_is_not_written_out():
    assert shown(16**4000) == "a number of very many digits"
