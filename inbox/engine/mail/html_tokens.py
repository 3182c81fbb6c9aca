"""HTML in pieces, in one pass: no input makes it look at a character twice.

It follows the tokenizer of the HTML standard where that matters for reading mails. What it hands
on is written anew and cleaned by ammonia, so it need not agree with browsers to be safe.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

MAX_TOKENS: Final = 150_000
MAX_ATTRIBUTES: Final = 40
#: Of these nothing is text.
_UNREAD: Final = frozenset(
    {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "template",
     "svg", "math"}
)  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z][^\s/>]*+")
_GAP: Final = re.compile(r"[\s/]*+")
_SPACE: Final = re.compile(r"\s*+")
_ATTRIBUTE: Final = re.compile(r"[^\s/>][^\s/>=]*+")
_BARE: Final = re.compile(r"[^\s>]*+")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text (unescaped), or the start or end of an element."""

    kind: Literal["text", "start", "end"]
    value: str
    attributes: dict[str, str] = field(default_factory=dict)


def tokens(source: str) -> Iterator[Token]:
    """Take HTML apart; scripts, styles and comments are left out, an open end is dropped."""
    place, count = 0, 0
    while place < len(source) and count < MAX_TOKENS:
        start = source.find("<", place)
        if start != place:
            end = len(source) if start < 0 else start
            yield Token("text", html.unescape(source[place:end]))
            place, count = end, count + 1
            continue
        token, place = _markup(source, place)
        if token is not None:
            count += 1
            if token.kind == "start" and token.value in _UNREAD:
                place = _after_element(source, place, token.value)
            else:
                yield token


def _markup(source: str, place: int) -> tuple[Token | None, int]:
    if source.startswith("<!--", place):
        return None, _after(source, place + 4, "-->")
    is_end = source.startswith("</", place)
    name = _NAME.match(source, place + 1 + is_end)
    if name is not None:
        attributes, after = _attributes(source, name.end())
        kind: Literal["start", "end"] = "end" if is_end else "start"
        return (Token(kind, name[0].lower(), attributes) if after >= 0 else None), (
            after if after >= 0 else len(source)
        )
    if is_end or source.startswith(("<!", "<?"), place):
        return None, _after(source, place + 2, ">")
    return Token("text", "<"), place + 1


def _after(source: str, place: int, mark: str) -> int:
    end = source.find(mark, place)
    return len(source) if end < 0 else end + len(mark)


def _after_element(source: str, place: int, name: str) -> int:
    """Skip to behind the end of an element; one that is never closed takes all the rest."""
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(source, place)
    return _after(source, found.end(), ">") if found else len(source)


def _attributes(source: str, place: int) -> tuple[dict[str, str], int]:
    """Read attributes up to the end of a tag; -1 where the tag has none."""
    found: dict[str, str] = {}
    while True:
        gap = _GAP.match(source, place)
        place = gap.end() if gap else place
        if place >= len(source):
            return found, -1
        if source[place] == ">":
            return found, place + 1
        name = _ATTRIBUTE.match(source, place)
        place = name.end() if name else place + 1
        value, place = _value(source, place)
        if place < 0:
            return found, -1
        if name is not None and len(found) < MAX_ATTRIBUTES:
            found.setdefault(name[0].lower(), html.unescape(value))


def _value(source: str, place: int) -> tuple[str, int]:
    equals = _SPACE.match(source, place)
    after = equals.end() if equals else place
    if not source.startswith("=", after):
        return "", place
    space = _SPACE.match(source, after + 1)
    start = space.end() if space else after + 1
    quote = source[start : start + 1]
    if quote in ('"', "'") and quote:
        end = source.find(quote, start + 1)
        return ("", -1) if end < 0 else (source[start + 1 : end], end + 1)
    bare = _BARE.match(source, start)
    return (bare[0], bare.end()) if bare else ("", start)
