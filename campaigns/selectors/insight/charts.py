"""Figures of advertising by day, as lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from campaigns.selectors.insight.amounts import Amounts
from campaigns.selectors.insight.columns import COLUMNS
from workspaces.boards import SHARES, Column
from workspaces.charts import LineChart, line_chart
from workspaces.formats import TIMES


def chart_of(
    column: str, days: Mapping[date, Amounts], currency: str, *, title: str = "", name: str = ""
) -> LineChart:
    """One figure of advertising by day; shares in percent."""
    return column_chart(COLUMNS[column], days, currency, title=title, name=name)


def column_chart(
    column: Column, days: Mapping[date, Any], currency: str, *, title: str = "", name: str = ""
) -> LineChart:
    """One figure by day; shares in percent. Its name is the column's where no other is given."""
    is_share = column.kind in SHARES
    values = [getattr(figures, column.name) for figures in days.values()]
    return line_chart(
        title=title or column.label,
        days=list(days),
        values=[None if one is None else float(one) * (100 if is_share else 1) for one in values],
        currency=currency if column.kind == "money" else None,
        suffix=" %" if is_share else TIMES if column.kind == "times" else "",
        width=440,
        name=name or column.name,
    )
