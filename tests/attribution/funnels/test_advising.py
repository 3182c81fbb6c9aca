"""Recommendations: made each night, decided by people, measured four weeks after they were done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from attribution.models import AdviceStatus, OptimizationRecommendation, WebDay
from attribution.services.funnels.advising import AdviceError, advise_on, decide, measure_gains
from attribution.services.funnels.refreshing import refresh_funnel
from tests.attribution.funnels.advice_steps import advice_on, funnel_of
from tests.attribution.funnels.steps import make_site, store, walk

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture
def site(workspace):
    return make_site(workspace)


@pytest.fixture
def funnel(site):
    return funnel_of(site)


def _visits(site, start, *, people, buying, device="desktop"):
    events = []
    for number in range(people):
        paths = ["/cart", "/thanks"] if number < buying else ["/cart"]
        moment = start + timedelta(minutes=number)
        events += walk(site, uuid4(), moment, *paths, device=device)
    store(events)


def _landing(site, key, sessions, bounces, conversions):
    WebDay.objects.create(
        workspace_id=site.workspace_id, site=site, day=(NOW - timedelta(days=3)).date(),
        dimension="landing", key=key, sessions=sessions, bounces=bounces, visitors=sessions,
        conversions=conversions,
    )  # fmt: skip


def test_what_loses_most_is_recommended_first(funnel, site):
    _visits(site, NOW - timedelta(days=5), people=300, buying=150)
    _visits(site, NOW - timedelta(days=4), people=300, buying=30, device="mobile")
    _landing(site, "/", 400, 100, 40)
    _landing(site, "/sale", 300, 250, 2)

    refresh_funnel(funnel=funnel, now=NOW)

    rows = list(OptimizationRecommendation.objects.order_by("-expected_gain"))
    assert {row.kind for row in rows} == {"worst_step", "segment_gap", "landing_bounce"}
    # The others' half instead of a tenth, for 300 people.
    assert rows[0].kind == "segment_gap"
    assert rows[0].expected_gain == pytest.approx(120)
    assert "mobile" in rows[0].area
    assert rows[0].test["per_arm"] > 0
    assert (rows[0].status, rows[0].workspace_id) == ("pending", site.workspace_id)


def test_another_night_keeps_what_is_still_true(funnel, site):
    _visits(site, NOW - timedelta(days=5), people=300, buying=150)
    gone = advice_on(funnel, "Checkout → Thanks")
    refresh_funnel(funnel=funnel, now=NOW)
    row = OptimizationRecommendation.objects.get()
    assert row.pk != gone.pk

    _visits(site, NOW - timedelta(days=3), people=100, buying=10)
    refresh_funnel(funnel=funnel, now=NOW + timedelta(hours=1))

    again = OptimizationRecommendation.objects.get()
    assert again.pk == row.pk
    assert again.expected_gain > row.expected_gain


def test_what_was_turned_down_rests(funnel, site, operator):
    _visits(site, NOW - timedelta(days=5), people=300, buying=150)
    refresh_funnel(funnel=funnel, now=NOW)
    row = OptimizationRecommendation.objects.get()
    row = decide(recommendation=row, status=AdviceStatus.REJECTED, by=operator, now=NOW)

    assert advise_on(funnel=funnel, now=NOW) == 0
    row.reviewed_at = NOW - timedelta(days=61)
    row.save()
    assert advise_on(funnel=funnel, now=NOW) == 1


def test_nobody_entered(funnel):
    assert advise_on(funnel=funnel, now=NOW) == 0


def test_decisions_have_an_order(funnel, operator):
    row = advice_on(funnel)
    row = decide(recommendation=row, status=AdviceStatus.ACCEPTED, by=operator, now=NOW)
    row = decide(
        recommendation=row, status=AdviceStatus.IMPLEMENTED, by=operator, now=NOW, test_key="t-1"
    )

    assert (row.reviewed_by, row.implemented_at, row.test_key) == (operator, NOW, "t-1")
    with pytest.raises(AdviceError, match="implemented; it cannot become rejected"):
        decide(recommendation=row, status=AdviceStatus.REJECTED, by=operator, now=NOW)


def test_what_was_done_is_measured_four_weeks_later(funnel, site, operator):
    row = advice_on(funnel)
    _visits(site, NOW - timedelta(days=5), people=100, buying=20)
    decide(recommendation=row, status=AdviceStatus.IMPLEMENTED, by=operator, now=NOW)
    _visits(site, NOW + timedelta(days=4), people=50, buying=25)

    later = NOW + timedelta(days=30)
    assert measure_gains(funnel=funnel, now=NOW + timedelta(days=10)) == 0
    refresh_funnel(funnel=funnel, now=later)

    row.refresh_from_db()
    # 25 of 50, where a fifth of them would have done it before.
    assert row.measured_gain == pytest.approx(15)
    assert measure_gains(funnel=funnel, now=later) == 0


def test_the_page_shows_and_decides(
    funnel, workspace, operator, client_as, django_assert_max_num_queries
):
    row = advice_on(funnel)
    client = client_as(operator)
    path = f"/website/recommendations/{row.public_id}/"

    with django_assert_max_num_queries(12):
        shown = client.get("/website/recommendations/").content.decode()
    assert "Cart → Thanks" in shown
    assert "+4.2" in shown

    def decided(status: str) -> str:
        form = {"status": status, "workspace": str(workspace.public_id)}
        return client.post(path, form, follow=True).content.decode()

    assert "Accepted: Cart → Thanks." in decided("accepted")
    assert "cannot become pending" in decided("pending")
    accepted = "/website/recommendations/?tab=accepted"
    assert "Accepted by" in client.get(accepted).content.decode()
    assert "Nothing matches" in client.get(f"{accepted}&q=zebra").content.decode()


def test_many_come_in_pages(funnel, operator, client_as):
    for number in range(25):
        advice_on(funnel, f"Step {number:02}")
    client = client_as(operator)

    first = client.get("/website/recommendations/").content.decode()
    assert "1–20 of 25" in first
    assert "page=2" in first
    second = client.get("/website/recommendations/?page=2").content.decode()
    assert "21–25 of 25" in second
    assert "page=1" in second
