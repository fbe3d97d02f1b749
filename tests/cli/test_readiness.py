import pytest

from sidecar.cli.readiness import Readiness


@pytest.mark.parametrize(("word", "path"), [("started", "/startupz"), ("ready", "/readyz")])
def test_what_is_waited_for_has_a_probe(word: str, path: str):
    assert Readiness(word).path == path
