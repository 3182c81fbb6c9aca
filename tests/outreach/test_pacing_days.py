"""Limits of days hold for what is planned already, as it was signed and by how it fares."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from outreach.engine import day_limits
from outreach.models import (
    ChannelPolicy,
    Enrolment,
    MessageDay,
    OutreachMessage,
    OutreachPolicy,
    PlannedSend,
    SendPlan,
    SequenceStep,
    StepText,
)
from outreach.selectors.launch_needs import Sending
from outreach.services.sending.materialising import materialise_due
from outreach.services.sequencing import send_due_steps
from outreach.services.watching import campaigns_to_end, end_in_time, plans_in_sending, watch_plan
from tests.outreach.launch_steps import FOOT, carried_out, email_on, launched, news_to, planned
from tests.outreach.steps import contact_of, template_of
from tests.workspaces.gate_steps import sign

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIMIT = 10


@pytest.fixture
def people(workspace):
    email_on(workspace, unit_cost=Decimal(1))
    OutreachPolicy.objects.update(has_canary=False)
    return [contact_of(workspace, f"p{place:02d}@example.com") for place in range(40)]


@pytest.fixture
def sent(people, workspace, operator, approver, now):
    """Let a campaign of ten days go; its first step is due at once."""

    def go(**values) -> SendPlan:
        given = {"daily_limit": LIMIT, "send_at_best_hour": False, "ends_at": now + 10 * DAY}
        campaign = news_to(*people, workspace=workspace, **{**given, **values})
        planned(campaign, operator, now)
        sign(launched(campaign, operator, now), approver, now)
        carried_out(now)
        return SendPlan.objects.get(status="active")

    return go


def _spent(plan: SendPlan, day: date, cost: int) -> None:
    """Spent without a message: dearer than it was planned."""
    MessageDay.objects.create(
        workspace=plan.workspace, day=day, campaign=plan.campaign, channel="email",
        cost=Decimal(cost), domain="dear.example",
    )  # fmt: skip


def _made_through(now, *, hours: int = 24, begin: int = 0) -> int:
    """Messages that a day of looking makes, each sent at its time."""
    before = OutreachMessage.objects.count()
    for hour in range(begin, hours):
        materialise_due(now=now + timedelta(hours=hour))
    return OutreachMessage.objects.count() - before


def _midnight(plan: SendPlan, now):
    return (now + DAY).astimezone(plan.workspace.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )  # fmt: skip


def _all_went(now) -> None:
    """Send what waits, and count it."""
    waiting = OutreachMessage.objects.filter(status="scheduled")
    first, count = waiting.first(), waiting.count()
    MessageDay.objects.create(
        workspace=first.workspace, day=now.date(), campaign=first.campaign, channel="email",
        sent=count, cost=count,
    )  # fmt: skip
    for message in OutreachMessage.objects.filter(status="scheduled"):
        message.status, message.lease_until = "sending", now
        message.save()
        message.status, message.sent_at = "sent", now
        message.save()


def test_as_planned_a_day_takes_its_limit(sent, now):
    plan = sent()
    assert plan.counts["day"]["2026-11-22"] == LIMIT

    assert _made_through(now, hours=15) == LIMIT
    _all_went(now)
    assert _made_through(_midnight(plan, now)) == LIMIT


def test_who_signs_sees_what_a_day_may_have(sent, approver, client_as):
    plan = sent(budget=Decimal(1_000))
    signed = plan.signed_by

    assert signed.current_plan.content["pacing"] == {"ahead": 7, "behind": 13}
    page = client_as(approver).get(f"/approvals/{signed.public_id}/").content.decode()
    assert "At most 10 a day: 7 where its spending is ahead" in page


@pytest.mark.parametrize(
    ("cost", "count"),
    [(190, 10), (200, 7)],  # 1 of 11 days is over: 19.0 % lies within ten points of it, 20 % not
)
def test_a_day_takes_less_where_spending_is_ahead(sent, now, cost, count):
    plan = sent(budget=Decimal(1_000))
    _spent(plan, now.astimezone(plan.workspace.zone).date(), cost)
    tomorrow = _midnight(plan, now)
    plan.taken = {"0": _last_row_before(plan, tomorrow)}
    plan.save()

    _made_through(tomorrow)

    assert OutreachMessage.objects.count() == count
    held = OutreachMessage.objects.filter(send_at__gte=tomorrow + DAY)
    assert not held.exists()


def _last_row_before(plan: SendPlan, at) -> list:
    row = plan.rows.filter(send_at__lt=at).order_by("-send_at", "-place")[0]
    return [row.send_at.isoformat(), row.place]


def test_what_a_day_held_back_goes_at_its_hour_of_the_next(sent, now):
    plan = sent(budget=Decimal(1_000))
    _spent(plan, now.astimezone(plan.workspace.zone).date(), 200)
    tomorrow = _midnight(plan, now)
    plan.taken = {"0": _last_row_before(plan, tomorrow)}
    plan.save()
    _made_through(tomorrow)
    held = plan.rows.filter(send_at__lt=tomorrow + DAY).order_by("-send_at", "-place")[:3]
    _all_went(tomorrow)

    materialise_due(now=tomorrow + DAY)

    moved = OutreachMessage.objects.filter(contact__in=[one.contact_id for one in held])
    assert sorted(one.send_at for one in moved) == sorted(one.send_at + DAY for one in held)
    assert watch_plan(plan=plans_in_sending(plan.workspace)[0], now=tomorrow + DAY) == ""


def test_a_day_takes_more_where_spending_is_behind(sent, now):
    plan = sent(budget=Decimal(1_000))
    third = _midnight(plan, now) + DAY
    plan.taken = {"0": _last_row_before(plan, third)}
    plan.save()

    materialise_due(now=third)
    materialise_due(now=third + timedelta(hours=1))
    _made_through(third, begin=2)

    made = OutreachMessage.objects.filter(send_at__lt=third + DAY)
    assert made.count() == OutreachMessage.objects.count() == 13
    early = PlannedSend.objects.filter(plan=plan, send_at__gte=third + DAY)
    assert made.filter(contact__in=early.values("contact")).count() == 3
    _all_went(third)

    _made_through(third + DAY)

    assert OutreachMessage.objects.values("contact").distinct().count() == (
        OutreachMessage.objects.count()
    )


def test_raising_limits_of_what_runs_lifts_nothing(sent, operator, now):
    plan = sent(budget=Decimal(45))
    campaign = plan.campaign
    campaign.daily_limit, campaign.budget = 1_000, Decimal(9_999)
    campaign.save()
    tomorrow = _midnight(plan, now)

    assert _made_through(now, hours=15) == 4  # 45 for eleven days
    _all_went(now)
    assert _made_through(tomorrow) == 4
    _spent(plan, date(2026, 11, 1), 6)
    found = {one.name: one for one in Sending(plan, now).checks()}
    assert found["budget"].verdict == "blocked"


def test_later_steps_share_the_days_and_the_money_of_their_launch(
    people, workspace, operator, approver, now
):
    campaign = news_to(
        *people, workspace=workspace, daily_limit=LIMIT, send_at_best_hour=False,
        ends_at=now + 10 * DAY, budget=Decimal(50), type="sequence",
    )  # fmt: skip
    step = SequenceStep.objects.create(
        workspace=workspace, campaign=campaign, position=2, delay_hours=1
    )
    template = template_of(workspace, name="Second", text=FOOT, sha256="2" * 64)
    StepText.objects.create(workspace=workspace, step=step, channel="email", template=template)
    plan = planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    assert plan.recipients == 40
    _made_through(now, hours=12)
    _all_went(now)
    OutreachPolicy.objects.update(
        marketing_per_day=5, marketing_per_week=9, all_per_day=9, all_per_week=9
    )
    gone = OutreachMessage.objects.values("contact")
    Enrolment.objects.filter(contact__in=gone).update(due_at=now + timedelta(hours=13))

    send_due_steps(workspace=workspace, now=now + timedelta(hours=13))

    rows = PlannedSend.objects.filter(plan__campaign=campaign, outcome__in=["scheduled", "queued"])
    zone = workspace.zone
    days = [one.astimezone(zone).date() for one in rows.values_list("send_at", flat=True)]
    assert SendPlan.objects.filter(follows=plan).exists()
    assert max(days.count(one) for one in set(days)) <= LIMIT
    assert sum(rows.values_list("cost", flat=True)) <= 50


def test_a_campaign_ends_when_its_signed_end_comes(sent, workspace, now):
    plan = sent(ends_at=now + 2 * DAY)
    campaign = plan.campaign
    campaign.ends_at = now + 90 * DAY
    campaign.save()
    materialise_due(now=now)
    late = now + 2 * DAY
    assert not campaigns_to_end(workspace, late - timedelta(seconds=1))

    (found,) = campaigns_to_end(workspace, late)
    assert end_in_time(campaign=found, now=late)
    assert not end_in_time(campaign=found, now=late)

    campaign.refresh_from_db()
    plan.refresh_from_db()
    assert (campaign.status, plan.status, campaign.ended_at) == ("completed", "done", late)
    assert set(OutreachMessage.objects.values_list("status", flat=True)) == {"cancelled"}
    assert materialise_due(now=late) == 0
    assert ChannelPolicy.objects.get().is_on


def test_a_plan_knows_what_its_channel_lets_out_a_day(people, workspace, operator, now):
    today = now.astimezone(workspace.zone).date()
    ChannelPolicy.objects.filter(workspace=workspace).update(daily_limit=12)
    MessageDay.objects.create(workspace=workspace, day=today, channel="email", sent=5)
    campaign = news_to(*people, workspace=workspace, send_at_best_hour=False)

    plan = planned(campaign, operator, now)

    assert list(plan.counts["day"].values()) == [7, 12, 12, 9]
    assert plan.counts["outcome"] == {"scheduled": 7, "queued": 33}


def test_a_new_sender_is_planned_to_warm_up(people, workspace, operator, now, monkeypatch):
    monkeypatch.setattr(day_limits, "FIRST_DAY", 5)
    today = now.astimezone(workspace.zone).date()
    ChannelPolicy.objects.filter(workspace=workspace).update(warms_up_since=today)
    campaign = news_to(*people, workspace=workspace, send_at_best_hour=False, ends_at=now + 2 * DAY)

    plan = planned(campaign, operator, now)

    assert list(plan.counts["day"].values())[:2] == [5, 10]
    assert plan.counts["outcome"]["daily_limit_reached"] == 40 - plan.recipients
