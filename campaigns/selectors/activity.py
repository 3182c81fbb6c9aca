"""What was done and is being done to an entity, its campaign and its workspace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Q

from campaigns.engine.limits import PastChange
from campaigns.models import AdChangeHistory, ChangeType, PendingAdChange
from campaigns.selectors.subjects import Subject
from workspaces.models import Status

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Activity:
    """Calls sent and claims running, as the rate limits count them."""

    campaign_calls: tuple[datetime, ...]
    campaign_running: int
    workspace_calls: tuple[datetime, ...]
    workspace_running: int
    entity_budget_calls: tuple[datetime, ...]
    entity_running: int


def activity_of(
    subject: Subject, *, now: datetime, without: int | None, is_replay: bool = False
) -> Activity:
    """Count for a subject; ``without`` is the proposal under judgement itself.

    A replay looks at a past ``now``: what came later and what runs today does not count there.
    Elsewhere a moment after ``now`` is another host's faster clock, and counts.
    """
    zone = subject.account.workspace.zone
    midnight = datetime.combine(now.astimezone(zone).date(), time.min, zone).astimezone(UTC)
    sent = AdChangeHistory.objects.filter(
        workspace=subject.account.workspace, call_sent_at__gt=min(midnight, now - _HOUR)
    ).values_list("call_sent_at", "campaign_id", "entity_type", "entity_id", "change_type")
    if is_replay:
        sent = sent.filter(call_sent_at__lte=now)
    running = [] if is_replay else _running(subject, without)
    campaign_ids = {campaign.pk for campaign in subject.campaigns}
    mine = (str(subject.entity_type), subject.entity.pk, ChangeType.BUDGET)
    calls = [
        (at, campaign, level, entity, change) for at, campaign, level, entity, change in sent if at
    ]
    return Activity(
        campaign_calls=_moments(call for call in calls if call[1] in campaign_ids),
        campaign_running=sum(row[0] in campaign_ids for row in running),
        workspace_calls=_moments(calls),
        workspace_running=len(running),
        entity_budget_calls=_moments(call for call in calls if call[2:] == mine),
        entity_running=sum(row[1:] == mine for row in running),
    )


def _moments(calls: Iterable[tuple[datetime, int, str, int, str]]) -> tuple[datetime, ...]:
    return tuple(sorted(call[0] for call in calls))


def _running(subject: Subject, without: int | None) -> list[tuple[int, str, int, str]]:
    claims = PendingAdChange.objects.filter(
        workspace=subject.account.workspace, proposal__status=Status.EXECUTING
    ).exclude(proposal=without)
    return list(claims.values_list("campaign_id", "entity_type", "entity_id", "change_type"))


def past_changes(
    *, subject: Subject, entity_ids: list[int], since: datetime
) -> dict[int, list[PastChange]]:
    """Completed budget changes of owners of one level, by owner."""
    rows = AdChangeHistory.objects.filter(
        Q(status="applied"),
        account=subject.account,
        entity_type=subject.entity_type,
        entity_id__in=entity_ids,
        change_type=ChangeType.BUDGET,
        completed_at__gt=since,
    ).values_list("entity_id", "completed_at", "old_value", "new_value")
    past: dict[int, list[PastChange]] = {}
    for entity_id, at, old, new in rows:
        past.setdefault(entity_id, []).append(PastChange(at, Decimal(old), Decimal(new)))
    return past


def running_targets(*, subject: Subject, without: int | None) -> dict[int, Decimal]:
    """Budgets that running claims are about to set, by owner, on the subject's level."""
    claims = PendingAdChange.objects.filter(
        account=subject.account,
        entity_type=subject.entity_type,
        change_type=ChangeType.BUDGET,
        proposal__status=Status.EXECUTING,
    ).exclude(proposal=without)
    return {
        entity_id: Decimal(value)
        for entity_id, value in claims.values_list("entity_id", "final_value")
    }
