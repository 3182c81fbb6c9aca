"""What a campaign earned by an attribution model, as its touches share journeys with others."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from attribution.models import (
    AttributionModel,
    Channel,
    Conversion,
    Journey,
    JourneyTouch,
    Person,
    Touchpoint,
)
from outreach.selectors.campaign_revenue import earned_by
from tests.outreach.steps import campaign_of

pytestmark = pytest.mark.django_db


def _journey(workspace, at, *keys: str, value: int) -> None:
    """A journey that ended with a purchase; a key is a message's, or empty for an ad."""
    person = Person.objects.create(workspace=workspace)
    conversion = Conversion.objects.create(
        workspace=workspace, person=person, conversion_id=str(uuid4()), converted_at=at,
        type="purchase", value=value, currency=workspace.currency,
    )  # fmt: skip
    journey = Journey.objects.create(
        journey_id=uuid4(), workspace=workspace, person=person, conversion=conversion,
        conversion_type="purchase", value=value, first_at=at - timedelta(days=1), ended_at=at,
        touches=len(keys),
    )  # fmt: skip
    for place, key in enumerate(keys, start=1):
        channel, _ = Channel.objects.get_or_create(
            workspace=workspace, name="email" if key else "search"
        )
        when = at - timedelta(days=1) + timedelta(minutes=place)
        touch = Touchpoint.objects.create(
            workspace=workspace, person=person, channel=channel, kind="message", at=when,
            message_key=key, source_key=str(uuid4()),
        )  # fmt: skip
        JourneyTouch.objects.create(
            workspace=workspace, journey=journey, touch=touch, position=place, channel=channel,
            at=when,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "conversions", "revenue"),
    [("linear", 1.5, "150.00"), ("last", 1.0, "100.00"), ("first", 2.0, "200.00")],
)
def test_a_campaign_gets_what_the_model_gives_its_touches(method, conversions, revenue, workspace):
    now = timezone.now()
    campaign = campaign_of(workspace, launched_at=now - timedelta(days=10), status="active")
    step = campaign.steps.get()
    ours = f"campaign:{campaign.public_id}:{step.pk}:"
    _journey(workspace, now - timedelta(days=2), ours, "", value=100)
    _journey(workspace, now - timedelta(days=2), ours, value=100)
    _journey(workspace, now - timedelta(days=2), "", value=1_000)
    _journey(workspace, now - timedelta(days=2), f"campaign:{uuid4()}:1:", value=1_000)
    model, _ = AttributionModel.objects.get_or_create(
        workspace=workspace, name="Ours", method=method, defaults={"levels": ["channel"]}
    )

    earned = earned_by(campaign, model, {str(step.pk): "1. Step"}, now)

    assert earned.conversions == pytest.approx(conversions)
    assert earned.revenue == Decimal(revenue)
    assert [part[0] for part in earned.parts] == ["1. Step"]


def test_without_touches_it_earned_nothing(workspace):
    campaign = campaign_of(workspace)
    model = AttributionModel.objects.create(
        workspace=workspace, name="Ours", method="linear", levels=["channel"]
    )

    earned = earned_by(campaign, model, {}, timezone.now())

    assert (earned.conversions, earned.revenue, earned.parts) == (0.0, 0, ())
