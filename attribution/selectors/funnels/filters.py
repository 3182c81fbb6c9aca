"""What a funnel's page is asked for: days, whose attempts count, and one breakdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from attribution.models import CustomerType, FunnelDefinition
from attribution.selectors.funnels.shapes import DIMENSIONS, Filters, FunnelView
from workspaces.periods import Period, Presets, asked_period, page_number, yesterday_of

#: Today by itself; the others end yesterday, for a day that is still open looks worse.
PRESETS: Final = Presets(days=(1, 7, 28, 90), usual=28)
TITLES: Final = {
    "source": "Source", "device": "Device", "customer_type": "Customer type", "variant": "Variant",
}  # fmt: skip
#: In an address, those of whom it is not known; an empty one is anybody.
NONE: Final = "(none)"
_UNKNOWN: Final = {"source": "Direct", "customer_type": "Not known (no consent)"}
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True)
class FunnelQuery:
    """A checked question; what was not understood is left at its usual value."""

    view: FunnelView
    days: int | None
    by: str
    step: int
    is_lost: bool
    number: int

    @property
    def filters(self) -> dict[str, str | None]:
        """What each filter of the page is set to."""
        return {name: getattr(self.view.filters, name) for name in DIMENSIONS}

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The filters by name, for the head of an export."""
        view = self.view
        return (
            ("Workspace", view.funnel.workspace.name),
            ("Funnel", view.funnel.name),
            ("Website", view.funnel.site.name if view.funnel.site else "all"),
            ("First step from", f"{view.period.since} to {view.period.until}"),
            *((TITLES[name], label_of(name, key)) for name, key in self.filters.items()
              if key is not None),
        )  # fmt: skip


def query_of(funnel: FunnelDefinition, given: Mapping[str, str], now: datetime) -> FunnelQuery:
    """Read the page's address."""
    period, days = _period(funnel, given, now)
    asked = {name: _key(given.get(name, "")) for name in DIMENSIONS}
    view = FunnelView(funnel, period, Filters(**asked))
    is_lost = given.get("what") == "lost"
    step = given.get("step", "")
    least = 2 if is_lost else 1
    number = int(step) if step.isdecimal() and len(step) < 3 else least
    return FunnelQuery(
        view=view,
        days=days,
        by=given["by"] if given.get("by") in DIMENSIONS else DIMENSIONS[0],
        step=min(max(number, least), max(view.n_steps, least)),
        is_lost=is_lost,
        number=page_number(given.get("page", "")),
    )


def label_of(dimension: str, key: str) -> str:
    """Key of a row as people read it."""
    if not key:
        return _UNKNOWN.get(dimension, "Unknown")
    if dimension == "customer_type":
        return CustomerType(key).label if key in CustomerType.values else key
    if dimension == "variant":
        return key.replace(":", ": ", 1)
    return key.capitalize() if dimension == "device" else key


def _key(text: str) -> str | None:
    if text == NONE:
        return ""
    return text.replace("\x00", "").strip()[:_LONGEST_TEXT] or None


def _period(
    funnel: FunnelDefinition, given: Mapping[str, str], now: datetime
) -> tuple[Period, int | None]:
    yesterday = yesterday_of(funnel.workspace, now)
    period, days = asked_period(given, PRESETS, last=yesterday)
    if days == 1:
        today = yesterday + timedelta(days=1)
        return Period(today, today), days
    return period, days
