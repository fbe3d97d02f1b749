"""`sidecar config check` and `sidecar config print`."""

import os
from collections.abc import Mapping, Sequence

from sidecar.cli import OK, USAGE
from sidecar.cli.loading import load_settings, load_settings_to_serve
from sidecar.cli.output import new_table, print_table, standard_output
from sidecar.cli.rows import write_object
from sidecar.clock import SystemClock
from sidecar.config.conflicts import notes
from sidecar.config.file_notes import file_notes
from sidecar.config.listing import listing
from sidecar.config.load import Loaded
from sidecar.config.problems import BadSettings, SettingProblem, did_you_mean
from sidecar.config.quantities import size
from sidecar.config.remarks import remarks
from sidecar.config.schema import Path
from sidecar.errors import SettingsError
from sidecar.local_authority import authority_notes

DEFAULT = "default"
"""The origin of what nobody has set."""


def check(config: str | None, as_json: bool, is_strict: bool = False) -> int:
    """Say whether the settings can be used: everything that is wrong, else what deserves a word.

    `is_strict`: what deserves a word is wrong.
    """
    try:
        loaded = load_settings_to_serve(config, {})
    except BadSettings as bad:
        if not as_json:
            raise
        _print_json({"is_good": False, "problems": [_problem(each) for each in bad.problems], "notes": []})
        return USAGE
    settings = loaded.settings
    said = [
        *notes(settings), *file_notes(loaded), *remarks(settings, os.environ),
        *authority_notes(settings, SystemClock(), os.environ),
    ]  # fmt: skip
    is_good = not (is_strict and said)
    if as_json:
        _print_json({"is_good": is_good, "problems": [], "notes": said})
    else:
        verdict = "good" if is_good else "no good, as every note counts"
        with standard_output() as file:
            print(
                f"settings are {verdict}: {_read_from(loaded)}",
                *(f"note: {each}" for each in said),
                sep="\n",
                file=file,
            )
    return OK if is_good else USAGE


def print_settings(config: str | None, as_json: bool, keys: Sequence[str] = (), only_set: bool = False) -> None:
    """Show the value and the origin of every key, passwords masked: of all, of those below `keys`, of those that are no default.

    Raises:
        SettingsError: there is nothing below one of `keys`.
    """
    loaded = load_settings(config, {})
    lines = list(listing(loaded.settings, loaded.origins))
    for key in keys:
        if not any(is_below(line.key, key) for line in lines):
            groups = {str(line.path[0]): None for line in lines}
            raise SettingsError(key, "names no setting", did_you_mean(key, [*groups, *loaded.origins]))
    chosen = [line for line in lines if not (only_set and line.origin == DEFAULT) and is_chosen(line.key, keys)]
    if as_json:
        _print_json({line.key: {"value": line.value, "origin": line.origin} for line in chosen})
        return
    table = new_table()
    for head in ("KEY", "VALUE", "ORIGIN"):
        table.add_column(head)
    for line in chosen:
        style = "dim" if line.origin == DEFAULT else None
        table.add_row(line.key, _text(line.path, line.value), line.origin, style=style)
    with standard_output() as file:
        print(f"{_read_from(loaded)}\n", file=file)
        print_table(table, file)


def is_chosen(key: str, keys: Sequence[str]) -> bool:
    """Whether a key is one of these, or below one; all are where these are none."""
    return not keys or any(is_below(key, other) for other in keys)


def is_below(key: str, other: str) -> bool:
    """Whether a key is another one, or stands in the group or list that the other one names."""
    return key == other or (key.startswith(other) and key[len(other)] in ".[")


def _text(path: Path, value: object) -> str:
    """A value as it could be written in the settings file."""
    match value:
        case None:
            return "null"
        case int() if str(path[-1]).endswith("_bytes"):
            return size(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _read_from(loaded: Loaded) -> str:
    if loaded.file is None:
        return "no settings file (no --config, no SIDECAR_CONFIG, no sidecar.yaml here)"
    chosen_by = loaded.file.chosen_by or "found in the working directory"
    return f"settings file {loaded.file.path} ({chosen_by})"


def _problem(problem: SettingProblem) -> Mapping[str, str]:
    return {"where": problem.where, "key": problem.key, "problem": problem.problem, "advice": problem.advice}


def _print_json(value: object) -> None:
    with standard_output() as file:
        write_object(value, file)
