"""HTML as text that a person can read, quotes marked as mails of plain text mark them."""

from __future__ import annotations

import re
from typing import Final

from inbox.engine.mail.html_tokens import Token, tokens

_BREAKS: Final = frozenset(
    {"address", "article", "body", "caption", "center", "dd", "div", "dl", "dt", "fieldset",
     "footer", "form", "header", "html", "li", "main", "nav", "ol", "section", "table", "tbody",
     "tfoot", "thead", "tr", "ul"}
)  # fmt: skip
_PARAGRAPHS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre"})
_SPACE: Final = re.compile(r"[ \t\n\r\f\xa0\u200b-\u200d\u2060\ufeff\u00ad\u034f]+")
_MAX_QUOTES: Final = 10


class _Text:
    """Lines as they grow."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._parts: list[str] = []
        self._quotes = 0
        self._pre = 0

    def take(self, token: Token) -> None:
        """Write a token, or begin and end what it begins and ends."""
        if token.kind == "text":
            self._write(token.value)
            return
        name, is_start = token.value, token.kind == "start"
        if name == "br":
            self.end_line(always=True)
        elif name == "hr":
            self.end_line()
        elif name == "blockquote":
            self.end_line()
            self._quotes = max(self._quotes + (1 if is_start else -1), 0)
        elif name in _PARAGRAPHS:
            self._gap()
            self._pre = max(self._pre + (name == "pre") * (1 if is_start else -1), 0)
        elif name in _BREAKS:
            self.end_line()
            if name == "li" and is_start:
                self._parts.append("- ")
        elif name in ("td", "th") and not is_start:
            self._parts.append(" ")
        elif name == "img" and is_start and (alt := token.attributes.get("alt", "").strip()):
            self._write(f"[{alt[:200]}]")

    def _write(self, text: str) -> None:
        if not self._pre:
            self._parts.append(_SPACE.sub(" ", text))
            return
        first, *others = text.split("\n")
        self._parts.append(first)
        for line in others:
            self.end_line(always=True)
            self._parts.append(line)

    def end_line(self, *, always: bool = False) -> None:
        """Keep the line that was begun; ``always``: an empty one too."""
        text = "".join(self._parts)
        line = text.rstrip() if self._pre else _SPACE.sub(" ", text).strip()
        self._parts = []
        if line or always:
            self.lines.append(f"{self._prefix()}{line}".rstrip())

    def _gap(self) -> None:
        self.end_line()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(self._prefix().rstrip())

    def _prefix(self) -> str:
        depth = min(self._quotes, _MAX_QUOTES)
        return ">" * depth + " " if depth else ""


def text_of(html: str) -> str:
    """Return the text of HTML: a line for each block, `>` before what is quoted."""
    text = _Text()
    for token in tokens(html):
        text.take(token)
    text.end_line()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(text.lines)).strip("\n")
