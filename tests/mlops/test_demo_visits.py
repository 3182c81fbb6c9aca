"""The demo's website: what its page has to show."""

from __future__ import annotations

from django.db.models import Sum

from attribution.models import StageRule, WebDay, WebSession
from mlops.services.demo.visits import DAYS, SESSIONS_A_DAY, fill_website


def test_three_weeks_of_visits_with_something_to_find(workspace, now):
    site = fill_website(workspace=workspace, now=now)

    sessions = WebSession.objects.filter(site=site)
    assert sessions.count() > 0.9 * DAYS * SESSIONS_A_DAY
    assert {*sessions.values_list("customer_type", flat=True)} == {
        "", "new", "returning", "existing",
    }  # fmt: skip
    assert {*sessions.values_list("channel", flat=True)} == {
        "meta", "google", "tiktok", "email", "organic", "social", "referral", "direct",
    }  # fmt: skip
    assert StageRule.objects.filter(site=site).exists()
    total = WebDay.objects.filter(site=site, dimension="total").aggregate(
        bought=Sum("conversions"), value=Sum("value")
    )
    assert total["bought"] > 20
    assert total["value"] > 20 * 190
    rates = {}
    for device in ("mobile", "desktop"):
        came = sessions.filter(device=device, furthest_stage__in=("checkout", "conversion"))
        rates[device] = came.filter(conversions__gt=0).count() / came.count()
    assert rates["mobile"] < 0.7 * rates["desktop"]
