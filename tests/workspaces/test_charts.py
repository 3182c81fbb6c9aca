"""Charts of pages, and the same charts as files draw them."""

from __future__ import annotations

from datetime import date

from workspaces.charts import Curve, curve_chart, files_of, line_chart
from workspaces.reports.shapes import DaysPanel

DAYS = [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]


def test_a_line_as_a_file_has_its_days_values_and_interval():
    chart = line_chart(
        title="Spend", name="spend", days=DAYS, values=[1.0, None, 3.0], currency="USD",
        band={2: (2.0, 4.0)},
    )  # fmt: skip

    assert (chart.file.title, chart.file.days) == ("Spend", tuple(DAYS))
    assert chart.file.panels == (DaysPanel("USD", (1.0, None, 3.0), (None, None, (2.0, 4.0))),)
    assert chart.file.note == chart.summary


def test_a_curve_as_a_file_has_its_points_days_and_where_it_is_now():
    chart = curve_chart(
        title="Meta", name="installs-meta", now=5.0, units=("USD", "installs"),
        curve=Curve([0.0, 10.0], [0.0, 1.0], [0.0, 2.0], [0.0, 3.0]),
        days=[(4.0, 1.5), (11.0, 9.0)],
    )  # fmt: skip

    assert chart.summary == "Meta: 2 installs a day at 10 USD, now 5 USD"
    assert (chart.top, chart.right) == ("3 installs a day", "10 USD")
    drawn = chart.file
    assert (drawn.across, drawn.upwards, drawn.now) == ("USD a day", "installs a day", 5.0)
    assert drawn.curve == ((0.0, 0.0), (10.0, 2.0))
    assert drawn.band == ((0.0, 0.0, 0.0), (10.0, 1.0, 3.0))
    assert drawn.dots == ((4.0, 1.5),)


def test_charts_are_files_by_name_but_those_without_data():
    full = line_chart(title="Spend", name="spend", days=DAYS, values=[1.0, 2.0, 3.0])
    empty = line_chart(title="CPI", name="cpi", days=DAYS, values=[None, None, None])

    assert files_of([full, empty]) == {"spend": full.file}


def test_a_multiple_is_written_as_everywhere():
    chart = line_chart(title="ROAS", days=DAYS, values=[1.0, 2.5, 0.0], suffix="×")

    assert (chart.last, chart.top) == ("0.00×", "2.50×")
