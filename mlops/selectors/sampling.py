"""Budget owners as arms of the sampler."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Min, QuerySet, Sum

from attribution.selectors.revenue import counted, credited_between, current_config, values_of
from campaigns.engine.limits import BudgetOwner, Limits, velocity_range
from campaigns.engine.limits.state import LEARNING_EVENTS
from campaigns.models import (
    Ad,
    AdAccount,
    AdSet,
    Campaign,
    ChangeType,
    DailyPerformance,
    DeliveryStatus,
)
from campaigns.selectors import Situation, Subject, subject_of
from campaigns.selectors.learning import recent_events, reported_learning
from campaigns.selectors.series import newest_delivery
from mlops.engine.sampler import AdState
from mlops.models import SamplerFeedback
from workspaces.models import Workspace

WINDOW_DAYS = 14
_SUMS = ("impressions", "reach", "clicks", "spend", "conversions", "revenue", "pipeline_value")


@dataclass(frozen=True)
class Arm:
    """A budget owner with the state that the sampler judges."""

    subject: Subject
    state: AdState


def arms_of(*, account: AdAccount, limits: Limits, rate: Decimal, now: datetime) -> list[Arm]:
    """Every active owner of a daily budget in an account, with 14 full days to the newest delivery.

    Amounts are in the account's currency, of which one is ``rate`` of the workspace's. A Google
    budget that campaigns share is one arm. Pipeline value is that of the deals, where the
    workspace has said what their stages are worth and deals are credited to the account's ads since
    before these days; else as imported.
    """
    subjects = [subject_of(entity, ChangeType.BUDGET) for entity in _owners(account)]
    unique = {subject.key: subject for subject in subjects}
    gained = _gained_by_deals(account, rate, now)
    return [
        Arm(subject, _with_deals(_state(subject, limits, now), subject, gained))
        for subject in unique.values()
    ]


def _gained_by_deals(
    account: AdAccount, rate: Decimal, now: datetime
) -> dict[tuple[int | None, int], float] | None:
    """Pipeline value by ad set and campaign; ``None`` where no deals tell of it."""
    workspace = account.workspace
    zone = ZoneInfo(account.time_zone)
    after = newest_delivery(account, now=now) + timedelta(days=1)
    since = datetime.combine(after - timedelta(days=WINDOW_DAYS), time.min, zone)
    config = current_config(workspace=workspace, now=now)
    # The first deals of a CRM tell of a part of the days only, and where clicks of a platform are
    # not passed on none tells of it: judged by them every other arm would seem to bring nothing.
    known = counted(workspace).filter(ad__account=account, stage_changes__at__lt=since)
    if config is None or not known.exists():
        return None
    gained = credited_between(
        workspace=workspace,
        values=values_of(config),
        since=since,
        until=datetime.combine(after, time.min, zone),
    )
    ads = Ad.objects.filter(account=account, pk__in=gained)
    found: dict[tuple[int | None, int], float] = {}
    for pk, ad_set, campaign in ads.values_list("pk", "ad_set", "campaign"):
        owner = (ad_set, campaign)
        found[owner] = found.get(owner, 0.0) + float(gained[pk] / rate)
    return found


def _with_deals(
    state: AdState, subject: Subject, gained: dict[tuple[int | None, int], float] | None
) -> AdState:
    if gained is None:
        return state
    entity = subject.entity
    if isinstance(entity, AdSet):
        total = sum(value for (ad_set, _), value in gained.items() if ad_set == entity.pk)
    else:
        campaigns = {campaign.pk for campaign in subject.campaigns}
        total = sum(value for (_, campaign), value in gained.items() if campaign in campaigns)
    # More may have been lost than won; an arm returns nothing then, not less.
    return replace(state, pipeline_value=max(0.0, total))


def _owners(account: AdAccount) -> Iterable[Campaign | AdSet]:
    active = {"account": account, "status": DeliveryStatus.ACTIVE, "daily_budget__gt": 0}
    related = ("account__workspace", "account__connection")
    yield from Campaign.objects.filter(**active).select_related(*related).order_by("pk")
    yield from (
        AdSet.objects.filter(**active, campaign__status=DeliveryStatus.ACTIVE)
        .select_related(*related, "campaign")
        .order_by("pk")
    )


def _rows(subject: Subject) -> QuerySet[DailyPerformance]:
    rows = DailyPerformance.objects.filter(
        account=subject.account, level=subject.account.summing_level
    )
    if isinstance(subject.entity, AdSet):
        return rows.filter(ad_set=subject.entity)
    return rows.filter(campaign__in=subject.campaigns)


def _state(subject: Subject, limits: Limits, now: datetime) -> AdState:
    account = subject.account
    zone = ZoneInfo(account.time_zone)
    until = newest_delivery(account, now=now)
    rows = _rows(subject)
    sums = rows.filter(day__gt=until - timedelta(days=WINDOW_DAYS), day__lte=until).aggregate(
        **{name: Sum(name) for name in _SUMS}
    )
    first = rows.filter(spend__gt=0).aggregate(day=Min("day"))["day"]
    started = datetime.combine(first, time.min, zone) if first else now
    figures = {name: float(value or 0) for name, value in sums.items()}
    live = subject.current if isinstance(subject.current, Decimal) else Decimal(0)
    low, high = _headroom(subject, live, limits, now)
    return AdState(
        ad_id=subject.key,
        impressions=figures["impressions"],
        clicks=figures["clicks"],
        spend=figures["spend"],
        pipeline_value=figures["pipeline_value"],
        cash_revenue=figures["revenue"],
        age_hours=max(0.0, (now - started).total_seconds() / 3600),
        daily_budget=float(live),
        frequency=None,  # reach is per day and never summed, so a window has none
        last_updated=datetime.combine(until + timedelta(days=1), time.min, zone).astimezone(UTC),
        conversions_usable=account.has_usable_conversions,
        is_learning=_is_learning(subject, now),
        min_budget=float(low),
        max_budget=float(high),
        conversions=figures["conversions"],
        window_hours=WINDOW_DAYS * 24.0,
    )


def _is_learning(subject: Subject, now: datetime) -> bool:
    """The same answer as the safety check gives, so that no kill is drawn that it would refuse."""
    reported = reported_learning(subject.entity)
    if reported is not None:
        return reported
    events = recent_events(subject.entity, now=now)
    return events is not None and events < LEARNING_EVENTS


def _headroom(
    subject: Subject, live: Decimal, limits: Limits, now: datetime
) -> tuple[Decimal, Decimal]:
    """What one decision may reach: the change limit, whatever velocity leaves for later."""
    past, siblings = Situation([subject], now=now).owners(subject, without=None)
    owner = BudgetOwner(live, live, past)
    low, high = velocity_range(owner, siblings=siblings, now=now, limits=limits)
    return max(Decimal(0), low), max(low, high)


def feedback_since(
    *, workspace: Workspace, arms: dict[str, datetime | None]
) -> dict[str, tuple[float, float]]:
    """Spend and value that the ledger knows beyond each arm's figures, by arm."""
    rows = SamplerFeedback.objects.filter(workspace=workspace, arm__in=arms)
    extra: dict[str, tuple[float, float]] = {}
    for arm, at, spend, value in rows.values_list("arm", "at", "spend", "pipeline_value"):
        known_until = arms[arm]
        if known_until is None or at > known_until:
            before = extra.get(arm, (0.0, 0.0))
            extra[arm] = (before[0] + float(spend), before[1] + float(value))
    return extra
