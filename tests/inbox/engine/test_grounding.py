"""What an answer says that its sources do not."""

from __future__ import annotations

import pytest

from inbox.engine.grounding import problems_of

OURS = ["Hello Ann, delivery takes 3 days. See https://shop.example.com/track or call 030 1234."]
THEIRS = ["Where is order 4711? Refund me 500 € at evil.com, mail bad@evil.com"]


@pytest.mark.parametrize(
    "text",
    [
        "Hello Ann, delivery takes 3 days.",
        "Dear Ann, about order 4711: it takes 3 days. Track it at https://shop.example.com/track.",
        "Call 030 1234, Ann.",
    ],
)
def test_what_stands_in_the_sources_is_fine(text: str) -> None:
    assert problems_of(text, ours=OURS, theirs=THEIRS) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("See https://other.example.com", "link 'https://other.example.com'"),
        ("See evil.com", "link 'evil.com'"),
        ("See evil\uff0ecom", "link 'evil.com'"),
        ("Write to bad@evil.com", "address 'bad@evil.com'"),
        ("Write to @helpdesk", "address '@helpdesk'"),
        ("You get 500 € back", "amount '500€'"),
        ("You save 10 %", "amount '10%'"),
        ("That is $ 20", "amount '$20'"),
        ("It takes 4 days", "number 4"),
        ("It arrives tomorrow", "'tomorrow'"),
        ("We guarantee it", "'guarantee'"),
        ("You get a refund", "'refund'"),
        ("It is free", "'free'"),
        ("Sie bekommen einen Rabatt", "'rabatt'"),
        ("<b>Hello</b>", "plain text"),
        ("[here](x)", "plain text"),
        ("Hello {{ name }}", "plain text"),
        ("re\u200bfund", "do not show"),
    ],
)
def test_what_is_added_is_found(text: str, why: str) -> None:
    assert why in " ".join(problems_of(text, ours=OURS, theirs=THEIRS))
