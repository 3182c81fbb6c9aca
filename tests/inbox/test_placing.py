"""Where a new message belongs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inbox.engine.placing import Known, Letter, place

AT = datetime(2026, 9, 15, 10, 0, tzinfo=UTC)
MAIL = Known(1, "email", "Order 7", AT, None, is_theirs=True)
TEXT = Known(2, "sms", "", AT, None, is_theirs=True)


def test_what_a_message_names_counts_first() -> None:
    letter = Letter(AT + timedelta(days=400), "email", "Order 7", conversations=(9, 2, 1))
    assert place(letter, [MAIL, TEXT]) == 2


@pytest.mark.parametrize(
    ("letter", "known", "found"),
    [
        (Letter(AT, "email", "re: order 7"), MAIL, 1),
        (Letter(AT, "email", "Order 8"), MAIL, None),
        (Letter(AT, "email", ""), replace(MAIL, subject=""), None),
        (Letter(AT, "sms", "Order 7"), MAIL, None),
        (Letter(AT + timedelta(days=30), "email", "Order 7"), MAIL, 1),
        (Letter(AT + timedelta(days=30, seconds=1), "email", "Order 7"), MAIL, None),
        (Letter(AT, "email", "Order 7"), replace(MAIL, is_theirs=False), None),
        (Letter(AT + timedelta(days=90), "sms"), TEXT, 2),
        (Letter(AT + timedelta(days=7), "sms"), replace(TEXT, closed_at=AT), 2),
        (Letter(AT + timedelta(days=7, seconds=1), "sms"), replace(TEXT, closed_at=AT), None),
    ],
)
def test_senders_go_on_with_their_own(letter: Letter, known: Known, found: int | None) -> None:
    assert place(letter, [known]) == found


def test_of_several_the_last_goes_on() -> None:
    older = replace(TEXT, key=3, last_message_at=AT - timedelta(days=1))
    assert place(Letter(AT, "sms"), [older, TEXT]) == 2
    assert place(Letter(AT, "sms"), []) is None
