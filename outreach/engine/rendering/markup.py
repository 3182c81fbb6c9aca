"""What is done to the HTML of an e-mail: links, text part, preheader, pixel, safe preview."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

import nh3

MAX_LINKS: Final = 500
_HREF: Final = re.compile(
    r"""(?P<before>\bhref\s*=\s*)(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"']+))""",
    re.IGNORECASE,
)
_UNTRACKED: Final = re.compile(r"""\bdata-untracked\b""", re.IGNORECASE)
_TEXT_URL: Final = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_TAIL: Final = ".,;:!?)]}»”’"
_BODY: Final = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_END: Final = re.compile(r"</body\s*>(?![\s\S]*</body\s*>)", re.IGNORECASE)
_HIDDEN: Final = (
    '<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all">'
)
_SCHEMES: Final = frozenset(["", "http", "https", "mailto", "tel", "sms", "cid"])
_UNSEEN: Final = frozenset(["head", "style", "script", "title", "template", "svg", "noscript"])
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "center",
        "div",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_SPACED: Final = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"])
_HIDES: Final = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """An address in a message.

    Attributes
    ----------
    url : where it leads
    place : its number among the links of the part, from 0
    label : what can be read of it
    """

    url: str
    place: int
    label: str


Track = Callable[[Link], str]


def scheme_of(url: str) -> str:
    r"""Return the scheme as a browser reads it: 'java\\nscript:' is 'javascript'."""
    bare = "".join(char for char in unescape(url) if char > " " and char != "\x7f")
    try:
        return urlsplit(bare).scheme
    except ValueError:
        return "broken"


def is_safe(url: str) -> bool:
    """Whether an address may stand in a message."""
    return scheme_of(url) in _SCHEMES


class _Links(HTMLParser):
    """Places of the links in the source."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self._starts = [0]
        for found in re.finditer("\n", html):
            self._starts.append(found.end())
        self.found: list[tuple[int, str, list[str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a link begins, and what stands for a picture in it."""
        if tag in ("a", "area") and any(name == "href" for name, _ in attrs):
            line, column = self.getpos()
            self.found.append((self._starts[line - 1] + column, self.get_starttag_text() or "", []))
            if tag == "area":
                self.found[-1][2].append(dict(attrs).get("alt") or "")
                self.found.append((-1, "", []))
        elif tag == "img" and self.found:
            self.found[-1][2].append(dict(attrs).get("alt") or "")

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1][2].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.found:
            offset, text, words = self.found[-1]
            self.found[-1] = (offset, text, [" ".join(" ".join(words).split())])
            self.found.append((-1, "", []))  # what follows belongs to no link


def links_of(html: str) -> list[Link]:
    """Return every link of a page, in order, whatever it leads to."""
    return [link for _, _, link in _found(html)]


def _found(html: str) -> list[tuple[int, str, Link]]:
    """Place of the tag, the tag, and the link."""
    found: list[tuple[int, str, Link]] = []
    for offset, tag, words in _Links(html).found:
        if offset >= 0:
            match = _HREF.search(tag)
            written = match["double"] or match["single"] or match["bare"] if match else ""
            url = unescape(written or "").strip()
            label = " ".join(" ".join(words).split())
            found.append((offset, tag, Link(url, len(found), label)))
    return found


def track_html(html: str, track: Track, untracked: Collection[str] = ()) -> tuple[str, list[Link]]:
    """Replace the addresses of links.

    `mailto:`, `tel:`, `sms:`, places on the page, addresses in `untracked` and links with the
    attribute `data-untracked` stay as they are; nothing else of the page changes.

    Parameters
    ----------
    html : page
    track : answers the new address
    untracked : addresses that have to work as they are, such as the one to unsubscribe

    Returns
    -------
    page, and the links that were replaced
    """
    parts: list[str] = []
    links: list[Link] = []
    at = 0
    for offset, tag, link in _found(html):
        match = _HREF.search(tag)
        if not match or link.url in untracked or _UNTRACKED.search(tag):
            continue
        if scheme_of(link.url) not in ("http", "https"):
            continue
        replaced = f'{match["before"]}"{escape(track(link))}"'
        parts += [html[at:offset], tag[: match.start()], replaced, tag[match.end() :]]
        at = offset + len(tag)
        links.append(link)
    return "".join([*parts, html[at:]]), links


def track_text(text: str, track: Track, untracked: Collection[str] = ()) -> tuple[str, list[Link]]:
    """Replace the addresses in a plain text; a full stop behind one is no part of it."""
    links: list[Link] = []

    def replaced(match: re.Match[str]) -> str:
        """Note an address; what stands in its place."""
        url = match[0] if "(" in match[0] else match[0].partition(")")[0]
        url = url.rstrip(_TAIL)
        if url in untracked:
            return match[0]
        links.append(Link(url, len(links), url))
        return track(links[-1]) + match[0][len(url) :]

    return _TEXT_URL.sub(replaced, text), links


