"""Alerts over REST, on their page and in files."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Alert, AlertRule
from campaigns.services.alerts import check_alerts, ensure_rules
from tests.campaigns.alerting.steps import campaign_of, days_to, set_days
from workspaces.models import Notification

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
JSON = "application/json"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def poor(workspace):
    """Two alerts of one campaign: its ROAS is low, and its budget is nearly spent."""
    ensure_rules(workspace=workspace)
    campaign = campaign_of(workspace, lifetime_budget=2_100)
    days_to(campaign)
    set_days(campaign, revenue=Decimal(150))
    check_alerts(workspace=workspace, now=NOW)
    return campaign


def listed(client, path="api-alerts", **query) -> list[dict]:
    answer = client.get(reverse(path), query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


class TestRest:
    def test_fields_and_order(self, poor, viewer, client_as):
        first, second = listed(client_as(viewer))
        assert first | {"id": "", "message": ""} == {
            "id": "", "alert_type": "budget_overrun", "rule": "Budget overrun",
            "severity": "critical", "channel": "meta", "campaign": str(poor.public_id),
            "message": "", "metric_value": 0.952381, "threshold_value": 0.9, "is_read": False,
            "created_at": "2026-11-21T09:00:00Z", "last_seen_at": "2026-11-21T09:00:00Z",
            "resolved_at": None, "resolution": "",
        }  # fmt: skip
        assert second["message"] == "Spring: ROAS of 7 days is 1.50×, below 2.00×"

    def test_reading_one_and_taking_it_back(self, poor, operator, client_as):
        house = client_as(operator)
        one = listed(house, "api-alerts-unread")[0]["id"]
        path = reverse("api-alert-read", args=[one])

        for body in ({}, b""):
            answer = house.patch(path, body, content_type=JSON)
            assert (answer.status_code, answer.json()["is_read"]) == (200, True)
        assert Alert.objects.get(public_id=one).read_by == operator
        assert one not in {row["id"] for row in listed(house, "api-alerts-unread")}

        house.patch(path, {"is_read": False}, content_type=JSON)
        assert len(listed(house, "api-alerts-unread")) == 2

    @pytest.mark.parametrize(
        ("query", "count"),
        [({}, 2), ({"severity": "high"}, 1), ({"type": "budget_overrun"}, 1),
         ({"channel": "facebook"}, 2), ({"channel": "tiktok"}, 0), ({"state": "resolved"}, 0)],
    )  # fmt: skip
    def test_filters(self, poor, viewer, client_as, query, count):
        assert len(listed(client_as(viewer), **query)) == count

    def test_check_now(self, poor, operator, client_as):
        set_days(poor, revenue=Decimal(400))
        answer = client_as(operator).post(reverse("api-alerts-check"), {}, content_type=JSON)
        assert answer.json() == {"raised": 0, "resolved": 1, "told": 0, "open": 1}

    def test_a_viewer_neither_checks_nor_marks_nor_rules(self, poor, viewer, client_as):
        house = client_as(viewer)
        row, rule = Alert.objects.first(), AlertRule.objects.first()
        answers = [
            house.post(reverse("api-alerts-check"), {}, content_type=JSON),
            house.patch(reverse("api-alert-read", args=[row.public_id]), {}, content_type=JSON),
            house.patch(
                reverse("api-alert-rule", args=[rule.public_id]), {"threshold": 1},
                content_type=JSON,
            ),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [403] * 3
        assert not Alert.objects.exclude(read_at=None).exists()

    def test_an_admin_draws_and_moves_a_line(self, poor, admin, client_as):
        house = client_as(admin)
        line = {"name": "Dear", "metric": "cpa", "operator": "gt", "threshold": "19",
                "severity": "low"}  # fmt: skip
        made = house.post(reverse("api-alert-rules"), line, content_type=JSON)
        assert made.status_code == 201, made.content
        assert (made.json()["type"], made.json()["cooldown_hours"]) == ("custom", 6)
        check_alerts(workspace=poor.workspace, now=NOW)
        assert Alert.objects.get(type="custom").metric_value == 20

        path = reverse("api-alert-rule", args=[made.json()["id"]])
        moved = house.patch(path, {"threshold": "21"}, content_type=JSON)
        assert moved.json()["threshold"] == 21
        check_alerts(workspace=poor.workspace, now=NOW + timedelta(minutes=15))
        assert Alert.objects.get(type="custom").resolution == "returned"
        events = AlertRule.pgh_event_models["update"].objects.filter(name="Dear")
        told = events.order_by("pk").values_list("pgh_label", "threshold")
        assert list(told) == [("insert", 19), ("update", 21)]

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [({"metric": "luck"}, "metric"), ({"threshold": -1}, "threshold"),
         ({"name": "ROI drop"}, "rule of this name"), ({"lookback_days": 29}, "lookback_days"),
         ({"scope": "channel", "metric": "disapproved_ads"}, "campaigns only"),
         ({"basis": "own_mean", "metric": "prediction_error"}, "figure of now"),
         ({"also_metric": "ctr"}, "second condition")],
    )  # fmt: skip
    def test_impossible_lines_are_refused_in_words(self, workspace, admin, client_as, wrong, told):
        ensure_rules(workspace=workspace)
        line = {"name": "Dear", "metric": "cpa", "operator": "gt", "threshold": 1, **wrong}
        answer = client_as(admin).post(reverse("api-alert-rules"), line, content_type=JSON)
        assert answer.status_code in {400, 409}
        assert told in answer.content.decode()
        assert not AlertRule.objects.filter(name="Dear").exists()


class TestPage:
    def test_page_json_and_file_say_the_same(self, poor, viewer, client_as):
        house = client_as(viewer)
        told = listed(house)
        page = house.get(reverse("alerts")).content.decode()
        file = house.get(reverse("dashboard-export", args=["alerts", "csv"]))
        lines = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        head = next(line for line in lines if line[:1] == ["Severity"] and len(line) > 2)
        rows = [dict(zip(head, line, strict=True)) for line in lines[lines.index(head) + 1 :]]

        assert [row["message"] for row in told] == [row["Message"] for row in rows]
        assert [row["metric_value"] for row in told] == [float(row["Value"]) for row in rows]
        assert page.index(told[0]["message"]) < page.index(told[1]["message"])
        assert reverse("entity", args=["campaign", poor.public_id]) in page

    def test_all_that_are_shown_are_marked_at_once(self, poor, workspace, operator, client_as):
        house = client_as(operator)
        shown = [str(one) for one in Alert.objects.values_list("public_id", flat=True)]
        form = {"workspace": str(workspace.public_id), "do": "shown", "shown": [*shown, "none"]}
        assert house.post(reverse("alerts-read"), form).url == reverse("alerts")
        assert not Alert.objects.filter(read_at=None).exists()
        page = house.get(reverse("alerts")).content.decode()
        assert "2 alerts marked as read." in page
        assert "read by" in page

    def test_a_list_that_is_as_it_was_is_not_drawn_again(self, poor, viewer, client_as):
        house = client_as(viewer)
        version = house.get(reverse("alerts")).context["version"]
        fragment = {"HX-Request": "true"}
        same = house.get(reverse("alerts"), {"v": version}, headers=fragment)
        other = house.get(reverse("alerts"), {"v": version + 1}, headers=fragment)
        assert (same.status_code, other.status_code) == (204, 200)
        assert other.content.decode().lstrip().startswith("<section")

    def test_an_admin_moves_a_line_on_the_page(self, poor, workspace, admin, client_as):
        rule = AlertRule.objects.get(name="Low ROAS")
        house, name = client_as(admin), f"rule-{rule.pk}-"
        form = {"workspace": str(workspace.public_id), f"{name}threshold": "1.4",
                f"{name}severity": "medium", f"{name}lookback_days": "3",
                f"{name}cooldown_hours": "12"}  # fmt: skip
        house.post(reverse("alert-rule-save", args=[rule.public_id]), form)
        rule.refresh_from_db()
        assert (rule.threshold, rule.severity, rule.is_enabled) == (Decimal("1.4"), "medium", False)

        form[f"{name}lookback_days"] = "99"
        page = house.post(reverse("alert-rule-save", args=[rule.public_id]), form, follow=True)
        assert "Low ROAS was not changed" in page.content.decode()
        assert "ROAS of 3 days below 1.4" in page.content.decode()

    def test_unread_ones_stand_on_the_overview_and_in_the_sidebar(self, poor, viewer, client_as):
        page = client_as(viewer).get(reverse("overview")).content.decode()
        assert "Spring: ROAS of 7 days is 1.50×, below 2.00×" in page
        Alert.objects.update(read_at=NOW, read_by=viewer)
        page = client_as(viewer).get(reverse("overview")).content.decode()
        assert "Spring: ROAS" not in page

    @pytest.mark.parametrize("name", ["alerts", "signals", "alert-rules", "overview"])
    def test_few_queries(self, poor, viewer, client_as, name):
        house = client_as(viewer)
        house.get(reverse(name))
        with CaptureQueriesContext(connection) as queries:
            assert house.get(reverse(name)).status_code == 200
        assert len(queries) <= 12

    @pytest.mark.parametrize("name", ["alerts", "signals"])
    def test_empty_pages_say_what_to_do(self, workspace, viewer, client_as, name):
        house = client_as(viewer)
        assert "/campaigns/accounts/" in house.get(reverse(name)).content.decode()
        campaign_of(workspace)
        assert "cs-empty" in house.get(reverse(name)).content.decode()
        assert not Notification.objects.exists()
