"""Links of the sidebar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_LINK: Final = """
<li>
  <a href="{link}"
     class="flex h-[38px] items-center -mx-3 px-3 rounded-default
            hover:text-primary-600 dark:hover:text-primary-500 {active}">
    <span class="material-symbols-outlined md-18 mr-3 w-[18px]">{icon}</span>
    <span>{title}</span>{badge}
  </a>
</li>"""
_ACTIVE: Final = (
    "bg-base-100 font-semibold text-primary-600 dark:bg-white/[.06] dark:text-primary-500 active"
)
_BADGE: Final = """
    <span class="font-semibold h-[18px] leading-[18px] ml-2 px-1 relative rounded-xs text-center
                 text-[11px] whitespace-nowrap uppercase min-w-[18px] bg-primary-100
                 text-primary-700 dark:bg-primary-500/20 dark:text-primary-400">{}</span>"""


@register.filter
def links(items: Iterable[Mapping[str, Any]]) -> SafeString:
    """The items that a person may see, as list items."""
    return mark_safe("".join(_link(one) for one in items if one["has_permission"]))  # noqa: S308  # escaped


def _link(item: Mapping[str, Any]) -> str:
    active = _ACTIVE if item["active"] else ""
    badge = _BADGE.format(escape(item["badge"])) if "badge" in item else ""
    icon, title = escape(item["icon"]), escape(item["title"])
    return _LINK.format(
        link=escape(item["link"]), active=active, icon=icon, title=title, badge=badge
    )
