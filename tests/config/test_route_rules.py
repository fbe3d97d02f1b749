"""Rules for routes that can never count are found, and no others are blamed."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, strategies as st

from sidecar.config.route_rules import covers, route_conflicts
from sidecar.config.upstreams import RouteRule

GLOBS = st.from_regex(r"/[ab*?\[\]!]{0,6}", fullmatch=True)
PATHS = st.from_regex(r"/[ab/\[\]!*?]{0,6}", fullmatch=True)


@given(GLOBS, GLOBS, PATHS)
def test_what_a_covered_glob_matches_the_other_matches_too(wider, narrower, path):
    if covers(wider, narrower) and fnmatchcase(path, narrower):
        assert fnmatchcase(path, wider)


@pytest.mark.parametrize(
    ("wider", "narrower", "does"),
    [
        ("/v1/*", "/v1/images/*", True),
        ("/v1/*", "/v1/a?c", True),
        ("/v1/*", "/v1/*", True),
        ("/*:predict", "/v1/*/m:predict", True),
        ("/v1/images/*", "/v1/*", False),
        ("/v1/a*", "/v1/?", False),
        ("/?", "/*", False),
        ("/v1/[ab]", "/v1/[ab]", True),
        # it does, but brackets are not looked into
        ("/v1/*", "/v1/[ab]", False),
    ],
)
def test_one_glob_covers_another(wider, narrower, does):
    assert covers(wider, narrower) is does


FOLLOWS, NO_RESCUE, BOTH = {"on_departure": "follow"}, {"rescue": False}, {"on_departure": "cut", "rescue": True}


@pytest.mark.parametrize(
    ("rules", "blamed"),
    [
        ([("/v1/*", FOLLOWS), ("/v1/a", FOLLOWS)], [1]),
        ([("/v1/*", FOLLOWS), ("/v1/a", NO_RESCUE)], []),
        ([("/v1/*", FOLLOWS), ("/v1/a", BOTH)], []),
        ([("/v1/*", FOLLOWS), ("/*", NO_RESCUE), ("/v1/a", BOTH)], [2]),
        ([("/v1/a", FOLLOWS), ("/v1/*", FOLLOWS)], []),
        ([("/v1/*", BOTH), ("/v1/a", FOLLOWS), ("/v1/b", NO_RESCUE)], [1, 2]),
        ([], []),
    ],
)
def test_a_rule_is_blamed_when_each_of_its_keys_was_set_before_it(rules, blamed):
    made = [RouteRule.model_validate({"path": path} | keys) for path, keys in rules]
    assert [path for path, _, _ in route_conflicts(("routes",), made)] == [("routes", at, "path") for at in blamed]


def test_the_first_of_the_rules_before_it_is_named():
    made = [RouteRule.model_validate({"path": path} | FOLLOWS) for path in ("/v2/*", "/v1/*", "/*", "/v1/a")]
    ((_, problem, advice),) = route_conflicts((), made)
    assert problem == "'/v1/a' never counts: all that it matches, '/v1/*' of routes[1] matches first"
    assert advice == "put it first, or remove it"
