"""The rules that every workspace begins with."""

from __future__ import annotations

import importlib
from decimal import Decimal

import pytest
from django.db import connection

from campaigns.models import AlertRule
from campaigns.services.alerts import RuleRefusedError, ensure_rules, save_rule
from campaigns.services.alerts.rules import EDITABLE, KNOWN
from campaigns.services.alerts.wording import line_of
from workspaces.services.refusals import NotPermittedError
from workspaces.services.workspaces import create_workspace


def rows_of(workspace) -> list[tuple]:
    return sorted(AlertRule.objects.filter(workspace=workspace).values_list(*EDITABLE))


def test_a_new_workspace_has_them_and_an_old_one_gets_the_same(other_workspace, admin, now):
    workspace = create_workspace(
        name="New", slug="new", currency="USD", time_zone="UTC", mode="direct", by=admin, now=now
    )
    migration = importlib.import_module("campaigns.migrations.0004_known_rows")
    with connection.cursor() as cursor:
        cursor.execute(migration.RULES)

    assert len(rows_of(workspace)) == len(KNOWN) == 17
    assert rows_of(other_workspace) == rows_of(workspace)


def test_making_them_again_keeps_what_an_admin_moved(workspace, admin):
    rule = ensure_rules(workspace=workspace)["Cost spike"]
    save_rule(workspace=workspace, rule=rule, values={"threshold": Decimal(900)}, by=admin)
    assert ensure_rules(workspace=workspace)["Cost spike"].threshold == 900


def test_only_admins_move_lines(workspace, approver):
    rule = ensure_rules(workspace=workspace)["Cost spike"]
    with pytest.raises(NotPermittedError):
        save_rule(workspace=workspace, rule=rule, values={"threshold": 1}, by=approver)
    rule.refresh_from_db()
    assert rule.threshold == 500


def test_what_is_no_field_is_refused(workspace, admin):
    with pytest.raises(RuleRefusedError, match="no such field"):
        save_rule(workspace=workspace, values={"workspace_id": 1}, by=admin)


def test_lines_in_words(workspace):
    rules = ensure_rules(workspace=workspace)
    told = {name: line_of(rule=rule, workspace=workspace) for name, rule in rules.items()}
    assert told["ROI drop"] == "ROAS of 7 days below 1.50×"
    assert told["Cost spike"] == "Daily cost above $500.00"
    assert told["CTR drop"] == "CTR of 3 days at or below 0.8 times its own mean of 14 days"
    assert told["Clicks that do not convert"] == (
        "CTR of 3 days above 15.0 %, and conversion rate below 5.0 %"
    )
    assert told["Channel underperforms"] == "ROAS of 14 days below 0.7 times the mean of all"
