"""Answers written beforehand, filled in for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from outreach.engine.rendering import Source, Variable, compile_template, render

#: What an answer can say of who wrote, and of us.
PLACES: Final = (
    Variable("first_name", sample="Ann", is_required=False),
    Variable("last_name", sample="Lee", is_required=False),
    Variable("name", sample="Ann Lee", is_required=False),
    Variable("country", sample="AT", is_required=False),
    Variable("subject", sample="My order", is_required=False),
    Variable("workspace", sample="Shop", is_required=False),
)


@dataclass(frozen=True)
class Filled:
    """An answer for one person. ``missing``: places that have no value, in alphabetical order."""

    subject: str
    text: str
    missing: tuple[str, ...] = ()


#: What an acknowledgement can say beside that.
HOURS: Final = (Variable("hours", sample="Mon–Fri 09:00–17:00", is_required=False),)


def check(*, subject: str, body: str, more: Sequence[Variable] = ()) -> None:
    """Refuse an answer that cannot be filled in; ``more`` are places that it has beside PLACES.

    Raises
    ------
    TemplateError : with every problem, the line and a guess at the name that was meant
    """
    compile_template(Source(subject=subject, text=body), (*PLACES, *more))


@lru_cache(maxsize=1024)
def places_of(*, subject: str, body: str) -> tuple[str, ...]:
    """Names of the places of an answer, in alphabetical order.

    Raises
    ------
    TemplateError : as `check`
    """
    return compile_template(Source(subject=subject, text=body), PLACES).used


def fill(
    *,
    subject: str,
    body: str,
    values: Mapping[str, str],
    locale: str = "en",
    more: Sequence[Variable] = (),
) -> Filled:
    """Fill an answer in.

    Parameters
    ----------
    subject, body : with places such as {{ first_name }}
    values : by place; what is left out or empty is missing
    locale : such as de-AT
    more : places that it has beside PLACES

    Raises
    ------
    TemplateError : as `check`, or it cannot be filled in with these values
    """
    compiled = compile_template(Source(subject=subject, text=body), (*PLACES, *more))
    known = {name: values.get(name, "") for name in compiled.used}
    written = render(compiled, known, locale=locale)
    missing = tuple(name for name in compiled.used if not known[name].strip())
    return Filled(written.subject.strip(), written.text.strip(), missing)
