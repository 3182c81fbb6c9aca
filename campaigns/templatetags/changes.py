"""How changes are written on our own pages: as on the queue page."""

from __future__ import annotations

from typing import Any

from django import template

from campaigns.models import AdChangeHistory, PendingAdChange
from workspaces import formats
from workspaces.panels import Diff, diff_of

register = template.Library()


@register.filter
def diff(row: PendingAdChange | AdChangeHistory) -> Diff:
    """Before, after and percentage of a change that waits or was made."""
    if isinstance(row, PendingAdChange):
        before, after = row.current_value, row.final_value
    else:
        before, after = row.old_value, row.new_value
    return diff_of({"before": before, "after": after, "currency": row.currency})


@register.filter
def amount(value: Any, currency: str) -> str:
    """Money where the value is a number, else the state that it names."""
    return formats.amount(value, currency)
