"""What a variant changes on a page: read from its configuration, and refused where unsafe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_CHANGES: Final = 20
MAX_SELECTOR: Final = 300
MAX_VALUE: Final = 2_000
_SELECTOR: Final = re.compile(r"[^{}<;@\x00-\x1f]+")
_CLASS: Final = re.compile(r"[A-Za-z_-][\w-]*")
_ATTRIBUTE: Final = re.compile(r"[a-z][a-z0-9-]*")
# The rest of a style sheet could be opened, or something loaded.
_STYLE: Final = re.compile(r"[^{}<>@\\\x00-\x1f]+")
_DECLARATION: Final = re.compile(r"\s*(--)?[a-z-]+\s*:\s*[^;:]+")
_LOADS: Final = re.compile(r"(?i)url\s*\(|image-set\s*\(|expression\s*\(|/\*")
_SCHEME: Final = re.compile(r"(?i)^([a-z][a-z0-9+.-]*):")
_SCHEMES: Final = ("http", "https", "mailto", "tel")
_BLANK: Final = re.compile(r"[\x00-\x20]")
# What browsers leave as it is, or an arrival would not be known as one.
_PATH: Final = re.compile(r"/(?!/)[\w/.~%+,:@!$()-]*(\?[\w.~%+,:@/-]+=[\w.~%+,:@/&=-]*)?")
_DOTS: Final = re.compile(r"(?i)/(\.|%2e){1,2}(/|\?|$)")
_TEXTS: Final = re.compile(r"alt|title|placeholder|label|value|aria-.+")
# Scripts, whole documents, and what has a kind of its own.
_NO_ATTRIBUTES: Final = ("srcdoc", "style", "class", "id", "is", "nonce", "http-equiv")


class Kind(StrEnum):
    """What a change does to an element."""

    TEXT = "text"
    STYLE = "style"
    ATTRIBUTE = "attribute"
    CLASS = "class"


class ChangeError(ValueError):
    """A configuration that no page could follow, or should not; ``field`` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message


@dataclass(frozen=True)
class Change:
    """One change of the elements of a selector; ``name`` is the attribute's."""

    kind: Kind
    selector: str
    value: str
    name: str = ""


@dataclass(frozen=True)
class Look:
    """A variant on a page: changes of elements, or another page instead."""

    changes: tuple[Change, ...] = ()
    redirect: str = ""


def look_of(config: Mapping[str, object], *, selector: str = "") -> Look:
    """Read what a variant changes.

    Parameters
    ----------
    config : `changes`, a list of `{kind, selector, value, name}`, or `redirect`, a path of the
        same site; anything else in it is left alone
    selector : of changes that name none

    Raises
    ------
    ChangeError : something in it is wrong or unsafe: a script, an address that runs one, a style
        that loads something, a redirect to another site
    """
    told = config.get("changes") or []
    redirect = config.get("redirect") or ""
    if not isinstance(told, Sequence) or isinstance(told, str) or len(told) > MAX_CHANGES:
        raise ChangeError("changes", f"This is a list of {MAX_CHANGES} changes at most.")
    if not isinstance(redirect, str) or (redirect and not _is_path(redirect)):
        raise ChangeError("redirect", "Name a path of the same site, such as /offer or /?b=1.")
    if told and redirect:
        raise ChangeError("redirect", "A page is changed or replaced by another, not both.")
    changes = tuple(_change(one, selector, f"changes[{place}]") for place, one in enumerate(told))
    return Look(changes, redirect)


def _change(told: object, selector: str, field: str) -> Change:
    if not isinstance(told, Mapping):
        raise ChangeError(field, "A change has a kind, a selector and a value.")
    kind, value, name = told.get("kind"), told.get("value"), told.get("name") or ""
    selector = told.get("selector") or selector
    if kind not in list(Kind):
        raise ChangeError(f"{field}.kind", f"Choose one of {', '.join(Kind)}.")
    if not isinstance(selector, str) or not _is_selector(selector):
        raise ChangeError(f"{field}.selector", "This is no CSS selector.")
    if not isinstance(value, str) or len(value) > MAX_VALUE:
        raise ChangeError(f"{field}.value", f"This is a text of {MAX_VALUE} characters at most.")
    if not isinstance(name, str):
        raise ChangeError(f"{field}.name", "This is a text.")
    kind = Kind(kind)
    _CHECKS[kind](value, name, field)
    return Change(kind, selector.strip(), value, name if kind == Kind.ATTRIBUTE else "")


def _is_path(text: str) -> bool:
    query = text.partition("?")[2]
    is_plain = _PATH.fullmatch(text) and not _DOTS.search(text) and len(text) <= MAX_SELECTOR
    return bool(is_plain) and all("=" in part for part in query.split("&") if query)


def _is_selector(text: str) -> bool:
    is_safe = bool(_SELECTOR.fullmatch(text.strip())) and "/*" not in text
    return is_safe and len(text) <= MAX_SELECTOR


def _check_text(value: str, name: str, field: str) -> None:
    if "\x00" in value:
        raise ChangeError(f"{field}.value", "It holds a character that no page can show.")


def _check_class(value: str, name: str, field: str) -> None:
    if not _CLASS.fullmatch(value):
        raise ChangeError(f"{field}.value", "Name one class; a second one is a second change.")


def _check_style(value: str, name: str, field: str) -> None:
    declarations = [part for part in value.split(";") if part.strip()]
    is_safe = bool(_STYLE.fullmatch(value)) and not _LOADS.search(value)
    if not (declarations and is_safe and all(map(_DECLARATION.fullmatch, declarations))):
        raise ChangeError(
            f"{field}.value", "Write declarations, such as color: #fff; padding: 4px; no url()."
        )


def _check_attribute(value: str, name: str, field: str) -> None:
    if not _ATTRIBUTE.fullmatch(name) or name.startswith("on") or name in _NO_ATTRIBUTES:
        raise ChangeError(f"{field}.name", "This attribute cannot be changed.")
    if _TEXTS.fullmatch(name):
        return
    # Any other: scripts hide in more of them than a list would name.
    for address in value.split(",") if name == "srcset" else [value]:
        scheme = _SCHEME.match(_BLANK.sub("", address))
        if scheme and scheme[1].lower() in ("javascript", "vbscript", "data", "blob", "file"):
            raise ChangeError(
                f"{field}.value", f"An address begins with /, or with {', '.join(_SCHEMES)}."
            )


_CHECKS: Final = {
    Kind.TEXT: _check_text,
    Kind.STYLE: _check_style,
    Kind.ATTRIBUTE: _check_attribute,
    Kind.CLASS: _check_class,
}
