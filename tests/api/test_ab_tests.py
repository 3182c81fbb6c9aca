"""Tests over REST: made, run and read by those who may, with every refusal naming its field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from attribution.services.website.sites import create_site
from experiments.models import (
    ABTest,
    ABTestAllocation,
    ExperimentPolicy,
    Exposure,
    Metric,
    UnitOutcome,
)
from tests.api.conftest import key_client
from tests.experiments.figures import count
from tests.experiments.steps import NOW, draft_of, metric_of, on_site, running_of, variant_of
from workspaces.models import Proposal

pytestmark = pytest.mark.django_db
READ, WRITE = "experiments:read", "experiments:write"


@pytest.fixture
def client(workspace, operator) -> APIClient:
    """A key of an operator."""
    return key_client(workspace, [READ, WRITE], acts_as=operator)


def _body(workspace) -> dict[str, Any]:
    metric_of(workspace)
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    return {
        "name": "Blue button",
        "website": {"site": str(site.public_id), "page_pattern": "/p/*", "selector": "#buy"},
        "variants": [
            {"name": "Control"},
            {"name": "Blue", "config": {"changes": [{"kind": "class", "value": "blue"}]}},
        ],
        "metrics": [{"metric": "purchase", "role": "primary"}],
    }


def _path(test: ABTest, word: str = "") -> str:
    return f"/api/ab-tests/{test.public_id}/{word}"


def _fields(response: Any) -> list[str]:
    return [error["field"] for error in response.json()["errors"]]


@pytest.mark.parametrize("path", ["ab-tests/", "ab-tests/create"])
def test_a_draft_is_made_once(client, workspace, path):
    body, head = _body(workspace), {"HTTP_IDEMPOTENCY_KEY": "one"}

    first = client.post(f"/api/{path}", body, format="json", **head)
    again = client.post(f"/api/{path}", body, format="json", **head)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    made = first.json()
    assert (made["key"], made["status"]) == ("blue-button", "draft")
    assert [one["weight"] for one in made["variants"]] == [5_000, 5_000]
    assert made["website"]["page_pattern"] == "/p/*"
    assert ABTest.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"surface": "moon"}, "surface"),
        ({"traffic": 10_001}, "traffic"),
        ({"luck": 1}, "luck"),
        ({"website": {"site": "x"}}, "website.site"),
        ({"variants": [{"name": "A", "weight": 1}, {"name": "B", "weight": 2}]}, "variants"),
        ({"metrics": [{"metric": "luck"}]}, "metrics.0.metric"),
        ({"targeting": {"devices": ["watch"]}}, "targeting.devices"),
        ({"min_days": 10, "max_days": 9}, ""),
    ],
)
def test_a_wrong_field_is_named(client, workspace, change, field):
    answer = client.post("/api/ab-tests/", {**_body(workspace), **change}, format="json")

    assert answer.status_code == 400
    assert _fields(answer) == [field]
    assert not ABTest.objects.exists()


def test_a_draft_is_changed_and_what_runs_is_not(client, workspace):
    test = draft_of(workspace)
    assert client.patch(_path(test), {"name": "Other"}, format="json").json()["name"] == "Other"
    live = running_of(workspace, "live")

    refused = client.patch(_path(live), {"name": "Other"}, format="json")

    assert (refused.status_code, "has started" in refused.json()["detail"]) == (409, True)


def test_it_is_started_paused_shared_resumed_and_stopped(client, workspace):
    test = draft_of(workspace)
    on_site(test)
    steps = [
        ("start", {}, "running"),
        ("pause", {"reason": "Odd."}, "paused"),
        ("shares", {"reason": "Less.", "traffic": 2_000}, "paused"),
        ("resume", {"reason": "Fine."}, "running"),
        ("stop", {"reason": "Enough."}, "completed"),
    ]

    for word, body, status in steps:
        answer = client.post(_path(test, f"{word}/"), body, format="json")
        assert (answer.status_code, answer.json()["status"]) == (200, status)

    refused = client.post(_path(test, "pause"), {"reason": "r"}, format="json")
    assert refused.status_code == 409
    assert client.post(_path(test, "stop"), {}, format="json").status_code == 400


def test_a_start_that_needs_a_signature_is_proposed(client, workspace):
    ExperimentPolicy.objects.create(workspace=workspace, start_needs_signature=True)
    test = draft_of(workspace)
    on_site(test)

    answer = client.post(_path(test, "start"), {"reason": "Now."}, format="json")

    assert answer.status_code == 202
    assert answer.json()["proposal_id"] == str(Proposal.objects.get().public_id)
    test.refresh_from_db()
    assert test.status == "pending_start"


def test_a_draft_that_is_not_ready_says_why(client, workspace):
    test = draft_of(workspace)

    refused = client.post(_path(test, "start"), {}, format="json")
    checks = client.get(_path(test, "checklist")).json()

    assert (refused.status_code, "which website" in refused.json()["detail"]) == (409, True)
    assert {one["name"]: one["verdict"] for one in checks}["place"] == "blocked"


def test_a_winner_is_proposed(client, workspace):
    test = running_of(workspace)
    body = {"variant": "blue", "reason": "It is better."}

    assert _fields(client.post(_path(test, "declare-winner"), {**body, "variant": "x"},
                               format="json")) == ["variant"]  # fmt: skip
    answer = client.post(_path(test, "declare-winner"), body, format="json")

    assert answer.status_code == 202
    proposal = Proposal.objects.get()
    assert (proposal.status, proposal.request["operation"]) == ("pending", "roll_out")
    test.refresh_from_db()
    assert test.status == "running"


def test_results_are_shown_by_segment(client, workspace):
    began = timezone.now() - timedelta(days=8)
    test = running_of(workspace, at=began)
    counts = {"control": (5_000, 500), "blue": (5_000, 600)}
    count(test, "purchase", counts, day=began.date())
    count(test, "purchase", counts, day=began.date(), key="mobile", dimension="device")

    answer = client.get(_path(test, "results"), {"segment": "device"})

    body = answer.json()
    assert (answer.status_code, body["is_shown"], body["days"]) == (200, True, 8)
    blue = body["metrics"][0]["figures"][1]
    assert (blue["value"], blue["standing"]) == (0.12, "better")
    assert blue["comparison"]["effect"] == pytest.approx(0.2)
    assert blue["decisive"]["effect"] == pytest.approx(0.02)
    assert blue["p_adjusted"] == blue["decisive"]["p_value"] < 0.05
    assert body["series"]["days"] == [str(began.date())]
    assert [one["key"] for one in body["segments"]] == ["mobile"]
    assert client.get(_path(test, "results"), {"segment": "mood"}).status_code == 400


def test_hidden_figures_are_not_told(client, workspace):
    test = running_of(workspace)
    count(test, "purchase", {"control": (99, 9), "blue": (99, 30)})

    body = client.get(_path(test, "results")).json()

    blue = body["metrics"][0]["figures"][1]
    assert (blue["value"], blue["comparison"], blue["standing"]) == (None, None, "hidden")
    assert body["series"]["lines"][0]["effect"] == [None]


def test_results_name_where_a_split_is_off(client, workspace):
    test = running_of(workspace)
    count(test, "purchase", {"control": (20_000, 2_000), "blue": (17_000, 2_600)})
    phones = {"key": "mobile", "dimension": "device"}
    count(test, "purchase", {"control": (12_000, 0), "blue": (9_000, 0)}, **phones)

    body = client.get(_path(test, "results")).json()

    assert (body["split"]["is_mismatch"], body["decision"]["action"]) == (True, "gated")
    (cause,) = body["causes"]
    assert (cause["dimension"], cause["segment"], cause["units"]) == ("device", "mobile", 21_000)
    assert 0 <= cause["p_value"] < 0.001 < cause["share_of_excess"]
    assert body["weighted"] == []


def test_a_bandit_tells_means_that_allow_for_its_shares(client, workspace):
    test = running_of(workspace, mode="bandit", at=NOW)
    count(test, "purchase", {"control": (500, 50), "blue": (500, 50)})
    for key in ("control", "blue"):
        for number in range(2):
            Exposure.objects.create(
                workspace=workspace, test=test, variant=variant_of(test, key), at=NOW,
                unit=f"{key}-{number}", day=NOW.date(),
            )  # fmt: skip
    ABTestAllocation.objects.create(
        workspace=workspace, test=test, at=NOW, reason="r",
        weights={"control": 5_000, "blue": 5_000},
    )  # fmt: skip
    bought = Exposure.objects.get(unit="blue-0")
    UnitOutcome.objects.create(
        workspace=workspace, exposure=bought, metric=test.metrics.get().metric, day=NOW.date(),
        value=1,
    )  # fmt: skip

    body = client.get(_path(test, "results")).json()

    assert [(one["variant"], one["value"]) for one in body["weighted"]] == [
        ("control", 0.0), ("blue", 0.5),
    ]  # fmt: skip
    assert body["weighted"][1]["low"] < 0.5 < body["weighted"][1]["high"]
    assert body["causes"] == []


def test_a_bandit_of_few_units_tells_no_means(client, workspace):
    test = running_of(workspace, mode="bandit")
    count(test, "purchase", {"control": (99, 9), "blue": (99, 30)})

    assert client.get(_path(test, "results")).json()["weighted"] == []


def test_results_take_few_queries(client, workspace, django_assert_max_num_queries):
    test = running_of(workspace)
    count(test, "purchase", {"control": (500, 50), "blue": (500, 50)})

    with django_assert_max_num_queries(24):
        client.get(_path(test, "results"))


def test_a_test_is_sized(client):
    body = {"baseline": 0.05, "method": "fixed", "daily_units": 1_000}

    found = client.post("/api/ab-tests/power", body, format="json").json()

    assert (found["units"], found["days"], found["fits"]) == (31_234, 63, False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "baseline"),
        ({"baseline": 2}, "baseline"),
        ({"baseline": 0.6, "minimum_effect": 1}, "minimum_effect"),
        ({"baseline": 0.1, "variants": 1}, "variants"),
        ({"baseline": 0.1, "alpha": 0.5}, "alpha"),
    ],
)
def test_a_size_that_cannot_be_is_refused(client, body, field):
    answer = client.post("/api/ab-tests/power", body, format="json")

    assert (answer.status_code, _fields(answer)) == (400, [field])


def test_lists_are_filtered(client, workspace):
    draft_of(workspace, "one")
    running_of(workspace, "two")
    Metric.objects.create(
        workspace=workspace, key="x", name="X", event="x", archived_at="2026-01-01T00:00Z"
    )

    running = client.get("/api/ab-tests/", {"status": "running"}).json()["results"]

    assert [one["key"] for one in running] == ["two"]
    assert client.get("/api/ab-tests/", {"status": "odd"}).status_code == 400
    metrics = client.get("/api/ab-tests/metrics/").json()["results"]
    assert [one["key"] for one in metrics] == ["purchase"]


def test_tests_of_others_do_not_exist(outsider, other_workspace, workspace):
    test = draft_of(workspace)
    on_site(test)
    theirs = key_client(other_workspace, [READ, WRITE], acts_as=outsider)

    assert theirs.get("/api/ab-tests/").json()["results"] == []
    for word in ("", "results/", "checklist/"):
        assert theirs.get(_path(test, word)).status_code == 404
    for word in ("start", "pause", "resume", "stop", "shares", "declare-winner", "track"):
        answer = theirs.post(_path(test, word), {"reason": "r", "traffic": 1}, format="json")
        assert answer.status_code == 404
    assert theirs.patch(_path(test), {"name": "x"}, format="json").status_code == 404
    test.refresh_from_db()
    assert (test.status, test.name) == ("draft", "Button")


def test_a_viewers_key_reads_only(workspace, viewer):
    test = running_of(workspace)
    client = key_client(workspace, [READ, WRITE], acts_as=viewer)

    assert client.get(_path(test)).status_code == 200
    assert client.post(_path(test, "stop"), {"reason": "r"}, format="json").status_code == 403

    test.refresh_from_db()
    assert test.status == "running"


def test_exposures_and_events_are_told_once(client, workspace):
    test = running_of(workspace, at=timezone.now() - timedelta(days=1))
    body = {
        "exposures": [{"unit": "u1", "variant": "blue"}],
        "events": [{"event_id": "e1", "unit": "u1", "name": "purchase", "value": "9.50"}],
    }

    first = client.post(_path(test, "track"), body, format="json")
    again = client.post(_path(test, "track"), body, format="json")

    assert first.json() == {
        "exposures": {"taken": 1, "known": 0}, "events": {"taken": 1, "known": 0},
    }  # fmt: skip
    assert again.json()["events"] == {"taken": 0, "known": 1}
    assert Exposure.objects.get().variant.key == "blue"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "exposures"),
        ({"exposures": [{"unit": "u", "variant": "red"}]}, "exposures.0.variant"),
        ({"exposures": [{"unit": "", "variant": "blue"}]}, "exposures.0.unit"),
        ({"events": [{"event_id": "e", "unit": "u", "name": "n", "value": -1}]}, "events.0.value"),
    ],
)
def test_what_cannot_be_told_is_named(client, workspace, body, field):
    test = running_of(workspace, at=timezone.now() - timedelta(days=1))

    answer = client.post(_path(test, "track"), body, format="json")

    assert (answer.status_code, _fields(answer)) == (400, [field])
    assert not Exposure.objects.exists()
