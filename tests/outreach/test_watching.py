"""Waves that grow or stop by themselves, and campaigns that come to their end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.models import (
    Contact,
    MessageDay,
    OutreachCampaign,
    OutreachMessage,
    PlannedSend,
    SendPlan,
)
from outreach.services.planning import waves
from outreach.services.watching import free_unsigned, watch_plan, workspaces_sending
from tests.outreach.launch_steps import (
    carried_out,
    email_on,
    launched,
    news_to,
    planned,
    was_sent_before,
)
from tests.outreach.steps import contact_of
from tests.workspaces.gate_steps import sign
from workspaces.models import Notification, Proposal, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(workspace) -> list[Contact]:
    return [contact_of(workspace, f"p{place}@example.com") for place in range(40)]


@pytest.fixture
def sending(workspace, people, operator, approver, now, monkeypatch) -> SendPlan:
    """A plan of 40 people in three waves that is being sent."""
    monkeypatch.setattr(waves, "CANARY_FROM", 10)
    monkeypatch.setattr(waves, "ENDS", (2_500, 5_000, 10_000))
    email_on(workspace)
    campaign = news_to(*people, workspace=workspace, send_at_best_hour=False)
    plan = planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    plan.refresh_from_db()
    return plan


def _sent(plan: SendPlan, now, **values) -> int:
    """Send what is let go and was not sent."""
    rows = PlannedSend.objects.filter(plan=plan, wave__lte=plan.wave, outcome="scheduled")
    had = OutreachMessage.objects.filter(plan=plan).values("contact")
    made = [
        OutreachMessage(
            workspace=plan.workspace, contact_id=row.contact_id, point_id=row.point_id,
            channel=row.channel, purpose="marketing", campaign=plan.campaign, plan=plan,
            step_id=row.step_id, dedup_key=f"{plan.pk}:{row.contact_id}", send_at=now,
            **{"status": "delivered", "sent_at": now, "delivered_at": now, **values},
        )
        for row in rows.exclude(contact__in=had)
    ]  # fmt: skip
    return len(OutreachMessage.objects.bulk_create(made))


def test_waves_are_shares_by_a_hash(sending):
    assert len(sending.waves) == 3
    assert sending.waves[-1] == 40
    assert sending.waves[0] < sending.waves[1] < 40


def test_a_wave_that_went_well_is_followed_by_the_next(sending, now):
    later = now + timedelta(hours=3)
    assert watch_plan(plan=sending, now=now) == ""  # nothing is out yet

    steps = []
    for _ in range(3):
        _sent(sending, later)
        steps.append(watch_plan(plan=sending, now=later + timedelta(hours=1)))
        sending.refresh_from_db()

    assert steps == ["advanced", "advanced", "done"]
    assert (sending.status, OutreachCampaign.objects.get().status) == ("done", "completed")


def test_bounces_stop_a_wave_and_only_a_signature_lets_it_go_on(sending, operator, now):
    _sent(sending, now, status="bounced", bounced_at=now)

    assert watch_plan(plan=sending, now=now) == "halted"

    sending.refresh_from_db()
    campaign = OutreachCampaign.objects.get()
    assert (sending.status, sending.wave, campaign.status) == ("halted", 0, "paused")
    assert "bounced" in sending.halted_reason
    stopped = Proposal.objects.exclude(kind="outreach.launch").get()
    assert (stopped.proposer_type, stopped.status) == ("rule", Status.EXECUTED)
    assert Notification.objects.filter(topic="outreach.halted").exists()


def test_a_campaign_whose_launch_was_forgotten_is_a_draft_again(workspace, people, operator, now):
    email_on(workspace)
    campaign = news_to(people[0], workspace=workspace)
    planned(campaign, operator, now)
    proposal = launched(campaign, operator, now)
    assert free_unsigned(workspace=workspace) == 0

    Proposal.objects.filter(pk=proposal.pk).update(status=Status.CANCELLED)
    assert workspaces_sending(now=now) == [workspace]
    assert free_unsigned(workspace=workspace) == 1
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_small_sends_are_done_when_everybody_got_theirs(workspace, people, operator, now):
    email_on(workspace)
    campaign = news_to(people[0], workspace=workspace, send_at_best_hour=False)
    was_sent_before(campaign)
    plan = planned(campaign, operator, now)
    launched(campaign, operator, now)
    carried_out(now)
    plan.refresh_from_db()

    assert watch_plan(plan=plan, now=now) == ""
    _sent(plan, now)
    assert watch_plan(plan=plan, now=now) == "done"
    assert MessageDay.objects.count() == 1  # from before
