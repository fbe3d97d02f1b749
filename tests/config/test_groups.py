"""The groups of settings: documented, and convertible to what the other rooms take."""

import ast
import inspect
from decimal import Decimal

import pytest
from pydantic import ValidationError

from sidecar.config import groups, limits
from sidecar.config.groups import Follow, PriceOverride, Prices
from sidecar.lifecycle.policy import FollowBounds
from sidecar.metering.override import Override


@pytest.mark.parametrize("module", [groups, limits])
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
            if not hasattr(groups, kind) or kind not in {"Follow", "OnCloseOverride"}:
                yield f"{group.name}.{ast.unparse(field.target)}"


def test_bounds_of_following_are_those_of_the_policy():
    assert Follow().bounds() == FollowBounds(1_000, 900, 64 << 20)


def test_price_is_taken_over_to_the_book_field_by_field():
    price = PriceOverride.model_validate(
        {"model": "qwen*", "upstream": "mine", "image_usd": 0.04, "batch_factor": "0.5"}
    )
    taken = Override(model="qwen*", upstream="mine", image_usd=Decimal("0.04"), batch_factor=Decimal("0.5"))
    assert Prices(overrides=(price,)).book() == (taken,)


def test_prices_have_all_fields_that_the_book_knows():
    assert set(PriceOverride.model_fields) == set(Override.__struct_fields__)


@pytest.mark.parametrize("keys", [{}, {"image_usd": 2_000}, {"input_per_mtok_usd": "0.0000000001"}])
def test_price_that_the_book_would_refuse__refused(keys):
    with pytest.raises(ValidationError):
        PriceOverride.model_validate({"model": "a"} | keys)
