import re

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.registry import DIALECTS


@pytest.mark.parametrize("name", ON_CLOSE)
def test_every_fact_says_where_it_is_from_and_how_it_is_known(name):
    facts = ON_CLOSE[name]
    assert facts.source
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", facts.date)
    assert "measured" in facts.evidence


@pytest.mark.parametrize("name", ON_CLOSE)
def test_nobody_knows_what_a_closed_socket_does_to_an_answer(name):
    assert ON_CLOSE[name].live is OnClose.UNKNOWN


def test_every_dialect_has_its_row():
    assert all(dialect.on_close is ON_CLOSE[name] for name, dialect in DIALECTS.items())


def test_every_row_belongs_to_a_dialect():
    """`vertex.publishers`: a part of what the dialect reaches."""
    assert {name.partition(".")[0] for name in ON_CLOSE} == set(DIALECTS)
