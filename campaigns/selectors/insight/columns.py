"""Figures of advertising as tables show them: which columns, how written, how sorted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import DecimalField, ExpressionWrapper, F
from django.db.models.expressions import OrderBy
from django.db.models.functions import Cast, NullIf

from campaigns.selectors.insight.amounts import Amounts
from workspaces.boards import UP, Column

COLUMNS: Final = {
    column.name: column
    for column in (
        Column("spend", "Spend", "money", ("spend",)),
        Column("impressions", "Impressions", "count", ("impressions",)),
        Column("clicks", "Clicks", "count", ("clicks",)),
        Column("installs", "Installs", "count", ("installs",), needs="installs"),
        Column("conversions", "Conversions", "count", ("conversions",)),
        Column("revenue", "Revenue", "money", ("revenue",), needs="revenue"),
        Column("pipeline_value", "Pipeline", "money", ("pipeline_value",), needs="pipeline_value"),
        Column("cpi", "CPI", "money", ("spend", "installs"), "spend / installs", "installs"),
        Column("ctr", "CTR", "share", ("clicks", "impressions"), "clicks / impressions"),
        Column("cvr", "CVR", "share", ("conversions", "known_clicks"), "conversions / clicks"),
        Column("cpm", "CPM", "money", ("spend", "impressions"), "spend / impressions × 1,000"),
        Column("cpc", "CPC", "money", ("spend", "clicks"), "spend / clicks"),
        Column("cpa", "CPA", "money", ("known_spend", "conversions"), "spend / conversions"),
        Column("roas", "ROAS", "times", ("revenue", "known_spend"), "revenue / spend", "revenue"),
        Column("roi", "ROI", "share", ("revenue", "known_spend"), "(revenue − spend) / spend",
               "revenue"),
        Column("pipeline_roas", "Pipeline ROAS", "times", ("pipeline_value", "known_spend"),
               "pipeline value / spend", "pipeline_value"),
    )
}  # fmt: skip


def texts_of(names: Iterable[str], amounts: Amounts, currency: str) -> list[tuple[str, str]]:
    """Name and text of some figures, as cells of a row."""
    columns = [COLUMNS[name] for name in names]
    return [(column.label, column.text(amounts, currency)) for column in columns]


def order_of(sort: str, usual: str = "spend") -> tuple[list[OrderBy], str, bool]:
    """Order of rows, the column that makes it (``key`` for the names), and whether it rises."""
    name, is_rising = sort.removesuffix(UP), sort.endswith(UP)
    if name == "key":
        label = F("label")
        return [label.asc() if is_rising else label.desc()], "key", is_rising
    if name not in COLUMNS:
        name, is_rising = usual, False
    first = OrderBy(_value(COLUMNS[name]), descending=not is_rising, nulls_last=True)
    return [first, F("label").asc()], name, is_rising


def _value(column: Column) -> F | ExpressionWrapper:  # type: ignore[type-arg]  # of numbers
    above, *below = (F(f"sum_{part}") for part in column.parts)
    if not below:
        return above
    number = DecimalField(max_digits=30, decimal_places=10)
    return ExpressionWrapper(
        Cast(above, number) / NullIf(Cast(below[0], number), 0), output_field=number
    )
