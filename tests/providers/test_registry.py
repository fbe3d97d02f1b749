from pathlib import Path

import pytest

from sidecar import providers
from sidecar.config.upstreams import DialectName
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.registry import DIALECTS


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_is_found_by_its_own_name(name):
    assert DIALECTS[name].name == name


def test_dialects_and_their_facts_stand_in_the_order_of_their_names():
    assert list(DIALECTS) == [*DialectName]
    assert [name for name in ON_CLOSE if "." not in name] == [*DialectName]


def test_the_table_of_files_is_whole():
    room = Path(providers.__file__).parent
    listed = [name for name in (room / "README.md").read_text().split("`") if name.endswith(".py")]
    assert {*listed} >= {path.name for path in room.glob("*.py") if path.name != "__init__.py"}
