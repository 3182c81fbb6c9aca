"""Raw clicks go after a month, a person on request; what they brought stays."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from attribution.models import (
    AttributionAttempt,
    Click,
    Conversion,
    FingerprintSalt,
    Identifier,
    IdentityMerge,
    Person,
)
from attribution.services.identity import merge_people
from attribution.services.privacy import erase, export, purge_clicks
from tests.attribution.steps import COMPONENTS, click, convert, hours
from workspaces.services import jobs

SECOND = timedelta(seconds=1)
MONTH = timedelta(days=30)


def test_clicks_go_after_their_time_with_their_salts(workspace, other_workspace, now):
    for house in (workspace, other_workspace):
        click(house, now, key="old", fingerprint_components=COMPONENTS)
        click(house, now + SECOND, key="young", fingerprint_components=COMPONENTS)

    gone = purge_clicks(workspace=workspace, now=now + MONTH + SECOND, batch=1)
    left = Click.objects.filter(workspace=workspace).values_list("click_id", flat=True)
    assert (gone, list(left)) == (1, ["young"])
    assert FingerprintSalt.objects.filter(workspace=workspace).count() == 1

    purge_clicks(workspace=workspace, now=now + MONTH + timedelta(days=7))
    assert not Click.objects.filter(workspace=workspace).exists()
    assert not FingerprintSalt.objects.filter(workspace=workspace).exists()
    assert Click.objects.filter(workspace=other_workspace).count() == 2
    assert FingerprintSalt.objects.filter(workspace=other_workspace).count() == 1


def test_fingerprint_of_a_week_that_is_gone_is_none(workspace, now):
    row = click(workspace, now - timedelta(days=60), now=now, fingerprint_components=COMPONENTS)

    assert row.fingerprint == ""


def test_job_purges(workspace, now):
    click(workspace, now - MONTH - SECOND, now=now)

    run = jobs.run_job(
        workspace=workspace, name="click-purge", trigger="manual", now=now, clock=lambda: now
    )

    assert run.counts == {"clicks": 1}


def test_erased_person_leaves_figures_only(workspace, operator, now):
    who = {"email": "a@b.example", "ip_address": "203.0.113.9", "user_agent": "UA"}
    click(workspace, now - hours(1), key="c1", gclid="G", visitor_id="v", **who)
    row = convert(workspace, now, gclid="G", value="10", **who)
    stranger = convert(workspace, now, key="other", visitor_id="w")
    merged = Person.objects.get(identifiers__value="w")
    click(workspace, now, key="c2", visitor_id="else")
    merge_people(left=row.person, right=merged, by=operator, reason="Same.", now=now)

    counts = erase(person=merged, now=now)

    row.refresh_from_db()
    stranger.refresh_from_db()
    rows = {
        "touches": 0,
        "clicks": 1,
        "conversions": 2,
        "identifiers": 3,
        "web_events": 0,
        "people": 2,
    }
    assert counts == rows
    assert (row.method, row.value, row.converted_at) == ("url_parameter", Decimal(10), now)
    kept = (row.gclid, row.email_hash, row.truncated_ip, row.user_agent, row.candidates)
    assert kept == ("", "", "", "", [])
    assert (row.person, row.attributed_click_key, row.has_consent) == (None, "erased", False)
    assert stranger.visitor_id == ""
    assert not AttributionAttempt.objects.filter(click_key="c1").exists()
    assert not IdentityMerge.objects.exists()
    assert list(Click.objects.values_list("click_id", flat=True)) == ["c2"]
    assert list(Identifier.objects.values_list("value", flat=True)) == ["else"]
    assert Conversion.objects.count() == 2


def test_export_holds_all_of_a_person_and_nothing_of_others(workspace, now):
    click(workspace, now - hours(1), key="c1", visitor_id="v", gclid="G")
    row = convert(workspace, now, visitor_id="v", value="10")
    convert(workspace, now, key="foreign", visitor_id="w")

    kept = export(person=row.person)

    assert [item["value"] for item in kept["identifiers"]] == ["v"]
    assert [(item["click_id"], item["gclid"]) for item in kept["clicks"]] == [("c1", "G")]
    assert [item["conversion_id"] for item in kept["conversions"]] == ["order-1"]
    assert kept["conversions"][0]["value"] == Decimal(10)
