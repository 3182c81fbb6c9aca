"""Days with changes on charts, and where they lead."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.template.loader import render_to_string

from tests.workspaces.gate_steps import run_due, signed
from tests.workspaces.note_kind import install
from workspaces.chart_marks import marked, with_changes
from workspaces.charts import LineChart, line_chart

DAYS = [date(2026, 11, 17) + timedelta(days=number) for number in range(11)]


def chart_of(values: list[float | None] | None = None) -> LineChart:
    return line_chart(title="Spend", days=DAYS, values=values or [1.0] * 11, width=106)


def test_a_day_with_changes_is_marked_and_leads_to_them():
    chart = with_changes(chart_of(), {DAYS[5]: 2, DAYS[10]: 1}, {"channel": "meta"})

    assert [one.x for one in chart.changes] == [53.0, 103.0]
    assert chart.changes[0].label == "22 Nov: 2 changes"
    assert chart.changes[0].url == "/ledger/?channel=meta&from=2026-11-22&to=2026-11-22"
    assert chart.changed == "3 changes"
    assert '<path class="cs-chart-change" d="M53.0,0V56"><title>22 Nov: 2 changes' in (
        chart.change_lines
    )


def test_a_figure_that_can_be_asked_leads_to_what_changed_it():
    chart = line_chart(title="ROI", days=DAYS, values=[1.0] * 11, name="roi-meta")

    (one,) = with_changes(chart, {DAYS[5]: 2}, {"channel": "meta"}).changes

    assert one.why_url == "/ledger/explain/?channel=meta&metric=roi&day=2026-11-22"
    assert with_changes(chart_of(), {DAYS[5]: 2}, {}).changes[0].why_url == ""


@pytest.mark.parametrize("counts", [{}, {date(2026, 11, 16): 1}, {date(2026, 11, 28): 1}])
def test_days_outside_are_not_marked(counts):
    chart = with_changes(chart_of(), counts, {})

    assert (chart.changes, chart.changed, chart.change_lines) == ((), "", "")


def test_a_chart_without_figures_has_no_marks():
    chart = with_changes(chart_of([None] * 11), {DAYS[0]: 1}, {})

    assert chart.changes == ()


def test_the_list_below_is_for_the_keyboard():
    chart = with_changes(chart_of(), {DAYS[5]: 2}, {})

    html = render_to_string("_shared/trend_chart.html", {"chart": chart})

    assert "<summary>2 changes" in html
    assert 'href="/ledger/?from=2026-11-22&amp;to=2026-11-22"' in html


def test_all_charts_of_a_page_cost_one_query(
    workspace, other_workspace, approver, now, django_assert_num_queries
):
    install()
    signed(workspace, approver, now, page="a")
    run_due(now)

    with django_assert_num_queries(1):
        charts = marked([chart_of(), chart_of()], workspace=workspace)

    assert [[one.day for one in chart.changes] for chart in charts] == [[now.date()]] * 2
    assert marked([chart_of()], workspace=other_workspace)[0].changes == ()
    assert marked([chart_of([None] * 11)], workspace=workspace)[0].changes == ()
