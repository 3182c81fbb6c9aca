"""Installs and sessions over REST and from files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from attribution.models import UserInstall, UserSession
from attribution.services.installs.ingest import take_installs, take_sessions
from attribution.services.installs.refreshing import refresh_users
from attribution.services.installs.upkeep import INSTALLS_JOB
from campaigns.models import DailyPerformance
from tests.api.conftest import key_client
from tests.campaigns.factories import AdFactory, DailyPerformanceFactory
from tests.workspaces.factories import ExchangeRateFactory
from workspaces import scopes
from workspaces.services.jobs import run_job

INSTALL = {"user_id": "u", "installed_on": "2026-09-10", "source": "organic"}
SESSION = {"session_id": "s", "user_id": "u", "started_at": "2026-09-10T12:00:00Z", "seconds": 600}


@pytest.fixture
def client(workspace, admin):
    return key_client(workspace, [scopes.EVENTS_WRITE], acts_as=admin)


@pytest.fixture
def ad(workspace):
    return AdFactory(ad_set__campaign__account__workspace=workspace, external_id="4000")


def send(client, path, *rows):
    name = "installs" if path == "installs" else "sessions"
    return client.post(f"/api/{path}/", {name: list(rows)}, format="json")


def took(workspace, now, *sessions):
    return take_sessions(workspace=workspace, given=sessions, now=now, name="s")


def test_installs_are_kept_once(client, workspace, ad):
    paid = {**INSTALL, "user_id": "v", "source": "paid", "channel": "meta", "ad_id": "4000"}

    first = send(client, "installs", INSTALL, paid, INSTALL)
    again = send(client, "installs", INSTALL, paid)

    assert (first.status_code, first.json()) == (201, {"accepted": 2, "duplicates": 1})
    assert again.json() == {"accepted": 0, "duplicates": 2}
    row = UserInstall.objects.get(workspace=workspace, user_id="v")
    assert (row.ad, row.campaign, row.channel) == (ad, ad.campaign, "meta")


def test_sessions_are_kept_once_and_set_what_users_are(client, workspace, now):
    send(client, "installs", INSTALL)
    bought = {**SESSION, "session_id": "t", "started_at": "2026-09-11T01:00:00+02:00",
              "revenue": "9.99", "events": {"purchase": 1}, "features": ["shop"]}  # fmt: skip
    later = {**SESSION, "session_id": "w", "started_at": "2026-09-13T12:00:00Z", "revenue": 5}

    first = send(client, "app-sessions", SESSION, bought, later)
    again = send(client, "app-sessions", SESSION, {**later, "revenue": 7})

    assert (first.status_code, first.json()) == (201, {"accepted": 3, "duplicates": 0})
    assert again.json() == {"accepted": 0, "duplicates": 2}
    user = UserInstall.objects.get()
    assert UserSession.objects.get(session_id="t").day == date(2026, 9, 10)
    assert (user.sessions_7_days, user.total_minutes, user.revenue_total) == (
        3,
        30,
        Decimal("14.99"),
    )
    assert (user.first_purchase_day, user.is_payer, user.arppu) == (0, True, Decimal("14.99"))
    assert (user.active_on_day_1, user.active_on_day_3, user.active_on_day_7) == (False, True, None)


def test_late_sessions_correct_users_and_cohorts(workspace, ad, now):
    DailyPerformanceFactory(ad=ad, day="2026-09-10", clicks=9)
    paid = {**INSTALL, "source": "paid", "channel": "meta", "ad_id": "4000"}
    take_installs(workspace=workspace, given=[paid], now=now, name="i")
    last = {**SESSION, "session_id": "z", "started_at": "2026-10-20T12:00:00Z"}
    took(workspace, now, SESSION, last)
    before = DailyPerformance.objects.values_list("installs", "retained_day_1", "revenue_day_7")
    was = before.get()

    took(workspace, now, {**SESSION, "session_id": "y", "started_at": "2026-09-11T12:00:00Z",
                          "revenue": "3"})  # fmt: skip

    assert was == (1, 0, 0)
    assert before.get() == (1, 1, 3)
    assert UserInstall.objects.get().active_on_day_1


def test_cohorts_of_a_foreign_account_are_in_its_currency(workspace, ad, now):
    account = ad.ad_set.campaign.account
    account.currency = "EUR"
    account.save(update_fields=["currency"])
    DailyPerformanceFactory(ad=ad, day="2026-09-10")
    paid = {**INSTALL, "source": "paid", "channel": "meta", "ad_id": "4000"}
    take_installs(workspace=workspace, given=[paid], now=now, name="i")
    last = {**SESSION, "session_id": "z", "started_at": "2026-10-20T12:00:00Z"}
    took(workspace, now, {**SESSION, "revenue": "6"}, last)
    money = DailyPerformance.objects.values_list("installs", "revenue_day_7", "revenue_day_30")
    assert money.get() == (1, None, None)  # nobody knows what a euro is worth

    ExchangeRateFactory(workspace=workspace, base="EUR", quote="USD", rate=Decimal("1.5"),
                        day=date(2026, 11, 1))  # fmt: skip
    refresh_users(workspace=workspace, now=now)

    assert money.get() == (1, 4, 4)


def test_who_stays_away_for_two_weeks_has_left(workspace, now):
    for user, day in (("u", "2026-09-10"), ("v", "2026-09-10"), ("w", "2026-09-10")):
        given = [{**INSTALL, "user_id": user, "installed_on": day}]
        take_installs(workspace=workspace, given=given, now=now, name="i")
    took(
        workspace, now,
        {**SESSION, "session_id": "1"},
        {**SESSION, "session_id": "2", "user_id": "v", "started_at": "2026-09-15T12:00:00Z"},
        {**SESSION, "session_id": "3", "user_id": "w", "started_at": "2026-09-29T12:00:00Z"},
    )  # fmt: skip

    refresh_users(workspace=workspace, now=now)

    facts = ("segment", "is_churned", "churned_on", "days_to_churn", "churn_reason")
    rows = dict(
        zip("uvw", UserInstall.objects.order_by("user_id").values_list(*facts), strict=True)
    )
    assert rows["u"] == ("churner", True, date(2026, 9, 11), 1, "no_return")
    assert rows["v"] == ("churner", True, date(2026, 9, 16), 6, "inactive")
    assert rows["w"] == ("regular", False, None, None, "")


def test_refreshing_again_changes_nothing_and_others_are_left(workspace, other_workspace, now):
    for place in (workspace, other_workspace):
        take_installs(workspace=place, given=[INSTALL], now=now, name="i")
        took(place, now, SESSION)
    UserInstall.objects.update(total_minutes=1)

    done = refresh_users(workspace=workspace, now=now)
    again = refresh_users(workspace=workspace, now=now)

    assert (done.users, again.users) == (1, 0)
    assert UserInstall.objects.get(workspace=other_workspace).total_minutes == 1


def test_the_job_refreshes_all(workspace, now):
    take_installs(workspace=workspace, given=[INSTALL], now=now, name="i")
    took(workspace, now, SESSION)
    UserInstall.objects.update(total_minutes=1)

    run = run_job(workspace=workspace, name=INSTALLS_JOB, trigger="test", now=now)

    assert run.counts == {"users": 1, "days": 0, "app_days": 1, "cohorts": 1}


@pytest.mark.parametrize(
    ("path", "wrong", "field", "message"),
    [
        ("installs", {"country": "Germany"}, "installs[1].country", "longer than 2"),
        ("installs", {"user_id": ""}, "installs[1].user_id", "missing"),
        ("installs", {"installed_on": "10.9.2026"}, "installs[1].installed_on", "2026-10-31"),
        ("installs", {"installed_on": "2099-01-01"}, "installs[1].installed_on", "still to come"),
        ("installs", {"source": "bought"}, "installs[1].source", "paid, organic"),
        ("installs", {"ad_id": "4000"}, "installs[1].ad_id", "organic install has none"),
        ("installs", {"source": "paid"}, "installs[1].channel", "missing"),
        ("installs", {"colour": "red"}, "installs[1].colour", "no such field"),
        ("installs", {"source": "paid", "channel": "meta", "ad_id": "9"}, "installs[1].ad_id",
         "no '9'"),
        ("app-sessions", {"user_id": "x"}, "sessions[1].user_id", "send the install first"),
        ("app-sessions", {"started_at": "2026-09-10T12:00"}, "sessions[1].started_at", "offset"),
        ("app-sessions", {"started_at": "2026-09-01T12:00:00Z"}, "sessions[1].started_at",
         "before u installed"),
        ("app-sessions", {"seconds": 90_000}, "sessions[1].seconds", "0 to 86,400"),
        ("app-sessions", {"revenue": "-1"}, "sessions[1].revenue", "zero or more"),
        ("app-sessions", {"currency": "EUR"}, "sessions[1].currency", "convert EUR"),
        ("app-sessions", {"quality": "good"}, "sessions[1].quality", "0 to 100"),
        ("app-sessions", {"events": [1]}, "sessions[1].events", "how often"),
        ("app-sessions", {"features": "a"}, "sessions[1].features", "no JSON"),
    ],
)  # fmt: skip
def test_a_wrong_row_refuses_the_batch_and_is_named(
    client, workspace, now, path, wrong, field, message
):
    if path == "app-sessions":
        take_installs(workspace=workspace, given=[INSTALL], now=now, name="i")
    good = {"installs": INSTALL, "app-sessions": SESSION}[path]
    before = (UserInstall.objects.count(), UserSession.objects.count())

    other = {"installs": {"user_id": "v"}, "app-sessions": {"session_id": "t"}}[path]
    answer = send(client, path, good, {**good, **other, **wrong})

    errors = answer.json()["errors"]
    assert answer.status_code == 400
    assert errors[0]["field"] == field
    assert message in errors[0]["message"]
    assert (UserInstall.objects.count(), UserSession.objects.count()) == before


@pytest.mark.parametrize(
    "body", [{}, {"installs": {}}, {"installs": [1]}, {"installs": [], "x": 1}]
)
def test_a_body_that_is_no_batch_is_refused(client, body):
    assert client.post("/api/installs/", body, format="json").status_code == 400


def test_users_of_another_workspace_are_not_known(client, other_workspace, now):
    take_installs(workspace=other_workspace, given=[INSTALL], now=now, name="i")

    answer = send(client, "app-sessions", SESSION)

    assert answer.status_code == 400
    assert not UserSession.objects.exists()


def test_a_file_is_imported_once(workspace, tmp_path, capsys):
    installs, sessions = tmp_path / "i.csv", tmp_path / "s.csv"
    installs.write_text("user_id,installed_on,source,country\nu,2026-09-10,organic,de\n")
    sessions.write_text(
        "session_id,user_id,started_at,seconds,events,revenue\n"
        's,u,2026-09-10T12:00:00Z,600,"{""purchase"": 1}",4.5\n'
    )

    for _ in range(2):
        call_command("import_installs", workspace.slug, installs=installs, sessions=sessions)

    told = capsys.readouterr().out
    assert "1 installs are new, 0 were there" in told
    assert "0 sessions are new, 1 were there" in told
    user = UserInstall.objects.get()
    assert (user.country, user.revenue_total) == ("DE", Decimal("4.5"))


def test_a_wrong_line_of_a_file_is_named(workspace, tmp_path):
    file = tmp_path / "i.csv"
    file.write_text("user_id,installed_on,source\nu,2026-09-10,organic\nv,soon,organic\n")

    with pytest.raises(CommandError, match="Line 3, installed_on: 'soon' is no day"):
        call_command("import_installs", workspace.slug, installs=file)

    assert not UserInstall.objects.exists()
