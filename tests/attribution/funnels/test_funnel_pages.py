"""Pages of funnels: the list, one funnel's figures, the people behind a bar, and files of it."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from attribution.models import (
    FunnelAlert,
    FunnelDefinition,
    FunnelEntry,
    SavedCohort,
)
from attribution.selectors.funnels.board import charts_of
from attribution.selectors.funnels.filters import query_of
from attribution.services.funnels.refreshing import LIVE_TOPIC
from tests.attribution.funnels.steps import act, counted_funnel, document, make_site, page
from tests.attribution.website.web_steps import session_of, visitor_of
from tests.chart_links import charts_in
from tests.workspaces.gate_steps import propose, walked_to
from tests.workspaces.note_kind import install
from workspaces.models import JobRun, Proposal, Status
from workspaces.services import live

DAY = timedelta(days=1)
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def funnel(workspace, now):
    return counted_funnel(workspace, refreshed_at=now, alert_drop_pct=20)


@pytest.fixture
def enter(now):
    """Maker of entries so many days ago."""

    def build(funnel, days, *step_seconds, visitor=None, **fields):
        started = now - timedelta(days=days)
        level = len(step_seconds)
        return FunnelEntry.objects.create(
            workspace_id=funnel.workspace_id, funnel=funnel, visitor_key=visitor or uuid4(),
            level=level, entered_on=started.date(), started_at=started, step_seconds=step_seconds,
            completed_at=started + timedelta(seconds=step_seconds[-1]) if level == 3 else None,
            **fields,
        )  # fmt: skip

    return build


@pytest.fixture
def filled(funnel, enter):
    """Ten entered, four came on, two bought; before that five entered and four bought."""
    for number in range(6):
        enter(funnel, 3, 0, source="google", device="mobile" if number else "desktop")
    for _ in range(2):
        enter(funnel, 2, 0, 60, source="mail", device="desktop")
    enter(funnel, 2, 0, 60, 4_000, source="mail", device="desktop", value=Decimal(30),
          variants={"price": "b"})  # fmt: skip
    enter(funnel, 2, 0, 120, 8_000, source="mail", device="desktop", value=Decimal(50))
    for _ in range(4):
        enter(funnel, 35, 0, 60, 600, source="mail", value=Decimal(10))
    enter(funnel, 35, 0, source="google")
    return funnel


def path_of(funnel, rest=""):
    return f"/funnels/{funnel.public_id}/{rest}"


def rows_of(page):
    return {row.funnel.name: row for row in page.context["found"].rows}


def test_list_counts_people_and_compares_with_the_days_before(filled, viewer, client_as):
    row = rows_of(client_as(viewer).get("/funnels/"))["Shop"]

    assert (row.entered, row.completed, row.rate) == (10, 2, 0.2)
    assert row.change == "−75 %"
    assert (row.worst, row.drop_off) == ("Step 2", 0.6)
    assert row.alerts == 0


def test_list_and_page_count_somebody_of_two_days_once(funnel, enter, viewer, client_as):
    enter(funnel, 3, 0, visitor=UUID(int=1))
    enter(funnel, 2, 0, 10, visitor=UUID(int=1))
    client = client_as(viewer)

    row = rows_of(client.get("/funnels/"))["Shop"]
    bars = client.get(path_of(funnel)).context["board"].bars

    assert (row.entered, bars.entered, bars.steps[1].reached) == (1, 1, 1)


def test_list_tells_of_open_alerts_only(funnel, workspace, now, viewer, client_as):
    for step, resolved in ((2, None), (2, now), (3, None)):
        FunnelAlert.objects.create(workspace=workspace, funnel=funnel, step=step, raised_at=now,
                                   rate=0.1, expected=0.5, resolved_at=resolved)  # fmt: skip

    page = client_as(viewer).get("/funnels/")

    assert rows_of(page)["Shop"].alerts == 2
    assert "2 open" in page.text


def test_list_keeps_archived_funnels_in_a_tab_of_their_own(workspace, viewer, client_as):
    counted_funnel(workspace, "Shop")
    counted_funnel(workspace, "Old", is_active=False)
    client = client_as(viewer)

    assert list(rows_of(client.get("/funnels/"))) == ["Shop"]
    archived = client.get("/funnels/", {"tab": "archived"})
    assert list(rows_of(archived)) == ["Old"]
    assert archived.context["tabs"] == [("", "Active", 1), ("archived", "Archived", 1)]


def test_search_looks_into_names_and_answers_a_fragment(workspace, viewer, client_as):
    counted_funnel(workspace, "Shop")
    counted_funnel(workspace, "Newsletter")

    page = client_as(viewer).get("/funnels/", {"q": "news"}, **HTMX)

    assert list(rows_of(page)) == ["Newsletter"]
    assert "<html" not in page.text
    assert "No funnel fits." in client_as(viewer).get("/funnels/", {"q": "%"}).text


def test_list_pages_through_many_in_few_queries(
    workspace, enter, viewer, client_as, django_assert_max_num_queries
):
    for number in range(21):
        enter(counted_funnel(workspace, f"Funnel {number:02}"), 2, 0)
    client = client_as(viewer)

    with django_assert_max_num_queries(12):
        first = client.get("/funnels/")
    second = client.get("/funnels/", {"page": "9"})

    assert len(rows_of(first)) == 20
    assert list(rows_of(second)) == ["Funnel 20"]


def test_without_a_website_the_way_to_one_is_shown(workspace, operator, client_as):
    page = client_as(operator).get("/funnels/")

    assert "No website sends events yet." in page.text
    assert 'href="/website/"' in page.text


def test_first_funnel_is_made_of_the_stages_in_one_click(workspace, operator, client_as):
    site = make_site(workspace)
    client = client_as(operator)
    assert "Make the funnel of Shop" in client.get("/funnels/").text
    form = {"workspace": workspace.public_id, "site": site.public_id}

    page = client.post("/funnels/first/", form, follow=True)

    made = FunnelDefinition.objects.get(workspace=workspace)
    assert made.step_names == ["Product", "Cart", "Checkout", "Conversion"]
    assert {"kind": "event", "match": "purchase", "where": []} in (
        made.definition["steps"][-1]["any_of"]
    )
    assert made.site == site
    assert "Shop: product to conversion" in page.text
    assert "is being counted" in page.text


def test_first_funnel_says_what_its_rules_lack(workspace, operator, client_as):
    site = make_site(workspace)
    site.stage_rules.all().delete()
    form = {"workspace": workspace.public_id, "site": site.public_id}

    page = client_as(operator).post("/funnels/first/", form, follow=True)

    assert "name fewer than two stages" in page.text
    assert not FunnelDefinition.objects.filter(workspace=workspace).exists()


def test_page_shows_every_step_beside_the_period_before(filled, viewer, client_as):
    page = client_as(viewer).get(path_of(filled))

    board = page.context["board"]
    assert [(row.bar.reached, row.before.reached) for row in board.steps] == [
        (10, 5), (4, 4), (2, 4),
    ]  # fmt: skip
    assert [row.bar.dropped for row in board.steps] == [0, 6, 2]
    assert [(row.median, row.p90) for row in board.steps] == [
        ("–", "–"), ("1 min", "1.7 min"), ("1.6 h", "2.1 h"),
    ]  # fmt: skip
    assert [row.is_worst for row in board.steps] == [False, True, False]
    assert [row.change for row in board.steps] == ["+100 %", "−50 %", "−50 %"]
    assert board.steps[-1].revenue == "$80.00"
    assert {kpi.label: (kpi.text, kpi.change) for kpi in board.kpis} == {
        "Entered": ("10", "+100 %"),
        "Completed": ("2", "−50 %"),
        "Rate": ("20.0 %", "−75 %"),
        "Revenue": ("$80.00", "+100 %"),
        "Per completion": ("$40.00", "+300 %"),
        "Time to convert": ("1.7 h", "+900 %"),
    }


def test_filters_of_the_address_choose_whose_attempts_count(filled, viewer, client_as):
    client = client_as(viewer)

    mail = client.get(path_of(filled), {"source": "mail", "device": "desktop"})
    test = client.get(path_of(filled), {"variant": "price:b"})
    unknown = client.get(path_of(filled), {"customer_type": "(none)"})

    assert mail.context["board"].bars.entered == 4
    assert test.context["board"].bars.entered == 1
    assert unknown.context["board"].bars.entered == 10
    assert 'value="(none)" selected' in unknown.text


def test_a_filter_that_fits_nobody_stays_to_be_taken_off(filled, viewer, client_as):
    page = client_as(viewer).get(path_of(filled), {"source": "bing"})

    assert "Nobody entered in these days." in page.text
    assert '<option value="bing" selected>' in page.text


def test_presets_and_dates_choose_the_days(filled, now, viewer, client_as):
    client = client_as(viewer)
    today = now.date()

    dated = client.get(path_of(filled), {"from": str(today - 40 * DAY), "to": str(today)})
    odd = client.get(path_of(filled), {"days": "5", "from": "x", "to": "2026-01-01"})
    only_today = client.get(path_of(filled), {"days": "1"})

    assert dated.context["board"].bars.entered == 15
    assert odd.context["query"].days == 28
    assert only_today.context["query"].view.period.since == today


def test_breakdown_and_times_follow_the_question(filled, viewer, client_as):
    page = client_as(viewer).get(path_of(filled), {"by": "device"}, **HTMX)

    board = page.context["board"]
    assert [(row.label, row.entered, row.completed) for row in board.keys] == [
        ("Desktop", "5", "2"), ("Mobile", "5", "0"),
    ]  # fmt: skip
    assert [(row.label, row.text) for row in board.times if not row.text.startswith("0 ")] == [
        ("1 h to 3 h", "2 (100.0 %)"),
    ]  # fmt: skip
    assert "<html" not in page.text
    assert "By device" in page.text


def test_charts_bear_the_changes_of_their_days(filled, workspace, approver, viewer, client_as, now):
    install()
    walked_to(Status.EXECUTED, propose(workspace, now), approver)
    Proposal.objects.update(executed_at=now - 3 * DAY)

    charts = client_as(viewer).get(path_of(filled)).context["charts"]

    assert charts
    assert [len(one.changes) for one in charts] == [1] * len(charts)


def test_page_says_how_it_is_counted(workspace, now, viewer, client_as):
    given = document(page("/"), act("buy"), exclusions=[act("logout")], mode="strict")
    window, mode = given.pop("window_seconds"), given.pop("mode")
    strict = FunnelDefinition.objects.create(
        workspace=workspace, name="Strict", definition=given, window_seconds=window, mode=mode,
        counted_version=1, refreshed_at=now,
    )  # fmt: skip

    text = " ".join(client_as(viewer).get(path_of(strict)).text.split())

    assert "later steps may follow within 1 day of it" in text
    assert "Each person counts once" in text
    assert "Strict: each step is the very next thing" in text
    assert "An attempt ends with logout." in text
    yesterday = now.date() - DAY
    assert f"Those who entered since {yesterday.day} {yesterday:%b} can still get further." in text


def test_page_stays_within_its_queries(filled, viewer, client_as, django_assert_max_num_queries):
    client = client_as(viewer)

    with django_assert_max_num_queries(12):
        client.get(path_of(filled))


def test_page_lists_alerts_open_ones_first(filled, workspace, now, viewer, client_as):
    for step, resolved in ((3, None), (2, now)):
        FunnelAlert.objects.create(workspace=workspace, funnel=filled, step=step,
                                   raised_at=now - step * DAY, rate=0.1, expected=0.5,
                                   resolved_at=resolved)  # fmt: skip

    page = client_as(viewer).get(path_of(filled))

    shown = [(alert.step, bool(alert.resolved_at)) for alert in page.context["alerts"]]
    assert shown == [("Step 3", False), ("Step 2", True)]
    assert "10.00 % came on from the step before, usually 50.00 %" in page.text


def test_progress_waits_for_the_count_and_then_draws_anew(
    workspace, viewer, client_as, django_capture_on_commit_callbacks
):
    waiting = counted_funnel(workspace, counted_version=None)
    client = client_as(viewer)
    first = client.get(path_of(waiting))
    path = path_of(waiting, f"progress/?since={first.context['version']}")
    assert "is being counted over all days" in first.text

    nothing = client.get(path, **HTMX)
    with django_capture_on_commit_callbacks(execute=True):
        live.bump(workspace.pk, LIVE_TOPIC)
    another = client.get(path, **HTMX)
    FunnelDefinition.objects.filter(pk=waiting.pk).update(counted_version=1)
    done = client.get(path, **HTMX)

    assert nothing.status_code == 204
    assert "is being counted" in another.text
    assert done["HX-Refresh"] == "true"


def test_people_behind_a_bar_lead_to_what_is_known_of_them(
    funnel, enter, workspace, now, viewer, client_as, django_assert_max_num_queries
):
    site = make_site(workspace)
    known = visitor_of(site, now)
    session_of(site, known, now - 2 * DAY)
    newest = session_of(site, known, now - DAY)
    enter(funnel, 3, 0, 60, visitor=known.key, source="mail", device="mobile")
    enter(funnel, 2, 0)
    client = client_as(viewer)

    with django_assert_max_num_queries(12):
        reached = client.get(path_of(funnel, "people/"), {"step": "2", "what": "reached"})
    lost = client.get(path_of(funnel, "people/"), {"step": "2", "what": "lost"})

    assert [row.visitor for row in reached.context["page"].rows] == [known.pk]
    assert f"/website/sessions/{newest.public_id}/" in reached.text
    assert f"/admin/attribution/visitor/{known.pk}/change/" in reached.text
    assert [row.visitor for row in lost.context["page"].rows] == [None]
    assert "Save the lost" not in lost.text


def test_people_come_page_by_page(funnel, enter, viewer, client_as):
    for _ in range(51):
        enter(funnel, 2, 0)

    page = client_as(viewer).get(path_of(funnel, "people/"), {"step": "1", "page": "2"})

    place = page.context["page"].place
    assert (place.first, place.last, place.total, place.later) == (51, 51, 51, None)


@pytest.mark.parametrize(
    ("asked", "step", "is_lost"),
    [({}, 1, False), ({"step": "99"}, 3, False), ({"what": "lost", "step": "1"}, 2, True),
     ({"what": "lost", "step": "²"}, 2, True)],
)  # fmt: skip
def test_a_step_that_does_not_exist_is_the_nearest(filled, viewer, client_as, asked, step, is_lost):
    query = client_as(viewer).get(path_of(filled, "people/"), asked).context["query"]

    assert (query.step, query.is_lost) == (step, is_lost)


def test_the_lost_are_saved_as_an_audience(filled, workspace, operator, client_as):
    client = client_as(operator)
    asked = "?step=2&what=lost&source=google"
    assert "Save the lost as an audience" in client.get(path_of(filled, f"people/{asked}")).text
    form = {"name": "Lost early", "workspace": workspace.public_id}

    page = client.post(path_of(filled, f"audience/{asked}"), form, follow=True)

    cohort = SavedCohort.objects.get(workspace=workspace)
    assert (cohort.name, cohort.size, cohort.created_by) == ("Lost early", 6, operator)
    assert cohort.origin["filters"] == {"source": "google"}
    assert f"/admin/attribution/savedcohort/{cohort.pk}/change/" in page.text
    assert page.context["query"].filters["source"] == "google"


def test_an_audience_needs_a_name_of_its_own(filled, workspace, operator, client_as):
    client = client_as(operator)
    form = {"name": " ", "workspace": workspace.public_id}

    page = client.post(path_of(filled, "audience/?step=2&what=lost"), form, follow=True)

    assert "Give the cohort a name" in page.text
    assert not SavedCohort.objects.filter(workspace=workspace).exists()


def test_funnels_are_archived_and_restored(filled, workspace, operator, client_as):
    client = client_as(operator)
    form = {"workspace": workspace.public_id}

    archived = client.post(path_of(filled, "archive/"), form, follow=True)
    filled.refresh_from_db()
    assert not filled.is_active
    assert "Restore" in archived.text

    client.post(path_of(filled, "restore/"), form)
    filled.refresh_from_db()
    assert filled.is_active


def test_count_now_queues_the_job(filled, workspace, operator, client_as):
    page = client_as(operator).post(
        path_of(filled, "recount/"), {"workspace": workspace.public_id}, follow=True
    )

    assert JobRun.objects.get(workspace=workspace, name="funnels").started_by == operator
    assert "are being counted" in page.text


def test_files_say_what_the_page_says(filled, viewer, client_as):
    client = client_as(viewer)

    text = client.get(path_of(filled, "export.csv"), {"source": "mail"})
    book = load_workbook(BytesIO(client.get(path_of(filled, "export.xlsx")).content))
    picture = client.get(path_of(filled, "export.png"))
    unknown = client.get(path_of(filled, "export.png"), {"chart": "spend"})
    page = client.get(path_of(filled, "")).text

    lines = list(csv.reader(StringIO(text.content.decode("utf-8-sig"))))
    assert ["Source", "mail"] in [line[:2] for line in lines]
    assert ["Step 2", "4"] in [line[:2] for line in lines]
    assert book.worksheets[0].title == "Steps"
    assert len(book.worksheets) == 7
    assert picture.content.startswith(b"\x89PNG")
    assert "funnel-shop-" in picture["Content-Disposition"]
    assert unknown.status_code == 404
    assert charts_in(page) == ["entered", "completed", "rate"]
    assert [*charts_of(query_of(filled, {}, timezone.now()))] == ["steps", *charts_in(page)]


def test_other_files_do_not_exist(filled, viewer, client_as):
    assert client_as(viewer).get(path_of(filled, "export.pdf")).status_code == 404
