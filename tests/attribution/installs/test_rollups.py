"""Days and cohorts against plain counting, whatever comes late or twice."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from attribution.models import AppCohort, AppDay, UserInstall, UserSession
from attribution.services.installs.ingest import take_installs, take_sessions
from attribution.services.installs.refreshing import refresh_users
from attribution.services.installs.rollups import refresh_rollups

ZONE = ZoneInfo("Australia/Sydney")
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
FIRST = date(2026, 8, 20)
CHANNELS = (("organic", "organic"), ("meta", "paid"), ("tiktok", "paid"))
FIGURES = ("installs", "active", "active_30", "sessions", "revenue")


@pytest.fixture
def sydney(workspace):
    """Ten or eleven hours ahead of UTC: evenings there are mornings of the same day."""
    workspace.time_zone = ZONE.key
    workspace.save()
    return workspace


def slow_days(workspace):
    """Every day by sets of users; days of nobody left out."""
    users = {user.pk: user for user in UserInstall.objects.filter(workspace=workspace)}
    rows = [
        (row.started_at.astimezone(ZONE).date(), users[row.install_id], row.revenue)
        for row in UserSession.objects.filter(workspace=workspace)
    ]
    newest = max([day for day, *_ in rows] + [user.installed_on for user in users.values()])
    found = {}
    for number in range((newest - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        for channel, source in CHANNELS:
            own = [row for row in rows if row[1].channel == channel]
            here = [row for row in own if row[0] == day]
            month = {u.pk for d, u, _ in own if day - timedelta(days=30) < d <= day}
            installs = sum(
                user.installed_on == day and user.channel == channel for user in users.values()
            )
            if month or installs:
                found[day, channel, source] = (
                    installs, len({user.pk for _, user, _ in here}), len(month), len(here),
                    sum((revenue for *_, revenue in here), Decimal(0)),
                )  # fmt: skip
    return found


def kept_days(workspace):
    rows = AppDay.objects.filter(workspace=workspace)
    return {
        (row.day, row.channel, row.source): tuple(getattr(row, name) for name in FIGURES)
        for row in rows
    }


def send_installs(workspace, rng, names):
    given = []
    for name in names:
        channel, source = rng.choice(CHANNELS)
        day = FIRST + timedelta(days=rng.randrange(60))
        given.append({"user_id": name, "installed_on": day.isoformat(), "source": source,
                      "channel": channel, "country": rng.choice(["DE", "US", ""])})  # fmt: skip
    take_installs(workspace=workspace, given=given, now=NOW, name="i")


def send_sessions(workspace, rng, count, *, batch):
    users = list(UserInstall.objects.filter(workspace=workspace).order_by("pk"))
    given = []
    for number in range(count):
        user = rng.choice(users)
        day = user.installed_on + timedelta(days=rng.choice([0, 1, 7, 29, 30, 31, 30, 60]))
        start = datetime(day.year, day.month, day.day, rng.randrange(24), 59, tzinfo=ZONE)
        if start > NOW:
            continue
        paid = "4.5" if rng.random() < 0.2 else "0"
        given.append({"session_id": f"{batch}-{number}", "user_id": user.user_id,
                      "started_at": start.isoformat(), "seconds": 60,
                      "revenue": paid})  # fmt: skip
    take_sessions(workspace=workspace, given=given, now=NOW, name="s")


@pytest.mark.parametrize("seed", [1, 2])
def test_days_are_as_counted_slowly_however_late_things_come(sydney, seed):
    rng = random.Random(seed)
    for batch in range(3):
        # The second batch tells of some users again: who installs anew is the same user.
        send_installs(sydney, rng, [f"u{n}" for n in range(batch * 8, batch * 8 + 14)])
        send_sessions(sydney, rng, 40, batch=batch)
        refresh_rollups(workspace=sydney, now=NOW)
        assert kept_days(sydney) == slow_days(sydney)

    keys = set(AppDay.objects.values_list("pk", flat=True))
    assert refresh_rollups(workspace=sydney, now=NOW).days == 0
    assert set(AppDay.objects.values_list("pk", flat=True)) == keys
    refresh_rollups(workspace=sydney, now=NOW, is_whole=True)
    assert kept_days(sydney) == slow_days(sydney)


def test_only_what_a_late_session_touches_is_written_again(sydney):
    rng = random.Random(3)
    send_installs(sydney, rng, [f"u{n}" for n in range(20)])
    send_sessions(sydney, rng, 60, batch=0)
    refresh_rollups(workspace=sydney, now=NOW)
    user = UserInstall.objects.order_by("installed_on").first()
    late = user.installed_on + timedelta(days=3)
    before = dict(AppDay.objects.values_list("pk", "day"))

    given = [{"session_id": "late", "user_id": user.user_id, "seconds": 1,
              "started_at": f"{late}T12:00:00+10:00"}]  # fmt: skip
    take_sessions(workspace=sydney, given=given, now=NOW, name="s")
    refresh_rollups(workspace=sydney, now=NOW)

    kept = set(AppDay.objects.values_list("pk", flat=True))
    gone = {day for key, day in before.items() if key not in kept}
    assert min(gone) >= late
    assert max(gone) <= late + timedelta(days=29)
    assert kept_days(sydney) == slow_days(sydney)


def test_what_is_taken_away_is_not_counted_any_more(sydney, other_workspace):
    for place in (sydney, other_workspace):
        send_installs(place, random.Random(4), ["u"])
        send_sessions(place, random.Random(5), 6, batch=0)
        refresh_rollups(workspace=place, now=NOW)
    UserSession.objects.filter(workspace=sydney).delete()
    UserInstall.objects.filter(workspace=sydney).delete()

    refresh_rollups(workspace=sydney, now=NOW)

    assert not AppDay.objects.filter(workspace=sydney).exists()
    assert not AppCohort.objects.filter(workspace=sydney).exists()
    assert AppDay.objects.filter(workspace=other_workspace).exists()
    assert AppCohort.objects.filter(workspace=other_workspace).count() == 1


def test_one_that_came_for_another_is_seen(sydney):
    given = [{"user_id": name, "installed_on": "2026-10-01", "source": "paid", "channel": "meta"}
             for name in ("a", "b")]  # fmt: skip
    take_installs(workspace=sydney, given=given, now=NOW, name="i")

    def session(user, revenue):
        told = {"session_id": f"of {user}", "user_id": user, "seconds": 60, "revenue": revenue,
                "started_at": "2026-10-05T12:00:00+11:00"}  # fmt: skip
        take_sessions(workspace=sydney, given=[told], now=NOW, name="s")
        refresh_rollups(workspace=sydney, now=NOW)
        return AppDay.objects.get(workspace=sydney, day=date(2026, 10, 5)).revenue

    assert session("a", "2") == 2
    UserSession.objects.filter(workspace=sydney).delete()
    assert session("b", "5") == 5
    UserInstall.objects.filter(workspace=sydney, user_id="a").delete()
    anew = [{"user_id": "c", "installed_on": "2026-10-01", "source": "organic",
             "channel": "organic"}]  # fmt: skip
    take_installs(workspace=sydney, given=anew, now=NOW, name="i")
    refresh_rollups(workspace=sydney, now=NOW)

    assert kept_days(sydney) == slow_days(sydney)
    assert refresh_rollups(workspace=sydney, now=NOW).days == 0


def test_days_are_counted_from_the_shell(sydney, capsys):
    send_installs(sydney, random.Random(4), ["u"])

    call_command("refresh_rollups", sydney.slug, whole=True)

    assert capsys.readouterr().out.startswith("1 days and 1 cohorts in ")
    with pytest.raises(CommandError, match="no workspace 'nobody'"):
        call_command("refresh_rollups", "nobody")


def test_cohorts_tell_nothing_that_is_too_early(sydney):
    given = [
        {"user_id": name, "installed_on": day, "source": "paid", "channel": "meta", "country": "DE"}
        for name, day in (("a", "2026-10-01"), ("b", "2026-10-01"), ("c", "2026-11-12"))
    ]
    take_installs(workspace=sydney, given=given, now=NOW, name="i")
    days = {"a": ("2026-10-02", "2026-10-31"), "c": ("2026-11-12", "2026-11-19")}
    sent = [
        {"session_id": f"{name}{day}", "user_id": name, "seconds": 60, "revenue": "2",
         "started_at": f"{day}T12:00:00+11:00"}
        for name, found in days.items() for day in found
    ]  # fmt: skip
    take_sessions(workspace=sydney, given=sent, now=NOW, name="s")
    refresh_users(workspace=sydney, now=NOW)

    first = refresh_rollups(workspace=sydney, now=NOW)
    again = refresh_rollups(workspace=sydney, now=NOW)

    old, young = AppCohort.objects.filter(workspace=sydney).order_by("installed_on")
    assert (first.cohorts, again.cohorts) == (2, 0)
    assert (old.users, old.retained_1, old.retained_7, old.retained_30) == (2, 1, 0, 1)
    assert (old.payers, old.revenue_7, old.revenue_30, old.revenue) == (1, 2, 2, 4)
    assert (young.retained_1, young.retained_7, young.retained_30) == (0, 1, None)
    assert (young.revenue_7, young.revenue_30, young.revenue) == (2, None, 4)
