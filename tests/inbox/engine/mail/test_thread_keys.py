"""What mails of one conversation have in common."""

from __future__ import annotations

import pytest

from inbox.engine.mail import Mail
from inbox.engine.mail.thread_keys import answered_ids, subject_key


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


def test_the_nearest_answered_mail_comes_first() -> None:
    references = ("z@shop", "a@shop", "b@shop")

    assert answered_ids(Mail(digest="d", in_reply_to="b@shop", references=references)) == (
        "b@shop", "a@shop", "z@shop",
    )  # fmt: skip
    assert answered_ids(Mail(digest="d")) == ()
