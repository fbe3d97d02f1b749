"""What is said of settings that can be used and are not as they seem."""

from pathlib import Path

import pytest

from sidecar.config.remarks import remarks
from tests.config.loading import loaded

pytestmark = pytest.mark.usefixtures("folder")


def said(text: str, **variables: str) -> list[str]:
    return list(remarks(loaded(text).settings, variables))


def prices(*overrides: str) -> list[str]:
    return said(f"prices: {{overrides: [{', '.join(overrides)}]}}")


def test_usual_settings__nothing_to_say() -> None:
    assert said("mode: enforce") == []


def test_price_behind_one_for_all__never_counts() -> None:
    assert prices("{model: 'gpt-*', request_usd: 1}", "{model: gpt-5, request_usd: 2}") == [
        "prices.overrides[1] never counts: all that 'gpt-5' matches, 'gpt-*' of prices.overrides[0] matches first"
    ]


@pytest.mark.parametrize(
    "first",
    [
        "{model: gpt-5, request_usd: 1}",
        "{model: 'gpt-*', upstream: openai, request_usd: 1}",
        "{model: 'gpt-*', method: responses, request_usd: 1}",
        "{model: 'gpt-*', label: 'team=a', request_usd: 1}",
    ],
)
def test_price_behind_one_that_speaks_of_less__counts(first: str) -> None:
    assert prices(first, "{model: 'gpt-*', request_usd: 2}") == []


def test_price_for_an_upstream_behind_one_for_all_of_them__never_counts() -> None:
    assert len(prices("{model: 'gpt-*', request_usd: 1}", "{model: gpt-5, upstream: openai, request_usd: 2}")) == 1


def test_credential_that_is_not_there() -> None:
    text = "upstreams: {gemini: {credential: {env: MY_KEY}}, openai: {credential: {file: ./no-key}}}"
    variable, file = sorted(said(text))
    assert variable.startswith("upstreams.gemini.credential: the variable MY_KEY is not set here; operations")
    assert file.startswith("upstreams.openai.credential: there is no file ./no-key here; operations")


def test_credential_that_is_there() -> None:
    Path("key").write_text("x")
    text = "upstreams: {gemini: {credential: {env: MY_KEY}}, openai: {credential: {file: ./key}}}"
    assert said(text, MY_KEY="x") == []


def test_credential_that_a_clouds_library_finds__is_its_business() -> None:
    assert said("upstreams: {gemini: {credential: {google_adc: true}}}") == []
