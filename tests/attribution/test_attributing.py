"""Which click earns a conversion: late, early, expired, without consent, repeated, foreign."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from attribution.models import AttributionAttempt, AttributionPolicy, Click, Conversion
from tests.attribution.steps import COMPONENTS, click, convert, hours
from tests.campaigns.factories import AdFactory
from workspaces.models import WebhookDelivery, WebhookEndpoint

WHO = {"ip_address": "203.0.113.9", "user_agent": "UA"}


def _answer(row: Conversion) -> tuple[str, str, Decimal]:
    row.refresh_from_db()
    return row.method, row.attributed_click_key, row.confidence


@pytest.mark.parametrize(
    ("evidence", "method", "confidence", "window"),
    [
        ({"gclid": "G1"}, "url_parameter", "1.000", 168),
        ({"email": "a@b.example"}, "identity", "0.950", 720),
        ({"phone": "+49 30 1"}, "identity", "0.950", 720),
        ({"visitor_id": "v1"}, "identity", "0.950", 720),
        ({"fingerprint_components": COMPONENTS}, "fingerprint", "0.900", 168),
        (WHO, "probabilistic", "0.700", 24),
    ],
)
def test_each_layer(workspace, now, evidence, method, confidence, window):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace, external_id="77")
    click(workspace, now - hours(6), key="c1", ad="77", **evidence)

    row = convert(workspace, now, **evidence)

    assert _answer(row) == (method, "c1", Decimal(confidence))
    assert (row.ad, row.campaign, row.window_hours) == (ad, ad.campaign, window)
    score = 0.95 if method == "probabilistic" else 1.0
    assert row.candidates == [{"click_id": "c1", "hours": 6.0, "score": score}]
    assert row.fingerprint_score == score
    assert row.needs_attribution is False


def test_our_own_click_id_needs_no_consent(workspace, now):
    click(workspace, now - hours(1), key="c1", consent=False)

    row = convert(workspace, now, click_id="c1", consent=False)

    assert _answer(row) == ("url_parameter", "c1", Decimal("1.000"))


@pytest.mark.parametrize("consent_of_click", [True, False])
def test_without_consent_only_the_first_layer_looks(workspace, now, consent_of_click):
    click(workspace, now - hours(1), consent=consent_of_click, visitor_id="v", **WHO)

    row = convert(workspace, now, consent=False, visitor_id="v", **WHO)

    tried = AttributionAttempt.objects.get()
    assert _answer(row) == ("unattributed", "", Decimal("0.000"))
    assert tried.url_parameter == "no_evidence"
    assert (tried.identity, tried.fingerprint, tried.probabilistic) == ("no_consent",) * 3


def test_consent_that_a_row_lost_counts_at_once(workspace, now):
    """Evidence that is still stored does not match without consent on both sides."""
    click(workspace, now - hours(1), key="c1", visitor_id="v")
    Click.objects.update(has_consent=False)

    assert _answer(convert(workspace, now, visitor_id="v"))[0] == "unattributed"


def test_stronger_layer_wins_over_newer_click(workspace, now):
    click(workspace, now - hours(100), key="exact", gclid="G1")
    click(workspace, now - hours(1), key="person", visitor_id="v")

    assert _answer(convert(workspace, now, gclid="G1", visitor_id="v"))[1] == "exact"
    tried = AttributionAttempt.objects.get()
    assert (tried.url_parameter, tried.identity, tried.click_key) == ("matched", "", "exact")


def test_newest_of_several_clicks_wins_and_five_are_kept(workspace, now):
    for age in (3, 7, 1, 5, 2, 6, 4):
        click(workspace, now - hours(age), key=f"c{age}", now=now, gclid="G1")
    click(workspace, now + hours(1), key="after", now=now + hours(1), gclid="G1")

    row = convert(workspace, now, now=now + hours(2), gclid="G1")

    assert _answer(row)[1] == "c1"
    assert [c["click_id"] for c in row.candidates] == ["c1", "c2", "c3", "c4", "c5"]


def test_of_two_clicks_at_one_instant_the_later_stored_wins(workspace, now):
    click(workspace, now, key="c1", gclid="G1")
    click(workspace, now, key="c2", gclid="G1")

    assert _answer(convert(workspace, now, gclid="G1"))[1] == "c2"


@pytest.mark.parametrize(
    ("age", "method"),
    [(timedelta(days=7), "url_parameter"), (timedelta(days=7, seconds=1), "unattributed")],
)
def test_expiry_is_judged_at_the_time_of_the_conversion(workspace, now, age, method):
    """The conversion arrives three days later: that it would be expired by then is no matter."""
    converted_at = now - timedelta(days=3)
    click(workspace, converted_at - age, gclid="G1")

    row = convert(workspace, converted_at, now=now, gclid="G1")

    assert _answer(row)[0] == method


def test_windows_are_a_policy(workspace, other_workspace, now):
    AttributionPolicy.objects.create(workspace=workspace, url_parameter=2)
    for house in (workspace, other_workspace):
        click(house, now - hours(3), gclid="G1")

    assert _answer(convert(workspace, now, gclid="G1"))[0] == "unattributed"
    assert _answer(convert(other_workspace, now, gclid="G1"))[0] == "url_parameter"
    assert Click.objects.get(workspace=workspace).expires_at == now - hours(1)


@pytest.mark.parametrize(
    "evidence",
    [{"gclid": "G1"}, {"visitor_id": "v"}, {"fingerprint_components": COMPONENTS}, WHO],
)
def test_click_that_arrives_after_its_conversion_earns_it(workspace, now, evidence):
    row = convert(workspace, now, **evidence)
    assert _answer(row)[0] == "unattributed"

    click(workspace, now - hours(2), key="late", now=now + hours(1), **evidence)

    assert _answer(row)[1] == "late"
    first, second = AttributionAttempt.objects.order_by("pk")
    assert (first.trigger, first.method) == ("conversion", "unattributed")
    assert (second.trigger, second.click_key) == ("click", "late")


def test_late_click_takes_over_only_when_newer_or_stronger(workspace, now):
    click(workspace, now - hours(5), key="c5", visitor_id="v")
    row = convert(workspace, now, visitor_id="v", gclid="G1")

    click(workspace, now - hours(9), key="older", now=now, visitor_id="v")
    assert _answer(row)[1] == "c5"
    click(workspace, now - hours(2), key="newer", now=now, visitor_id="v")
    assert _answer(row)[1] == "newer"
    click(workspace, now - hours(99), key="exact", now=now, gclid="G1")
    assert _answer(row)[1] == "exact"
    click(workspace, now + hours(1), key="after", gclid="G1")
    assert _answer(row)[1] == "exact"


def test_late_click_of_another_workspace_earns_nothing(workspace, other_workspace, now):
    row = convert(workspace, now, gclid="G1", visitor_id="v", **WHO)

    click(other_workspace, now - hours(1), gclid="G1", visitor_id="v", **WHO)

    assert _answer(row)[0] == "unattributed"
    assert AttributionAttempt.objects.count() == 1


def test_repeated_conversion_changes_nothing(workspace, now):
    click(workspace, now - hours(1), key="c1", gclid="G1")
    first = convert(workspace, now, gclid="G1", value="10")
    again = convert(workspace, now, gclid="G2", value="99", now=now + hours(1))

    again.refresh_from_db()
    assert (again, again.value, again.gclid) == (first, Decimal(10), "G1")
    assert AttributionAttempt.objects.count() == 1
    assert Conversion.objects.count() == 1


def test_click_that_does_not_count_is_passed_over(workspace, now):
    click(workspace, now - hours(2), key="c1", gclid="G1")
    click(workspace, now - hours(1), key="bot", gclid="G1")
    Click.objects.filter(click_id="bot").update(is_valid=False)

    assert _answer(convert(workspace, now, gclid="G1"))[1] == "c1"


def test_world_hears_of_both_once(workspace, now):
    WebhookEndpoint.objects.create(workspace=workspace, url="https://example.com/hook")
    row = convert(workspace, now, gclid="G1")
    click(workspace, now - hours(2), now=now, gclid="G1")
    click(workspace, now - hours(3), now=now, gclid="G1")
    convert(workspace, now, gclid="G1")

    told = WebhookDelivery.objects.order_by("pk").values_list("event_type", flat=True)
    assert list(told) == ["conversion.recorded", "conversion.attributed"]
    assert str(row.public_id) in WebhookDelivery.objects.first().body


def test_attribution_reads_few_rows_however_many_clicks(
    workspace, now, django_assert_max_num_queries
):
    for age in range(1, 31):
        click(workspace, now - hours(age / 2), now=now, **WHO)

    with django_assert_max_num_queries(30):
        row = convert(workspace, now, visitor_id="v", **WHO)
    assert row.method == "probabilistic"
