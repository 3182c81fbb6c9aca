"""MJML to HTML, with the braces of our texts kept as they are."""

from __future__ import annotations

import re
from typing import Final

MAX_DEPTH: Final = 100
_BRACES: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_OPENING: Final = re.compile(r"(\{\{|\{%)([-+]?)")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w-]*)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?(/?)>")
_VOID: Final = frozenset(["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"])
_POSITION: Final = re.compile(r"position (\d+):\d+")
_LANGUAGE: Final = re.compile(r"<mjml(?![^>]*\blang\s*=)", re.IGNORECASE)


class MjmlError(ValueError):
    """What is no MJML, in a sentence; ``line`` is 0 where it is not known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def to_html(source: str, language: str = "en") -> tuple[str, tuple[int, ...]]:
    """Turn MJML into HTML; braces stand wherever they stood, untouched.

    Parameters
    ----------
    source : MJML with the braces of a text, also between its elements
    language : of the page, unless `<mjml lang>` says another

    Returns
    -------
    HTML, and for each of its lines the line of `source` whose braces stand there

    Raises
    ------
    MjmlError : it is none, includes a file, or is nested too deeply for the parser's stack
    """
    if re.search(r"<mj-include\b", source, re.IGNORECASE):
        raise MjmlError("Files cannot be included: put their text here.", _line(source, "<mj-incl"))
    if _too_deep(source):
        raise MjmlError(f"Elements are nested more than {MAX_DEPTH} deep.")
    mark = "zq"
    while mark in source:
        mark += "x"
    kept: list[tuple[str, int]] = []

    def hidden(match: re.Match[str]) -> str:
        kept.append((match[0], source.count("\n", 0, match.start()) + 1))
        return f"{mark}{len(kept) - 1}q" + "\n" * match[0].count("\n")

    bare = _LANGUAGE.sub(f'<mjml lang="{language}"', _BRACES.sub(hidden, source), count=1)
    return _restored(_converted(bare), mark, kept)


def _converted(source: str) -> str:
    from mjml import mjml2html  # a Rust library: only where MJML is written

    try:
        return str(mjml2html(source))
    except ValueError as error:
        found = _POSITION.search(str(error))
        offset = int(found[1]) if found else -1
        line = source.count("\n", 0, offset) + 1 if offset >= 0 else 0
        text = str(error).replace(" in root template", "")
        raise MjmlError(f"This is no MJML: {text}.", line) from None


def _restored(html: str, mark: str, kept: list[tuple[str, int]]) -> tuple[str, tuple[int, ...]]:
    """Put braces back, each on a line of its own, so that an error's line names one of them."""
    lines = [0]
    parts: list[str] = []
    at = 0

    def add(text: str, first: int) -> None:
        parts.append(text)
        lines.extend(first + step if first else 0 for step in range(1, text.count("\n") + 1))

    for match in re.finditer(rf"{mark}(\d+)q", html):
        braces, line = kept[int(match[1])]
        add(html[at : match.start()], 0)
        # A line break inside braces writes nothing.
        add(_OPENING.sub(r"\1\2\n", braces, count=1), line - 1)
        at = match.end()
    add(html[at:], 0)
    return "".join(parts), tuple(lines)


def _too_deep(source: str) -> bool:
    depth = 0
    for match in _TAG.finditer(source):
        if match[1]:
            depth -= 1
        elif not match[3] and match[2].lower() not in _VOID:
            depth += 1
            if depth > MAX_DEPTH:
                return True
    return False


def _line(source: str, text: str) -> int:
    return source[: source.lower().find(text)].count("\n") + 1
