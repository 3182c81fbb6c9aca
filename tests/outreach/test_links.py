"""Addresses in messages: what a token names, and what nobody can make up."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.links import LinkKind, Reference, make_token, read_token

KEY = b"k" * 32
MESSAGE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@given(st.uuids(), st.integers(0, 2**48 - 1))
def test_a_click_comes_back_as_it_went(message: UUID, link: int) -> None:
    reference = Reference(message, link)

    assert read_token(KEY, LinkKind.CLICK, make_token(KEY, LinkKind.CLICK, reference)) == reference


@pytest.mark.parametrize("kind", LinkKind)
@pytest.mark.parametrize("other", LinkKind)
def test_a_token_does_what_its_kind_says_only(kind: LinkKind, other: LinkKind) -> None:
    token = make_token(KEY, kind, Reference(MESSAGE))

    assert (read_token(KEY, other, token) is not None) == (kind == other)


@given(st.data())
def test_one_changed_character_is_refused(data: st.DataObject) -> None:
    token = make_token(KEY, LinkKind.UNSUBSCRIBE, Reference(MESSAGE))
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCabc019-_"))
    changed = token[:place] + letter + token[place + 1 :]

    read = read_token(KEY, LinkKind.UNSUBSCRIBE, changed)

    # The last character holds bits that no byte needs.
    assert read is None or changed == token or place == len(token) - 1


@pytest.mark.parametrize("token", ["", "a", "=", "ä" * 10, "A" * 40, "A" * 4_000, "a b", "..%2f"])
def test_nonsense_is_refused(token: str) -> None:
    assert read_token(KEY, LinkKind.OPEN, token) is None


def test_another_key_is_refused() -> None:
    token = make_token(KEY, LinkKind.OPEN, Reference(MESSAGE))

    assert read_token(b"x" * 32, LinkKind.OPEN, token) is None


def test_a_token_tells_nothing_but_the_message() -> None:
    token = make_token(KEY, LinkKind.CLICK, Reference(MESSAGE, 7))

    assert len(token) == 47
    assert "@" not in token


def test_a_number_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="link: 281474976710656"):
        make_token(KEY, LinkKind.CLICK, Reference(MESSAGE, 2**48))
