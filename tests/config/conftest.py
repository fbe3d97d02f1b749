"""What the tests of the settings share."""

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory: no settings file of somebody's is found."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
