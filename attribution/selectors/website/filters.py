"""What the website page is asked for: period, site, one table of it, and how that is sorted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from attribution.models import Site, WebDay
from campaigns.selectors.performance import Period
from workspaces.models import Workspace

#: Presets end today: a page that has just gone live shows what came.
DAYS: Final = (1, 7, 30, 90)
USUAL_DAYS: Final = 30
_LONGEST_DAYS: Final = 395
_LONGEST_SEARCH: Final = 200
_LAST_PAGE: Final = 10_000


@dataclass(frozen=True)
class WebFilters:
    """A checked question; what was not understood is left at its usual value."""

    workspace: Workspace
    period: Period
    days: int | None
    sites: list[Site]
    site: Site | None
    is_compared: bool
    dimension: str
    search: str
    sort: str
    number: int

    @property
    def asked_sites(self) -> list[int]:
        """Keys of the sites that count."""
        return [self.site.pk] if self.site else [site.pk for site in self.sites]

    @property
    def before(self) -> Period:
        """The equally long period before."""
        until = self.period.since - timedelta(days=1)
        return Period(until - (self.period.until - self.period.since), until)

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The filters by name, for the head of an export."""
        pairs = [
            ("Workspace", self.workspace.name),
            ("Period", f"{self.period.since} to {self.period.until}"),
            ("Website", self.site.name if self.site else "all"),
        ]
        if self.search:
            pairs.append(("Search", self.search))
        return tuple(pairs)


def filters_of(workspace: Workspace, given: Mapping[str, str], now: datetime) -> WebFilters:
    """Read the page's address."""
    sites = list(Site.objects.filter(workspace=workspace).order_by("name", "pk"))
    period, days = _period(given, now.astimezone(workspace.zone).date())
    dimension = given.get("tab", "")
    return WebFilters(
        workspace=workspace,
        period=period,
        days=days,
        sites=sites,
        site=_site(sites, given.get("site", "")),
        is_compared=given.get("compare") != "no",
        dimension=dimension if dimension in _SHOWN else "",
        search=given.get("q", "").replace("\x00", "").strip()[:_LONGEST_SEARCH],
        sort=given.get("sort", ""),
        number=_number(given.get("page", "")),
    )


_SHOWN: Final = frozenset(WebDay.Dimension.values) - {WebDay.Dimension.TOTAL.value}


def _site(sites: list[Site], given: str) -> Site | None:
    try:
        public_id = UUID(given)
    except ValueError:
        return None
    return next((site for site in sites if site.public_id == public_id), None)


def _number(text: str) -> int:
    return min(int(text), _LAST_PAGE) if text.isdecimal() and len(text) < 9 and int(text) else 1


def _period(given: Mapping[str, str], today: date) -> tuple[Period, int | None]:
    since, until = _day(given.get("from", "")), _day(given.get("to", ""))
    if since and until and since <= until and (until - since).days < _LONGEST_DAYS:
        return Period(since, until), None
    text = given.get("days", "")
    days = int(text) if text in {str(days) for days in DAYS} else USUAL_DAYS
    return Period(today - timedelta(days=days - 1), today), days


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Far from here, the period before it would not exist.
    return day if 2000 <= day.year <= 2100 else None
