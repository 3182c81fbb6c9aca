"""Cells as people and platforms write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.engine.importing import values
from tests.examples import examples


@pytest.mark.parametrize(
    ("text", "sign", "number"),
    [
        ("1234.5", ".", "1234.5"),
        ("1,234.50", ".", "1234.50"),
        ("12,34,567.8", ".", "1234567.8"),
        ("1.234,50", ",", "1234.50"),
        ("7,5", ",", "7.5"),
        ("$1,234.50", ".", "1234.50"),
        ("1 234,50 €", ",", "1234.50"),
        ("USD 12.30", ".", "12.30"),
        ("12.30 USD", ".", "12.30"),
        ("CA$5", ".", "5"),
        ("1’234.50", ".", "1234.50"),
        ("2.5%", ".", "0.025"),
        ("2,5 %", ",", "0.025"),
        ("(3.20)", ".", "-3.20"),
        ("−4", ".", "-4"),
        ("1.2E3", ".", "1.2E+3"),
        (".5", ".", "0.5"),
    ],
)
def test_numbers_are_read_with_their_signs(text, sign, number):
    assert values.number(text, sign) == Decimal(number)


@pytest.mark.parametrize("text", ["", " ", "-", "--", "—", "N/A", "null", "NaN"])
def test_signs_for_nothing_are_empty(text):
    assert values.number(text) is None


@pytest.mark.parametrize("text", ["abc", "1.2.3", "1,23,4", "inf", "1e99", "12 apples", "٣", "$"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a number|is too large"):
        values.number(text)


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2024-12-31", "", date(2024, 12, 31)),
        ("2021-07-10 13:00:00", "", date(2021, 7, 10)),
        ("2022-02-01 2:20:51", "", date(2022, 2, 1)),
        ("2019-06-13T23:59:59.999Z", "", date(2019, 6, 13)),
        ("20241231", "", date(2024, 12, 31)),
        ("2024/12/31", "", date(2024, 12, 31)),
        ("31.12.2024", "dmy", date(2024, 12, 31)),
        ("03/04/2024", "dmy", date(2024, 4, 3)),
        ("03/04/2024", "mdy", date(2024, 3, 4)),
        ("Dec 31, 2024", "", date(2024, 12, 31)),
        ("31 December 2024", "", date(2024, 12, 31)),
        ("45657", "excel", date(2024, 12, 31)),
        ("45657.5", "excel", date(2024, 12, 31)),
    ],
)
def test_days_are_read_as_written(text, order, day):
    assert values.day(text, order) == day


def test_day_that_could_be_two_is_asked_for():
    with pytest.raises(ValueError, match="day and month can be mixed up; say whether"):
        values.day("03/04/2024", "")


@pytest.mark.parametrize("text", ["", "soon", "2024-02-30", "31/31/2024", "2024-13-01", "45657"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError, match="is not a day"):
        values.day(text, "dmy")


def test_ids_lose_what_spreadsheets_and_platforms_add():
    assert values.identifier("customers/212/adGroups/77") == "77"
    assert values.identifier("customers/212/adGroupAds/77~88") == "88"
    assert values.identifier("359751135.0") == "359751135"
    assert values.identifier(" -- ") == ""
    with pytest.raises(ValueError, match="rounded by a spreadsheet"):
        values.identifier("1.20E+17")
    with pytest.raises(ValueError, match="longer than an id"):
        values.identifier("x" * 121)


@given(
    amount=st.decimals(0, 10**9, places=2),
    sign=st.sampled_from([".", ","]),
    currency=st.sampled_from(["", "$", "€ ", "USD "]),
)
@settings(derandomize=True, max_examples=examples(200))
def test_amount_survives_any_dress(amount, sign, currency):
    text = f"{amount:,.2f}"
    if sign == ",":
        text = text.replace(",", "_").replace(".", ",").replace("_", ".")

    assert values.number(currency + text, sign) == amount


@given(text=st.text(max_size=40), sign=st.sampled_from([".", ","]))
@settings(derandomize=True, max_examples=examples(300))
def test_any_text_is_a_number_nothing_or_refused(text, sign):
    try:
        number = values.number(text, sign)
    except ValueError:
        return
    assert number is None or number.is_finite()


@given(text=st.text(max_size=30), order=st.sampled_from(["", "dmy", "mdy", "excel"]))
@settings(derandomize=True, max_examples=examples(300))
def test_any_text_is_a_day_or_refused(text, order):
    try:
        day = values.day(text, order)
    except ValueError:
        return
    assert isinstance(day, date)
