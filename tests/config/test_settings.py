"""The settings as a value: frozen, and silent about secrets."""

import pytest
from pydantic import ValidationError

from sidecar.config import groups
from sidecar.config.load import load
from sidecar.config.schema import leaf_paths
from sidecar.config.settings import Settings


def test_settings_of_arguments_alone__no_variable_leaks_in(monkeypatch):
    monkeypatch.setenv("MODE", "enforce")
    assert Settings().mode == "observe"


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().mode = groups.Mode.ENFORCE


def test_address_of_the_ledger_is_in_no_repr():
    assert "sqlite" not in repr(load({}, {}).settings)


def test_defaults_pass_their_own_checks():
    assert Settings.model_validate(Settings().model_dump()) == Settings()


def test_values_survive_json():
    assert Settings.model_validate_json(Settings().model_dump_json()) == Settings()


def test_leaf_paths_are_those_of_the_design():
    top = {path[0] for path in leaf_paths()}
    assert top == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("mode", "everywhere", "here", "on_a_route", "does"),
    [
        ("observe", True, True, True, False),
        ("enforce", True, None, None, True),
        ("enforce", False, None, None, False),
        ("enforce", False, True, None, True),
        ("enforce", False, None, True, True),
        ("enforce", False, False, False, False),
    ],
)
def test_answers_are_rescued_where_some_level_says_so(mode, everywhere, here, on_a_route, does):
    rule = {"path": "/*", "on_departure": "auto", "rescue": on_a_route}
    mine = {"dialect": "openai", "url": "https://mine.example", "rescue": here, "routes": [rule]}
    given = {"mode": mode, "rescue": {"enabled": everywhere}, "upstreams": {"mine": mine}}
    assert Settings.model_validate(given).rescues is does
