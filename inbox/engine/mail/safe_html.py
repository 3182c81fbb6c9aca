"""HTML of a mail that may stand in a page: written anew, then cleaned by ammonia.

Nothing is loaded, nothing runs, nothing is laid out by the sender. Pictures from elsewhere and
pictures of the mail become attributes that a page may turn into pictures; links name the host
that they really lead to. There are no inline styles, so the page's policy needs no exception.
"""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import urlsplit

import nh3

from inbox.engine.mail.html_tokens import Token, tokens

#: Nested deeper, tags are dropped and their text is kept: parsers take quadratic time by depth.
MAX_DEPTH: Final = 60
MAX_FORMATS: Final = 8
#: Marks of pictures and links for the page.
REMOTE, INLINE = "data-remote-src", "data-cid"
HOST, MISLEADING = "data-host", "data-misleading"

_FORMATS: Final = frozenset(
    {"a", "abbr", "b", "big", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "q", "s",
     "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var"}
)  # fmt: skip
_BLOCKS: Final = frozenset(
    {"blockquote", "caption", "center", "colgroup", "dd", "div", "dl", "dt", "h1", "h2", "h3",
     "h4", "h5", "h6", "li", "ol", "p", "pre", "table", "tbody", "td", "tfoot", "th", "thead",
     "tr", "ul"}
)  # fmt: skip
_VOID: Final = frozenset({"br", "col", "hr", "img", "wbr"})
_TAGS: Final = set(_FORMATS | _BLOCKS | _VOID)
_NUMBERS: Final = frozenset({"colspan", "rowspan", "start", "width", "height"})
_SIDES: Final = frozenset({"left", "right", "center", "justify", "top", "middle", "bottom"})
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"align", "dir", "lang", "valign"},
    "a": {"href", "title", HOST, MISLEADING},
    "img": {"alt", "height", "title", "width", REMOTE, INLINE},
    "ol": {"start"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
}  # fmt: skip
_SCHEMES: Final = {"http", "https", "mailto", "tel"}
_SKIPPED: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")
_OPENING: Final = re.compile(r"https?:|www\.", re.IGNORECASE)
_SHOWN_HOST: Final = re.compile(
    r"(?:https?:/*)?((?:[\w\-]{1,63}\.){1,10}[^\W\d_]{2,24})(?:[/:?#].*)?", re.IGNORECASE
)


def safe_html(source: str) -> str:
    """Return HTML that shows what a mail says and does nothing else."""
    writer = _Writer()
    for token in tokens(source):
        writer.take(token)
    return nh3.clean(
        writer.finish(),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def true_host(address: str) -> str:
    """Return the host that a link leads to as it is registered, empty for links to none."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host.encode("ascii", "xmlcharrefreplace").decode("ascii").lower()


def link_of(value: str) -> str:
    """Return an address as browsers read it, or nothing where it is none to be followed."""
    address = _SKIPPED.sub("", value)[:4000]
    scheme, colon, rest = address.partition(":")
    if not colon or scheme.lower() not in _SCHEMES:
        return ""
    if scheme.lower() in ("mailto", "tel"):
        return f"{scheme.lower()}:{rest}"
    # Browsers read backslashes as slashes, and any number of slashes as two.
    before, mark, query = rest.partition("?")
    before = before.replace("\\", "/").lstrip("/")
    link = f"{scheme.lower()}://{before}{mark}{query}"
    return link if true_host(link) else ""


class _Writer:
    """Writes what is allowed, each element closed in the one where it was opened."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[str] = []
        self._formats = 0
        #: Of the link that is open: where it stands, its attributes, its text.
        self._link: tuple[int, dict[str, str], list[str]] | None = None

    def take(self, token: Token) -> None:
        """Write what of a token may be shown."""
        if token.kind == "text":
            self._write_text(token.value)
        elif token.kind == "end":
            self._end(token.value)
        elif token.value in _TAGS:
            self._start(token.value, token.attributes)

    def finish(self) -> str:
        while self._open:
            self._close()
        return "".join(self._out)

    def _write_text(self, text: str) -> None:
        self._out.append(html.escape(text.replace("\x00", ""), quote=False))
        if self._link is not None:
            self._link[2].append(text)

    def _start(self, name: str, given: dict[str, str]) -> None:
        attributes = _kept(name, given)
        if name in _VOID:
            if name != "img" or attributes:
                self._out.append(_tag(name, attributes))
            return
        is_format = name in _FORMATS
        if len(self._open) >= MAX_DEPTH or (is_format and self._formats >= MAX_FORMATS):
            return
        if name == "a":
            if self._link is not None or "href" not in attributes:
                return
            self._link = (len(self._out), attributes, [])
        self._out.append(_tag(name, attributes))
        self._open.append(name)
        self._formats += is_format

    def _end(self, name: str) -> None:
        if name not in self._open:
            return
        while self._close() != name:
            pass

    def _close(self) -> str:
        name = self._open.pop()
        self._out.append(f"</{name}>")
        self._formats -= name in _FORMATS
        if name == "a" and self._link is not None:
            place, attributes, text = self._link
            if _is_misleading("".join(text), attributes.get(HOST, "")):
                attributes[MISLEADING] = "yes"
            self._out[place] = _tag("a", attributes)
            self._link = None
        return name


def _tag(name: str, attributes: dict[str, str]) -> str:
    written = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>"


def _kept(name: str, given: dict[str, str]) -> dict[str, str]:
    """Return the attributes of an element that may stay, and the marks that it gets."""
    allowed = _ATTRIBUTES["*"] | _ATTRIBUTES.get(name, set())
    kept = {
        key: value[:500]
        for key, value in given.items()
        if key in allowed and not key.startswith("data-") and _is_plain(key, value)
    }
    if name == "a":
        kept.pop("href", None)
        if link := link_of(given.get("href", "")):
            kept["href"] = link
            kept |= {HOST: host} if (host := true_host(link)) else {}
    if name == "img":
        kept |= _picture(given.get("src", ""))
    return kept


def _is_plain(key: str, value: str) -> bool:
    if key in _NUMBERS:
        return value.isascii() and value.isdigit() and len(value) <= 4
    if key in ("align", "valign"):
        return value.lower() in _SIDES
    if key == "dir":
        return value.lower() in ("ltr", "rtl", "auto")
    return key != "lang" or _LANGUAGE.fullmatch(value) is not None


def _picture(source: str) -> dict[str, str]:
    address = _SKIPPED.sub("", source)
    if address[:4].lower() == "cid:":
        return {INLINE: content_id(address[4:])}
    if address.startswith("//"):
        address = f"https:{address}"
    link = link_of(address)
    return {REMOTE: link} if link.startswith("http") else {}


def content_id(value: str) -> str:
    """Return the id of a part in the form in which pictures name it."""
    return _SKIPPED.sub("", value).strip("<>")[:200]


def _is_misleading(shown: str, host: str) -> bool:
    """Whether a link shows one host and leads to another."""
    words = shown[:1000].split()
    named = words if len(words) == 1 else [one for one in words if _OPENING.match(one)]
    return bool(host) and any(_is_other(_SKIPPED.sub("", one), host) for one in named[:20])


def _is_other(word: str, host: str) -> bool:
    found = _SHOWN_HOST.fullmatch(word[:300])
    if found is None:
        return False
    named = true_host(f"https://{found[1]}").removeprefix("www.")
    real = host.removeprefix("www.")
    return not (real == named or real.endswith(f".{named}"))
