"""The groups of settings: documented, and convertible to what the other rooms take."""

import ast
import inspect

import pytest

from sidecar.config import groups, limits, prices, upstreams
from sidecar.config.groups import Drain, Follow
from sidecar.lifecycle.policy import FollowBounds


@pytest.mark.parametrize("module", [groups, limits, prices, upstreams])
def test_every_field_with_a_value_of_its_own_has_a_docstring(module):
    undocumented = []
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") == "Group" for base in node.bases):
            undocumented += list(_fields_without_docstring(node))
    assert undocumented == []


def _fields_without_docstring(group: ast.ClassDef):
    for field, after in zip(group.body, [*group.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and not isinstance(after, ast.Expr):
            kind = ast.unparse(field.annotation)
            if kind not in {"Follow", "OnCloseOverride"}:
                yield f"{group.name}.{ast.unparse(field.target)}"


def test_bounds_of_following_are_those_of_the_policy():
    assert Follow().bounds() == FollowBounds(1_000, 900, 64 << 20)


def test_the_last_scrape_is_waited_for_within_the_time_that_kubernetes_gives():
    assert 15 < Drain().linger_seconds < Drain().deadline_seconds < 30
