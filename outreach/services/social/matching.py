"""Who did something that a funnel answers: found, kept once, and proposed as an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import Q

from outreach.engine.social import funnels as engine
from outreach.engine.social.worth import KINDS
from outreach.models import (
    SocialAdvocate,
    SocialEngagement,
    SocialEngagementFunnel,
    SocialFunnelEntry,
)
from outreach.selectors.answers import KIND
from workspaces.gate import GateError, Proposer
from workspaces.models import Workspace
from workspaces.services.locks import lock_names
from workspaces.services.proposing import propose

#: What was done earlier is left alone: an answer a day late is odd.
LOOK_BACK: Final = timedelta(hours=24)
_WEEK: Final = timedelta(seconds=engine.WINDOW_S)


def match_funnels(*, workspace: Workspace, now: datetime) -> int:
    """Let each funnel that is on look at what is new; returns how many are answered."""
    rows = SocialEngagementFunnel.objects.filter(workspace=workspace, is_on=True, archived_at=None)
    return sum(_match(funnel, now) for funnel in rows.select_related("workspace").order_by("pk"))


@transaction.atomic
def _match(funnel: SocialEngagementFunnel, now: datetime) -> int:
    # Two that look at once would answer somebody twice, and one person more than the limit.
    lock_names([f"social-funnels:{funnel.workspace_id}"])
    found = _candidates(funnel, now)
    if not found:
        return 0
    matches = engine.match(
        _engagements(found, funnel.workspace), _as_asked(funnel, found), _before(funnel, found),
        [list(one.post.keyword_triggers) if one.post else [] for one in found],
    )  # fmt: skip
    answered = [
        _entry(funnel, one, word)
        for one, outcome, word in zip(found, matches.outcomes, matches.keywords, strict=True)
        if outcome == engine.Match.ANSWERED
    ]
    for entry in SocialFunnelEntry.objects.bulk_create(answered):
        _propose(entry, now)
    return len(answered)


def _candidates(funnel: SocialEngagementFunnel, now: datetime) -> list[SocialEngagement]:
    """What was done since and is nobody's yet, in the order of its time."""
    since = max(funnel.answers_from or now, now - LOOK_BACK)
    rows = SocialEngagement.objects.filter(
        Q(post=None) | Q(post__auto_respond=True),
        Q(post=None) | Q(post__funnel=None) | Q(post__funnel=funnel),
        workspace=funnel.workspace, platform__in=funnel.platforms, kind__in=funnel.kinds,
        at__gte=since, at__lte=now, entries=None,
    )  # fmt: skip
    return list(rows.select_related("person", "post").order_by("at", "pk"))


def _as_asked(funnel: SocialEngagementFunnel, found: Sequence[SocialEngagement]) -> engine.Funnel:
    excluded = {name.lower().removeprefix("@") for name in funnel.excluded}
    return engine.Funnel(
        kinds=frozenset(funnel.kinds),
        keywords=tuple(funnel.keywords),
        least_interactions=funnel.least_interactions,
        least_score=float(funnel.least_score),
        least_followers=funnel.least_followers,
        excluded=frozenset(
            one.person_id
            for one in found
            if {one.person.username.lower(), one.person.external_id.lower()} & excluded
        ),
        daily_limit=funnel.daily_limit,
    )


def _engagements(found: Sequence[SocialEngagement], workspace: Workspace) -> engine.Engagements:
    people = [one.person_id for one in found]
    scores = dict(SocialAdvocate.objects.filter(person__in=people).values_list("person", "score"))
    return engine.Engagements(
        people=np.array(people, np.int64),
        kinds=np.array([KINDS.index(one.kind) for one in found], np.int8),
        moments=np.array([_plain(one.at) for one in found], "datetime64[us]"),
        days=np.array([_day(one.at, workspace) for one in found], np.int64),
        feelings=np.array(
            [np.nan if one.sentiment is None else one.sentiment for one in found], np.float64
        ),
        scores=np.array([scores.get(pk, 0.0) for pk in people], np.float64),
        followers=np.array([one.person.followers or 0 for one in found], np.int64),
        texts=[one.text for one in found],
    )


def _before(funnel: SocialEngagementFunnel, found: Sequence[SocialEngagement]) -> engine.Before:
    people = {one.person_id for one in found}
    entries = SocialFunnelEntry.objects.filter(funnel=funnel)
    earlier = list(
        SocialEngagement.objects.filter(
            workspace=funnel.workspace, person__in=people, at__gt=found[0].at - _WEEK
        )
        .exclude(pk__in=[one.pk for one in found])
        .values_list("person_id", "at")
    )
    # A day of the zone may have begun a day before the first of them.
    days = entries.filter(triggered_at__gt=found[0].at - timedelta(days=2))
    moments = days.values_list("triggered_at", flat=True)
    return engine.Before(
        people=set(entries.filter(person__in=people).values_list("person_id", flat=True)),
        answered=Counter(_day(at, funnel.workspace) for at in moments),
        history=(
            np.array([person for person, _ in earlier], np.int64),
            np.array([_plain(at) for _, at in earlier], "datetime64[us]"),
        ),
    )


def _plain(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _day(at: datetime, workspace: Workspace) -> int:
    return at.astimezone(workspace.zone).date().toordinal()


def _entry(
    funnel: SocialEngagementFunnel, one: SocialEngagement, keyword: str
) -> SocialFunnelEntry:
    return SocialFunnelEntry(
        workspace=funnel.workspace, funnel=funnel, person=one.person, engagement=one,
        keyword=keyword[:60], triggered_at=one.at,
        reply_due_at=_after(one.at, funnel.reply_after_min) if funnel.public_reply else None,
        dm_due_at=_after(one.at, funnel.dm_after_min) if funnel.dm_text else None,
    )  # fmt: skip


def _after(at: datetime, minutes: int) -> datetime:
    return at + timedelta(minutes=minutes)


def _propose(entry: SocialFunnelEntry, now: datetime) -> None:
    """Ask for the answer; what cannot be asked for says why."""
    funnel, why = entry.funnel, "; ".join(_reasons(entry))
    request = {
        "funnel": str(funnel.public_id), "engagement": str(entry.engagement.public_id),
        "operation": "answer",
    }  # fmt: skip
    try:
        with transaction.atomic():
            propose(
                workspace=funnel.workspace, kind=KIND, request=request,
                proposer=Proposer.rule(f"funnel {funnel.name}"), reason=why, now=now,
            )  # fmt: skip
    except GateError as error:
        SocialFunnelEntry.objects.filter(pk=entry.pk).update(stopped_reason=str(error)[:300])


def _reasons(entry: SocialFunnelEntry) -> Iterator[str]:
    yield f"The funnel “{entry.funnel.name}” answers it"
    if entry.keyword:
        yield f"they wrote “{entry.keyword}”"
