"""Errors: one tree, facts as attributes, one sentence made from them."""

import pickle

import pytest

from sidecar import errors
from sidecar.errors import (
    IllegalEvent,
    LedgerError,
    PriceError,
    ProtocolError,
    ReplyBroken,
    RequestRefused,
    SettingsError,
    SidecarError,
)

SENTENCES = [
    (SettingsError("proxy.listen", "not an address"), "proxy.listen: not an address"),
    (
        SettingsError("proxy.listen", "not an address", "write host:port"),
        "proxy.listen: not an address; write host:port",
    ),
    (RequestRefused(400, "no Host header"), "no Host header"),
    (ReplyBroken("several Content-Length headers"), "several Content-Length headers"),
    (IllegalEvent("ReplyStarted", "<Call SERVED/FINISHED>"), "ReplyStarted in <Call SERVED/FINISHED>"),
    (LedgerError("sidecar.db", "it is locked"), "ledger sidecar.db: it is locked"),
    (LedgerError("sidecar.db", "it is locked", "stop the other"), "ledger sidecar.db: it is locked; stop the other"),
    (PriceError("not a number"), "not a number"),
    (ProtocolError("a chunk line is too long"), "a chunk line is too long"),
]
rows = pytest.mark.parametrize(("error", "sentence"), SENTENCES)


@rows
def test_the_sentence_is_made_from_the_facts(error: SidecarError, sentence: str) -> None:
    assert str(error) == sentence


@rows
def test_an_error_survives_pickling(error: SidecarError, sentence: str) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), vars(copy), str(copy)) == (type(error), vars(error), sentence)


def test_every_error_is_ours() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert all(issubclass(kind, SidecarError) for kind in classes)


def test_every_error_stands_in_the_tree_on_top() -> None:
    assert errors.__doc__ is not None
    tree = errors.__doc__.split()
    assert {name for name, value in vars(errors).items() if isinstance(value, type)} <= set(tree)


def test_a_refusal_carries_the_status_that_the_caller_is_answered() -> None:
    assert RequestRefused(431, "too large").status == 431


@pytest.mark.parametrize("kind", [RequestRefused, ReplyBroken])
def test_broken_http_is_one_kind_of_error_on_both_sides(kind: type[SidecarError]) -> None:
    assert issubclass(kind, ProtocolError)