class _Text(HTMLParser):
    """The words of a page, as a reader without pictures gets them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._unseen = 0
        self._hidden: list[str] = []
        self._href: list[tuple[str, int, int]] = []
        self._lists: list[int] = []
        self._ends_address = False  # so that no word sticks to it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin what an element is in a text: a line, a list, a link, or nothing that is seen."""
        values = dict(attrs)
        if self._hidden:
            self._hidden += [tag] if tag not in _VOID else []
        elif tag in _UNSEEN:
            self._unseen += 1
        elif tag not in _VOID and _HIDES.search(values.get("style") or ""):
            self._hidden.append(tag)
        elif tag == "a":
            self._href.append((values.get("href") or "", len(self.lines), len(self.lines[-1])))
        else:
            self._start(tag, values)

    def _start(self, tag: str, values: dict[str, str | None]) -> None:
        if tag == "br":
            self.lines.append("")
        elif tag == "li":
            self._break(blank=False)
            number = self._lists[-1] + 1 if self._lists and self._lists[-1] >= 0 else -1
            if self._lists:
                self._lists[-1] = number
            self.lines[-1] = f"{number}. " if number > 0 else "- "
        elif tag in ("td", "th") and self.lines[-1]:
            self.lines[-1] += " "
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else -1)
            self._break(blank=True)
        elif tag == "img" and values.get("alt"):
            self.handle_data(f"[{values['alt']}]")
        elif tag in _BLOCKS:
            self._break(blank=tag in _SPACED)
            if tag == "hr":
                self.lines += ["-" * 20, ""]

    def handle_endtag(self, tag: str) -> None:
        """End it; a link's address follows its words."""
        if self._hidden:
            while self._hidden and self._hidden.pop() != tag:
                pass
        elif tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a" and self._href:
            self._address(*self._href.pop())
        elif tag in ("ul", "ol"):
            if self._lists:
                self._lists.pop()
            self._break(blank=True)
        elif tag in _BLOCKS or tag == "li":
            self._break(blank=tag in _SPACED)

    def _address(self, url: str, line: int, column: int) -> None:
        label = " ".join([self.lines[line - 1][column:], *self.lines[line:]]).strip()
        bare = url.removeprefix("mailto:").removeprefix("tel:").strip()
        if not bare or bare.startswith("#") or bare == label:
            return
        self.lines[-1] = self.lines[-1].rstrip() + (f" ({bare})" if label else bare)
        self._ends_address = True

    def handle_data(self, data: str) -> None:
        """Add words, with one space between them."""
        if self._unseen or self._hidden:
            return
        words = " ".join(data.split())
        if not words:
            if data and self.lines[-1] and not self.lines[-1].endswith(" "):
                self.lines[-1] += " "
            return
        if (
            (data[0].isspace() or (self._ends_address and data[0].isalnum()))
            and self.lines[-1]
            and not self.lines[-1].endswith(" ")
        ):
            words = f" {words}"
        self._ends_address = False
        self.lines[-1] += words + (" " if data[-1].isspace() else "")

    def _break(self, *, blank: bool) -> None:
        if self.lines[-1].strip():
            self.lines.append("")
        if blank and len(self.lines) > 1 and self.lines[-2].strip():
            self.lines.append("")


_VOID: Final = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)
_INVISIBLE: Final = re.compile("[\u200b\u200c\u200d\u00ad\u034f\ufeff]+")


def text_of(html: str) -> str:
    """Write a page as plain text.

    Headings and paragraphs stand apart, lists get dashes or numbers, a link its address in
    brackets, a picture its description; what a page hides is left out.
    """
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = [_INVISIBLE.sub("", line).replace("\u00a0", " ").strip() for line in parser.lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def with_preheader(html: str, preheader: str) -> str:
    """Put the line that inboxes show beside the subject at the top, unseen on the page."""
    if not preheader:
        return html
    hidden = f"{_HIDDEN}{escape(preheader)}</div>"
    match = _BODY.search(html)
    at = match.end() if match else 0
    return html[:at] + hidden + html[at:]


def with_pixel(html: str, url: str) -> str:
    """Put a picture of one point at the end, which tells of an opening."""
    pixel = f'<img src="{escape(url)}" width="1" height="1" alt="" style="border:0">'
    match = _END.search(html)
    at = match.start() if match else len(html)
    return html[:at] + pixel + html[at:]


_STYLES: Final = """
    background background-color border border-bottom border-collapse border-color border-left
    border-radius border-right border-spacing border-style border-top border-width box-sizing color
    direction display font font-family font-size font-style font-weight height letter-spacing
    line-height list-style margin margin-bottom margin-left margin-right margin-top max-width
    min-width opacity overflow padding padding-bottom padding-left padding-right padding-top
    table-layout text-align text-decoration text-transform vertical-align white-space width
"""
_SHAPE: Final = frozenset(
    ["align", "valign", "width", "height", "bgcolor", "border", "cellpadding", "cellspacing"]
)
_TAGS: Final = nh3.ALLOWED_TAGS | {"center", "font", "footer", "main", "section"}


def safe_preview(html: str) -> str:
    """Clean a page for showing it in ours: no scripts, forms, frames, handlers or style sheets.

    It still belongs in a frame of its own (`sandbox`), since its inline styles stay.
    """
    attributes = {tag: set(_SHAPE) | {"style", "dir", "lang", "role"} for tag in _TAGS}
    for tag, names in nh3.ALLOWED_ATTRIBUTES.items():
        attributes.setdefault(tag, set()).update(names)
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=attributes,
        filter_style_properties=set(_STYLES.split()),
        url_schemes={"http", "https", "mailto", "tel", "sms", "cid"},
    )
