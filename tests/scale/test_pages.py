"""A sidecar's page grows with its providers and models, by so much for each and up to a bound, and with nothing else."""

import pytest

from tests.scale.pages import Page, Seen, busy_sidecar, pages_of

MODELS_ALLOWED = 5
A_MODEL, A_PROVIDER = 45, 110
"""Series, at most."""
AT_REST = 460


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Seen, Page]:
    sizes = (Seen(1, 1, 1), Seen(1, 1, 10), Seen(1, 3, 1), Seen(2, 2, 1), Seen(2, 3, 1), Seen(2, 9, 1))
    settings = {"LABELS__MAX_MODELS": str(MODELS_ALLOWED)}
    with busy_sidecar(tmp_path_factory.mktemp("pages"), settings) as sidecar:
        return {page.seen: page for page in pages_of(sidecar, sizes)}


def series(pages: dict[Seen, Page], providers: int, models: int, callers: int = 1) -> int:
    return pages[Seen(providers, models, callers)].series


def test_at_rest_a_page_has_what_must_be_born_before_it_is_counted(pages: dict[Seen, Page]):
    assert series(pages, 0, 0, 0) <= AT_REST


def test_callers_are_no_series(pages: dict[Seen, Page]):
    assert series(pages, 1, 1, 10) == series(pages, 1, 1)


def test_a_model_costs_so_many_series(pages: dict[Seen, Page]):
    assert 0 < series(pages, 1, 3) - series(pages, 1, 1) <= 2 * A_MODEL


def test_a_provider_costs_so_many_more(pages: dict[Seen, Page]):
    assert series(pages, 2, 2) - series(pages, 1, 3) <= 2 * A_MODEL + A_PROVIDER


def test_past_the_bound_there_is_one_more_for_each_provider__whatever_they_are_called(pages: dict[Seen, Page]):
    assert series(pages, 2, 9) - series(pages, 2, 2) <= (MODELS_ALLOWED - 4 + 2) * A_MODEL


def test_the_page_comes_packed(pages: dict[Seen, Page]):
    largest = pages[Seen(2, 9, 1)]
    assert len(largest.packed) < len(largest.body) / 5
