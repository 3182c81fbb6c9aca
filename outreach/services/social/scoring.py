"""Scores of posts and of people who speak for us."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from django.db import transaction

from outreach.engine.social.advocates import TIERS, advocate_scores, facts_of, is_active, tiers_of
from outreach.engine.social.worth import VALUES, post_scores
from outreach.models import (
    SocialAccount,
    SocialAdvocate,
    SocialEngagement,
    SocialPerson,
    SocialPost,
)
from workspaces.models import Workspace
from workspaces.services.jobs import Progress
from workspaces.services.live import bump

ADVOCATES_JOB: Final = "social-advocates"
#: Older engagement changes no score; who did nothing since keeps the row and is not active.
LOOK_BACK: Final = timedelta(days=180)
_PER_POST: Final = {"likes": "like", "comments": "comment", "shares": "share", "saves": "save"}


def score_posts(account: SocialAccount) -> None:
    """Place each post of an account among its others."""
    posts = list(SocialPost.objects.filter(account=account).order_by("pk"))
    worth = np.array(
        [sum(VALUES[kind] * getattr(one, name) for name, kind in _PER_POST.items())
         for one in posts], dtype=np.float64,
    )  # fmt: skip
    # Where a network does not tell how many people, how often it was seen stands for it.
    seen = np.array([one.views if one.reach is None else one.reach for one in posts], np.float64)
    for post, score in zip(posts, post_scores(worth, seen), strict=True):
        post.score = float(score)
    SocialPost.objects.bulk_update(posts, ["score"], batch_size=500)


@transaction.atomic
def score_advocates(*, workspace: Workspace, now: datetime) -> int:
    """Score everybody who did something of late; returns how many are advocates."""
    rows = list(
        SocialEngagement.objects.filter(workspace=workspace, at__lte=now, at__gt=now - LOOK_BACK)
        .order_by("person_id", "at")
        .values_list("person_id", "at", "value", "sentiment")
    )
    if not rows:
        return 0
    who, moments, values, feelings = zip(*rows, strict=True)
    facts = facts_of(
        np.array(who, dtype=np.int64),
        np.array([_plain(at) for at in moments], dtype="datetime64[us]"),
        np.array(values, dtype=np.float64),
        np.array([np.nan if one is None else one for one in feelings], dtype=np.float64),
        np.datetime64(_plain(now), "us"),
    )
    people = SocialPerson.objects.in_bulk([int(pk) for pk in facts.people])
    followers = [people[int(pk)].followers or 0 for pk in facts.people]
    scores = advocate_scores(facts, np.array(followers, dtype=np.float64))
    last = dict(zip(who, moments, strict=True))
    found = [
        SocialAdvocate(
            workspace=workspace, person_id=int(pk), score=float(score),
            tier="" if place == 0 else TIERS[place], interactions=int(recent),
            active_weeks=int(weeks), is_active=bool(active), last_at=last[int(pk)], since=now,
            scored_at=now,
        )
        for pk, score, place, recent, weeks, active in zip(
            facts.people, scores, tiers_of(scores), facts.recent, facts.weeks, is_active(facts),
            strict=True,
        )
    ]  # fmt: skip
    return _keep(workspace, found, now)


def _plain(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _keep(workspace: Workspace, found: list[SocialAdvocate], now: datetime) -> int:
    """Write scores; whoever never reached bronze gets no row, whoever lost it keeps theirs."""
    mine = SocialAdvocate.objects.filter(workspace=workspace)
    known = set(mine.values_list("person_id", flat=True))
    kept = [one for one in found if one.tier or one.person_id in known]
    SocialAdvocate.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["score", "tier", "interactions", "active_weeks", "is_active", "last_at",
                       "scored_at"],
        batch_size=500,
    )  # fmt: skip
    mine.exclude(scored_at=now).update(is_active=False, score=0, tier="", scored_at=now)
    return sum(1 for one in kept if one.tier)


def score(progress: Progress) -> None:
    """Do so for a workspace, as a job."""
    progress.count(advocates=score_advocates(workspace=progress.workspace, now=progress.now))
    bump(progress.workspace.pk, "social")
