"""Files that pages hand out: sheets without formulas, charts, reports."""

from __future__ import annotations

import csv
import re
import struct
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from matplotlib._pylab_helpers import Gcf
from openpyxl import load_workbook

from workspaces.reports import drawing, paper
from workspaces.reports.shapes import (
    Bar,
    BarChart,
    BarPanel,
    DaysChart,
    DaysPanel,
    DotChart,
    HeatCell,
    HeatChart,
    Report,
    Table,
)
from workspaces.reports.sheets import csv_of, lines_of, xlsx_of

BARS = BarChart(
    "Models",
    (BarPanel("Costs $5 or $6 \u4e00", (Bar("Linear", 2.0, "2", 1.0, 3.0, is_focus=True),)),),
    note="A note.",
)
DOTS = DotChart(
    "Halo", "Paid", "Organic", ((1.0, 2.0), (3.0, 4.0)), ((1.0, 2.0), (3.0, 5.0)),
    band=((1.0, 1.0, 3.0), (3.0, 4.0, 6.0)), now=2.0,
)  # fmt: skip
LINES = DaysChart(
    "Installs",
    (date(2026, 11, 19), date(2026, 11, 20)),
    (DaysPanel("a day", (3.0, 4.0), (None, (2.0, 6.0))),),
)
HEAT = HeatChart("Heat", ("DE", "US"), (("Meta", (HeatCell("2.00×", 0.5), HeatCell("–", 0.0))),))
TABLE = Table(
    "Channels",
    ("Who", "Words", "Revenue"),
    tuple((f"channel {n}", "It opens journeys. " * 6, Decimal(n)) for n in range(60)),
    texts=frozenset({0, 1}),
)
REPORT = Report(
    title="Attribution",
    workspace="Acme",
    made_at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
    filters=(("Period", "a week"),),
    figures=(("Revenue", "$5.00"),),
    tables=(TABLE,),
    charts=(BARS, DOTS, HEAT),
    notes=("Read it with care.",),
)


def page_count(pdf):
    """Pages by the document's own dictionary of them."""
    return int(re.search(rb"/Type /Pages.*?/Count (\d+)", pdf, re.S).group(1))


def png_size(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def is_blank(png):
    """Whether all pixels are alike."""
    data, at = b"", 8
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return len(set(zlib.decompress(data))) < 8


@pytest.mark.parametrize("chart", [BARS, DOTS, HEAT, LINES], ids=["bars", "dots", "heat", "lines"])
def test_chart_is_a_png_of_its_size_and_the_same_each_time(chart):
    png = drawing.png_of(chart)

    assert png_size(png) == (11 * 144, int(drawing.height_of(chart) * 144))
    assert not is_blank(png)
    assert drawing.png_of(chart) == png
    assert b"Matplotlib" not in png


def test_chart_follows_its_figures():
    other = replace(DOTS, dots=((1.0, 2.0), (3.0, 1.0)))

    assert drawing.png_of(other) != drawing.png_of(DOTS)


def test_more_bars_make_a_taller_picture():
    bars = BARS.panels[0].bars * 9
    tall = replace(BARS, panels=(replace(BARS.panels[0], bars=bars),) * 4)

    assert drawing.height_of(tall) > 3 * drawing.height_of(BARS)
    assert png_size(drawing.png_of(tall))[1] == int(drawing.height_of(tall) * 144)


def test_dollars_are_no_mathematics_and_unknown_signs_a_box():
    assert drawing.words("$5 to $6") == r"\$5 to \$6"
    assert drawing.words("\u4e00 caf\u00e9") == "\u25a1 caf\u00e9"


def test_no_figure_is_kept_for_the_process():
    drawing.png_of(BARS)
    paper.pdf_of(replace(REPORT, charts=()))

    assert Gcf.figs == {}


def test_report_has_cover_tables_and_charts():
    pdf = paper.pdf_of(REPORT)

    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert page_count(pdf) == len(list(paper.pages_of(REPORT))) > 1 + 1 + 3
    assert b"/Title (Attribution)" in pdf
    small = replace(REPORT, tables=(), charts=())
    assert paper.pdf_of(small) == paper.pdf_of(small)


def test_no_row_is_lost_where_a_table_breaks():
    parts = list(paper.parts_of(TABLE))

    names = [" ".join(row[0]) for part in parts for row in part.rows]
    assert names == [row[0] for row in TABLE.rows]
    assert [part.is_first for part in parts] == [True] + [False] * (len(parts) - 1)
    assert {tuple(map(tuple, part.head)) for part in parts} == {
        (("Who",), ("Words",), ("Revenue",)),
    }


def test_columns_stay_on_the_page():
    wide = Table("Wide", ("A" * 70,) * 12, (("B" * 90,) * 12,))

    columns = paper.columns_of(wide)

    assert columns[-1].at <= 11.09
    assert [column.at for column in columns] == sorted(column.at for column in columns)


def test_table_without_rows_still_has_its_page():
    assert len(list(paper.parts_of(replace(TABLE, rows=())))) == 1


def test_cells_that_look_like_formulas_are_text():
    table = Table("Names", ("Name", "Value"), (("=cmd()", -3), ("@x", "-4.5"), ("+y", None)))

    assert lines_of(table, (("Model", "-last"),)) == [
        ["Model", "'-last"], [], ["Name", "Value"], ["'=cmd()", -3], ["'@x", "-4.5"],
        ["'+y", None],
    ]  # fmt: skip
    rows = list(csv.reader(StringIO(csv_of([table], ()).decode())))
    assert rows[2] == ["'=cmd()", "-3"]


def test_book_has_a_sheet_for_each_table():
    other = Table("ROAS: by [country]", ("Channel",), (("Meta",),))

    book = load_workbook(BytesIO(xlsx_of([TABLE, other], (("Period", "a week"),))))

    assert book.sheetnames == ["Channels", "ROAS  by  country "]
    assert [cell.value for cell in book["Channels"][1]][:2] == ["Period", "a week"]
    assert book["Channels"].max_row == 3 + 60
