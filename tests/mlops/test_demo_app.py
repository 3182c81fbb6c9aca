"""The demo's app: lines of alerts that suit it."""

from __future__ import annotations

import pytest

from campaigns.services.alerts.rules import ensure_rules
from mlops.services.demo.app import LINES, draw_lines
from workspaces.services.refusals import NotPermittedError

pytestmark = pytest.mark.django_db


def test_its_admin_moves_shipped_lines_and_no_others(workspace, admin, operator):
    before = ensure_rules(workspace=workspace)

    draw_lines(workspace=workspace, by=admin)

    after = ensure_rules(workspace=workspace)
    assert set(after) == set(before)
    moved = {name for name, rule in after.items() if rule.updated_at != before[name].updated_at}
    assert moved == set(LINES)
    for name, values in LINES.items():
        assert {field: getattr(after[name], field) for field in values} == values
    with pytest.raises(NotPermittedError):
        draw_lines(workspace=workspace, by=operator)
