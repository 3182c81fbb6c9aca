"""Asking of the inbox's messages what changed them: counted as the report counts them."""

from __future__ import annotations

from datetime import date, timedelta

from inbox.selectors.analytics.asked import ReportQuery
from inbox.selectors.analytics.report import report_of
from inbox.selectors.analytics.words import charts_of
from tests.inbox.desk_steps import answer_to
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from workspaces.chart_marks import with_changes
from workspaces.ledger import metric_of
from workspaces.models import Workspace
from workspaces.periods import Period

DAY = timedelta(days=1)
WEEK = (date(2026, 9, 9), date(2026, 9, 15))


def test_a_day_has_as_many_as_the_report_says(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    for owner, count in ((workspace, 3), (other_workspace, 1)):
        talk = conversation_of(owner, contact=contact_of(owner))
        for number in range(count):
            at = NOW - number * DAY
            came = response_of(talk, at=at, received_at=at)
            if number == 1:
                answer_to(came, at=at + timedelta(minutes=1))
                answer_to(came, at=at + timedelta(minutes=2), delivery="failed")

    report = report_of(ReportQuery(workspace, Period(*WEEK)), NOW + DAY)
    came, went = (metric_of(workspace, name, {}, WEEK) for name in ("messages_in", "answers_out"))

    assert came is not None
    assert went is not None
    assert list(zip(came.values, went.values, strict=True)) == list(report.volume.days)
    assert (sum(v or 0 for v in came.values), sum(v or 0 for v in went.values)) == (3, 1)


def test_the_charts_of_the_report_lead_to_the_question(workspace: Workspace) -> None:
    report = report_of(ReportQuery(workspace, Period(*WEEK)), NOW + DAY)
    charts = charts_of(report)

    why = [
        change.why_url
        for chart in charts
        for change in with_changes(chart, {WEEK[0]: 1}, {}).changes
        if change.why_url
    ]

    assert why == [
        "/ledger/explain/?metric=messages_in&day=2026-09-09",
        "/ledger/explain/?metric=answers_out&day=2026-09-09",
    ]
