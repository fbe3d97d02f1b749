"""What an operation costs on the way, by hand."""

from decimal import Decimal

import pytest

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script
from sidecar.simulator.undertaking import Kind, Row, Undertaking


def plan(model: str, used: Used, steps: int = 4) -> Plan:
    return Plan(
        route=Route(Dialect.GEMINI, "generateContent", model),
        model=CATALOG[model],
        script=Script(),
        used=used,
        steps=steps,
    )


def test_a_batch__row_by_row_at_half_the_price():
    rows = [Row(str(place), plan("gemini-2.5-flash", Used(prompt_tokens=1000)), fails=place == 1) for place in range(4)]
    batch = Undertaking(kind=Kind.BATCH, plan=plan("gemini-2.5-flash", Used()), rows=tuple(rows))
    # 1000 x 0.30 for a million, half of it; the second row fails
    assert [batch.usd_after(made) for made in (None, 0, 1, 2, 3)] == [
        0,
        0,
        *[Decimal("0.00015")] * 2,
        Decimal("0.0003"),
    ]
    assert batch.used_after(4) == Used(prompt_tokens=3000)


def test_many_short_rows__are_not_one_long_prompt():
    rows = tuple(Row(str(place), plan("gemini-2.5-pro", Used(prompt_tokens=150_000))) for place in range(2))
    batch = Undertaking(kind=Kind.BATCH, plan=plan("gemini-2.5-pro", Used()), rows=rows)
    assert batch.usd_after(2) == Decimal(
        "0.1875"
    )  # 300,000 x 1.25 for a million, half of it; above 200,000 it were 2.50


@pytest.mark.parametrize(
    ("kind", "model", "used", "usd"),
    [
        # input from the first moment, a quarter of the output: 1000 x 0.30 + 100 x 2.50
        (Kind.BACKGROUND, "gemini-2.5-flash", Used(prompt_tokens=1000, output_tokens=400), "0.00055"),
        (Kind.TUNING, "gemini-2.5-flash", Used(trained_tokens=400_000), "0.5"),
        (Kind.LRO, "veo-3.1-generate-preview", Used(video_seconds=8), "0"),
        (Kind.BACKGROUND, "black-forest-labs/flux-dev-lora", Used(compute_milliseconds=4000), "0.001525"),
    ],
)
def test_a_quarter_of_the_way(kind: Kind, model: str, used: Used, usd: str):
    work = Undertaking(kind=kind, plan=plan(model, used))
    assert [work.usd_after(None), work.usd_after(1)] == [Decimal(0), Decimal(usd)]


def test_a_video__is_charged_when_it_is_there():
    work = Undertaking(kind=Kind.LRO, plan=plan("veo-3.1-generate-preview", Used(video_seconds=8)))
    assert work.usd_after(4) == Decimal("3.20")
