"""`sidecar reprice`, over a real ledger that another process may be writing."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.cli import LEDGER, OK, USAGE
from sidecar.cli.repricing import closing, total_of
from sidecar.ledger.repricing import Sums
from tests.cli.ledgers import call, write_ledger

NO_MONEY = dict.fromkeys(("spend_usd", "orphaned_usd", "avoidable_usd", "basis", "price_source"))
KNOWN = {"handed_over": "whole", "usage_basis": "exact"}
LEFT_ALONE = "2 calls were left alone: their rows do not say what they used."
PRICES = "prices: {overrides: [{model: 'gemini-*', input_per_mtok_usd: 1, output_per_mtok_usd: 10}]}"


@pytest.fixture
def ledger(empty_folder, monkeypatch):
    records = [call(number, **KNOWN) for number in range(3)]
    records += [call(3, model="mine", unpriced_reason="unknown_model", **NO_MONEY, **KNOWN), call(4)]
    monkeypatch.setenv("SIDECAR_LEDGER__URL", write_ledger(empty_folder / "sidecar.db", records))
    Path("sidecar.yaml").write_text(PRICES)


def spends(sidecar) -> dict[str, str | None]:
    return {row["id"]: row["spend_usd"] for row in json.loads(sidecar("calls", "list", "--format", "json").out)}


def test_sums_before_and_after_by_model(sidecar, ledger):
    ran = sidecar("reprice", "--since", "2026-11-20")
    assert ran.code == OK
    head, flash, mine, total, *_ = ran.out.splitlines()
    assert " ".join(head.split()) == ("MODEL CALLS CHANGED SPEND BEFORE SPEND AFTER ORPHANED BEFORE ORPHANED AFTER")
    assert flash.split() == ["gemini-2.5-flash", "4", "3", "0.040000", "0.022600", "0.000000", "0.000000"]
    assert mine.split()[:3] == ["mine", "1", "0"]
    assert total.split()[:3] == ["total", "5", "3"]
    assert ran.out.splitlines()[-2:] == [
        "3 of 5 calls changed.",
        "1 call was left alone: its row does not say what it used.",
    ]
    assert spends(sidecar) == {"c000": "0.0042", "c001": "0.0042", "c002": "0.0042", "c003": None, "c004": "0.01"}


def test_a_dry_run_changes_nothing_and_says_would(sidecar, ledger):
    before = spends(sidecar)
    assert "3 of 5 calls would change." in sidecar("reprice", "--since", "2026-11-20", "--dry-run").out
    assert spends(sidecar) == before


def test_json_has_exact_figures(sidecar, ledger):
    told = json.loads(sidecar("reprice", "--since", "2026-11-20", "--format", "json", "--dry-run").out)
    assert (told["dry_run"], told["since"], told["until"]) == (True, "2026-11-20T00:00:00.000000Z", None)
    assert (told["total"]["spend_before_usd"], told["total"]["spend_after_usd"]) == ("0.04", "0.0226")
    assert [each["model"] for each in told["models"]] == ["gemini-2.5-flash", "mine"]


def test_calls_that_had_no_price_gain_one(sidecar, ledger):
    Path("sidecar.yaml").write_text("prices: {overrides: [{model: mine, request_usd: 2}]}")
    ran = sidecar("reprice", "--since", "2026-11-20", "--model", "mi*")
    assert ran.out.splitlines()[-2:] == ["1 of 1 calls changed.", "1 of them had no price before."]
    assert spends(sidecar)["c003"] == "2"


def test_priced_again_by_the_same_prices__nothing_changes(sidecar, ledger):
    sidecar("reprice", "--since", "2026-11-20")
    assert "0 of 5 calls changed." in sidecar("reprice", "--since", "2026-11-20").out


def test_no_settled_calls_in_the_span__said(sidecar, ledger):
    assert sidecar("reprice", "--since", "2030-01-01").out == "no settled calls\n"


def test_the_span_must_be_named(sidecar, ledger):
    ran = sidecar("reprice")
    assert ran.code == USAGE
    assert "--since" in ran.err


def test_without_a_ledger__said(sidecar):
    assert sidecar("reprice", "--since", "7d").code == LEDGER


def test_help_says_that_metrics_stay(sidecar):
    assert "Metrics are not touched" in " ".join(sidecar("reprice", "--help").out.split())


@pytest.mark.parametrize(
    ("sums", "is_dry_run", "words"),
    [
        (Sums(calls=9), False, ["0 of 9 calls changed."]),
        (Sums(calls=9, changed=4, unpriced=1), True, ["4 of 9 calls would change.", "1 of them has no price any more."]),
        (Sums(calls=2, left_alone=2), False, ["0 of 2 calls changed.", LEFT_ALONE]),
    ],
)  # fmt: skip
def test_closing_sentences(sums, is_dry_run, words):
    assert closing(sums, is_dry_run) == words


def test_total_is_the_sum_of_all():
    total = total_of(
        {"a": Sums(calls=1, spend_after_usd=Decimal("1E-25")), "b": Sums(calls=2, spend_after_usd=Decimal(123456))}
    )
    assert (total.calls, total.spend_after_usd) == (3, Decimal("123456.0000000000000000000000001"))
