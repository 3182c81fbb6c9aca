"""What the page of winners, its files and the panel beside a change show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import F, QuerySet

from campaigns.models import Ad, AdChangeHistory, DeliveryStatus, PendingAdChange
from mlops.models import Winner, WinnerPolicy
from mlops.selectors.winners import WinnerFilter, ads_with_text, winners_by_id, winners_of
from workspaces.engine.embedding.shapes import NEAR_DUPLICATE, SIMILAR
from workspaces.models import Workspace
from workspaces.reports.shapes import Cell, Pairs, Table

PAGE_ROWS: Final = 50
FILE_ROWS: Final = 5_000
#: A search shows also what is only a little alike; below this there is nothing in common.
SEARCHED_FROM: Final = 0.25
SEARCHED_MOST: Final = 100
_ADS_OF_A_CHANGE: Final = 20
_CHANGES_SHOWN: Final = 5
SORTS: Final[Mapping[str, str]] = {
    "roas": "Highest ROAS",
    "ctr": "Highest CTR",
    "spend": "Most spend",
    "added_at": "Newest",
}


@dataclass(frozen=True)
class Line:
    """One winner as the page shows it; ``similarity`` where something was searched for."""

    winner: Winner
    similarity: float | None = None

    @property
    def said(self) -> str:
        """The first thing that people read in it."""
        return self.winner.text.partition("\n")[0] or "Only its vector is known."

    @property
    def rest(self) -> str:
        """What else was embedded."""
        return " · ".join(self.winner.text.split("\n")[1:])

    @property
    def likeness(self) -> str:
        """How alike it is, in words; empty: less than similar."""
        if self.similarity is None or self.similarity < SIMILAR:
            return ""
        return "Near duplicate" if self.similarity >= NEAR_DUPLICATE else "Similar"


def lines_by(workspace: Workspace, only: WinnerFilter, sort: str) -> QuerySet[Winner]:
    """Winners that pass, in an order; unknown figures come last."""
    order = F(sort if sort in SORTS else "roas").desc(nulls_last=True)
    return only.narrow(winners_of(workspace)).order_by(order, "-pk")


def lines_found(workspace: Workspace, matches: Iterable[Sequence[float]]) -> list[Line]:
    """What a search found, in its order."""
    near = {int(pk): similarity for pk, similarity in matches}
    known = winners_by_id(workspace, list(near))
    return [Line(known[pk], similarity) for pk, similarity in near.items() if pk in known]


def table_of(lines: Iterable[Line]) -> Table:
    """Winners as a sheet."""
    head = ("Ad", "Id", "Text", "Channel", "Similarity", "CTR (share)", "ROAS", "Impressions",
            "Clicks", "Spend", "Currency", "Conversions", "Source", "Added")  # fmt: skip
    texts = frozenset({0, 1, 2, 3, 10, 12, 13})
    return Table("Winners", head, tuple(_cells(line) for line in lines), texts=texts)


def _cells(line: Line) -> tuple[Cell, ...]:
    row = line.winner
    return (
        row.ad.name, row.ad.external_id, row.text.replace("\n", " · "), row.channel,
        None if line.similarity is None else round(line.similarity, 4),
        None if row.ctr is None else round(row.ctr, 6),
        None if row.roas is None else round(row.roas, 4),
        row.impressions, row.clicks, row.spend, row.currency, row.conversions,
        row.get_source_display(), row.added_at.date().isoformat(),
    )  # fmt: skip


def words_of(only: WinnerFilter, channel: str, text: str) -> Pairs:
    """What was asked for, for the head of a file."""
    asked = (
        ("Similar to", text),
        ("Channel", channel),
        ("CTR from", "" if only.min_ctr is None else f"{only.min_ctr * 100:g} %"),
        ("ROAS from", "" if only.min_roas is None else f"{only.min_roas:g}×"),
    )
    return tuple((name, value) for name, value in asked if value)


def lines_of_policy(policy: WinnerPolicy) -> str:
    """The lines as one sentence."""
    return (
        f"An ad is a winner with a CTR above {policy.ctr_above_pct.normalize():f} % or a ROAS above"
        f" {policy.roas_above.normalize():f}×, from {policy.min_impressions:,} impressions,"
        f" {policy.min_clicks:,} clicks, {policy.min_spend.normalize():f}"
        f" {policy.workspace.currency} spent, {_counted(policy.min_conversions, 'conversion')} and"
        f" {policy.min_age_h} hours on."
    )


def _counted(number: Decimal, word: str) -> str:
    return f"{number.normalize():f} {word}{'' if number == 1 else 's'}"


def ads_of_change(change: PendingAdChange) -> list[Ad]:
    """Ads that a change is about, the newest first, those that say something; at most 20."""
    way = {"campaign": "campaign", "adset": "ad_set", "ad": "pk"}[change.entity_type]
    rows = ads_with_text(change.workspace).filter(**{way: change.entity_id})
    return list(
        rows.exclude(status__in=[DeliveryStatus.ARCHIVED, DeliveryStatus.REMOVED]).order_by("-pk")[
            :_ADS_OF_A_CHANGE
        ]
    )


@dataclass(frozen=True)
class Beside:
    """An ad of a change, and the past winner that it is most like."""

    ad: Ad
    line: Line


def beside(
    workspace: Workspace, ads: Iterable[Ad], found: Mapping[str, Sequence[float]]
) -> list[Beside]:
    """Ads beside the winners they are like, the most alike first; each winner once."""
    known = winners_by_id(workspace, [int(pair[0]) for pair in found.values()])
    pairs = [
        Beside(ad, Line(known[int(near[0])], near[1]))
        for ad in ads
        if (near := found.get(str(ad.pk))) and int(near[0]) in known
    ]
    best: dict[int, Beside] = {}
    for pair in sorted(pairs, key=lambda pair: -(pair.line.similarity or 0)):
        best.setdefault(pair.line.winner.pk, pair)
    return list(best.values())


def changes_around(change: PendingAdChange, winners: Iterable[Winner]) -> list[AdChangeHistory]:
    """What was done in the same way to what owned those winners' budgets, the newest first."""
    ads = [winner.ad for winner in winners]
    owners = {
        "ad": [ad.pk for ad in ads],
        "adset": [ad.ad_set_id for ad in ads if ad.ad_set_id],
        "campaign": [ad.campaign_id for ad in ads],
    }[change.entity_type]
    rows = AdChangeHistory.objects.filter(
        workspace=change.workspace,
        account__in={ad.account_id for ad in ads},
        entity_type=change.entity_type,
        entity_id__in=owners,
        change_type=change.change_type,
        status="applied",
    ).exclude(entity_id=change.entity_id)
    return list(rows.select_related("proposal").order_by("-completed_at", "-pk")[:_CHANGES_SHOWN])
