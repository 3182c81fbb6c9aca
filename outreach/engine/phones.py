"""Phone numbers in E.164: the plain ones by tables of the library, all others by the library.

Reading a number by ``phonenumbers`` takes 20 µs, a file of contacts has a million of them. What
`_quick` answers is what the library answers, and it answers only where no special rule can hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneMetadata

_PLAIN: Final = re.compile(r"\+?[0-9][0-9 ()/.-]{5,24}")
_SIGNS: Final = str.maketrans("", "", "+ ()/.-")
_TYPES: Final = (
    "mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number",
    "pager", "uan", "voicemail",
)  # fmt: skip
_Rule = tuple[frozenset[int], re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class _Region:
    """How numbers are dialled in a country; ``prefix`` is what stands before them at home."""

    code: str
    prefix: str
    abroad: re.Pattern[str] | None
    leading: re.Pattern[str] | None
    general: _Rule
    kinds: tuple[_Rule, ...]


def e164(text: str, country: str) -> str:
    """Return a number as ``+`` and digits; empty where it is none that can be dialled.

    Parameters
    ----------
    text : as somebody wrote it
    country : two capital letters, whose rules hold without a country code; empty for none
    """
    return _quick(text, country) or _read(text, country)


def _read(text: str, country: str) -> str:
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _quick(text: str, country: str) -> str:
    if not _PLAIN.fullmatch(text):
        return ""
    digits = text.translate(_SIGNS)
    if text[0] == "+":
        found = _of_code(digits)
        if found is None:
            return ""
        digits = digits[len(found.code) :]
    else:
        found = _region(country)
        if found is None or (found.abroad and found.abroad.match(digits)):
            return ""
    if found.prefix and digits.startswith(found.prefix):
        digits = digits[len(found.prefix) :]
    # A zero that belongs to the number is a rule of its own.
    if digits[:1] in ("", "0") or not _fits(found, digits) or not _is_given_out(found, digits):
        return ""
    return f"+{found.code}{digits}"


def _of_code(digits: str) -> _Region | None:
    """Of the country code that a number begins with."""
    for length in (1, 2, 3):
        code = int(digits[:length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return _region(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code][0])
    return None


def _is_given_out(region: _Region, digits: str) -> bool:
    """Whether the first country that a number of this code can be of has such numbers."""
    for name in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(region.code)]:
        one = _region(name, is_to_dial=False)
        if one is None:
            return False
        if one.leading is None:
            if _fits(one, digits):
                return True
        elif one.leading.match(digits):
            return _fits(one, digits)
    return False


def _fits(region: _Region, digits: str) -> bool:
    return _follows(region.general, digits) and any(
        _follows(one, digits) for one in region.kinds
    )  # fmt: skip


def _follows(rule: _Rule, digits: str) -> bool:
    lengths, pattern = rule
    return (not lengths or len(digits) in lengths) and pattern.fullmatch(digits) is not None


@lru_cache(maxsize=1024)
def _region(name: str, *, is_to_dial: bool = True) -> _Region | None:
    """Tables of a country; none where its numbers are dialled by more than a plain prefix."""
    table = PhoneMetadata.metadata_for_region(name, None) if name else None
    if table is None or not (general := _rule(table.general_desc)):
        return None
    prefix = table.national_prefix_for_parsing or ""
    if is_to_dial and (table.national_prefix_transform_rule or (not prefix.isdigit() and prefix)):
        return None
    kinds = (_rule(getattr(table, kind)) for kind in _TYPES)
    return _Region(
        code=str(table.country_code),
        prefix=prefix,
        abroad=re.compile(table.international_prefix) if table.international_prefix else None,
        leading=re.compile(table.leading_digits) if table.leading_digits else None,
        general=general,
        kinds=tuple(dict.fromkeys(one for one in kinds if one)),
    )


def _rule(table: Any) -> _Rule | None:
    if table is None or not table.national_number_pattern:
        return None
    return frozenset(table.possible_length), re.compile(table.national_number_pattern)
