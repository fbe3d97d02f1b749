import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot

from sidecar.clock import SECOND, from_rfc3339
from sidecar.errors import PriceError
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.metering.usage import Usage

AT = from_rfc3339("2026-11-20T10:00:00Z")
TOKENS = Usage(input=1_000_000, output=1_000_000)
FLASH = "gemini-2.5-flash"


def bill(book: PriceBook, model: str = FLASH, usage: Usage | None = TOKENS, **more) -> Bill | Unpriced:
    call: dict[str, Any] = {"provider": "gemini", "upstream": "gemini", "tier": "", "at": AT} | more
    return book.bill(usage=usage, model=model, **call)


def source(book: PriceBook, model: str = FLASH, usage: Usage | None = TOKENS, **more) -> str:
    found = bill(book, model, usage, **more)
    assert isinstance(found, Bill)
    return found.source


def override(model: str, **prices) -> Override:
    return Override(model=model, input_per_mtok_usd=Decimal(1), output_per_mtok_usd=Decimal(1), **prices)


def test_a_list_price_is_found_without_any_setting():
    found = bill(PriceBook())
    assert isinstance(found, Bill)
    assert (found.input_usd, found.output_usd, found.basis) == (Decimal("0.3"), Decimal("2.5"), Basis.EXACT)
    assert found.source.startswith("genai-prices ")


def test_the_first_override_that_matches_wins():
    book = PriceBook([override("gemini-2.5-pro"), override("gemini-*"), override(FLASH)])
    assert source(book) == "override:2"


def test_an_override_for_another_upstream_is_passed_over():
    book = PriceBook([override("*", upstream="my-vllm")])
    assert source(book).startswith("genai-prices ")
    assert source(book, upstream="my-vllm") == "override:1"


def test_an_override_comes_before_our_own_table():
    book = PriceBook([Override(upstream="vertex", model="imagen-*", image_usd=Decimal("0.01"))])
    images = Usage(images=1)
    assert source(book, "imagen-4.0-generate-001", images, provider="vertex", upstream="vertex") == "override:1"
    assert source(book, "imagen-4.0-generate-001", images).startswith("media:")


def test_provisioned_throughput_adds_nothing_to_the_bill():
    found = bill(PriceBook(), tier="provisioned", usage=Usage(input=9, output=9, images=1, video_seconds=1))
    assert found == Bill(Decimal(0), Decimal(0), "provisioned throughput")


def test_an_override_prices_provisioned_throughput_too():
    assert source(PriceBook([override("*")]), tier="provisioned") == "override:1"


@pytest.mark.parametrize(
    "model", [FLASH, f"models/{FLASH}", f"publishers/google/models/{FLASH}", f"google/{FLASH}", f"{FLASH}@001"]
)
def test_a_model_is_found_however_it_is_written(model):
    assert bill(PriceBook(), model, provider="vertex") == bill(PriceBook())


def test_an_override_is_found_however_the_model_is_written():
    assert source(PriceBook([override("Gemini-2.5-*")]), f"publishers/google/models/{FLASH}") == "override:1"


def test_a_model_that_nobody_knows_is_unpriced():
    assert bill(PriceBook(), "no-such-model") == Unpriced(UnpricedReason.UNKNOWN_MODEL)
    assert bill(PriceBook(), FLASH, provider="no-such-provider") == Unpriced(UnpricedReason.UNKNOWN_MODEL)


def test_a_call_without_usage_is_unpriced_whether_the_model_is_known_or_not():
    assert bill(PriceBook(), FLASH, Usage()) == Unpriced(UnpricedReason.NO_USAGE)
    assert bill(PriceBook(), "no-such-model", Usage()) == Unpriced(UnpricedReason.NO_USAGE)


def test_tiers_and_upstreams_are_remembered_apart():
    book = PriceBook([override("*", upstream="other")])
    standard, batch = bill(book), bill(book, tier="batch")
    assert standard != batch
    assert bill(book, upstream="other") not in (standard, batch)
    assert (bill(book), bill(book, tier="batch")) == (standard, batch)


def test_a_remembered_price_is_looked_up_again_when_its_date_has_come_and_gone_back():
    book, new_year = PriceBook(), from_rfc3339("2027-01-01")
    moments = [new_year - SECOND, new_year, new_year - 1, new_year + SECOND]
    found = [bill(book, "gemini-3.8-flash", at=at) for at in moments]
    assert [each.input_usd for each in found if isinstance(each, Bill)] == [
        Decimal("0.75"), Decimal("1.5"), Decimal("0.75"), Decimal("1.5"),
    ]  # fmt: skip


def test_what_is_remembered_is_bounded_and_the_latest_used_stay():
    book = PriceBook(remembered=3)
    for model in (FLASH, "a", "b", FLASH, "c", "d"):
        bill(book, model)
    assert [key[2] for key in book._rules] == [FLASH, "c", "d"]


def test_an_unknown_model_is_remembered_too():
    book = PriceBook()
    bill(book, "no-such-model")
    assert [key[2] for key in book._rules] == ["no-such-model"]


def test_an_endless_name_is_not_remembered():
    book = PriceBook()
    assert bill(book, "x" * 10_000) == Unpriced(UnpricedReason.UNKNOWN_MODEL)
    assert not book._rules


def test_bogus_names_leave_nothing_behind_in_genai_prices():
    book = PriceBook(remembered=10)
    for number in range(200):
        bill(book, f"bogus-{number}")
    snapshot = get_snapshot()
    assert not snapshot._lookup_cache
    assert not snapshot._provider_cache
    assert not snapshot._provider_misses


def test_a_book_with_an_impossible_price_is_refused():
    with pytest.raises(PriceError, match=r'override 2 \(model "b"\): image_usd is -1, must be from 0 to 1000'):
        PriceBook([override("a"), Override(model="b", image_usd=Decimal(-1))])


def test_genai_prices_is_not_loaded_before_it_is_needed():
    script = """
import sys
from decimal import Decimal
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook, Question
from sidecar.metering.usage import Usage
book = PriceBook([Override(model="*", image_usd=Decimal(1))])
book.bill(usage=Usage(images=1), provider="gemini", upstream="gemini", model="m", tier="", at=0)
assert "genai_prices" not in sys.modules
PriceBook().load()
assert "genai_prices.data" in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)
