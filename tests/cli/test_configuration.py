"""`sidecar config check` and `sidecar config print`."""

import json

import pytest

from sidecar.cli import OK, USAGE
from sidecar.config.load import load


@pytest.fixture
def file(empty_folder):
    path = empty_folder / "sidecar.yaml"
    path.write_text("mode: enforce\n")
    return path


def test_check_of_good_settings__says_which_file_and_what_to_know(sidecar, file):
    ran = sidecar("config", "check")
    assert ran.code == OK
    first, note = ran.out.splitlines()
    assert first == "settings are good: settings file sidecar.yaml (found in the working directory)"
    assert note.startswith("note: mode is enforce: operations of kind")


def test_check_without_any_file__says_so(sidecar):
    assert "no settings file" in sidecar("config", "check").out


def test_check_of_bad_settings__every_problem_and_exit_2(sidecar, file):
    file.write_text("mode: enfroce\ncalls: {folow: 1}\n")
    ran = sidecar("config", "check", "--config", "sidecar.yaml")
    assert ran == (
        USAGE,
        "",
        "sidecar: sidecar.yaml:1: mode: 'enfroce' is not one of observe, enforce; did you mean enforce?\n"
        "sidecar: sidecar.yaml:2: calls.folow: unknown key; did you mean follow?\n",
    )


def test_check_as_json__problems_in_parts(sidecar, file):
    file.write_text("mode: enfroce\n")
    ran = sidecar("config", "check", "--format", "json")
    assert ran.code == USAGE
    assert json.loads(ran.out) == {
        "is_good": False,
        "notes": [],
        "problems": [
            {
                "where": "sidecar.yaml:1",
                "key": "mode",
                "problem": "'enfroce' is not one of observe, enforce",
                "advice": "did you mean enforce?",
            }
        ],
    }


def test_check_as_json_of_good_settings(sidecar, file):
    ran = sidecar("config", "check", "--format", "json")
    assert ran.code == OK
    assert json.loads(ran.out)["is_good"] is True


def test_print__value_and_origin_of_every_key(sidecar, file, monkeypatch):
    monkeypatch.setenv("SIDECAR_LABELS__MAX_MODELS", "5")
    lines = sidecar("config", "print").out.splitlines()
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in lines[3:]}
    assert rows["mode"] == ["enforce", "file sidecar.yaml:1"]
    assert rows["labels.max_models"] == ["5", "variable SIDECAR_LABELS__MAX_MODELS"]
    assert rows["calls.follow.max_bytes"] == ["64MiB", "default"]
    assert rows["upstreams.gemini.on_departure"] == ["null", "default"]
    assert list(rows) == list(load({}, {}).origins)


def test_passwords_are_masked_where_a_setting_is_refused(sidecar, monkeypatch):
    monkeypatch.setenv("SIDECAR_LEDGER__URL", "mysql://me:hunter2@host/db")
    for command in ("check", "print"):
        said = sidecar("config", command).err
        assert "mysql://me:***@host/db" in said
        assert "hunter2" not in said


def test_passwords_are_masked_where_a_setting_is_shown(sidecar, monkeypatch):
    monkeypatch.setenv("SIDECAR_LEDGER__URL", "postgresql://me:hunter2@host/db")
    said = sidecar("config", "print").out
    assert "postgresql://me:***@host/db" in said
    assert "hunter2" not in said


def test_print_as_json__numbers_stay_numbers(sidecar, file):
    shown = json.loads(sidecar("config", "print", "--format", "json").out)
    assert shown["mode"] == {"value": "enforce", "origin": "file sidecar.yaml:1"}
    assert shown["calls.follow.max_bytes"] == {"value": 64 << 20, "origin": "default"}
    assert shown["proxy.listen"]["value"] == "127.0.0.1:8780"


def test_print_of_bad_settings__the_same_problems(sidecar, file):
    file.write_text("mode: x")
    assert sidecar("config", "print").code == USAGE


def test_table_in_a_pipe_has_no_color_and_no_spaces_at_line_ends(sidecar):
    said = sidecar("config", "print").out
    assert "\x1b" not in said
    assert all(line == line.rstrip() for line in said.splitlines())


def test_check_strictly__a_note_is_enough_to_fail(sidecar, file):
    ran = sidecar("config", "check", "--strict")
    assert ran.code == USAGE
    assert ran.out.startswith("settings are no good, as every note counts: settings file sidecar.yaml")
    file.write_text("mode: observe\n")
    assert sidecar("config", "check", "--strict").code == OK


def test_check_strictly_as_json(sidecar, file):
    ran = sidecar("config", "check", "--strict", "--format", "json")
    assert (ran.code, json.loads(ran.out)["is_good"]) == (USAGE, False)


def test_check_notes_a_price_that_never_counts(sidecar, file):
    file.write_text("prices: {overrides: [{model: '*', request_usd: 1}, {model: a, request_usd: 2}]}")
    assert "note: prices.overrides[1] never counts" in sidecar("config", "check").out


def test_print_what_was_set(sidecar, file):
    _, _, head, *rows = sidecar("config", "print", "--set").out.splitlines()
    assert (head.split(), [row.split() for row in rows]) == (
        ["KEY", "VALUE", "ORIGIN"],
        [["mode", "enforce", "file", "sidecar.yaml:1"]],
    )


def test_print_what_stands_below_some_keys(sidecar):
    shown = json.loads(sidecar("config", "print", "calls.follow", "mode", "--format", "json").out)
    assert list(shown) == ["mode", "calls.follow.max_calls", "calls.follow.max_seconds", "calls.follow.max_bytes"]


def test_print_of_a_key_that_there_is_not__said_with_one_that_is_near(sidecar):
    assert sidecar("config", "print", "cals") == (USAGE, "", "sidecar: cals: names no setting; did you mean calls?\n")
