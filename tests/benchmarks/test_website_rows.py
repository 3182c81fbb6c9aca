"""The website of the load set: rows that the product could have made."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Sum

from attribution.models import PageView, WebDay, WebEvent, WebSession
from benchmarks.website_rows import top_up
from tests.workspaces.factories import WorkspaceFactory

EVENTS, DAYS = 800, 2


@pytest.mark.django_db
def test_days_hold_whole_visits_and_are_drawn_once():
    workspace = WorkspaceFactory()

    site = top_up(workspace, EVENTS, days=DAYS)
    top_up(workspace, EVENTS, days=DAYS)

    visits = WebSession.objects.filter(site=site)
    events = WebEvent.objects.filter(site=site)
    seen = PageView.objects.filter(site=site)
    assert visits.count() == EVENTS // 8
    pages = visits.aggregate(pages=Sum("page_views"))["pages"]
    assert (events.count(), seen.count()) == (2 * pages, pages)
    totals = WebDay.objects.filter(site=site, dimension="total")
    assert totals.aggregate(all=Sum("sessions"))["all"] == visits.count()
    bought = visits.filter(furthest_stage="conversion")
    assert bought.count() == events.filter(name="purchase").count() > 0
    assert bought.values_list("value", flat=True).distinct().get() == Decimal(60)
    assert set(visits.values_list("public_id", flat=True)) == set(
        seen.values_list("session_id", flat=True)
    )
