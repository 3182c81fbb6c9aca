"""What the website page is asked for: period, site, one table of it, and how that is sorted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from attribution.models import Site, WebDay
from workspaces.models import Workspace
from workspaces.periods import Period, Presets, asked_period, page_number

#: Presets end today: a page that has just gone live shows what came.
PRESETS: Final = Presets(days=(1, 7, 30, 90), usual=30)
_LONGEST_SEARCH: Final = 200


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
    period, days = asked_period(given, PRESETS, last=now.astimezone(workspace.zone).date())
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
        number=page_number(given.get("page", "")),
    )


_SHOWN: Final = frozenset(WebDay.Dimension.values) - {WebDay.Dimension.TOTAL.value}


def _site(sites: list[Site], given: str) -> Site | None:
    try:
        public_id = UUID(given)
    except ValueError:
        return None
    return next((site for site in sites if site.public_id == public_id), None)
