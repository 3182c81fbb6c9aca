"""Conversions after messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from attribution.models import Conversion, IdentityMerge, Person
from attribution.services.identity import merge_people
from outreach.models import MessageDay, OutreachMessage
from outreach.services.converting import take_conversions
from tests.outreach.steps import (
    NOW,
    audience_of,
    campaign_of,
    contact_of,
    let_go,
    message_of,
    plan_of,
)
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory()


@pytest.fixture
def message(workspace: Workspace) -> OutreachMessage:
    return message_of(contact_of(workspace), status="sent", sent_at=NOW)


def conversion_of(person: Person, hours: float = 1, **values: Any) -> Conversion:
    at = NOW + timedelta(hours=hours)
    return Conversion.objects.create(
        workspace=person.workspace, person=person, conversion_id=f"c{hours}:{person.pk}",
        converted_at=at, **{"type": "purchase", **values},
    )  # fmt: skip


def test_a_conversion_counts_once_for_the_last_message_before_it(
    workspace: Workspace, message: OutreachMessage
) -> None:
    contact = message.contact
    last = message_of(contact, status="sent", sent_at=NOW + timedelta(hours=2), dedup_key="2")
    message_of(contact, status="sent", sent_at=NOW + timedelta(hours=9), dedup_key="3")
    conversion_of(contact.person, hours=3)

    assert take_conversions(workspace=workspace, now=LATER) == 1
    assert take_conversions(workspace=workspace, now=LATER) == 0

    last.refresh_from_db()
    assert last.converted_at == NOW + timedelta(hours=3)
    assert MessageDay.objects.get().converted == 1


@pytest.mark.parametrize("hours", [-1, 24 * 7 + 1])
def test_before_the_message_or_long_after_is_not_of_it(
    workspace: Workspace, message: OutreachMessage, hours: int
) -> None:
    conversion_of(message.contact.person, hours=hours)

    now = NOW + timedelta(days=8)
    assert take_conversions(workspace=workspace, now=now) == 0


def test_a_campaign_counts_its_goal(workspace: Workspace) -> None:
    ann = contact_of(workspace)
    campaign = campaign_of(workspace, audience_of(workspace, ann), goal="lead")
    plan = plan_of(campaign, ann)
    let_go(plan)
    message_of(ann, campaign=campaign, plan=plan, status="sent", sent_at=NOW)
    conversion_of(ann.person, hours=1, type="purchase")

    assert take_conversions(workspace=workspace, now=LATER) == 0

    conversion_of(ann.person, hours=2, type="lead")
    assert take_conversions(workspace=workspace, now=LATER) == 1


def test_people_who_are_one_today_share_their_conversions(
    workspace: Workspace, message: OutreachMessage
) -> None:
    other = Person.objects.create(workspace=workspace)
    by = MembershipFactory(workspace=workspace).user
    merge_people(left=message.contact.person, right=other, by=by, reason="Same phone", now=NOW)
    assert IdentityMerge.objects.count() == 1
    conversion_of(other)

    assert take_conversions(workspace=workspace, now=LATER) == 1


def test_other_workspaces_stay_apart(workspace: Workspace, message: OutreachMessage) -> None:
    conversion_of(contact_of(WorkspaceFactory()).person)

    assert take_conversions(workspace=workspace, now=LATER) == 0
