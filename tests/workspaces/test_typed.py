"""Numbers as people type them."""

from __future__ import annotations

import pytest

from workspaces.typed import bare_number


@pytest.mark.parametrize(
    ("typed", "bare"),
    [
        ("", ""), (" 12 ", "12"), ("12.5", "12.5"), ("1,250", "1250"), ("1,250,000.5", "1250000.5"),
        ("1 250", "1250"), ("1\u202f250.50", "1250.50"), ("-1,250", "-1250"), ("much", "much"),
    ],
)  # fmt: skip
def test_what_parts_thousands_goes(typed, bare):
    assert bare_number(typed) == bare


@pytest.mark.parametrize("typed", ["12,5", "0,01", "1.234,56", "1,23,456", "1,2345", ","])
def test_a_comma_that_may_be_a_decimal_sign_is_refused(typed):
    with pytest.raises(ValueError, match="with a point for decimals"):
        bare_number(typed)
