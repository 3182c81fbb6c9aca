"""What can be seen of a page: pictures, colours, headings, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from outreach.engine.rendering.markup import Link, links_of, text_of

_COLOUR: Final = re.compile(
    r"#(?P<long>[0-9a-f]{6})\b|#(?P<short>[0-9a-f]{3})\b|rgb\((?P<rgb>[\d\s,]+)\)"
)


@dataclass(frozen=True)
class Page:
    """What the rules of `lint` look at, read once.

    Attributes
    ----------
    links : of the page
    words : what can be read, of the page or else of the text
    language : of the page, '' where it names none
    has_html : whether there is a page
    pictures : address, description (None: none given), whether it is the open pixel
    texts : words, with colour and background as far as they are written at them
    headings : levels, in order
    tags : names of all elements
    """

    links: list[Link]
    words: str
    language: str
    has_html: bool
    pictures: list[tuple[str, str | None, bool]]
    texts: list[tuple[str, str, str]]
    headings: list[int]
    tags: frozenset[str]


class _Reader(HTMLParser):
    """Pictures, colours, headings and tags of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language: str | None = None
        self.pictures: list[tuple[str, str | None, bool]] = []
        self.texts: list[tuple[str, str, str]] = []
        self.headings: list[int] = []
        self.tags: set[str] = set()
        self._colours: list[tuple[str, str, str]] = []  # tag, colour, background

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag brings, and the colours inside of it."""
        values = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if tag == "html":
            self.language = values.get("lang", "")
        elif tag == "img":
            is_pixel = values.get("width") == "1" and values.get("height") == "1"
            self.pictures.append((values.get("src", ""), values.get("alt"), is_pixel))
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in _VOID:
            self._colours.append((tag, *self._colours_of(values)))

    def _colours_of(self, values: dict[str, str]) -> tuple[str, str]:
        colour, background = self._colours[-1][1:] if self._colours else ("", "")
        style = _declarations(values.get("style", ""))
        background = (
            style.get("background-color") or style.get("background") or values.get("bgcolor")
            or background
        )  # fmt: skip
        return style.get("color") or values.get("color") or colour, background

    def handle_endtag(self, tag: str) -> None:
        """Go back to the colours around a tag."""
        for place in range(len(self._colours) - 1, -1, -1):
            if self._colours[place][0] == tag:
                del self._colours[place:]
                return

    def handle_data(self, data: str) -> None:
        """Note words that people see, with the colours they stand in."""
        if (
            data.strip()
            and self._colours
            and not {"style", "script"} & {c[0] for c in self._colours}
        ):
            self.texts.append((" ".join(data.split()), *self._colours[-1][1:]))


_VOID: Final = frozenset(["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"])


def _declarations(style: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in style.lower().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if value}


def read_page(html: str, text: str) -> Page:
    """Read what there is to be looked at; the text where there is no page.

    Parameters
    ----------
    html : a page as it is sent, or '' where there is none
    text : the plain part

    Returns
    -------
    what there is to see, lists in the order of the page
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(
        links_of(html),
        text_of(html) if html else text,
        reader.language or "",
        bool(html),
        reader.pictures,
        reader.texts,
        reader.headings,
        frozenset(reader.tags),
    )


def contrast(colour: str, background: str) -> float | None:
    """Contrast of two colours, None where one cannot be read.

    Parameters
    ----------
    colour, background : '#rgb', '#rrggbb', 'rgb(r, g, b)' or a name of HTML

    Returns
    -------
    ratio of relative luminances, from 1 (the same) to 21 (black on white)

    References
    ----------
    WCAG 2.2, definitions of contrast ratio and relative luminance.
    """
    first, second = _luminance(colour), _luminance(background)
    if first is None or second is None:
        return None
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


_NAMED: Final = {
    "white": "#ffffff", "black": "#000000", "gray": "#808080", "grey": "#808080", "red": "#ff0000",
    "silver": "#c0c0c0", "yellow": "#ffff00", "orange": "#ffa500", "blue": "#0000ff",
    "green": "#008000", "lightgray": "#d3d3d3", "lightgrey": "#d3d3d3", "darkgray": "#a9a9a9",
}  # fmt: skip


def _luminance(colour: str) -> float | None:
    match = _COLOUR.search(_NAMED.get(colour.strip().lower(), colour.lower()))
    if not match:
        return None
    if match["rgb"]:
        values = [int(value) for value in match["rgb"].split(",") if value.strip()]
    else:
        code = match["long"] or "".join(char * 2 for char in match["short"])
        values = [int(code[place : place + 2], 16) for place in (0, 2, 4)]
    if len(values) != 3 or max(values) > 255:
        return None
    shares = [value / 255 for value in values]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
