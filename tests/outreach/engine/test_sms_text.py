"""Segments of text messages, and where long texts are cut."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.sms_text import plainer, sms_cost, sms_size, split_text


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments", "left"),
    [
        ("", "gsm7", 0, 0, 160),
        ("a" * 160, "gsm7", 160, 1, 0),
        ("a" * 161, "gsm7", 161, 2, 145),
        ("a" * 306, "gsm7", 306, 2, 0),
        ("a" * 307, "gsm7", 307, 3, 152),
        ("€" * 80, "gsm7", 160, 1, 0),
        ("€" * 81, "gsm7", 162, 2, 143),  # 76 in the first: one septet stays empty
        ("ж" * 70, "ucs2", 70, 1, 0),
        ("ж" * 71, "ucs2", 71, 2, 63),
        ("😀" * 35, "ucs2", 70, 1, 0),
        ("😀" * 36, "ucs2", 72, 2, 61),  # 33 in the first, one unit empty
        ("a" * 69 + "ş", "ucs2", 70, 1, 0),
        ("{}[]~^|\\\f", "gsm7", 18, 1, 142),
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ", "gsm7", 31, 1, 129),
        ("ç", "ucs2", 1, 1, 69),  # only the capital is in the alphabet
    ],
)
def test_segments(text: str, encoding: str, units: int, segments: int, left: int) -> None:
    size = sms_size(text)

    assert (size.encoding, size.units, size.segments, size.left) == (
        encoding,
        units,
        segments,
        left,
    )


def test_characters_that_cost_are_named_once() -> None:
    assert sms_size("“Hi” – “you”").costly == ("“", "”", "–")


def test_addresses_across_segments_are_named() -> None:
    text = "a" * 150 + " https://shop.example/sale and more"

    assert sms_size(text).broken_links == ("https://shop.example/sale",)
    assert sms_size("a" * 100 + " https://shop.example/sale " + "b" * 60).broken_links == ()


def test_cost_is_by_segment() -> None:
    assert sms_cost("a" * 161, Decimal("0.0079")) == Decimal("0.0158")
    assert sms_cost("", Decimal("0.0079")) == 0


def test_plainer_marks_keep_letters_and_addresses() -> None:
    text = "“It’s on” – ş… https://shop.example/a–b"

    assert plainer(text) == '"It\'s on" - ş... https://shop.example/a–b'


def test_a_text_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="20,001 characters"):
        sms_size("a" * 20_001)


def test_long_texts_are_cut_at_the_best_place() -> None:
    assert split_text("One two three. Four five six. Seven", 20) == [
        "One two three.", "Four five six. Seven",
    ]  # fmt: skip
    assert split_text("aaaa bbbb cccc", 9) == ["aaaa bbbb", "cccc"]
    assert split_text("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert split_text("  ", 5) == []


def test_an_address_stays_whole() -> None:
    link = "https://shop.example/a/long/path"

    assert split_text(f"See {link} now", 34) == ["See", f"{link}", "now"]
    assert split_text(f"See our {link}", 33) == ["See our", link]
    with pytest.raises(ValueError, match=r"https://shop\.example"):
        split_text(f"See {link}", 20)


def test_a_limit_must_hold_something() -> None:
    with pytest.raises(ValueError, match="limit: 0"):
        split_text("a", 0)


@given(st.text(alphabet="ab .\n!?€ж", max_size=200), st.integers(1, 40))
def test_no_part_is_too_long_and_no_letter_is_lost(text: str, limit: int) -> None:
    parts = split_text(text, limit)

    assert all(0 < len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.lists(st.sampled_from(["word", "https://a.example/bcd", "x"]), max_size=30))
def test_addresses_are_found_again_in_the_parts(words: list[str]) -> None:
    parts = split_text(" ".join(words), 25)

    assert [word for part in parts for word in part.split()] == words


@given(st.text(alphabet="aé€ж😀", max_size=400))
def test_segments_hold_all_units(text: str) -> None:
    size = sms_size(text)
    room = {"gsm7": 153, "ucs2": 67}[size.encoding]

    assert size.segments >= size.units / max(room, 160 if size.encoding == "gsm7" else 70)
    if size.segments > 1:
        assert size.units <= size.segments * room
        assert size.units > (size.segments - 1) * (room - 1)
