"""The dashboard and the alert rules ask for figures that are really told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from workspaces.services import metrics
from workspaces.services.job_kinds import known_job

OPS = Path(settings.BASE_DIR) / "ops"
DASHBOARD = json.loads((OPS / "grafana" / "countersign.json").read_text())
ALERTS = yaml.safe_load((OPS / "prometheus" / "alerts.yml").read_text())
SCRAPE = yaml.safe_load((OPS / "prometheus" / "prometheus.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
SHOWN = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]


def series_in(text: str) -> set[str]:
    return set(re.findall(r"\bcountersign_\w+", text))


def test_dashboard_shows_all_that_is_told():
    times = {"countersign_http_request_seconds", "countersign_task_seconds"}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in series_in(" ".join(SHOWN))}
    told = {re.sub(r"_(bucket|sum|count)$", "", name) for name in metrics.names()}

    assert times <= shown
    assert shown == told


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_alert_asks_for_what_is_told_and_says_what_to_do(rule):
    assert series_in(rule["expr"]) <= metrics.names()
    assert series_in(rule["expr"]) or rule["expr"].startswith("up{")
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "do"}
    assert rule["for"]
    for names in re.findall(r'job=~"([^"]+)"', rule["expr"]):
        assert [name for name in names.split("|") if known_job(name) is None] == []


def test_each_panel_and_alert_has_a_place_of_its_own():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    alerts = [rule["alert"] for rule in RULES]

    assert (len(set(ids)), len(set(places)), len(set(alerts))) == tuple(
        map(len, (ids, places, alerts))
    )


def test_prometheus_reads_the_rules_that_lie_beside_it():
    (job,) = SCRAPE["scrape_configs"]

    assert SCRAPE["rule_files"] == ["alerts.yml"]
    assert (job["job_name"], job["metrics_path"]) == ("countersign", "/metrics")
    assert f'up{{job="{job["job_name"]}"}}' in RULES[0]["expr"]
