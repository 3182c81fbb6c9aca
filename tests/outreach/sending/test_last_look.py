"""Between the claim and the call, and between the call and its answer: what happened meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.models import (
    ChannelPolicy,
    Consent,
    Halt,
    MessageDay,
    OutreachMessage,
    OutreachTask,
    SendPlan,
    Suppression,
)
from outreach.platforms.base import Sent
from outreach.services.life import pause_campaign, stop_campaign
from outreach.services.sending.calling import Answer
from outreach.services.sending.claiming import Claimed, claim
from outreach.services.sending.falling_back import fall_back
from outreach.services.sending.lanes import Lane
from outreach.services.sending.marking import end_stopped, mark
from outreach.services.sending.materialising import materialise_due
from outreach.services.sending.settling import settle
from tests.outreach.sending.steps import (
    channel_on,
    due,
    letters,
    people,
    recover_all,
    running_plan,
    send_all,
    smtp_to,
)
from tests.outreach.steps import NOW, message_of, point_of
from tests.sandbox.conftest import Box
from workspaces.gate import Proposer
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def lane(box: Box, workspace: Workspace) -> Lane:
    return Lane(channel_on(smtp_to(box, workspace)))


def claimed(lane: Lane) -> list[Claimed]:
    found, _ = claim(lane=lane, worker="w#1", now=NOW, limit=100)
    return found


def answered(lane: Lane, one: Claimed, at: timedelta = MINUTE) -> None:
    """The provider says, late, that it has it."""
    answer = Answer(one, "smtp", Sent("late-1"))
    settle(lane=lane, answers=[answer], now=NOW + at, can_tell=False)


def test_a_late_answer_settles_what_was_put_back(lane: Lane, workspace: Workspace) -> None:
    message = due(people(workspace, 1)[0], NOW)
    (one,) = claimed(lane)
    mark(lane, [one], NOW)
    OutreachMessage.objects.update(
        status="scheduled", claimed_by="", lease_until=None, call_sent_at=None
    )

    answered(lane, one)
    send_all(NOW + MINUTE)

    message.refresh_from_db()
    assert (message.status, message.sent_at) == ("sent", NOW + MINUTE)
    assert message.provider_message_id == "late-1"
    assert MessageDay.objects.get().sent == 1


def test_a_late_answer_keeps_the_next_worker_from_calling(lane: Lane, workspace: Workspace) -> None:
    message = due(people(workspace, 1)[0], NOW)
    (one,) = claimed(lane)
    mark(lane, [one], NOW)
    OutreachMessage.objects.update(
        status="scheduled", claimed_by="", lease_until=None, call_sent_at=None
    )
    (again,), _ = claim(lane=lane, worker="w#2", now=NOW, limit=1)

    answered(lane, one)

    assert mark(lane, [again], NOW) == []
    message.refresh_from_db()
    assert message.status == "sent"


def test_what_a_late_answer_finds_cancelled_counts_all_the_same(
    lane: Lane, workspace: Workspace
) -> None:
    message = due(people(workspace, 1)[0], NOW)
    (one,) = claimed(lane)
    mark(lane, [one], NOW)
    OutreachMessage.objects.update(status="cancelled", lease_until=None)

    answered(lane, one)

    message.refresh_from_db()
    assert (message.status, message.sent_at) == ("cancelled", NOW + MINUTE)
    assert MessageDay.objects.get().sent == 1


@pytest.mark.parametrize("what", ["stop", "suppression", "domain", "bounce", "kill", "off", "halt"])
def test_what_happens_between_claim_and_call_keeps_it_here(
    box: Box, lane: Lane, workspace: Workspace, what: str
) -> None:
    contact, other = people(workspace, 2)
    message = due(contact, NOW, purpose="marketing")
    due(other, NOW, purpose="marketing")
    both = claimed(lane)
    if what == "stop":
        Consent.objects.create(
            workspace=workspace, contact=contact, channel="email", purpose="marketing",
            is_given=False, source="stop", at=NOW,
        )  # fmt: skip
    elif what in ("suppression", "domain"):
        value = "p0@example.com" if what == "suppression" else "example.com"
        Suppression.objects.create(
            workspace=workspace, value=value, is_domain=what == "domain", reason="manual", at=NOW
        )
    elif what == "bounce":
        contact.points.update(is_reachable=False)
    elif what == "kill":
        Workspace.objects.update(kill_switch=True)
    elif what == "off":
        ChannelPolicy.objects.update(is_on=False)
    else:
        Halt.objects.create(
            workspace=workspace, channel="email", scope="shop.example", reason="Harm", since=NOW
        )

    marked = mark(lane, both, NOW)

    message.refresh_from_db()
    reasons = {"stop": "no_consent", "bounce": "unreachable"}
    if what in ("kill", "off", "halt"):
        assert (message.status, marked) == ("scheduled", [])
    else:
        refused = (message.status, message.proof["refused"], message.call_sent_at)
        assert refused == ("cancelled", reasons.get(what, "suppressed"), None)
        assert len(marked) == (0 if what == "domain" else 1)
    assert letters(box) == []


def test_the_last_look_costs_five_questions(
    lane: Lane, workspace: Workspace, django_assert_max_num_queries
) -> None:
    for contact in people(workspace, 8):
        due(contact, NOW)
    found = claimed(lane)

    with django_assert_max_num_queries(5):
        assert len(mark(lane, found, NOW)) == 8


def test_what_was_claimed_when_its_campaign_was_stopped_ends(
    lane: Lane, workspace: Workspace, operator: User
) -> None:
    plan = running_plan(workspace, people(workspace, 2), NOW)
    materialise_due(now=NOW)
    OutreachMessage.objects.update(cost="0.5")
    both = claimed(lane)
    stop_campaign(
        campaign=plan.campaign, by=Proposer.person(operator), reason="Wrong price", now=NOW
    )

    assert mark(lane, both, NOW) == []

    told = OutreachMessage.objects.values_list("status", "refusal_reason", "lease_until")
    assert set(told) == {("cancelled", "Its campaign was stopped before it went out.", None)}


def test_what_comes_back_after_its_campaign_was_stopped_ends_too(
    lane: Lane, workspace: Workspace, operator: User
) -> None:
    plan = running_plan(workspace, people(workspace, 2), NOW)
    materialise_due(now=NOW)
    _, bob = claimed(lane)
    stop_campaign(campaign=plan.campaign, by=Proposer.person(operator), reason="No", now=NOW)
    recover_all(NOW + 11 * MINUTE)
    assert set(OutreachMessage.objects.values_list("status", flat=True)) == {"scheduled"}
    OutreachMessage.objects.filter(pk=bob.message.pk).update(status="pending")
    OutreachTask.objects.create(workspace=workspace, message=bob.message, reason="assisted")

    assert end_stopped(now=NOW) == 2

    assert set(OutreachMessage.objects.values_list("status", flat=True)) == {"cancelled"}
    assert OutreachTask.objects.get().done_at == NOW


def test_what_was_claimed_when_its_campaign_was_paused_goes_on_later(
    lane: Lane, workspace: Workspace, operator: User
) -> None:
    plan = running_plan(workspace, people(workspace, 1), NOW)
    materialise_due(now=NOW)
    found = claimed(lane)
    pause_campaign(campaign=plan.campaign, by=Proposer.person(operator), reason="Wait", now=NOW)

    assert mark(lane, found, NOW) == []
    assert end_stopped(now=NOW) == 0
    assert OutreachMessage.objects.get().status == "scheduled"


def test_the_next_channel_has_its_turn_after_the_plan_is_through(
    box: Box, lane: Lane, workspace: Workspace
) -> None:
    plan = running_plan(workspace, people(workspace, 1), NOW)
    contact = plan.rows.get().contact
    point = point_of(contact, "email", "second@example.com", position=1)
    failed = message_of(
        contact, campaign=plan.campaign, plan=plan, step=plan.campaign.steps.get(),
        status="failed", purpose="marketing", fallbacks=[point.pk],
        version=plan.campaign.steps.get().texts.get().template.current,
    )  # fmt: skip
    plan.status = "done"
    plan.save()
    plan.campaign.status = "completed"
    plan.campaign.save()

    fall_back(messages=[failed], now=NOW)
    end_stopped(now=NOW)
    send_all(NOW)

    assert OutreachMessage.objects.get(fallback_of=failed).status == "sent"
    assert [one["recipient"] for one in letters(box)] == ["second@example.com"]


def test_a_stopped_campaign_has_no_second_turns(
    box: Box, lane: Lane, workspace: Workspace, operator: User
) -> None:
    plan = running_plan(workspace, people(workspace, 1), NOW)
    materialise_due(now=NOW)
    SendPlan.objects.update(status="done")
    stop_campaign(campaign=plan.campaign, by=Proposer.person(operator), reason="No", now=NOW)
    OutreachMessage.objects.all().delete()
    contact = plan.rows.get().contact
    message_of(
        contact, campaign=plan.campaign, plan=plan, step=plan.campaign.steps.get(), attempt=2
    )

    assert send_all(NOW).called == 0
    assert end_stopped(now=NOW) == 1
