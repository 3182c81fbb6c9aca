"""Who may take part in a test, judged at the moment of assignment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import quote

# What browsers leave as it is in a path and in a query; everything else travels as %XX.
_IN_PATH: Final = "/%:@!$&'()*+,;=|[]"
_IN_QUERY: Final = "/%:@!$&()*+,;=|[]{}^`\\?"
_SYNTAX: Final = re.compile(r"[\\^$.|?+()\[\]{}]")
_HOST: Final = re.compile(r"(?i)^[a-z][a-z0-9+.-]*://[^/?#]*")
ANY_PAGE: Final = "*"
MAX_TEXT: Final = 200
_CHOICES: Final = {
    "devices": (
        re.compile("desktop|mobile|tablet|other"),
        "Choose among desktop, mobile, tablet and other.",
    ),
    "countries": (re.compile("[A-Z]{2}"), "Name countries by two capital letters: DE, US."),
    "customer_types": (
        re.compile("new|returning|existing"),
        "Choose among new, returning and existing.",
    ),
}


class TargetingError(ValueError):
    """A targeting that nobody could be held against; ``field`` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True)
class Facts:
    """What is known of a unit at a call; empty is unknown.

    Attributes
    ----------
    device : `desktop`, `mobile`, `tablet` or `other`
    country : two letters
    customer_type : `new`, `returning` or `existing`
    url : of the page, whole or from its path on
    """

    device: str = ""
    country: str = ""
    customer_type: str = ""
    url: str = ""


@dataclass(frozen=True)
class Targeting:
    """What a unit must be like; an empty tuple asks for nothing.

    Attributes
    ----------
    devices, countries, customer_types : any of these
    pages : paths, any of these; `*` stands for anything: `/product/*`
    query : parameters of the address, name and value, all of these; `*` as in paths
    """

    devices: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    customer_types: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()

    def fits(self, facts: Facts) -> bool:
        """Whether a unit may take part; what is asked for and not known does not fit."""
        asked = (
            (self.devices, facts.device),
            (self.countries, facts.country),
            (self.customer_types, facts.customer_type),
        )
        if any(wanted and known not in wanted for wanted, known in asked):
            return False
        return bool(re.search(self.page_expression, path_and_query(facts.url)))

    @cached_property
    def page_expression(self) -> str:
        """Pages and query as one regular expression over path and query of an address.

        In the part of the language that Python and JavaScript read alike, so that pages in
        browsers are judged by the very rule that the server has. Empty where any page will do.
        """
        pages = [page for page in self.pages if page != ANY_PAGE]
        if len(pages) < len(self.pages):
            pages = []
        asked = "".join(
            rf"(?=[^?]*\?(?:.*&)?{_parameter(name)}={_parameter(value)}(?:&|$))"
            for name, value in self.query
        )
        path = "|".join(_glob(_quoted(page, _IN_PATH), "[^?]*") for page in pages)
        return "".join(
            ("^" if asked or path else "", asked, rf"(?:{path})(?:\?|$)" if path else "")
        )


def targeting_of(told: Mapping[str, object], *, pages: tuple[str, ...] = ()) -> Targeting:
    """Read who may take part.

    Parameters
    ----------
    told : `devices`, `countries` and `customer_types`, lists of texts, and `query`, names and
        values of parameters; each may be missing
    pages : paths of the pages that the test runs on

    Raises
    ------
    TargetingError : a name that is none of these, or a value that is no such thing
    """
    unknown = sorted(set(told) - {*_CHOICES, "query"})
    if unknown:
        raise TargetingError(unknown[0], f"Choose among {', '.join([*_CHOICES, 'query'])}.")
    lists = {name: _texts(name, told.get(name) or []) for name in _CHOICES}
    query = told.get("query") or {}
    if not isinstance(query, Mapping) or not all(
        isinstance(name, str) and name and isinstance(value, str) and len(value) <= MAX_TEXT
        for name, value in query.items()
    ):
        raise TargetingError("query", "Name parameters with their values; * stands for anything.")
    return Targeting(**lists, pages=pages, query=tuple(sorted(query.items())))


def _texts(name: str, told: object) -> tuple[str, ...]:
    choice, words = _CHOICES[name]
    if not isinstance(told, list) or not all(
        isinstance(one, str) and choice.fullmatch(one) for one in told
    ):
        raise TargetingError(name, words)
    return tuple(told)


def path_and_query(url: str) -> str:
    """Path and query of an address as a browser tells them: in ASCII, without the fragment."""
    path, mark, query = _HOST.sub("", url).partition("#")[0].partition("?")
    return _quoted(path or "/", _IN_PATH) + mark + _quoted(query, _IN_QUERY)


def _quoted(text: str, plain: str) -> str:
    return quote(text, plain, errors="replace")


def _parameter(pattern: str) -> str:
    # A form writes a space as +, a script as %20.
    return _glob(_quoted(pattern, _IN_QUERY), "[^&]*").replace("%20", r"(?:%20|\+)")


def _glob(pattern: str, anything: str) -> str:
    return _SYNTAX.sub(r"\\\g<0>", pattern).replace("*", anything)
