from sidecar.providers.registry import DIALECTS


def test_dialects_are_found_by_their_own_names():
    assert {name: dialect.name for name, dialect in DIALECTS.items()} == {"gemini": "gemini", "vertex": "vertex"}
