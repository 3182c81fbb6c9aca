"""What is told when a deal moves: increments that add up, once, to everybody who asked."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from attribution.models import Deal
from attribution.services import deal_effects
from attribution.services.tracking import Sender, Worth, record_conversion
from tests.attribution.stage_steps import CRM, installed, moved
from tests.attribution.steps import click
from tests.campaigns.factories import AdFactory
from workspaces.models import WebhookDelivery
from workspaces.services.webhooks_out import create_endpoint


@pytest.fixture
def ptd(workspace, now):
    """A workspace with the fitness template."""
    return installed(workspace, now - timedelta(days=9))


@pytest.fixture
def told(monkeypatch):
    """Changes that a listener heard of."""
    heard = []
    monkeypatch.setattr(deal_effects, "_listeners", [])
    deal_effects.on_deal_moved(lambda change, _now: heard.append(change))
    return heard


def _tell(recorded, now):
    return deal_effects.moved(deal=recorded.deal, moves=recorded.new_events, now=now)


def _steps(changes):
    return [(change.from_stage, change.to_stage, change.increment) for change in changes]


def test_moves_seen_at_once_are_told_in_their_order(ptd, now, told):
    moved(ptd, "d1", "lead", now, at=now - timedelta(hours=2))
    recorded = moved(ptd, "d1", "show_up", now)

    deal_effects.moved(deal=recorded.deal, moves={"d1:lead", "d1:show_up"}, now=now)

    assert _steps(told) == [("", "lead", 0), ("lead", "show_up", 9000)]


def test_late_history_changes_nothing_and_is_not_told(ptd, now, told):
    _tell(moved(ptd, "d1", "show_up", now), now)
    late = moved(ptd, "d1", "appointment_scheduled", now, at=now - timedelta(hours=1))
    _tell(late, now)
    _tell(moved(ptd, "d1", "show_up", now), now)

    assert _steps(told) == [("", "show_up", 9000)]
    assert sum(change.increment for change in told) == deal_effects.worth_of(late.deal, now)


def test_confidence_is_that_of_the_conversion_and_only_for_its_ad(ptd, now, told):
    ad = AdFactory(workspace=ptd)
    click(ptd, now - timedelta(days=1), ad=str(ad.public_id), gclid="g1")
    record_conversion(
        workspace=ptd, conversion_id=f"{CRM}:d1", sender=Sender(gclid="g1"), now=now,
        worth=Worth(type="lead", converted_at=now),
    )  # fmt: skip

    _tell(moved(ptd, "d1", "show_up", now, ad=ad), now)
    _tell(moved(ptd, "d2", "show_up", now, ad=ad), now)

    assert [(c.ad, c.attribution_confidence) for c in told] == [(ad, 1), (ad, 0)]
    assert told[0].stage_confidence == Decimal("0.85")


def test_a_deal_that_is_gone_gives_back_its_worth(ptd, now, told):
    deal = moved(ptd, "d1", "show_up", now).deal
    before = deal_effects.worth_of(deal, now)
    Deal.objects.filter(pk=deal.pk).update(deleted_at=now)
    deal.refresh_from_db()

    change = deal_effects.revalued(
        deal=deal, from_stage="show_up", before=before, source_event="gone", at=now, now=now
    )

    assert told == [change]
    assert _steps(told) == [("show_up", "", -9000)]


def test_the_world_is_told_once(ptd, admin, now, told):
    create_endpoint(
        workspace=ptd, url="https://example.com/in", by=admin, event_types=["deal.stage_changed"]
    )
    recorded = moved(ptd, "d1", "show_up", now)
    _tell(recorded, now)
    _tell(recorded, now)

    body = json.loads(WebhookDelivery.objects.get().body)
    assert body["data"] == {
        "deal_id": str(recorded.deal.public_id), "source": CRM, "portal": "", "external_id": "d1",
        "from_stage": None, "to_stage": "show_up", "increment": "9000.000000",
        "currency": ptd.currency, "stage_confidence": 0.85, "attribution_confidence": 0.0,
        "ad_id": None, "moved_at": now.isoformat(),
    }  # fmt: skip
