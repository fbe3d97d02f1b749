"""`sidecar config check` and `sidecar config print`."""

from collections.abc import Mapping
from typing import Any

from sidecar.cli import OK, USAGE
from sidecar.cli.loading import load_settings
from sidecar.cli.output import new_table, print_table, standard_output
from sidecar.cli.rows import write_object
from sidecar.config.conflicts import notes
from sidecar.config.load import Loaded, leaves
from sidecar.config.problems import BadSettings, SettingProblem, masked
from sidecar.config.quantities import size
from sidecar.config.schema import Path, dotted


def check(config: str | None, as_json: bool) -> int:
    """Say whether the settings can be used: everything that is wrong, else what deserves a word."""
    try:
        loaded = load_settings(config, {})
    except BadSettings as bad:
        if not as_json:
            raise
        _print_json({"is_good": False, "problems": [_problem(each) for each in bad.problems], "notes": []})
        return USAGE
    remarks = list(notes(loaded.settings))
    if as_json:
        _print_json({"is_good": True, "problems": [], "notes": remarks})
        return OK
    with standard_output() as file:
        print(
            f"settings are good: {_read_from(loaded)}", *(f"note: {remark}" for remark in remarks), sep="\n", file=file
        )
    return OK


def print_settings(config: str | None, as_json: bool) -> None:
    """Show the value and the origin of every key, passwords masked."""
    loaded = load_settings(config, {})
    if as_json:
        _print_json({key: {"value": value, "origin": origin} for key, value, origin in _rows(loaded, as_text=False)})
        return
    table = new_table()
    for head in ("KEY", "VALUE", "ORIGIN"):
        table.add_column(head)
    for key, value, origin in _rows(loaded, as_text=True):
        table.add_row(key, value, origin, style="dim" if origin == "default" else None)
    with standard_output() as file:
        print(f"{_read_from(loaded)}\n", file=file)
        print_table(table, file)


def _rows(loaded: Loaded, as_text: bool) -> list[tuple[str, Any, str]]:
    shown = loaded.settings.model_dump(mode="json")
    rows = []
    for path, _ in leaves(loaded.settings):
        value = _at(shown, path)
        value = masked(value) if isinstance(value, str) else value
        rows.append((dotted(path), _text(path, value) if as_text else value, loaded.origins[dotted(path)]))
    return rows


def _at(tree: Any, path: Path) -> Any:  # noqa: ANN401  JSON
    for step in path:
        tree = tree[step]
    return tree


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
