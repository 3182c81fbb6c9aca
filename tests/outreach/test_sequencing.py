"""Sequences: later steps go out as they were signed, to whom they still fit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from outreach.models import (
    Contact,
    Enrolment,
    OutreachMessage,
    SendPlan,
    SequenceStep,
    StepText,
    Suppression,
)
from outreach.services.sequencing import send_due_steps
from tests.outreach.launch_steps import FOOT, carried_out, email_on, launched, news_to, planned
from tests.outreach.steps import contact_of, message_of, template_of
from tests.workspaces.gate_steps import sign

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def sequence(workspace, operator, approver, now):
    """Day 1 an e-mail, day 3 another to those who opened it, day 5 a last one; being sent."""
    email_on(workspace)
    people = [contact_of(workspace, f"{name}@example.com") for name in ("ann", "bob", "cy", "di")]
    campaign = news_to(
        *people, workspace=workspace, type="sequence", send_at_best_hour=False,
        purpose="marketing",
    )  # fmt: skip
    for position, condition in ((2, "opened"), (3, "always")):
        step = SequenceStep.objects.create(
            workspace=workspace, campaign=campaign, position=position, delay_hours=48,
            condition=condition,
        )  # fmt: skip
        StepText.objects.create(
            workspace=workspace, step=step, channel="email",
            template=template_of(workspace, name=f"Mail {position}", text=FOOT),
        )  # fmt: skip
    plan = planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    plan.refresh_from_db()
    return plan


def _first(plan: SendPlan, name: str, at, **values) -> OutreachMessage:
    contact = Contact.objects.get(points__address=f"{name}@example.com")
    step = plan.campaign.steps.get(position=1)
    return message_of(
        contact, campaign=plan.campaign, plan=plan, step=step,
        **{"status": "sent", "sent_at": at, **values},
    )  # fmt: skip


def _of(name: str) -> Enrolment:
    return Enrolment.objects.get(contact__points__address=f"{name}@example.com")


def test_everybody_who_gets_the_first_step_is_enrolled(sequence, now):
    assert Enrolment.objects.filter(state="active", next_position=2).count() == 4


def test_the_next_step_goes_to_whom_it_fits(sequence, workspace, now):
    _first(sequence, "ann", now, status="opened", opened_at=now)
    _first(sequence, "bob", now)
    _first(sequence, "cy", now, status="replied", replied_at=now + DAY)
    _first(sequence, "di", now, status="opened", opened_at=now)
    Suppression.objects.create(
        workspace=workspace, channel="", value="di@example.com", reason="unsubscribe", at=now
    )
    due = now + 3 * DAY

    counts = send_due_steps(workspace=workspace, now=due)

    follow = SendPlan.objects.get(follows=sequence)
    assert counts == {"looked_at": 4, "planned": 2, "left": 2, "finished": 0}
    assert (follow.status, follow.recipients, follow.signed_by) == (
        "active", 1, sequence.signed_by,
    )  # fmt: skip
    assert follow.settings == sequence.settings
    row = follow.rows.get(outcome="scheduled")
    assert (row.contact_id, row.step.position) == (_of("ann").contact_id, 2)
    assert (_of("ann").next_position, _of("ann").state) == (3, "active")
    # Did not open: the second is left out, the third comes two days after that was due.
    assert (_of("bob").next_position, _of("bob").state) == (3, "active")
    assert (_of("cy").state, _of("cy").exit_reason) == ("exited", "replied")
    assert (_of("di").state, _of("di").exit_reason) == ("exited", "suppressed")


def test_nobody_gets_the_second_before_the_first(sequence, workspace, now):
    SendPlan.objects.filter(pk=sequence.pk).update(wave_at=now + 3 * DAY)

    send_due_steps(workspace=workspace, now=now + 3 * DAY)

    assert not SendPlan.objects.filter(follows=sequence).exists()
    assert _of("ann").due_at == now + 3 * DAY + timedelta(hours=1)


def test_the_last_step_ends_it(sequence, workspace, now):
    _first(sequence, "ann", now, status="opened", opened_at=now)
    Enrolment.objects.exclude(pk=_of("ann").pk).delete()
    Enrolment.objects.update(next_position=3, due_at=now + 5 * DAY)

    counts = send_due_steps(workspace=workspace, now=now + 6 * DAY)

    assert counts["finished"] == 1
    assert SendPlan.objects.get(follows=sequence).rows.get().step.position == 3


def test_what_was_not_signed_follows_nothing(sequence, workspace, now):
    values = {"workspace": workspace, "campaign": sequence.campaign, "number": 9, "as_of": now}

    with pytest.raises(IntegrityError, match="follows none"), transaction.atomic():
        SendPlan.objects.create(**values, follows=sequence, settings={"steps": []})
    with pytest.raises(IntegrityError, match="follows none"), transaction.atomic():
        SendPlan.objects.create(
            **values, follows=sequence, settings=sequence.settings, activated_at=now
        )

    assert SendPlan.objects.count() == 1
