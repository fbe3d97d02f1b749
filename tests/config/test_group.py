"""What all groups of settings have in common."""

import pytest
from pydantic import ValidationError

from sidecar.config.group import Group


class Sockets(Group):
    port: int = 1


def test_a_key_that_is_not_there_is_an_error():
    with pytest.raises(ValidationError, match="porte"):
        Sockets.model_validate({"porte": 2})


def test_a_group_can_not_be_changed():
    with pytest.raises(ValidationError):
        Sockets().port = 2


def test_errors_do_not_repeat_what_was_typed():
    with pytest.raises(ValidationError) as refused:
        Sockets.model_validate({"port": "hunter2"})
    assert "hunter2" not in str(refused.value)
