"""What templates of the report need."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template

from inbox.selectors.analytics.asked import ReportQuery
from inbox.selectors.analytics.counted import lasted as in_words

register = template.Library()


@register.filter
def lasted(minutes: float | None) -> str:
    """Minutes as people read them, a dash for none."""
    return in_words(minutes)


@register.simple_tag(takes_context=True)
def report_with(context: dict[str, Any], name: str, value: str) -> str:
    """The report's question with one part of it asked for."""
    query: ReportQuery = context["filters"]
    return f"?{urlencode(query.asked | {name: value})}"
