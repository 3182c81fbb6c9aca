"""Filters and tags of the operator pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from workspaces import formats

register = template.Library()


@register.filter
def money(value: Decimal | None, currency: str) -> str:
    """Amount with its currency, a dash for none."""
    return "–" if value is None else formats.money(value, currency)


@register.filter
def signed_money(value: Decimal | None, currency: str) -> str:
    """Difference of amounts, a dash for none."""
    return "–" if value is None else formats.signed_money(value, currency)


@register.filter
def percent(value: Decimal | None) -> str:
    """Signed percentage, a dash for none."""
    return "–" if value is None else formats.percent(value)


@register.filter
def share(value: Decimal | float | str | None) -> str:
    """Share 0–1 as a percentage without sign, a dash for none."""
    # Text is what a template makes of a path that leads nowhere, as before the first plan.
    return "–" if value is None or isinstance(value, str) else formats.share(value)


@register.filter
def words(value: str) -> str:
    """Name of a check or metric, in words."""
    return str(value).replace("_", " ")


@register.filter
def slug_words(slug: str) -> str:
    """A slug as a title: ``a-short-head`` is ``A short head``."""
    return slug.replace("-", " ").capitalize()


@register.filter
def place(path: str) -> str:
    """Where a refused value stands, as people count: ``rules.2.days`` is ``Rules 3, days``."""
    words: list[str] = []
    for part in path.split("."):
        if part.isdecimal() and words:
            words[-1] += f" {int(part) + 1}"
        else:
            words.append(part.replace("_", " "))
    return ", ".join(words).capitalize()


@register.filter
def span(moment: datetime | None) -> str:
    """How far a moment is away: ``3 min ago``, ``in 5 h``."""
    if moment is None:
        return "–"
    seconds = (moment - timezone.now()).total_seconds()
    size = _size(abs(seconds))
    if size == "now":
        return size
    return f"in {size}" if seconds > 0 else f"{size} ago"


def _size(seconds: float) -> str:
    for unit, length, limit in (("min", 60, 90), ("h", 3600, 48), ("d", 86400, 10**6)):
        if seconds < length * limit:
            count = int(seconds // length)
            return f"{count} {unit}" if count else "now"
    return "long"


@register.filter
def number_heads(names: str) -> SafeString:
    """Heads of columns of figures, named with bars between them: ``Sent|Delivered``."""
    head = '<th scope="col" role="columnheader" class="cs-number">{}</th>'
    return format_html_join("", head, ((name,) for name in names.split("|")))


@register.filter
def number_cells(cells: Iterable[tuple[str, str]]) -> SafeString:
    """Cells of a row by the names of their columns; a table has hundreds of them."""
    drawn = (
        f'<td role="cell" class="cs-number" data-label="{escape(label)}">{escape(text)}</td>'
        for label, text in cells
    )
    return mark_safe("".join(drawn))  # noqa: S308  # of escaped words


@register.simple_tag(takes_context=True)
def query_with(context: dict[str, Any], **changes: Any) -> str:
    """The page's query string with some parameters set, or dropped where ``None``."""
    request: HttpRequest = context["request"]
    kept = [pair for pair in request.GET.lists() if pair[0] not in changes]
    given = [(name, [str(value)]) for name, value in changes.items() if value is not None]
    return f"?{urlencode([*kept, *given], doseq=True)}"


@register.simple_tag(takes_context=True)
def unfiltered(context: dict[str, Any]) -> str:
    """Address of the list without its filters, in its tab and order; empty where none is set."""
    request: HttpRequest = context["request"]
    given = {name: value for name, value in request.GET.items() if value}
    kept: dict[str, object] = {name: given[name] for name in ("tab", "sort") if name in given}
    is_narrowed = not given.keys() <= {"tab", "sort", "page"}
    return f"{request.path}{'?' * bool(kept)}{urlencode(kept)}" if is_narrowed else ""


@register.filter
def as_query(pairs: dict[str, str]) -> str:
    """Query string of a dictionary."""
    return urlencode(pairs)


@register.filter
def plain(value: Decimal | float | None) -> str:
    """Number with thousands, a dash for none."""
    return "–" if value is None else formats.plain(Decimal(str(value)))


@register.filter
def share_precise(value: Decimal | float | None) -> str:
    """Small share 0–1 as a percentage with two decimals, a dash for none."""
    return "–" if value is None else formats.share(value, 2)


@register.filter
def signed_share(value: float | None) -> str:
    """Share 0–1 as a percentage with its sign, a dash for none."""
    return "–" if value is None else formats.percent(Decimal(str(round(value * 100, 4))))


@register.filter
def times(value: Decimal | float | None) -> str:
    """Multiple such as ROAS, a dash for none."""
    return "–" if value is None else formats.times(value)


@register.filter
def figure(value: Decimal | float | None, digits: int = 0) -> str:
    """Number with thousands and just so many decimals, a dash for none."""
    return "–" if value is None else formats.figure(value, digits)


@register.filter
def one_place(value: float | None) -> str:
    """Shared count with one decimal, a dash for none."""
    return "–" if value is None else formats.plain(Decimal(str(round(value, 1))))


@register.filter
def signed(value: Decimal | float | None) -> str:
    """Difference of counts with its sign written out, a dash for none."""
    if value is None:
        return "–"
    text = formats.plain(Decimal(str(value)))
    return text if value < 0 else f"+{text}"


@register.filter
def as_decimal(value: str) -> Decimal:
    """Amount that was stored as text."""
    return Decimal(value)


@register.filter
def of_whole(value: int | None, unit: str = " %") -> str:
    """Ten-thousandths as percent: ``2550`` is ``25.5 %``; a dash for none."""
    return "–" if value is None else f"{value / 100:g}{unit}"


@register.filter
def small_p(value: float | None) -> str:
    """A p-value as people write it, a dash for none."""
    if value is None:
        return "–"
    return "< 0.0001" if value < 0.0001 else f"= {value:.4f}"
