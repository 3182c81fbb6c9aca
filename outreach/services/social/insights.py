"""Insights: worked out every night from posts and engagement, and what they feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
from django.db import transaction

from experiments.engine.practices.known import Known
from experiments.models import PracticeSource
from experiments.services.practices.keeping import keep_practice
from outreach.engine.social.insights import (
    Best,
    best_group,
    change_of,
    hour_counts,
    most_common,
    share_confidence,
)
from outreach.models import (
    InsightPeriod,
    InsightType,
    PlatformInsight,
    SocialEngagement,
    SocialPlatform,
    SocialPost,
)
from outreach.services.social.taking import TOPIC
from workspaces.formats import signed_share
from workspaces.models import Workspace
from workspaces.services.jobs import Progress
from workspaces.services.live import bump

INSIGHTS_JOB: Final = "social-insights"
DAYS: Final[Mapping[str, int]] = {
    InsightPeriod.DAILY: 1, InsightPeriod.WEEKLY: 7, InsightPeriod.MONTHLY: 30,
}  # fmt: skip
#: A day holds too few posts to compare their hours and forms, so these look back on 90 days.
_POSTS_OF: Final = timedelta(days=90)
#: So likely the best hour has to be before others are told to keep it.
_LIKELY: Final = 0.6
_UPDATED: Final = (
    "data", "key_metric", "key_value", "change", "recommendation", "confidence", "fetched_at",
)  # fmt: skip


@dataclass(frozen=True)
class _Window:
    """A period of a network, and the one before it."""

    workspace: Workspace
    platform: SocialPlatform
    period: InsightPeriod
    until: date  # the day after the last

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.until, time(), self.workspace.zone)

    @property
    def length(self) -> timedelta:
        return timedelta(days=DAYS[self.period])


def work_out(*, workspace: Workspace, now: datetime) -> int:
    """Write the insights of all that ended yesterday; again on the same day they are renewed.

    Weeks end on Sundays and months on their last day, but every day looks back on seven and on
    thirty, so the newest row of a period is always the one to read.
    """
    until = now.astimezone(workspace.zone).date()
    found: list[PlatformInsight] = []
    platforms = SocialPost.objects.filter(workspace=workspace).values_list("platform", flat=True)
    for platform in sorted(set(platforms)):
        for period in InsightPeriod:
            window = _Window(workspace, SocialPlatform(platform), period, until)
            found += [_row(window, kind, values, now) for kind, values in _insights(window)]
    with transaction.atomic():
        PlatformInsight.objects.bulk_create(
            found, update_conflicts=True, update_fields=_UPDATED,
            unique_fields=["workspace", "platform", "type", "period", "date"],
        )  # fmt: skip
        _teach(workspace, found, now)
    return len(found)


def _row(
    window: _Window, kind: InsightType, values: Mapping[str, Any], now: datetime
) -> PlatformInsight:
    return PlatformInsight(
        workspace=window.workspace, platform=window.platform, period=window.period, type=kind,
        date=window.until - timedelta(days=1), fetched_at=now,
        **{**values, "key_value": float(values["key_value"])},
    )  # fmt: skip


def _insights(window: _Window) -> Iterator[tuple[InsightType, dict[str, Any]]]:
    posts = list(
        SocialPost.objects.filter(
            workspace=window.workspace, platform=window.platform, posted_at__lt=window.ends_at,
            posted_at__gte=window.ends_at - max(_POSTS_OF, window.length),
        ).order_by("posted_at", "pk")
    )  # fmt: skip
    if audience := _audience(window):
        yield InsightType.AUDIENCE, audience
    if posts:
        if posts[-1].posted_at >= window.ends_at - window.length:
            yield InsightType.CONTENT, _content(window, posts)
        yield InsightType.TIMING, _timing(window, posts)


# Audience


def _audience(window: _Window) -> dict[str, Any] | None:
    """Who was there, how many were new, and how they felt."""
    rows = SocialEngagement.objects.filter(workspace=window.workspace, platform=window.platform)
    begin = window.ends_at - window.length
    these = list(
        rows.filter(at__gte=begin, at__lt=window.ends_at)
        .values_list("person_id", "sentiment", "intent")
    )  # fmt: skip
    if not these:
        return None
    people = {person for person, _, _ in these}
    earlier = rows.filter(at__gte=begin - window.length, at__lt=begin)
    before = earlier.values("person_id").distinct().count()
    known = rows.filter(at__lt=begin, person__in=people).values("person_id").distinct().count()
    spoken = [feeling for _, feeling, _ in these if feeling is not None]
    glad = sum(feeling > 0.2 for feeling in spoken)
    wish, wishes = most_common([intent for _, _, intent in these if intent])
    new = len(people) - known
    return {
        "key_metric": "People who did something", "key_value": len(people),
        "change": change_of(len(people), before),
        "confidence": share_confidence(glad, len(spoken)),
        "recommendation": _of_audience(new, len(people), glad, len(spoken)),
        "data": {
            "shown": f"{len(people):,}", "sample": len(these), "new": new, "before": before,
            "positive": glad, "spoken": len(spoken), "intent": wish, "intents": wishes,
        },
    }  # fmt: skip


def _of_audience(new: int, people: int, glad: int, spoken: int) -> str:
    if spoken and glad / spoken < 0.3:  # fewer than three of ten
        return f"Answer those who complain: only {glad} of {spoken} comments sound glad."
    if new * 2 > people:
        return f"Greet who is new: {new} of {people} did something for the first time."
    return f"Thank who comes back: {people - new} of {people} were there before."


# Content


def _worth(post: SocialPost) -> float:
    """What a post got by whom it reached, or by how often it was seen."""
    seen = post.reach if post.reach is not None else post.views
    done = 2 * post.likes + 6 * post.comments + 8 * post.shares + 10 * post.saves
    return done / seen if seen else 0.0


def _content(window: _Window, posts: Sequence[SocialPost]) -> dict[str, Any]:
    """Which form of post does best, and which hashtags."""
    values = np.array([_worth(one) for one in posts])
    forms = sorted({one.type for one in posts})
    groups = np.array([forms.index(one.type) for one in posts], np.int64)
    best = best_group(values, groups, len(forms))
    tags = sorted({tag for one in posts for tag in one.hashtags})
    tagged = _best_tag(posts, values, tags)
    lately = [one for one in posts if one.posted_at >= window.ends_at - window.length]
    begin = window.ends_at - window.length
    earlier = [one for one in posts if begin - window.length <= one.posted_at < begin]
    rate, before = _mean(lately), _mean(earlier)
    name = forms[best.place].lower().replace("_", " ") if best.place >= 0 else ""
    return {
        "key_metric": "Worth of a post by 1,000 seen", "key_value": 1_000 * rate,
        "change": change_of(rate, before), "confidence": best.confidence,
        "recommendation": _of_form(name, best) + _of_tag(tagged),
        "data": {
            "shown": f"{1_000 * rate:.0f}", "sample": len(posts), "posts": len(lately),
            "forms": _named(forms, best), "best": name, "hashtags": tagged,
        },
    }  # fmt: skip


def _mean(posts: Sequence[SocialPost]) -> float:
    return float(np.mean([_worth(one) for one in posts])) if posts else 0.0


def _best_tag(
    posts: Sequence[SocialPost], values: Any, tags: Sequence[str]
) -> dict[str, Any] | None:
    """The hashtag whose posts do best against those without it."""
    found: dict[str, Any] | None = None
    for tag in tags:
        has = np.array([int(tag in one.hashtags) for one in posts], np.int64)
        best = best_group(values, has, 2)
        if best.place == 1 and (found is None or best.confidence > found["confidence"]):
            found = {
                "name": tag, "lift": round(best.lift, 4), "posts": best.posts,
                "confidence": best.confidence,
            }  # fmt: skip
    return found


def _of_form(name: str, best: Best) -> str:
    if best.place < 0 or best.lift <= 0:
        return "Try several forms: there are too few posts of each to compare them."
    return (
        f"Post more as {name or 'plain text'}: {signed_share(best.lift)} against all, by"
        f" {best.posts} posts."
    )


def _of_tag(tag: Mapping[str, Any] | None) -> str:
    is_told = tag is not None and tag["confidence"] >= _LIKELY
    return f" #{tag['name']} does {signed_share(tag['lift'])}." if tag and is_told else ""


def _named(names: Sequence[str], best: Best) -> list[dict[str, Any]]:
    return [
        {
            "name": name, "posts": int(best.counts[place]),
            "lift": None if np.isnan(best.lifts[place]) else round(float(best.lifts[place]), 4),
        }
        for place, name in enumerate(names)
    ]  # fmt: skip


# Timing


def _timing(window: _Window, posts: Sequence[SocialPost]) -> dict[str, Any]:
    """At which hour of the workspace's zone posts do best."""
    zone = window.workspace.zone
    hours = np.array([one.posted_at.astimezone(zone).hour for one in posts], np.int64)
    values = np.array([_worth(one) for one in posts])
    best = best_group(values, hours, 24)
    shares = hour_counts(values, hours)
    told = best.place >= 0 and best.lift > 0
    return {
        "key_metric": "Best hour", "key_value": best.place if told else 0,
        "change": None, "confidence": best.confidence if told else 0.0,
        "recommendation": (
            f"Post at {best.place}:00: {signed_share(best.lift)} against all hours, by"
            f" {best.posts} posts."
            if told else "Post at several hours: there are too few posts of each to compare them."
        ),
        "data": {
            "shown": f"{best.place}:00" if told else "not known", "sample": len(posts),
            "hour": best.place if told else None, "lift": round(best.lift, 4),
            "hours": [round(float(one), 6) for one in shares],
            "posts": [int(one) for one in best.counts],
        },
    }  # fmt: skip


def _teach(workspace: Workspace, found: Sequence[PlatformInsight], now: datetime) -> None:
    """Write a hypothesis down for each network whose best hour is likely; tests judge it."""
    for one in found:
        is_taught = one.type == InsightType.TIMING and one.period == InsightPeriod.MONTHLY
        hour = one.data.get("hour")
        if not is_taught or hour is None or one.confidence < _LIKELY:
            continue
        label = SocialPlatform(one.platform).label
        keep_practice(
            workspace=workspace, source=PracticeSource.PLATFORM_API, now=now,
            source_label=f"{label}, {one.data['sample']} posts up to {one.date:%Y-%m-%d}",
            known=Known(
                key=f"post-{one.platform}-{hour:02d}", category="timing",
                practice_type="posting_hour", title=f"{label}: be there at {hour}:00",
                recommendation=one.recommendation[:500], rule={"hour": ((hour, hour),)},
                channel=one.platform,
            ),
        )  # fmt: skip


def run_insights(progress: Progress) -> None:
    """Do so for a workspace, as a job."""
    progress.count(insights=work_out(workspace=progress.workspace, now=progress.now))
    bump(progress.workspace.pk, TOPIC)
