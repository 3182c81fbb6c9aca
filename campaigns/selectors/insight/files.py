"""What dashboards hand out as files, by name; other apps add theirs."""

from __future__ import annotations

from collections.abc import Callable

from campaigns.selectors.insight import overview, paid_media
from campaigns.selectors.insight.query import InsightQuery
from workspaces.reports.shapes import Table

SheetsOf = Callable[[InsightQuery], list[Table]]
SHEETS: dict[str, SheetsOf] = {
    "overview": overview.sheets_of,
    "paid-media": paid_media.sheets_of,
}


def register_sheets(name: str, sheets_of: SheetsOf) -> None:
    """Make the tables of a dashboard known by the name of its page."""
    SHEETS[name] = sheets_of
