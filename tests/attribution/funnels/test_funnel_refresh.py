"""Funnels are made, counted, counted again, and warn."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import psycopg2
import pytest
from django.db import connection

from attribution.models import (
    FunnelAlert,
    FunnelAnalytics,
    FunnelDefinition,
    FunnelEntry,
    Visitor,
    WebSession,
)
from attribution.services.funnels.alerts import judge_steps
from attribution.services.funnels.defining import (
    FunnelError,
    archive_funnel,
    create_funnel,
    preview,
    restore_funnel,
    update_funnel,
)
from attribution.services.funnels.refreshing import refresh_funnel
from tests.attribution.funnels.steps import act, document, event, make_site, page, store, walk
from tests.workspaces.factories import ExchangeRateFactory
from workspaces.models import JobRun, Notification
from workspaces.services.jobs import run_job

SHOP = document(page("/"), page("/p/*"), act("buy"))


@pytest.fixture
def site(workspace):
    return make_site(workspace)


@pytest.fixture
def funnel(workspace, operator, now):
    return create_funnel(workspace=workspace, name="Shop", document=SHOP, by=operator, now=now)


def rows(funnel):
    return list(
        FunnelEntry.objects.filter(funnel=funnel)
        .order_by("entered_on", "started_at")
        .values_list("visitor_key", "entered_on", "level", "step_seconds")
    )


def test_entries_are_the_furthest_attempt_of_a_visitor_and_day(site, funnel, now):
    buyer, looker = uuid4(), uuid4()
    yesterday = now - timedelta(days=1)
    store(walk(site, buyer, yesterday, "/", "/", "/p/1", "/help", "buy"))
    store(walk(site, buyer, now - timedelta(hours=2), "/"))
    store(walk(site, looker, yesterday + timedelta(hours=1), "/", "/p/1", minutes=0.5))

    refresh_funnel(funnel=funnel, now=now)

    assert rows(funnel) == [
        (buyer, yesterday.date(), 3, [0, 60, 180]),
        (looker, yesterday.date(), 2, [0, 30]),
        (buyer, now.date(), 1, [0]),
    ]
    assert FunnelEntry.objects.get(level=3).completed_at == yesterday + timedelta(minutes=4)


def test_a_day_is_one_of_the_workspace(workspace, site, funnel, now):
    workspace.time_zone = "Asia/Tokyo"
    workspace.save(update_fields=["time_zone"])
    late = now.replace(hour=0) - timedelta(hours=8)  # in Tokyo a quarter past one, the next day
    store(walk(site, uuid4(), late, "/"))

    refresh_funnel(funnel=FunnelDefinition.objects.get(pk=funnel.pk), now=now)

    assert FunnelEntry.objects.get().entered_on == date(2026, 11, 21)


def test_counting_again_changes_nothing_and_late_events_are_added(site, funnel, now):
    visitor = uuid4()
    begun = now - timedelta(days=1)
    store(walk(site, visitor, begun, "/"))
    refresh_funnel(funnel=funnel, now=now)

    again = refresh_funnel(funnel=funnel, now=now)
    store([event(site, visitor, begun + timedelta(minutes=5), path="/p/2")])
    late = refresh_funnel(funnel=funnel, now=now)

    assert (again.entries, again.changed, again.gone) == (1, 0, 0)
    assert (late.entries, late.changed, late.gone) == (1, 1, 0)
    assert rows(funnel) == [(visitor, begun.date(), 2, [0, 300])]


def test_days_that_are_over_are_left_alone(site, funnel, now):
    old = now - timedelta(days=60)
    store(walk(site, uuid4(), old, "/"))
    refresh_funnel(funnel=funnel, now=now)
    store(walk(site, uuid4(), old, "/"))

    found = refresh_funnel(funnel=funnel, now=now)

    assert found.since == now.date() - timedelta(days=9)
    assert FunnelEntry.objects.count() == 1


def test_a_changed_definition_counts_all_days_anew(site, funnel, operator, now):
    old = now - timedelta(days=60)
    visitor = uuid4()
    store(walk(site, visitor, old, "/help", "/"))
    refresh_funnel(funnel=funnel, now=now)

    changed = update_funnel(
        funnel=funnel, name="Shop", document=document(page("/help"), page("/")), by=operator,
        now=now,
    )  # fmt: skip
    refresh_funnel(funnel=changed, now=now)

    assert (changed.version, changed.counted_version) == (2, 2)
    assert rows(changed) == [(visitor, old.date(), 2, [0, 60])]


def test_a_new_name_alone_counts_nothing_anew(funnel, operator, now):
    changed = update_funnel(
        funnel=funnel, name="Store", document=SHOP, by=operator, now=now, alert_drop_pct=20
    )

    assert (changed.name, changed.version, changed.alert_drop_pct) == ("Store", 1, 20)


def test_an_entry_knows_where_it_came_from_and_what_it_was_worth(workspace, site, funnel, now):
    begun = now - timedelta(days=1)
    key = uuid4()
    ExchangeRateFactory(
        workspace=workspace, base="EUR", quote=workspace.currency, rate="0.5",
        day=begun.date() - timedelta(days=1),
    )  # fmt: skip
    visitor = Visitor.objects.create(
        workspace=workspace, site=site, key=key, has_consent=True, first_seen_at=begun,
        last_seen_at=begun,
    )  # fmt: skip
    WebSession.objects.create(
        workspace=workspace, site=site, public_id=uuid4(), visitor=visitor, visitor_key=key,
        chain_started_at=begun, started_at=begun, ended_at=now, local_day=begun.date(),
        source="google", channel="paid", page_views=1, events=0, seconds=0, is_bounce=False,
        furthest_stage="home", engagement_score=0, customer_type="returning", device="mobile",
    )  # fmt: skip
    store(walk(site, key, begun, "/", "/p/1", variants={"price": "b"}))
    store([event(site, key, begun + timedelta(minutes=3), name="buy", value="30", currency="EUR")])

    refresh_funnel(funnel=funnel, now=now)

    entry = FunnelEntry.objects.get()
    assert (entry.source, entry.device, entry.customer_type) == ("google", "mobile", "returning")
    assert (entry.value, entry.variants) == (Decimal(15), {"price": "b"})
    day = FunnelAnalytics.objects.get()
    assert (day.day, day.source, day.entered, day.completed) == (begun.date(), "google", 1, 1)
    assert (day.reached, day.mean_seconds, day.rate) == ([1, 1, 1], 180, 1)
    assert (day.worst_step, day.drop_off, day.average_order_value) == (2, 0, Decimal(15))


def test_a_page_at_the_end_is_worth_the_conversion_told_on_it(workspace, site, now):
    thanks = create_funnel(
        workspace=workspace, name="Thanks", document=document(page("/"), page("/thanks")), by=None,
        now=now,
    )  # fmt: skip
    seen = walk(site, uuid4(), now - timedelta(days=1), "/", "/thanks")
    told = event(
        site, seen[0].visitor_key, seen[1].at + timedelta(seconds=1), name="purchase", value="12",
        currency=workspace.currency, category="conversion", page_id=seen[1].event_id,
    )  # fmt: skip
    store([*seen, told])

    refresh_funnel(funnel=thanks, now=now)

    assert FunnelEntry.objects.get().value == Decimal(12)


def test_only_the_funnels_own_site_counts(workspace, other_workspace, site, now):
    blog, elsewhere = make_site(workspace, "Blog"), make_site(other_workspace)
    begun = now - timedelta(hours=3)
    store([one for where in (site, blog, elsewhere) for one in walk(where, uuid4(), begun, "/")])
    given = {"workspace": workspace, "document": document(page("/")), "by": None, "now": now}
    everywhere = create_funnel(name="All", **given)
    there = create_funnel(name="Blog", site=blog.public_id, **given)

    assert [refresh_funnel(funnel=one, now=now).entries for one in (everywhere, there)] == [2, 1]
    with pytest.raises(FunnelError, match="no such website") as refused:
        create_funnel(name="Theirs", site=elsewhere.public_id, **given)
    assert refused.value.field == "site"


# --- the job, and what is refused ---------------------------------------------------------------


def test_saving_asks_for_the_job_and_the_job_counts(workspace, site, funnel, now):
    store(walk(site, uuid4(), now - timedelta(hours=3), "/"))
    waiting = JobRun.objects.get(name="funnels")

    run = run_job(workspace=workspace, name="funnels", trigger="test", now=now)

    assert (waiting.pk, run.counts) == (run.pk, {"funnels": 1})
    assert FunnelEntry.objects.count() == 1


def test_an_archived_funnel_is_not_counted(workspace, site, funnel, now):
    store(walk(site, uuid4(), now - timedelta(hours=3), "/"))
    archive_funnel(funnel=funnel, now=now)

    assert run_job(workspace=workspace, name="funnels", trigger="test", now=now).counts == {
        "funnels": 0
    }
    assert restore_funnel(funnel=funnel, by=None, now=now).is_active


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "Shop"}, "name"),
        ({"document": {"steps": []}}, "steps"),
        ({"site": "nowhere"}, "site"),
        ({"alert_drop_pct": 0}, "alert_drop_pct"),
    ],
)
def test_what_is_no_funnel_is_refused_with_its_field(workspace, funnel, now, change, field):
    asked = {"name": "Other", "document": SHOP, **change}

    with pytest.raises(FunnelError) as refused:
        create_funnel(workspace=workspace, by=None, now=now, **asked)

    assert refused.value.field == field
    assert FunnelDefinition.objects.count() == 1


def test_a_preview_counts_the_last_days(workspace, site, now):
    store(walk(site, uuid4(), now - timedelta(days=2), "/", "/p/1"))
    store(walk(site, uuid4(), now - timedelta(days=2), "/"))
    store(walk(site, uuid4(), now - timedelta(days=20), "/"))

    assert preview(workspace=workspace, document=SHOP, now=now) == [2, 1, 0]


def test_a_preview_that_takes_too_long_says_so(workspace, now):
    given = connection.get_connection_params()
    given.pop("cursor_factory", None)
    with closing(psycopg2.connect(**given)) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE attribution_webevent IN ACCESS EXCLUSIVE MODE")

        with pytest.raises(FunnelError, match="too much to count for a preview"):
            preview(workspace=workspace, document=SHOP, now=now, limit_ms=50)


# --- alerts -------------------------------------------------------------------------------------


@pytest.fixture
def watched(funnel, workspace, now):
    """A funnel of a day, of whose visitors half went on for four weeks."""
    funnel.alert_drop_pct = 20
    funnel.save()
    for back in range(3, 31):
        _day(funnel, now, back, reached=[100, 50, 10])
    return funnel


def _day(funnel, now, back, *, reached):
    FunnelAnalytics.objects.update_or_create(
        workspace=funnel.workspace, funnel=funnel, day=now.date() - timedelta(days=back),
        defaults={"reached": reached, "entered": reached[0], "completed": reached[-1]},
    )  # fmt: skip


def test_a_step_that_falls_is_told_once_and_taken_back(watched, operator, viewer, now):
    _day(watched, now, 2, reached=[100, 25, 5])
    raised = [judge_steps(funnel=watched, now=now) for _ in range(2)]

    alert = FunnelAlert.objects.get()
    assert raised == [1, 0]
    assert (alert.step, alert.rate, alert.expected) == (2, 0.25, 0.5)
    told = Notification.objects.filter(topic="funnels")
    assert [notice.user for notice in told] == [operator]
    assert told[0].title == "Shop: fewer people reach Step 2"
    assert "25.0 % came on from Step 1 on 19 Nov 2026, usually 50.0 %." in told[0].body

    _day(watched, now, 2, reached=[100, 48, 9])
    assert judge_steps(funnel=watched, now=now) == 0
    alert.refresh_from_db()
    assert alert.resolved_at == now


@pytest.mark.parametrize(
    "reached",
    [
        [100, 45, 9],  # not by a fifth
        [12, 3, 0],  # by half, and by chance
        [0, 0, 0],
    ],
)
def test_small_falls_and_small_numbers_tell_nobody(watched, now, reached):
    _day(watched, now, 2, reached=reached)

    assert judge_steps(funnel=watched, now=now) == 0
    assert not FunnelAlert.objects.exists()


def test_a_day_without_visitors_leaves_an_alert_open(watched, now):
    _day(watched, now, 2, reached=[100, 20, 4])
    judge_steps(funnel=watched, now=now)
    _day(watched, now, 2, reached=[0, 0, 0])

    judge_steps(funnel=watched, now=now)

    assert FunnelAlert.objects.filter(resolved_at=None).count() == 1


def test_a_new_definition_takes_alerts_back(watched, operator, now):
    _day(watched, now, 2, reached=[100, 20, 4])
    judge_steps(funnel=watched, now=now)

    update_funnel(
        funnel=watched, name="Shop", document=document(page("/"), page("/a")), by=operator, now=now
    )

    assert not FunnelAlert.objects.filter(resolved_at=None).exists()
