"""The set-based path gives what the engine gives, one conversion at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from attribution.engine.matching import LAYERS
from attribution.models import AttributionAttempt, AttributionPolicy, Click, Conversion
from attribution.services.attributing import attribute_conversion
from attribution.services.matching import attribute_due
from attribution.services.privacy import purge_clicks
from tests.attribution.steps import click, convert, hours
from tests.examples import examples
from tests.workspaces.factories import WorkspaceFactory
from workspaces.models import WebhookDelivery, WebhookEndpoint
from workspaces.services import jobs

START = datetime(2026, 11, 1, tzinfo=UTC)
ANSWER = ("method", "confidence", "window_hours", "fingerprint_score", "attributed_click_id",
          "attributed_click_key", "attributed_clicked_at", "candidates", "needs_attribution",
          "given_ad", "given_campaign")  # fmt: skip
TRIED = ("url_parameter", "identity", "fingerprint", "probabilistic", "method", "confidence",
         "click_key")  # fmt: skip

_few = st.sampled_from(["", "a", "b"])
_minutes = st.sampled_from([0, 0, 1, 59, 23 * 60, 24 * 60, 24 * 60 + 1, 7 * 1440, 7 * 1440 + 1,
                            30 * 1440, 30 * 1440 + 1])  # fmt: skip
_evidence = st.fixed_dictionaries(
    {
        "gclid": _few,
        "fbclid": _few,
        "visitor_id": _few,
        "email_hash": _few,
        "truncated_ip": st.sampled_from(["", "203.0.113.0"]),
        "user_agent": st.sampled_from(["", "UA", "UB"]),
        "has_consent": st.booleans(),
    }
)
_click = st.tuples(_evidence, _few, _minutes, st.booleans())
_conversion = st.tuples(
    _evidence, st.lists(_few, max_size=2), _minutes, st.sampled_from(["", "c0"])
)


def _fill(workspace, clicks, conversions):
    Click.objects.bulk_create(
        Click(
            workspace=workspace, click_id=f"c{number}", clicked_at=START + timedelta(minutes=at),
            expires_at=START + timedelta(days=60), fingerprint=mark, is_valid=is_valid,
            given_ad=f"ad{number}", **evidence,
        )
        for number, (evidence, mark, at, is_valid) in enumerate(clicks)
    )  # fmt: skip
    Conversion.objects.bulk_create(
        Conversion(
            workspace=workspace, conversion_id=f"v{number}", type="lead", currency="USD",
            converted_at=START + timedelta(minutes=at), click_id=named,
            fingerprints=[mark for mark in marks if mark], **evidence,
        )
        for number, (evidence, marks, at, named) in enumerate(conversions)
    )  # fmt: skip


def _answers():
    rows = Conversion.objects.order_by("pk").values_list("pk", *ANSWER)
    tries = AttributionAttempt.objects.order_by("conversion", "pk")
    return list(rows), list(tries.values_list("conversion", *TRIED))


@pytest.mark.django_db
@settings(
    max_examples=examples(25), phases=[Phase.explicit, Phase.generate], deadline=None,
    derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    clicks=st.lists(_click, max_size=12),
    conversions=st.lists(_conversion, min_size=1, max_size=6),
    fingerprint_hours=st.sampled_from([1, 168]),
)
def test_equals_the_engine(clicks, conversions, fingerprint_hours):
    now = START + timedelta(days=90)
    with transaction.atomic():
        workspace = WorkspaceFactory()
        AttributionPolicy.objects.create(
            workspace=workspace, fingerprint=fingerprint_hours, probabilistic=48
        )
        _fill(WorkspaceFactory(), clicks, [])
        _fill(workspace, clicks, conversions)
        with transaction.atomic():
            for row in Conversion.objects.filter(workspace=workspace):
                attribute_conversion(conversion=row, trigger="conversion", now=now)
            one_by_one = _answers()
            transaction.set_rollback(True)

        matched = attribute_due(workspace=workspace, now=now)

        assert _answers() == one_by_one
        assert (matched.looked_at, matched.written) == (len(conversions),) * 2
        transaction.set_rollback(True)


def test_every_layer_is_met_in_its_order(workspace, now):
    """What random data may miss: one conversion per layer, one for none."""
    evidence = [{"gclid": "G"}, {"visitor_id": "v"}, {"fingerprint_hash": "f" * 64},
                {"ip_address": "203.0.113.9", "user_agent": "UA"}]  # fmt: skip
    for number, known in enumerate(evidence):
        click(workspace, now - hours(2), key=f"c{number}", now=now, **known)
        convert(workspace, now, key=f"v{number}", **known)
    convert(workspace, now, key="none")
    before = _answers()[0]
    Conversion.objects.update(
        needs_attribution=True, method="unattributed", attributed_click=None,
        attributed_click_key="", candidates=[], confidence=0,
    )  # fmt: skip

    matched = attribute_due(workspace=workspace, now=now)

    assert (matched.looked_at, matched.written, matched.attributed) == (5, 5, 4)
    assert _answers()[0] == before
    methods = [row.method for row in Conversion.objects.order_by("pk")]
    assert methods == [*(layer.value for layer in LAYERS), "unattributed"]


def test_what_came_in_at_the_same_moment_is_found_by_the_next_run(workspace, now):
    WebhookEndpoint.objects.create(workspace=workspace, url="https://example.com/hook")
    row = convert(workspace, now, gclid="G")
    # As if stored by a transaction that did not see the conversion, nor was seen.
    Click.objects.create(
        workspace=workspace, click_id="c", gclid="G", clicked_at=now - hours(1),
        expires_at=now + hours(1),
    )  # fmt: skip
    row.refresh_from_db()
    arrived = row.created_at

    late = attribute_due(workspace=workspace, now=arrived + timedelta(minutes=16))
    first = attribute_due(workspace=workspace, now=arrived + timedelta(minutes=1))
    again = attribute_due(workspace=workspace, now=arrived + timedelta(minutes=1))

    row.refresh_from_db()
    assert (late.looked_at, first.attributed, again.looked_at, again.written) == (0, 1, 1, 0)
    assert (row.attributed_click_key, row.attempts.count()) == ("c", 2)
    told = WebhookDelivery.objects.filter(event_type="conversion.attributed")
    assert told.count() == 1


def test_rows_of_other_workspaces_wait_for_their_own_run(workspace, other_workspace, now):
    for house in (workspace, other_workspace):
        _fill(house, [], [({}, [], 0, "")])

    assert attribute_due(workspace=workspace, now=now).looked_at == 1
    assert Conversion.objects.get(workspace=other_workspace).needs_attribution


def test_purged_click_leaves_its_answer(workspace, now):
    row = convert(workspace, now, gclid="G")
    click(workspace, now - hours(1), key="old", now=now, gclid="G")
    later = now + timedelta(days=30)
    purge_clicks(workspace=workspace, now=later)
    Conversion.objects.update(needs_attribution=True)

    assert attribute_due(workspace=workspace, now=later).looked_at == 0
    click(workspace, now, key="new", now=later, gclid="G")

    row.refresh_from_db()
    assert (row.attributed_click, row.attributed_click_key) == (None, "old")
    assert (row.method, row.needs_attribution) == ("url_parameter", False)


def test_job_attributes_batch_after_batch(workspace, now, monkeypatch):
    monkeypatch.setattr("attribution.services.matching.BATCH", 2)
    known = {"gclid": "a"}
    _fill(workspace, [(known, "", 0, True)], [(known, [], 1, "")] * 5)

    run = jobs.run_job(workspace=workspace, name="attribution-matching", trigger="manual", now=now)

    assert run.counts["attributed"] == 5
    assert not Conversion.objects.filter(needs_attribution=True).exists()
