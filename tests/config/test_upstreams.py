"""The built-in upstreams, and what one of a known name has without being told."""

import pytest
from pydantic import ValidationError

from sidecar.config.load import load
from sidecar.config.problems import BadSettings
from sidecar.config.upstreams import (
    PUBLIC_URLS,
    DialectName,
    RouteRule,
    Upstream,
    built_in_upstreams,
    implied_upstreams,
)
from sidecar.providers.registry import DIALECTS


def test_every_dialect_can_be_named_in_the_settings():
    assert set(DialectName) == set(DIALECTS)


@pytest.mark.parametrize(("name", "upstream"), built_in_upstreams().items())
def test_a_built_in_upstream_leads_to_its_provider(name, upstream):
    assert (name.replace("-", "_"), str(upstream.url)) == (upstream.dialect, PUBLIC_URLS[upstream.dialect])


def test_an_upstream_that_is_called_like_a_dialect_speaks_it():
    variables = {"SIDECAR_UPSTREAMS__AZURE__URL": "https://mine.openai.azure.com"}
    assert load({}, variables).settings.upstreams["azure"].dialect is DialectName.AZURE


def test_an_upstream_without_a_public_url_is_there_only_when_it_is_named():
    assert "azure" not in load({}, {}).settings.upstreams
    with pytest.raises(BadSettings, match=r"AZURE.*is missing"):
        load({}, {"SIDECAR_UPSTREAMS__AZURE__ON_DEPARTURE": "cut"})


def test_other_names_imply_nothing():
    assert "mine" not in implied_upstreams(["mine"])


@pytest.mark.parametrize(
    ("here", "otherwise", "may"), [(None, True, True), (None, False, False), (False, True, False), (True, False, True)]
)
def test_what_an_upstream_says_of_the_rescue_stands_above_what_is_said_of_all(here, otherwise, may):
    upstream = Upstream.model_validate({"dialect": "openai", "url": "https://mine.example", "rescue": here})
    assert upstream.may_be_rescued(otherwise) is may


def test_a_rule_for_routes_sets_something():
    with pytest.raises(ValidationError):
        RouteRule(path="/v1/*")
    assert RouteRule(path="/v1/*", rescue=False).on_departure is None
