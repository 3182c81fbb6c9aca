"""What the list of campaigns shows: where each stands and what came of it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum

from outreach.models import CampaignStatus, CampaignType, MessageDay, OutreachCampaign
from workspaces.models import Workspace

PAGE_ROWS: Final = 50
_RUNNING: Final = (CampaignStatus.AWAITING_APPROVAL, CampaignStatus.ACTIVE, CampaignStatus.PAUSED)
#: Tab → its label and what is in it.
TABS: Final[Mapping[str, tuple[str, Q]]] = {
    "running": ("Running", Q(status__in=_RUNNING, archived_at=None)),
    "drafts": ("Drafts", Q(status=CampaignStatus.DRAFT, archived_at=None)),
    "over": ("Finished", Q(status=CampaignStatus.COMPLETED, archived_at=None)),
    "archived": ("Archived", Q(archived_at__isnull=False)),
}


@dataclass(frozen=True)
class Row:
    """A campaign with what was counted of its messages."""

    campaign: OutreachCampaign
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    converted: int = 0


def counts_by_tab(workspace: Workspace) -> dict[str, int]:
    """How many campaigns are in each tab."""
    return OutreachCampaign.objects.filter(workspace=workspace).aggregate(
        **{tab: Count("pk", filter=held) for tab, (_, held) in TABS.items()}
    )


def campaigns_of(workspace: Workspace, given: Mapping[str, str]) -> QuerySet[OutreachCampaign]:
    """Those of a tab that fit the filters, the newest first."""
    rows = OutreachCampaign.objects.filter(TABS[given["tab"]][1], workspace=workspace)
    if text := given.get("q", "").replace("\x00", "").strip()[:120]:
        rows = rows.filter(name__icontains=text)
    if given.get("type", "") in CampaignType.values:
        rows = rows.filter(type=given["type"])
    return rows.select_related("audience").order_by("-pk")


def page_of(
    campaigns: QuerySet[OutreachCampaign], number: str
) -> tuple[Page[OutreachCampaign], list[Row]]:
    """One page of them, with their counters."""
    page = Paginator(campaigns, PAGE_ROWS).get_page(number)
    found = list(page.object_list)
    sums = _sums(found)
    return page, [Row(one, **sums.get(one.pk, {})) for one in found]


def _sums(campaigns: Sequence[OutreachCampaign]) -> dict[int, dict[str, int]]:
    names = ("sent", "delivered", "opened", "clicked", "converted")
    rows: Any = MessageDay.objects.filter(campaign__in=campaigns).order_by()
    found = rows.values("campaign_id").annotate(**{f"n_{name}": Sum(name) for name in names})
    return {row["campaign_id"]: {name: row[f"n_{name}"] or 0 for name in names} for row in found}
