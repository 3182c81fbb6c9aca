"""The four views over clicks and conversions, with exact figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from attribution.models import (
    ActiveClick,
    AttributionRecoveryRate,
    Conversion,
    ConversionAttributionSummary,
    UnattributedConversion,
)
from tests.attribution.steps import click, convert, hours
from tests.campaigns.factories import AdFactory
from tests.workspaces.factories import WorkspaceFactory


@pytest.fixture
def moment(db) -> datetime:
    """The database's own now, which the views measure from."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


def test_recovery_by_day_of_the_workspace_and_layer(moment):
    house = WorkspaceFactory(slug="tokyo", time_zone="Asia/Tokyo")
    late = (moment - timedelta(days=2)).astimezone(UTC).replace(hour=20, minute=0)
    early = late.replace(hour=10)
    click(house, early - hours(1), now=moment, gclid="G", visitor_id="v")
    for number in range(2):
        convert(house, early, key=f"g{number}", now=moment, gclid="G")
    convert(house, early, key="v", now=moment, visitor_id="v")
    convert(house, early, key="none", now=moment)
    convert(house, late, key="next day", now=moment)
    convert(house, moment - timedelta(days=91), key="old", now=moment)

    rows = AttributionRecoveryRate.objects.order_by("day", "pk")
    found = {
        (row.day, row.layer): (row.recovered, row.conversions, row.recovery_rate) for row in rows
    }

    day = early.date()
    assert len(found) == 8
    assert found[day, "url_parameter"] == (2, 4, 0.5)
    assert found[day, "identity"] == (1, 4, 0.25)
    assert found[day, "fingerprint"] == (0, 4, 0.0)
    assert found[day + timedelta(days=1), "url_parameter"] == (0, 1, 0.0)


def test_active_clicks_tell_the_hours_left(workspace, moment):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace, external_id="77")
    click(workspace, moment - timedelta(days=7), key="over")
    click(workspace, moment - hours(160), key="open", ad="77")
    click(workspace, moment, key="unknown ad", ad="99")

    first, second = ActiveClick.objects.order_by("hours_left")

    assert (first.click_id, first.ad_id, first.hours_left) == ("open", "77", 8.0)
    assert first.campaign_id == ad.campaign.external_id
    assert (second.click_id, second.ad_id, second.hours_left) == ("unknown ad", "99", 168.0)


def test_summary_of_thirty_days_never_adds_unlike_money(workspace, moment):
    click(workspace, moment - hours(10), gclid="G")
    convert(workspace, moment - hours(4), key="1", gclid="G", value="10")
    convert(workspace, moment - hours(2), key="2", gclid="G", value="5.5")
    convert(workspace, moment - hours(2), key="3", value="7")
    convert(workspace, moment - hours(2), key="4", gclid="G", value="100")
    convert(workspace, moment - timedelta(days=31), key="5", value="1")
    Conversion.objects.filter(conversion_id="4").update(currency="EUR")

    rows = ConversionAttributionSummary.objects.order_by("attribution_method", "currency")
    found = [
        (r.attribution_method, r.currency, r.conversions, r.total_value, r.mean_hours_to_convert)
        for r in rows
    ]

    assert found == [
        ("unattributed", "USD", 1, Decimal(7), None),
        ("url_parameter", "EUR", 1, Decimal(100), 8.0),
        ("url_parameter", "USD", 2, Decimal("15.5"), 7.0),
    ]


def test_unattributed_say_what_was_known(workspace, moment):
    click(workspace, moment - hours(1), gclid="G")
    convert(workspace, moment, key="found", gclid="G")
    convert(workspace, moment, key="lost", fbclid="F", consent=False)

    row = UnattributedConversion.objects.get()

    assert (row.conversion_id, row.has_click_id, row.has_consent) == ("lost", True, False)
    assert (row.is_waiting, row.conversion_type) == (False, "purchase")


@pytest.mark.parametrize(
    "model",
    [AttributionRecoveryRate, ActiveClick, ConversionAttributionSummary, UnattributedConversion],
)
def test_lists_show_the_own_workspace(model, workspace, other_workspace, viewer, client_as, moment):
    for house in (workspace, other_workspace):
        click(house, moment - hours(1), key=f"click-of-{house.slug}", gclid="G")
        convert(house, moment, key=f"found-{house.slug}", gclid="G")
        convert(house, moment, key=f"lost-{house.slug}")
    assert model.objects.filter(tenant_id="rival").exists()

    page = client_as(viewer).get(reverse(f"admin:attribution_{model.__name__.lower()}_changelist"))

    assert page.status_code == 200
    assert {row.tenant_id for row in page.context["cl"].result_list} == {"acme"}
