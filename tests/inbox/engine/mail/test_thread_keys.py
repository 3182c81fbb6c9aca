"""To which conversation a mail belongs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inbox.engine.mail import Address, Mail
from inbox.engine.mail.thread_keys import (
    Known,
    Match,
    answered_ids,
    find_thread,
    is_reply_subject,
    participants,
    subject_key,
)

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
US = frozenset({"help@shop.example"})
MARA = Address("mara@example.com", "Mara")
MAIL = Mail(
    digest="d", sender=MARA, to=(Address("help@shop.example"), Address("noor@example.org")),
    subject="Re: Your order",
)  # fmt: skip
ORDER = Known(
    "order", frozenset({"a@shop", "b@shop"}), "Your order", frozenset({"mara@example.com"}), NOW
)
OTHER = replace(ORDER, key="other", message_ids=frozenset({"c@shop"}), subject="Something else")


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ("Re: Your order", "your order"),
        ("AW: WG: Re[2]: Your  Order", "your order"),
        ("RE: [EXTERNAL] RE: Your order", "your order"),
        ("SV: VS: Antw: TR: Your order", "your order"),
        ("回复\uff1aYour order", "your order"),
        ("Re : Your order", "your order"),
        ("Regarding: Your order", "regarding: your order"),
        ("Re:", ""),
        ("Re: " * 50 + "x", "re: " * 29 + "re: x"),
        ("[#4711] Your order", "[#4711] your order"),
    ],
)
def test_subjects_are_compared_without_what_programs_add(subject: str, key: str) -> None:
    assert subject_key(subject) == key


def test_a_subject_tells_whether_it_answers() -> None:
    assert is_reply_subject("[EXTERNAL] AW: x")
    assert not is_reply_subject("Fwd: x")
    assert not is_reply_subject("x")


def test_the_nearest_answered_mail_comes_first() -> None:
    mail = replace(MAIL, in_reply_to="b@shop", references=("z@shop", "a@shop", "b@shop"))

    assert answered_ids(mail) == ("b@shop", "a@shop", "z@shop")
    assert answered_ids(MAIL) == ()


def test_what_it_answers_decides() -> None:
    mail = replace(MAIL, references=("a@shop", "c@shop"))

    assert find_thread(mail, [ORDER, OTHER], at=NOW) == Match("other", "reference")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, True),
        ({"references": ("unknown@x",)}, True),
        ({"subject": "Your order"}, False),  # begins anew
        ({"subject": "Fwd: Your order"}, False),
        ({"subject": "Re:"}, False),
        ({"sender": Address("thief@evil.example")}, False),  # a subject joins no stranger
        ({"sender": None}, False),
        ({"sender": Address("help@shop.example")}, False),
    ],
)
def test_else_subject_and_sender_decide(changes: dict, *, found: bool) -> None:
    match = find_thread(replace(MAIL, **changes), [ORDER, OTHER], at=NOW, own=US)

    assert match == (Match("order", "subject") if found else None)


def test_old_conversations_are_not_gone_on_with() -> None:
    at = NOW + timedelta(days=30)

    assert find_thread(MAIL, [ORDER], at=at) == Match("order", "subject")
    assert find_thread(MAIL, [ORDER], at=at + timedelta(seconds=1)) is None


def test_of_several_the_latest_is_gone_on_with() -> None:
    newer = replace(ORDER, key="newer", last_at=NOW + timedelta(hours=1))

    for known in ([ORDER, newer], [newer, ORDER]):
        assert find_thread(MAIL, known, at=NOW) == Match("newer", "subject")


def test_participants_are_the_people_without_us() -> None:
    assert participants(MAIL, US) == {"mara@example.com", "noor@example.org"}
