"""Plain numbers are read by tables, and always as the library reads them."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine import phones

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@st.composite
def written(draw: Any) -> tuple[str, str]:
    """A number of some country, or nearly one, as people write it; and a country to read it in."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from(sorted(phonenumbers.PhoneNumberType.values())))
    example = phonenumbers.example_number_for_type(region, kind)
    example = example or phonenumbers.example_number(region)
    digits = phonenumbers.national_significant_number(example)
    if draw(st.booleans()):
        at, more = draw(st.integers(0, len(digits))), draw(st.text("0123456789", max_size=3))
        digits = digits[:at] + more + digits[at + draw(st.integers(0, 3)) :]
    prefix = draw(st.sampled_from(["0", "1", "8", "06", ""]))
    form = draw(
        st.sampled_from(["+{c}{n}", "+{c} ({p}) {n}", "{p}{n}", "{n}", "{c}{n}", "00{c}{n}"])
    )
    text = form.format(c=example.country_code, n=digits, p=prefix)
    return text, draw(st.sampled_from([region, draw(st.sampled_from(REGIONS)), ""]))


@given(written())
def test_tables_say_what_the_library_says(asked: tuple[str, str]) -> None:
    text, country = asked

    assert phones._quick(text, country) in ("", phones._read(text, country))


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("0170 1234567", "DE", "+491701234567"), ("+49 (0)170-1234567", "", "+491701234567"),
        ("(212) 555-0123", "US", "+12125550123"), ("1 212 555 0123", "US", "+12125550123"),
        ("+33 6 12 34 56 78", "DE", "+33612345678"),
    ],
)  # fmt: skip
def test_usual_numbers_need_no_library(text: str, country: str, number: str) -> None:
    assert phones.e164(text, country) == number
    if text[0] != "(":
        assert phones._quick(text, country) == number


@pytest.mark.parametrize(("text", "country"), [("0170", "DE"), ("555 0123", "US"), ("12", "")])
def test_what_cannot_be_dialled_is_none(text: str, country: str) -> None:
    assert phones.e164(text, country) == ""
