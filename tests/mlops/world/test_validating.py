"""Every check passes on a world, and fails where its fault is planted."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from attribution.models import UserInstall
from mlops.models import SyntheticWorld
from mlops.services.world.event_checks import Measured, _judge, event_checks
from mlops.services.world.findings import FAILED, PASSED, SKIPPED, Subject
from mlops.services.world.profile_checks import profile_checks
from mlops.services.world.table_checks import table_checks
from mlops.services.world.validating import validate
from mlops.simulation.world.events import GOLDEN
from tests.attribution.installs.app_steps import install, session
from tests.mlops.world.conftest import NOW, OPTIONS

USERS = "UPDATE attribution_userinstall SET"
SESSIONS = "UPDATE attribution_usersession SET"
DAYS = "UPDATE campaigns_dailyperformance SET"
TRUTH = "UPDATE mlops_worldtruth SET"
FIRST = "WHERE id = (SELECT min(id) FROM attribution_userinstall)"
ONE_AD = "WHERE id = (SELECT min(id) FROM campaigns_dailyperformance WHERE clicks > 1)"
TABLE_FAULTS = {
    "rows: users": "UPDATE mlops_syntheticworld SET users = users + 1",
    "rows: sessions": "UPDATE mlops_syntheticworld SET sessions = sessions + 1",
    "rows: ad-days": "DELETE FROM campaigns_dailyperformance WHERE day = '2026-08-10'",
    "rows: days without ads": "DELETE FROM campaigns_dailyorganicmetric WHERE day = '2026-08-10'",
    "rows: hidden truths": "DELETE FROM mlops_worldtruth WHERE churn_day > 100",
    "keys: ads, campaigns, creatives and channels fit":
        f"{USERS} channel = 'email' WHERE channel = 'meta'",
    "keys: channels are known": f"{USERS} channel = 'radio' WHERE channel = 'organic'",
    "sums: organic installs are the organic users":
        "UPDATE campaigns_dailyorganicmetric SET organic_installs = organic_installs + 1",
    "sums: revenue of ads is that of their users": f"{DAYS} revenue = revenue + 1 {ONE_AD}",
    "sums: users are as their sessions say": f"{USERS} total_minutes = total_minutes + 1 {FIRST}",
    "sums: cohorts of ads are their users":
        f"{DAYS} retained_day_1 = 99 WHERE installs > 0 AND retained_day_1 IS NOT NULL",
    "impossible: sessions before their install": f"{USERS} installed_on = installed_on + 1",
    "impossible: sessions on another day than they began":
        f"{SESSIONS} started_at = started_at - interval '1 day' WHERE day = '2026-09-01'",
    "impossible: sessions of a user that overlap": f"{SESSIONS} seconds = 80000",
    "impossible: installs or sessions in the future":
        f"{USERS} installed_on = '2030-01-01' WHERE installed_on > '2026-11-01'",
    "impossible: days of ads with more clicks than impressions":
        f"{DAYS} impressions = clicks - 1 {ONE_AD}",
    "impossible: days of ads with more installs than clicks":
        f"{DAYS} installs = clicks + 1 {ONE_AD}",
    "impossible: values that fall with their horizon":
        f"{USERS} ltv_90_days = ltv_180_days + 1 {FIRST}",
    "retention falls with the days":
        f"{USERS} active_on_day_30 = true WHERE active_on_day_30 IS NOT NULL",
}  # fmt: skip
PROFILE_FAULTS = {
    "users: share that ads brought":
        f"{USERS} source = 'organic', channel = 'organic', campaign_id = NULL, ad_id = NULL,"
        " creative_id = NULL WHERE channel = 'google_ads'",
    "users: countries": f"{USERS} country = 'US' WHERE country = 'GB'",
    "users: iOS of tiktok": f"{USERS} device_type = 'ios' WHERE channel = 'tiktok'",
    "regular: share that pays":
        f"{USERS} ltv_180_days = 5 FROM mlops_worldtruth t WHERE t.install_id = id"
        " AND t.segment = 'regular' AND id % 4 = 0",
    "casual: gone by day 14": f"{TRUTH} churn_day = 15 WHERE segment = 'casual'",
    "power_user: first purchase on day 1–3":
        f"{USERS} first_purchase_day = 9 FROM mlops_worldtruth t WHERE t.install_id = id"
        " AND t.segment = 'power_user' AND is_payer",
    "users: kinds of tiktok":
        f"{TRUTH} segment = 'casual' FROM attribution_userinstall i WHERE i.id = install_id"
        " AND i.channel = 'tiktok' AND mlops_worldtruth.segment = 'regular'"
        " AND i.id % 3 = 0",
    "retention: day 1 of meta":
        f"{USERS} active_on_day_1 = true WHERE channel = 'meta' AND id % 3 = 0",
    "casual: minutes of sessions": f"{SESSIONS} seconds = seconds + 120",
    "sessions: peak hours of meta":
        f"{SESSIONS} started_at = date_trunc('day', started_at) + interval '9 h'",
    "tiktok: clicks per impression": f"{DAYS} impressions = 4 * impressions",
    "tiktok: installs per click": f"{DAYS} clicks = 2 * clicks",
    "tiktok: cost of an install": f"{DAYS} spend = 2 * spend",
    "campaigns: daily budgets":
        "UPDATE campaigns_campaign SET daily_budget = CASE WHEN id % 2 = 0 THEN 1 ELSE 9 END",
}  # fmt: skip


def _subject(workspace):
    world = SyntheticWorld.objects.filter(workspace=workspace).first()
    return Subject(workspace, world, NOW, OPTIONS.ends_on)


def _verdicts(findings):
    return {finding.check: finding.verdict for finding in findings}


def _run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_world_as_it_is_made_passes_every_check(place, db):
    findings = list(validate(workspace=place.workspace, now=NOW))

    assert [finding for finding in findings if finding.verdict == FAILED] == []
    counts = Counter(finding.verdict for finding in findings)
    assert counts[PASSED] > 70
    assert counts[SKIPPED] < 15


def test_faults_in_tables_are_found(place, db):
    """All at once: each check looks at something of its own."""
    right = _verdicts(table_checks(_subject(place.workspace)))
    for statement in TABLE_FAULTS.values():
        _run(statement)

    wrong = _verdicts(table_checks(_subject(place.workspace)))

    assert set(right) == set(TABLE_FAULTS)
    assert {check for check, verdict in wrong.items() if verdict != FAILED} == set()


def test_data_unlike_the_profile_are_found(place, db):
    for statement in PROFILE_FAULTS.values():
        _run(statement)

    wrong = _verdicts(profile_checks(_subject(place.workspace)))

    assert {check for check in PROFILE_FAULTS if wrong[check] != FAILED} == set()


def test_events_that_did_not_happen_are_missed(place, db):
    """Scripted ten days earlier than they came, and the other way round in size."""
    events = [
        {
            "kind": event.kind, "day": event.day, "days": event.days,
            "sizes": {name: -size if name in ("retention", "ctr", "rank", "sentiment") else 1 / size
                      for name, size in event.sizes.items()},
        }
        for event in GOLDEN
    ]  # fmt: skip
    right = _verdicts(event_checks(_subject(place.workspace)))
    SyntheticWorld.objects.update(events=json.loads(json.dumps(events)))

    wrong = _verdicts(event_checks(_subject(place.workspace)))

    seen = {check for check, verdict in right.items() if verdict == PASSED}
    assert len({check.split(":")[0] for check in seen}) >= 5
    assert {wrong[check] for check in seen} <= {FAILED, SKIPPED}
    assert sum(wrong[check] == FAILED for check in seen) >= len(seen) - 3


def test_an_effect_is_judged_only_where_it_could_be_told_from_none():
    event = GOLDEN[0]

    assert _judge(event, Measured("x", 0.30, 0.33, 0.02)).verdict == PASSED
    assert _judge(event, Measured("x", 0.0, 0.33, 0.02)).verdict == FAILED
    assert _judge(event, Measured("x", 0.0, 0.33, 0.09)).verdict == SKIPPED
    assert _judge(event, Measured("x", float("nan"), 1.0, 1.0)).verdict == SKIPPED


def test_imported_data_are_looked_at_where_it_applies(workspace):
    user = install(workspace)
    session(user, "s")
    UserInstall.objects.update(total_minutes=7)

    verdicts = _verdicts(validate(workspace=workspace, now=NOW))

    assert verdicts["sums: users are as their sessions say"] == FAILED
    assert verdicts["impossible: sessions before their install"] == PASSED
    assert not any(check.startswith(("event", "rows", "users")) for check in verdicts)


def test_the_command_prints_a_report_and_its_exit_code_is_the_verdict(place, db, capsys):
    call_command("validate_data", workspace="world")
    told = capsys.readouterr().out
    _run(TABLE_FAULTS["sums: users are as their sessions say"])

    with pytest.raises(CommandError, match="1 failed") as refused:
        call_command("validate_data", workspace="world")

    assert "✓ rows: users: 6,000 of 6,000" in told
    assert refused.value.returncode == 1


def test_the_command_names_a_missing_workspace(db):
    with pytest.raises(CommandError, match="no workspace 'nowhere'"):
        call_command("validate_data", workspace="nowhere")
