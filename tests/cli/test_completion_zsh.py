"""Completion for zsh. What a real one offers is looked at by its own parser only: its completion lives behind a terminal."""

import pytest

from sidecar.cli.completion_zsh import script
from tests.cli.shells import answer, tree


@pytest.mark.part("zsh")
def test_script_is_zsh(tmp_path):
    (tmp_path / "completion").write_text(script(tree()))
    assert answer(tmp_path, "zsh", "-f", "-n", "completion") == set()


def test_every_command_has_a_function_of_its_own():
    text = script(tree())
    assert [
        each.path
        for each in tree().walk()
        if f"\n{'_'.join(('_sidecar', *each.path))}() {{".replace("-", "_") not in text
    ] == []


def test_help_with_colons_and_brackets_is_no_syntax():
    assert "'--outcome=[Only this\\: orphan_finished, open, ...]:value:(" in script(tree())


def test_table_of_zshs_own_commands_is_left_alone():
    """A local `commands` would hide it, and with it every command behind `sidecar run`."""
    assert "local -a commands" not in script(tree())
