"""Insights of posts and engagement, and what they feed."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from experiments.models import BestPractice
from outreach.engine.caps import CapUse
from outreach.engine.channels import Channel, Purpose
from outreach.models import PlatformInsight
from outreach.selectors.asked import asked_of
from outreach.selectors.facts import people_of
from outreach.selectors.social_hours import hours_of_networks
from outreach.services.social.insights import work_out
from tests.outreach.social.steps import NOON, account_of, done_of, person_of, post_of
from tests.outreach.steps import contact_of
from workspaces.models import Workspace


@pytest.fixture
def posts(workspace: Workspace) -> None:
    """Sixty posts: at 19:00 and as reels they do better."""
    account = account_of(workspace)
    for day in range(60):
        hour, form = (19, 8)[day % 2], ("REELS", "IMAGE")[day // 2 % 2]
        good = (2 if hour == 19 else 1) * (1.5 if form == "REELS" else 1) * (1 + day % 3 / 10)
        post_of(
            account, f"p{day}", type=form, hashtags=["coachtip"] if day % 4 == 0 else [],
            posted_at=(NOON - timedelta(days=day + 1)).replace(hour=hour), reach=1_000,
            likes=int(40 * good), comments=4,
        )  # fmt: skip


def insight(kind: str, period: str = "monthly") -> PlatformInsight:
    return PlatformInsight.objects.get(type=kind, period=period)


def test_posts_say_when_and_what_to_post(workspace: Workspace, posts: None) -> None:
    assert work_out(workspace=workspace, now=NOON) == 6
    assert work_out(workspace=workspace, now=NOON + timedelta(hours=1)) == 6

    timing, content = insight("timing"), insight("content")
    assert PlatformInsight.objects.count() == 6
    assert (timing.key_value, timing.data["sample"], timing.data["posts"][19]) == (19, 60, 30)
    assert timing.confidence > 0.95
    assert timing.recommendation.startswith("Post at 19:00: +")
    assert (content.data["best"], content.data["posts"]) == ("reels", 30)
    assert content.recommendation.startswith("Post more as reels: +")
    assert content.change is not None


def test_a_likely_hour_becomes_a_practice_to_test(workspace: Workspace, posts: None) -> None:
    work_out(workspace=workspace, now=NOON)
    work_out(workspace=workspace, now=NOON + timedelta(days=1))

    practice = BestPractice.objects.get(key="post-instagram-19")
    assert (practice.source, practice.state, practice.category) == (
        "platform_api", "hypothesis", "timing",
    )  # fmt: skip
    assert practice.rule == {"hour": [[19, 19]]}
    assert practice.source_label == "Instagram, 60 posts up to 2026-11-20"


def test_hours_of_networks_tell_when_to_write(workspace: Workspace, posts: None) -> None:
    contact = contact_of(workspace)
    asked = asked_of(workspace, [contact.pk])

    def hour() -> int:
        people = people_of(
            asked, (Channel.EMAIL,), Purpose.MARKETING, CapUse.none(1), NOON, with_hours=True
        )
        return int(people.recipients.best_hour[0])

    before = hour()
    work_out(workspace=workspace, now=NOON)

    assert (before, hour()) == (-1, 19)
    assert hours_of_networks(workspace).sum() == pytest.approx(100 * insight("timing").confidence)


def test_few_posts_teach_nothing(workspace: Workspace) -> None:
    post_of(account_of(workspace), posted_at=NOON - timedelta(days=2), reach=10, likes=9)

    work_out(workspace=workspace, now=NOON)

    timing = insight("timing")
    assert (timing.confidence, timing.data["hour"]) == (0.0, None)
    assert "too few posts" in timing.recommendation
    assert not BestPractice.objects.exists()
    assert not hours_of_networks(workspace).any()
    assert np.isfinite(insight("content").key_value)


def test_audience_says_who_is_new_and_how_they_feel(workspace: Workspace) -> None:
    post_of(account_of(workspace), posted_at=NOON - timedelta(days=20))
    ann, bob = person_of(workspace), person_of(workspace, "bob")
    done_of(ann, "c0", at=NOON - timedelta(days=9), sentiment=0.9)
    done_of(ann, "c1", at=NOON - timedelta(days=1), sentiment=0.8, intent="praise")
    done_of(bob, "c2", at=NOON - timedelta(days=1), sentiment=-0.8)

    work_out(workspace=workspace, now=NOON)

    week = insight("audience", "weekly")
    assert (week.key_value, week.change) == (2, 1.0)
    assert week.data | {} == {
        "shown": "2", "sample": 2, "new": 1, "before": 1, "positive": 1, "spoken": 2,
        "intent": "praise", "intents": 1,
    }  # fmt: skip
    assert week.recommendation == "Thank who comes back: 1 of 2 were there before."
