"""The groups of settings: documented, and convertible to what the other rooms take."""

import ast
import inspect

import pytest

from sidecar.config import ending, groups, limits, prices, sockets, upstreams
from sidecar.config.groups import Follow
from sidecar.lifecycle.policy import FollowBounds


@pytest.mark.parametrize("module", [ending, groups, limits, prices, sockets, upstreams])
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
            if kind not in {"Follow", "Live", "OnCloseOverride", "Tls", "Connect"}:
                yield f"{group.name}.{ast.unparse(field.target)}"


def test_bounds_of_following_are_those_of_the_policy():
    assert Follow().bounds() == FollowBounds(1_000, 900, 64 << 20)
