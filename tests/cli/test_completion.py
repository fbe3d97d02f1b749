"""`sidecar completion SHELL`."""

import pytest

from sidecar.cli import OK, USAGE
from sidecar.cli.completion import Shell


@pytest.mark.parametrize("shell", Shell)
def test_prints_a_script_for_each_shell(sidecar, shell: Shell):
    ran = sidecar("completion", shell)
    assert (ran.code, ran.err) == (OK, "")
    assert f"{shell} completion for sidecar" in ran.out


def test_other_shell__said_with_those_that_there_are(sidecar):
    ran = sidecar("completion", "tcsh")
    assert ran.code == USAGE
    assert "bash" in ran.err


@pytest.mark.parametrize("shell", Shell)
def test_it_knows_of_itself(sidecar, shell: Shell):
    assert "completion" in sidecar("completion", shell).out
