"""Signals over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Signal
from workspaces.models import ApiKey


@pytest.fixture
def signal(workspace):
    """A function that makes one of some days ago."""

    def build(days: int = 1, **fields) -> Signal:
        day = timezone.now().date() - timedelta(days=days)
        number = Signal.objects.count()
        return Signal.objects.create(
            **{
                "workspace": workspace, "type": "creative_fatigue", "severity": "warning",
                "channel": f"channel-{number}", "title": f"Signal {number}", "description": "Worn.",
                "began_on": day, "detected_on": day, "seen_on": day, "metrics": {},
                "confidence": 0.9, **fields,
            }
        )  # fmt: skip

    return build


def _titles(client, **query) -> list[str]:
    answer = client.get(reverse("api-signals"), query)
    assert answer.status_code == 200
    return [row["title"] for row in answer.json()["results"]]


def _over(days: int) -> dict[str, object]:
    now = timezone.now() - timedelta(days=days)
    return {"resolved_at": now, "resolved_on": now.date(), "resolution": "returned"}


def test_the_pressing_come_first_and_old_ones_only_while_they_last(signal, viewer, client_as):
    signal(3, priority=20)
    signal(2, priority=80)
    signal(90, priority=50)
    signal(90, priority=90, **_over(60))

    assert _titles(client_as(viewer), days=30) == ["Signal 1", "Signal 2", "Signal 0"]


def test_filters(signal, viewer, client_as):
    signal(severity="critical", type="budget_overrun", channel="")
    signal()
    client = client_as(viewer)

    assert _titles(client, severity="critical") == ["Signal 0"]
    assert _titles(client, type="creative_fatigue") == ["Signal 1"]
    assert _titles(client, channel="channel-1") == ["Signal 1"]


def test_unknown_severity_is_refused_in_words(viewer, client_as, workspace):
    answer = client_as(viewer).get(reverse("api-signals"), {"severity": "loud"})

    assert answer.status_code == 400
    assert "loud" in answer.content.decode()


def test_dismissing_puts_it_aside_for_good(signal, operator, client_as):
    row = signal()
    client = client_as(operator)
    path = reverse("api-signal-dismiss", args=[row.public_id])

    first = client.post(path, content_type="application/json")
    again = client.post(path, content_type="application/json")

    row.refresh_from_db()
    assert (first.status_code, row.dismissed_by) == (200, operator)
    assert again.json()["dismissed_at"] == first.json()["dismissed_at"]
    assert _titles(client) == []
    assert _titles(client, state="all") == ["Signal 0"]


def test_a_viewer_may_not_dismiss(signal, viewer, client_as):
    row = signal()

    answer = client_as(viewer).post(
        reverse("api-signal-dismiss", args=[row.public_id]), content_type="application/json"
    )

    row.refresh_from_db()
    assert (answer.status_code, row.dismissed_at) == (403, None)


@pytest.mark.parametrize("name", ["api-signal-dismiss", "api-signal-propose"])
def test_outsiders_find_nothing(signal, outsider, client_as, name):
    row = signal()
    client = client_as(outsider)

    answer = client.post(reverse(name, args=[row.public_id]), content_type="application/json")

    row.refresh_from_db()
    assert (answer.status_code, row.dismissed_at) == (404, None)
    assert _titles(client) == []


def test_keys_need_the_scope(signal, workspace, client_as):
    signal()
    _, secret = ApiKey.objects.create_key(
        name="Other", workspace=workspace, scopes=["changes:read"]
    )
    from django.test import Client

    answer = Client().get(reverse("api-signals"), headers={"Authorization": f"Api-Key {secret}"})

    assert answer.status_code == 403
    assert "insight:read" in answer.content.decode()


def test_an_action_that_no_ad_change_can_make_is_refused_in_words(signal, operator, client_as):
    row = signal(type="viral_moment", recommended_action="Retarget those who came.")

    answer = client_as(operator).post(
        reverse("api-signal-propose", args=[row.public_id]), content_type="application/json"
    )

    assert answer.status_code in {400, 409, 422}
    assert "Retarget those who came" in answer.content.decode()


def test_a_page_of_signals_is_few_queries(signal, viewer, client_as, django_assert_max_num_queries):
    for _ in range(30):
        signal()
    client = client_as(viewer)

    with django_assert_max_num_queries(12):
        assert len(_titles(client)) == 30
