"""Cohorts by channel, country and week: the same on the page, in JSON and in files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attribution.models import AppCohort
from attribution.selectors.growth.cohorts import cohorts_of
from tests.attribution.boards.steps import ask, rows_of

pytestmark = pytest.mark.django_db
OLD, YOUNG = date(2026, 11, 10), date(2026, 11, 19)  # a Tuesday, and a Thursday of the next week


def cohort(workspace, day, channel, country, users, **fields):
    source = "organic" if channel == "organic" else "paid"
    AppCohort.objects.create(workspace=workspace, installed_on=day, channel=channel, source=source,
                             country=country, users=users, **fields)  # fmt: skip


@pytest.fixture
def app(workspace):
    """Meta in two countries and two weeks, and organic users."""
    cohort(workspace, OLD, "facebook", "DE", 40, retained_1=10, payers=4, revenue=Decimal(80),
           valued=10, value_180=Decimal(90))  # fmt: skip
    cohort(workspace, OLD, "instagram", "US", 10, retained_1=5)
    cohort(workspace, YOUNG, "facebook", "DE", 30)
    cohort(workspace, OLD, "organic", "", 20, retained_1=10, revenue=Decimal(20))
    cohort(workspace, date(2026, 10, 1), "facebook", "DE", 25)


def keys(board):
    return [(line.key, line.users.users) for line in board.lines]


def test_each_level_leads_to_the_next(workspace, app):
    assert keys(cohorts_of(ask(workspace))) == [("meta", 80), ("organic", 20)]
    meta = cohorts_of(ask(workspace, channel="meta"))
    assert keys(meta) == [("DE", 70), ("US", 10)]
    weeks = cohorts_of(ask(workspace, channel="meta", country="DE"))
    assert keys(weeks) == [("2026-11-09", 40), ("2026-11-16", 30)]
    assert keys(cohorts_of(ask(workspace, channel="organic"))) == [("unknown", 20)]
    unknown = cohorts_of(ask(workspace, channel="organic", country="unknown"))
    assert keys(unknown) == [("2026-11-09", 20)]


def test_what_is_too_early_is_left_out(workspace, app):
    board = cohorts_of(ask(workspace))

    meta = board.lines[0].users
    assert meta.d1 == Decimal(15) / 50
    assert meta.d7 is None
    assert (meta.arpu, meta.arppu, meta.ltv) == (1, 20, 9)
    assert board.figures.before.users == 25
    shares = {side.label: (side.users_share, side.revenue_share) for side in board.sides}
    assert shares == {"Paid": (Decimal("0.8"), Decimal("0.8")),
                      "Organic": (Decimal("0.2"), Decimal("0.2"))}  # fmt: skip


def test_rows_are_sorted_as_asked(workspace, app):
    assert keys(cohorts_of(ask(workspace, sort="users-up")))[0][0] == "organic"
    assert keys(cohorts_of(ask(workspace, sort="d1")))[0][0] == "organic"
    assert keys(cohorts_of(ask(workspace, sort="key-up")))[0][0] == "meta"


def test_page_json_and_file_say_the_same(workspace, app, viewer, client_as):
    house = client_as(viewer)
    with CaptureQueriesContext(connection) as queries:
        page = house.get(reverse("cohorts"), {"channel": "meta"}).content.decode()
    assert len(queries) <= 12
    told = house.get("/api/attribution/cohorts?channel=meta").json()
    address = reverse("dashboard-export", args=["cohorts", "csv"])
    file = rows_of(house.get(address, {"channel": "meta"}).content)

    germany = told["rows"][0]
    assert (told["by"], germany["key"]) == ("country", "DE")
    assert germany["users"] == float(file["DE"][0]) == 70
    assert germany["d1"] == float(file["DE"][1]) == 0.25
    assert Decimal(germany["arppu"]) == Decimal(file["DE"][6]) == 20
    assert file["DE"][3] == ""
    assert germany["d30"] is None
    for label, text in (("Users", "70"), ("D1", "25.0 %"), ("ARPPU so far", "$20.00")):
        assert f'data-label="{label}">{text}</td>' in page
    weeks = house.get("/api/attribution/cohorts?channel=meta&country=DE").json()
    assert [row["key"] for row in weeks["rows"]] == ["2026-11-09", "2026-11-16"]


def test_an_empty_page_says_what_to_do(viewer, client_as):
    assert "import_installs" in client_as(viewer).get(reverse("cohorts")).content.decode()


def test_another_workspace_sees_nothing_of_it(workspace, app, other_workspace):
    assert cohorts_of(ask(other_workspace)).lines == []
