"""Learning phase of an ad set: the platform's word, else its events of the last seven days."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Sum

from campaigns.models import AdSet, DailyPerformance, LearningStatus
from campaigns.selectors.subjects import Entity

EVENT_DAYS = 7


def reported_learning(entity: Entity) -> bool | None:
    """What the platform reports; ``None`` when it reports nothing."""
    status = getattr(entity, "learning_status", LearningStatus.UNKNOWN)
    return None if status == LearningStatus.UNKNOWN else status == LearningStatus.LEARNING


def recent_events(entity: Entity, *, now: datetime) -> int | None:
    """Optimisation events of the last 7 full days.

    ``None`` where that says nothing: not an ad set, or conversions that cannot be trusted.
    """
    account = entity.account
    if not isinstance(entity, AdSet) or not account.has_usable_conversions:
        return None
    today = now.astimezone(ZoneInfo(account.time_zone)).date()
    total = DailyPerformance.objects.filter(
        ad_set=entity,
        level=account.summing_level,
        day__gte=today - timedelta(days=EVENT_DAYS),
        day__lt=today,
    ).aggregate(events=Sum("conversions"))["events"]
    return int(total or Decimal(0))
