"""Amounts are summed to their last digit by a database that has no decimals."""

import sqlite3
from collections.abc import Sequence
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import Column, MetaData, Table, Text, func, select
from sqlalchemy.dialects import postgresql

from sidecar.ledger.exact_sums import ExactSum, IsLong, amount_of, as_number, long_part
from sidecar.ledger.statements import rendered
from sidecar.ledger.totals import EXACT

BILLS = Table("bills", MetaData(), Column("usd", Text))
USD = BILLS.c.usd


def summed(amounts: Sequence[str | None]) -> tuple[Decimal | None, list[Decimal]]:
    """The sum of those that can be summed, and those that can't."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE bills (usd TEXT) STRICT")
    connection.executemany("INSERT INTO bills VALUES (?)", [(usd,) for usd in amounts])
    ((found,),) = connection.execute(*rendered(select(ExactSum(USD)).select_from(BILLS)))
    long = connection.execute(*rendered(select(long_part(USD)).where(IsLong(USD)))).fetchall()
    connection.close()
    with localcontext(EXACT):
        return amount_of(found), [Decimal(text) for (text,) in long]


@settings(max_examples=300)
@given(
    st.lists(
        st.none()
        | st.decimals(0, 100, places=12).map("{:f}".format)
        | st.decimals(0, 10**12, places=9).map("{:f}".format)
        | st.integers(0, 10**15 - 1).map(lambda units: format(Decimal(units).scaleb(-12), "f")),
        max_size=30,
    )
)
def test_what_is_summed_and_what_is_left_out_is_all_of_it(amounts: list[str | None]):
    usd, long = summed(amounts)
    with localcontext(EXACT):
        assert (usd or 0) + sum(long) == sum(Decimal(text) for text in amounts if text)


@pytest.mark.parametrize("amount", ["99.99999999999", "0.999999999999", "0.000000000001", "1.234567890123", "99"])
def test_the_usual_amounts_are_summed(amount: str):
    assert summed([amount] * 1000) == (1000 * Decimal(amount), [])


@pytest.mark.parametrize("amount", ["100", "99.999999999999", "0.0000000000001", "123456789012345678901234567890"])
def test_large_and_long_ones_are_left_out(amount: str):
    assert summed([amount, "1"]) == (Decimal(1), [Decimal(amount)])


def test_a_sum_of_more_than_64_bits_is_exact():
    assert summed(["99.9999999999"] * 200_000)[0] == 200_000 * Decimal("99.9999999999")


def test_the_sum_of_nothing_is_nothing():
    assert summed([]) == summed([None, "0"]) == (None, [])


def test_a_database_with_decimals_sums_them_and_leaves_none_out():
    made = str(
        select(ExactSum(USD, USD != "1"), func.count().filter(IsLong(USD))).compile(dialect=postgresql.dialect())
    )
    assert "sum(CASE WHEN" in made
    assert "AS NUMERIC)" in made
    assert "WHERE false" in made
    assert amount_of(Decimal("1.5")) == Decimal("1.5")


def test_amounts_are_compared_as_numbers():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE bills (usd TEXT) STRICT")
    connection.executemany("INSERT INTO bills VALUES (?)", [("9",), ("10",), ("0.5",)])
    found = connection.execute(*rendered(select(USD).order_by(as_number(USD).desc()))).fetchall()
    connection.close()
    assert found == [("10",), ("9",), ("0.5",)]
