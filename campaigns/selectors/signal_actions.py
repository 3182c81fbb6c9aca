"""Which budgets, ads and ad groups the action of a signal is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from campaigns import metrics
from campaigns.models import Ad, AdSet, Campaign, DailyPerformance, DeliveryStatus, EntityType
from campaigns.selectors.channel_days import RENAMED, channel_of
from campaigns.selectors.performance import days_of
from workspaces.models import Workspace
from workspaces.periods import Period
from workspaces.selectors import rates_of

WORST_SHARE: Final = 0.15
# Nothing is judged by fewer; nor is anything paused where little would be left.
LEAST_CLICKS: Final = 30
LEAST_LEFT: Final = 3
RECENT_DAYS: Final = 7
BASE_DAYS: Final = 21
WORN: Final = Decimal("0.85")


@dataclass(frozen=True)
class Budget:
    """A daily budget with its owner, and its amount in the workspace's currency."""

    owner: Campaign | AdSet
    entity_type: EntityType
    amount: Decimal
    home_amount: Decimal
    channel: str


def of_channel(channel: str, *, prefix: str = "") -> Q:
    """Rows of a channel, with its parts; a campaign without one belongs to its platform's."""
    names = [channel, *(part for part, whole in RENAMED.items() if whole == channel)]
    named = Q(**{f"{prefix}channel__in": names})
    return named | Q(**{f"{prefix}channel": "", f"{prefix}account__platform__in": names})


def daily_budgets(workspace: Workspace, *, on: date) -> list[Budget]:
    """Daily budgets in force, the largest first; those in money without a rate are left out."""
    campaigns = Campaign.objects.filter(
        workspace=workspace, status=DeliveryStatus.ACTIVE, archived_at=None
    ).select_related("account")
    sets = AdSet.objects.filter(
        campaign__in=campaigns, status=DeliveryStatus.ACTIVE, archived_at=None
    ).select_related("account", "campaign__account")
    owners: list[tuple[Campaign | AdSet, Campaign, EntityType]] = [
        (row, row, EntityType.CAMPAIGN) for row in campaigns.filter(daily_budget__gt=0)
    ]
    owners += [(row, row.campaign, EntityType.ADSET) for row in sets.filter(daily_budget__gt=0)]
    currencies = {owner.account.currency for owner, _, _ in owners}
    rates = rates_of(workspace=workspace, currencies=currencies, on=on)
    found: list[Budget] = []
    shared: set[tuple[int, str]] = set()
    for owner, campaign, kind in owners:
        rate, amount = rates.get(owner.account.currency), owner.daily_budget
        name = (campaign.account_id, campaign.budget_external_id)
        # A Google budget that campaigns share is changed once.
        is_again = kind == EntityType.CAMPAIGN and bool(name[1]) and name in shared
        if rate is None or amount is None or is_again:
            continue
        shared.add(name)
        found.append(Budget(owner, kind, amount, amount * rate, channel_of(campaign)))
    return sorted(found, key=lambda one: (-one.home_amount, one.owner.pk))


def spent_since(workspace: Workspace, period: Period) -> Decimal:
    """Spend of a period in the workspace's currency, as far as rates are known."""
    rows = list(
        days_of(workspace, period)
        .values("account__currency")
        .annotate(total=Sum("spend"))
        .order_by()
    )
    currencies = {row["account__currency"] for row in rows}
    rates = rates_of(workspace=workspace, currencies=currencies, on=period.until)
    known = [row for row in rows if row["account__currency"] in rates]
    return sum((row["total"] * rates[row["account__currency"]] for row in known), start=Decimal(0))


def worn_ads(workspace: Workspace, channel: str, *, until: date) -> list[Ad]:
    """Running ads of a channel that people click at least 15 % less than three weeks before.

    The worst first, at most 15 % of the running ones but one at least.
    """
    ads = _running_ads(workspace, channel)
    worn, judged = _worn(ads, until)
    chosen = worn[: _share(judged)]
    rows = {row.pk: row for row in ads.filter(pk__in=chosen).select_related("account")}
    return [rows[pk] for pk in chosen]


def most_worn_creative(workspace: Workspace, channel: str, *, until: date) -> int | None:
    """Creative of the running ad that lost most of its clicks; ``None`` where none lost 15 %."""
    ads = _running_ads(workspace, channel).exclude(creative=None)
    worn, _ = _worn(ads, until)
    return ads.values_list("creative", flat=True).get(pk=worn[0]) if worn else None


def _running_ads(workspace: Workspace, channel: str) -> QuerySet[Ad]:
    return Ad.objects.filter(
        of_channel(channel, prefix="campaign__") if channel else Q(),
        workspace=workspace, status=DeliveryStatus.ACTIVE, archived_at=None,
        campaign__status=DeliveryStatus.ACTIVE,
    )  # fmt: skip


def _worn(ads: QuerySet[Ad], until: date) -> tuple[list[int], int]:
    """Worn ads, the worst first, and how many could be judged."""
    recent = Period.ending(until, RECENT_DAYS)
    base = Period.ending(recent.since - timedelta(days=1), BASE_DAYS)
    now, before = (_rates_of_ads(ads, period) for period in (recent, base))
    ratios = {pk: now[pk] / before[pk] for pk in now.keys() & before.keys() if before[pk]}
    worn = [pk for pk in sorted(ratios, key=lambda pk: (ratios[pk], pk)) if ratios[pk] <= WORN]
    return worn, len(ratios)


def _rates_of_ads(ads: QuerySet[Ad], period: Period) -> dict[int, Decimal]:
    rows = (
        DailyPerformance.objects.filter(
            ad__in=ads, level="ad", day__gte=period.since, day__lte=period.until
        )
        .values("ad")
        .annotate(clicked=Sum("clicks"), shown=Sum("impressions"))
        .filter(shown__gt=0)
        .order_by()
    )
    return {
        row["ad"]: rate
        for row in rows
        if row["clicked"] >= LEAST_CLICKS
        and (rate := metrics.ctr(Decimal(row["clicked"]), row["shown"])) is not None
    }


def _share(count: int) -> int:
    if count <= LEAST_LEFT:
        return 0
    return max(1, int(count * WORST_SHARE))


def worst_ad_sets(workspace: Workspace, channel: str, *, until: date) -> Sequence[AdSet]:
    """The 15 % of a channel's running ad groups with the dearest results of four weeks."""
    sets = AdSet.objects.filter(
        of_channel(channel, prefix="campaign__"), workspace=workspace,
        status=DeliveryStatus.ACTIVE, archived_at=None, campaign__status=DeliveryStatus.ACTIVE,
    )  # fmt: skip
    period = Period.ending(until, RECENT_DAYS + BASE_DAYS)
    rows = list(
        DailyPerformance.objects.filter(
            ad_set__in=sets, level=F("account__summing_level"),
            day__gte=period.since, day__lte=period.until,
        )
        .values("ad_set")
        .annotate(cost=Sum("spend"), got=Coalesce(Sum("installs"), 0))
        .filter(cost__gt=0)
        .order_by()
    )  # fmt: skip
    # Those that cost and brought nothing are the worst, the dearest of them first.
    rows.sort(
        key=lambda row: (row["got"] > 0, -(row["cost"] / row["got"] if row["got"] else row["cost"]))
    )
    chosen = [row["ad_set"] for row in rows[: _share(len(rows))]]
    found = {row.pk: row for row in sets.filter(pk__in=chosen).select_related("account")}
    return [found[pk] for pk in chosen]
