"""Answers written beforehand, for one person."""

from __future__ import annotations

import pytest

from inbox.engine.filling import fill, places_of
from outreach.engine.rendering import TemplateError

BODY = "Hello {{ first_name }},\n\nit is on its way.\n"


def test_places_are_filled_in() -> None:
    filled = fill(subject="About {{ subject }}", body=BODY,
                  values={"first_name": "Ann", "subject": "my order"})  # fmt: skip
    assert (filled.subject, filled.text, filled.missing) == (
        "About my order", "Hello Ann,\n\nit is on its way.", (),
    )  # fmt: skip


@pytest.mark.parametrize("values", [{}, {"first_name": " "}])
def test_an_empty_place_is_missing(values: dict[str, str]) -> None:
    assert fill(subject="", body=BODY, values=values).missing == ("first_name",)


def test_what_answers_cannot_know_is_missing_too() -> None:
    filled = fill(subject="", body="Leave: {{ unsubscribe_url }}", values={})
    assert filled.missing == ("unsubscribe_url",)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{{ firstname }}", "did you mean 'first_name'"),
        ("{{ first_name", "line 1"),
        ("{{ ().__class__ }}", "line 1"),
    ],
)
def test_what_cannot_be_filled_in_is_refused(body: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        fill(subject="", body=body, values={})


def test_places_are_named() -> None:
    assert places_of(subject="{{ subject }}", body=BODY) == ("first_name", "subject")
