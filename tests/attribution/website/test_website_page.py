"""The website page: figures of a period, tables of it, one session, and the way to the first."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO, StringIO
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from attribution.models import Site
from tests.attribution.website.web_steps import (
    counted,
    happened,
    seen,
    session_of,
    shop,
    visitor_of,
)
from tests.chart_links import charts_in

PATH = "/website/"
DAY = timedelta(days=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def today(workspace, now):
    return now.astimezone(workspace.zone).date()


@pytest.fixture
def site(workspace):
    return shop(workspace)


@pytest.fixture
def filled(site, today):
    """Two days of this period, and one of the period before."""
    for day, sessions in ((today, 40), (today - DAY, 60), (today - 31 * DAY, 50)):
        counted(site, day, visitors=sessions, sessions=sessions, page_views=3 * sessions,
                bounces=sessions // 2, seconds=90 * sessions, conversions=sessions // 10,
                value=Decimal(sessions))  # fmt: skip
    for key, sessions, conversions in (("meta", 30, 3), ("organic", 70, 2)):
        counted(site, today, "channel", key, visitors=sessions, sessions=sessions,
                bounces=10, conversions=conversions)  # fmt: skip
    counted(site, today - 31 * DAY, "channel", "meta", sessions=20)
    counted(site, today, "page", "/p/1", visitors=9, page_views=20, entries=5, exits=10,
            seconds=100, scroll_sum=1000)  # fmt: skip
    counted(site, today, "event", "add_to_cart", visitors=4, events=7)
    return site


def test_without_a_site_a_viewer_learns_who_can_add_one(workspace, viewer, client_as):
    page = client_as(viewer).get(PATH)

    assert "No website sends events yet." in page.text
    assert "Make a key" not in page.text


def test_an_admin_makes_a_key_and_pastes_its_snippet(workspace, admin, client_as):
    client = client_as(admin)
    form = {"name": "Shop", "origins": "https://shop.example", "workspace": workspace.public_id}

    page = client.post("/website/new/", form, follow=True)

    site = Site.objects.get(workspace=workspace)
    assert site.origins == ["https://shop.example"]
    assert site.stage_rules.exists()
    assert f"data-site=&quot;{site.key}&quot;" in page.text.replace('"', "&quot;")
    assert "Waiting for the first event of Shop…" in page.text


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"name": "", "origins": "https://shop.example"}, "Give the website a name"),
        ({"name": "Shop", "origins": ""}, "Give the website a name"),
        ({"name": "Shop", "origins": "shop"}, "is no origin"),
        ({"name": "Shop", "origins": "https://a.example/path"}, "leave the path out"),
    ],
)
def test_a_site_that_cannot_be_is_refused_in_words(workspace, admin, client_as, form, why):
    page = client_as(admin).post(
        "/website/new/", {**form, "workspace": workspace.public_id}, follow=True
    )

    assert why in page.text
    assert not Site.objects.filter(workspace=workspace).exists()


def test_a_name_is_given_once(site, workspace, admin, client_as):
    form = {"name": "Shop", "origins": "https://b.example", "workspace": workspace.public_id}

    page = client_as(admin).post("/website/new/", form, follow=True)

    assert "There is a website of this name already." in page.text
    assert Site.objects.filter(workspace=workspace).count() == 1


def test_waiting_ends_with_the_first_counted_event(site, viewer, client_as, now, today):
    client = client_as(viewer)
    asked = {"headers": {"HX-Request": "true"}}

    before = client.get("/website/waiting/", **asked)
    happened(site, uuid4(), now)
    arrived = client.get("/website/waiting/", **asked)
    counted(site, today, visitors=1, sessions=1, page_views=1)
    done = client.get("/website/waiting/", **asked)

    assert "Waiting for the first event" in before.text
    assert "has arrived" in arrived.text
    assert done["HX-Refresh"] == "true"
    assert "Here now" in client.get(PATH).text


def test_figures_stand_beside_those_of_the_period_before(filled, viewer, client_as):
    page = client_as(viewer).get(PATH)

    kpis = {kpi.label: (kpi.text, kpi.change) for kpi in page.context["board"].kpis}
    assert kpis == {
        "Daily visitors": ("100", "+100 %"),
        "Sessions": ("100", "+100 %"),
        "Views": ("300", "+100 %"),
        "Bounce rate": ("50.0 %", "+0 %"),
        "Engaged time": ("1:30", "+0 %"),
        "Conversions": ("10", "+100 %"),
        "Value": ("$100.00", "+100 %"),
    }
    assert len(page.context["board"].charts[0].marks) == 30


def test_nothing_is_compared_when_nobody_asks(filled, viewer, client_as):
    page = client_as(viewer).get(PATH, {"compare": "no"})

    assert {kpi.change for kpi in page.context["board"].kpis} == {""}


def test_cards_show_the_largest_of_each_dimension(filled, today, viewer, client_as):
    for number in range(8):
        country = "US" if number == 2 else f"C{number}"
        counted(filled, today, "country", country, sessions=number + 1)

    cards = {card.dimension: card for card in client_as(viewer).get(PATH).context["board"].cards}

    assert [(row.label, row.text) for row in cards["channel"].rows] == [
        ("Organic search", "70"), ("Meta", "30"),
    ]  # fmt: skip
    assert [row.label for row in cards["country"].rows] == [
        "C7 (C7)", "C6 (C6)", "C5 (C5)", "C4 (C4)", "C3 (C3)", "United States (US)",
    ]  # fmt: skip
    assert cards["country"].more == 2
    # Pages are ranked by views, events by how often.
    assert [row.text for row in cards["page"].rows] == ["20"]
    assert [row.text for row in cards["event"].rows] == ["7"]
    assert cards["browser"].rows == []


def test_a_table_says_what_changed_and_leads_to_the_sessions(filled, viewer, client_as, today):
    client = client_as(viewer)

    page = client.get(PATH, {"tab": "channel"})

    organic, meta = page.context["board"].table.rows
    assert (organic.label, organic.change) == ("Organic search", "")
    assert (meta.label, meta.change) == ("Meta", "+50 %")
    assert dict(meta.cells) == {
        "Daily visitors": "30", "Sessions": "30", "Bounce rate": "33.3 %", "Engaged time": "0:00",
        "Conversions": "3", "Rate": "10.0 %", "Value": "$0.00",
    }  # fmt: skip
    visitor = visitor_of(filled, timezone.now())
    session_of(filled, visitor, timezone.now(), channel="meta", landing_page="/from-meta")
    session_of(filled, visitor, timezone.now(), channel="organic", landing_page="/from-search")
    listed = client.get(f"/admin/attribution/websession/?{meta.sessions}")
    assert "/from-meta" in listed.text
    assert "/from-search" not in listed.text


def test_pages_have_columns_of_their_own(filled, viewer, client_as):
    (row,) = client_as(viewer).get(PATH, {"tab": "page"}).context["board"].table.rows

    assert dict(row.cells) == {
        "Views": "20", "Daily visitors": "9", "Entries": "5", "Exits": "10", "Exit rate": "50.0 %",
        "Time on page": "0:05", "Scrolled": "50.0 %",
    }  # fmt: skip


def test_a_table_is_searched_sorted_and_turned(filled, today, viewer, client_as):
    for number in range(60):
        counted(filled, today, "page", f"/blog/{number:02d}", page_views=number,
                exits=number and 1)  # fmt: skip
    client = client_as(viewer)

    def table(**asked):
        return client.get(PATH, {"tab": "page", **asked}).context["board"].table

    first, last = table(q="BLOG"), table(q="blog", page="2")
    assert (first.place.total, first.rows[0].label, len(first.rows), first.place.later) == (
        60, "/blog/59", 50, 2,
    )  # fmt: skip
    assert (last.rows[0].label, last.rows[-1].label, last.place.later) == (
        "/blog/09",
        "/blog/00",
        None,
    )
    assert table(q="blog", sort="page_views-up").rows[0].label == "/blog/00"
    assert table(q="blog", sort="key-up").rows[0].label == "/blog/00"
    # One exit of one view is the highest rate; without a view there is none.
    rates = table(q="blog", sort="exit_rate")
    assert rates.rows[0].label == "/blog/01"
    assert table(q="blog", sort="exit_rate", page="2").rows[-1].label == "/blog/00"
    assert [head.aria for head in rates.heads].count("descending") == 1
    assert table(q="100%_").rows == []


def test_hours_stand_in_their_order(filled, today, viewer, client_as):
    for hour in ("09", "23", "00"):
        counted(filled, today, "hour", hour, sessions=int(hour) + 1)

    table = client_as(viewer).get(PATH, {"tab": "hour"}).context["board"].table

    assert [row.label for row in table.rows] == ["00:00", "09:00", "23:00"]


def test_one_site_of_two(filled, workspace, today, viewer, client_as):
    other = shop(workspace, "Blog")
    counted(other, today, visitors=5, sessions=5, page_views=5)
    client = client_as(viewer)

    both = client.get(PATH).context["board"].total
    one = client.get(PATH, {"site": str(other.public_id)}).context["board"].total

    assert (both.sessions, one.sessions) == (105, 5)


def test_figures_of_other_workspaces_stay_theirs(filled, other_workspace, viewer, client_as, today):
    theirs = shop(other_workspace, "Theirs")
    counted(theirs, today, visitors=1000, sessions=1000, page_views=1000)

    page = client_as(viewer).get(PATH, {"site": str(theirs.public_id)})

    assert page.context["filters"].site is None
    assert page.context["board"].total.sessions == 100
    assert "Theirs" not in page.text


def test_here_now_counts_people_of_the_last_minutes(filled, now, viewer, client_as):
    someone = uuid4()
    happened(filled, someone, now - timedelta(minutes=1))
    happened(filled, someone, now - timedelta(minutes=2))
    happened(filled, uuid4(), now - timedelta(minutes=4))
    happened(filled, uuid4(), now - timedelta(minutes=6))
    client = client_as(viewer)

    fragment = client.get("/website/live/", headers={"HX-Request": "true"})

    assert client.get(PATH).context["live"] == 2
    assert '<p class="cs-kpi-value">2</p>' in fragment.text
    assert "<html" not in fragment.text


def test_nonsense_in_the_address_is_the_usual_page(filled, viewer, client_as):
    asked = {"days": "x", "from": "0001-01-01", "to": "0001-01-02", "site": "1", "tab": "total",
             "sort": "drop", "page": "-1", "q": "\x00"}  # fmt: skip

    page = client_as(viewer).get(PATH, asked)

    assert page.context["filters"].days == 30
    assert page.context["board"].table is None
    for page_number in ("0", "99999999999", "²"):
        table = client_as(viewer).get(PATH, {"tab": "channel", "page": page_number, "sort": "-"})
        assert table.context["board"].table.place.number == 1


def test_a_period_without_anybody_says_so(filled, viewer, client_as):
    page = client_as(viewer).get(PATH, {"from": "2020-01-01", "to": "2020-01-31"})

    assert "Nobody came in this period." in page.text


def test_tabs_lead_to_their_tables(filled, viewer, client_as):
    client = client_as(viewer)

    links = re.findall(r'href="(\?[^"]*tab=channel[^"]*)"', client.get(PATH, {"days": "7"}).text)

    assert len(links) == 2
    assert {client.get(PATH + unescape(link)).context["board"].table.title for link in links} == {
        "Channels"
    }


@pytest.mark.parametrize("asked", [{}, {"tab": "page"}, {"tab": "channel", "q": "e"}])
def test_a_page_costs_few_queries_whatever_there_is(filled, today, viewer, client_as, asked):
    client = client_as(viewer)
    client.get(PATH, asked)
    with CaptureQueriesContext(connection) as few:
        client.get(PATH, asked)
    for number in range(30):
        for dimension in ("page", "channel", "source", "country"):
            counted(filled, today, dimension, f"e{number}", sessions=1, page_views=1)
        visitor = visitor_of(filled, timezone.now())
        session_of(filled, visitor, timezone.now())
    with CaptureQueriesContext(connection) as many:
        client.get(PATH, asked)

    assert len(many) == len(few) <= 12


def test_files_say_what_the_page_says(filled, viewer, client_as, today):
    client = client_as(viewer)

    text = client.get("/website/export.csv", {"tab": "channel"}).content.decode()
    book = load_workbook(BytesIO(client.get("/website/export.xlsx").content))

    lines = list(csv.reader(StringIO(text)))
    assert lines[2] == ["Website", "all"]
    assert lines[4][:3] == ["Channel", "Daily visitors", "Sessions"]
    assert lines[5][:3] == ["Organic search", "70", "70"]
    assert book.sheetnames[:3] == ["Days", "Channels", "Sources"]
    days = list(book["Days"].values)
    assert days[-1][:3] == (today.isoformat(), 40, 40)
    assert client.get("/website/export.pdf").status_code == 404
    charts = charts_in(client.get(PATH).content.decode())
    assert charts == ["visitors", "sessions", "conversions"]
    picture = client.get("/website/export.png", {"chart": "sessions"})
    assert picture.content.startswith(b"\x89PNG")
    assert client.get("/website/export.png", {"chart": "spend"}).status_code == 404


def test_keys_that_look_like_formulas_leave_as_text(filled, today, viewer, client_as):
    counted(filled, today, "source", "=cmd|' /C calc'!A0", sessions=1)

    text = client_as(viewer).get("/website/export.csv", {"tab": "source"}).content.decode()

    assert list(csv.reader(StringIO(text)))[-1][0].startswith("'=")


def test_a_session_is_told_page_by_page(site, viewer, client_as, now):
    visitor = visitor_of(site, now, user_id="u-17")
    session = session_of(site, visitor, now - timedelta(minutes=9))
    began = session.started_at
    home = happened(site, visitor.key, began, path="/", title="Home")
    seen(session, home)
    happened(site, visitor.key, began + timedelta(minutes=1), "click", page_id=home.event_id,
             element_text="Buy <now>", element_type="button")  # fmt: skip
    happened(site, visitor.key, began + timedelta(minutes=1), "engagement", seconds=5)
    thanks = happened(site, visitor.key, began + timedelta(minutes=2), path="/thank-you")
    happened(site, visitor.key, began + timedelta(minutes=2), "custom", page_id=thanks.event_id,
             name="purchase", value=Decimal("59.90"), currency="EUR",
             category="conversion")  # fmt: skip
    happened(site, visitor.key, began + timedelta(hours=2), path="/later")
    happened(site, uuid4(), began, path="/somebody-else")
    client = client_as(viewer)

    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/website/sessions/{session.public_id}/")

    stops = page.context["timeline"].stops
    assert [(stop.path, [step.text for step in stop.steps]) for stop in stops] == [
        ("/", ["Clicked “Buy <now>”"]),
        ("/thank-you", ["purchase: 59.9 EUR"]),
    ]
    assert stops[1].steps[0].is_conversion
    assert "12 s engaged, 75 % scrolled" in page.text
    assert "Buy &lt;now&gt;" in page.text
    assert "u-17" in page.text
    assert len([q for q in queries if "attribution_" in q["sql"]]) <= 4


def test_a_session_whose_events_were_dropped_keeps_its_figures(site, viewer, client_as, now):
    session = session_of(site, visitor_of(site, now), now - DAY, page_views=3)

    page = client_as(viewer).get(f"/website/sessions/{session.public_id}/")

    assert "past their time" in page.text


def test_a_session_of_others_does_not_exist(other_workspace, viewer, client_as, now):
    theirs = shop(other_workspace, "Theirs")
    session = session_of(theirs, visitor_of(theirs, now), now)

    assert client_as(viewer).get(f"/website/sessions/{session.public_id}/").status_code == 404
