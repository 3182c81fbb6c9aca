"""The demo's journeys: drawn from a seed, on the ads and days that there are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from attribution.models import AttributionRun, Conversion, Touchpoint
from attribution.services.history import PastConversion, import_conversions, import_people
from attribution.services.tracking import TrackingError
from mlops.services.demo import journeys
from tests.campaigns.factories import AdFactory, DailyPerformanceFactory
from tests.workspaces.factories import WorkspaceFactory


def _market(workspace) -> None:
    ads = [
        AdFactory(ad_set__campaign__account__workspace=workspace, ad_set__campaign__channel=channel)
        for channel in ("meta", "google")
    ]
    for ad in ads:
        for days in range(1, 40, 3):
            DailyPerformanceFactory(
                ad=ad, day=date(2026, 11, 21) - timedelta(days=days), conversions=4, spend=20
            )


def _drawn(workspace) -> list[tuple[object, ...]]:
    rows = Touchpoint.objects.filter(workspace=workspace).order_by("source_key")
    return list(rows.values_list("source_key", "channel__name", "kind", "at", "country"))


def test_same_seed_same_journeys_on_known_ads(db, monkeypatch, now):
    monkeypatch.setattr(journeys, "PEOPLE", 150)
    houses = [WorkspaceFactory(), WorkspaceFactory()]
    for house in houses:
        _market(house)

    sold = [journeys.walk_journeys(workspace=house, now=now) for house in houses]

    assert sold[0] == sold[1] == Conversion.objects.filter(workspace=houses[0]).count() > 10
    assert _drawn(houses[0]) == _drawn(houses[1])
    touches = Touchpoint.objects.filter(workspace=houses[0])
    assert {t.workspace_id for t in touches.select_related("ad")} == {houses[0].pk}
    assert not touches.filter(at__gt=now).exists()
    assert not touches.filter(channel__name="meta", ad=None).exists()
    assert AttributionRun.objects.filter(workspace=houses[0]).count() == 27


def test_a_workspace_without_leads_stays_without_journeys(workspace, now):
    assert journeys.walk_journeys(workspace=workspace, now=now) == 0
    assert not Touchpoint.objects.exists()


def test_past_conversions_are_taken_once_and_checked(workspace, other_workspace, now):
    ann, bob = import_people(workspace=workspace, user_ids=["ann", "bob"], now=now)
    assert import_people(workspace=workspace, user_ids=["bob", "ann"], now=now) == [bob, ann]
    (theirs,) = import_people(workspace=other_workspace, user_ids=["ann"], now=now)
    rows = [PastConversion(f"o{n}", "purchase", now, 10, ann) for n in range(3)]

    assert import_conversions(workspace=workspace, conversions=rows, now=now) == 3
    assert import_conversions(workspace=workspace, conversions=rows[:1], now=now) == 0
    for wrong in (
        PastConversion("x", "purchase", now, 1, theirs),
        PastConversion("x", "purchase", now + timedelta(days=1), 1, ann),
    ):
        with pytest.raises(TrackingError):
            import_conversions(workspace=workspace, conversions=[wrong], now=now)
    assert Conversion.objects.count() == 3
