"""Tables, guesses and rows, without a database."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.engine.importing.errors import FileError, RowError
from campaigns.engine.importing.guessing import Guess, guess_mapping
from campaigns.engine.importing.mapping import Mapping, problems
from campaigns.engine.importing.rows import Context, RowReader
from campaigns.engine.importing.tables import Table, open_table
from tests.examples import examples

MAX_BYTES = 10**7
CONTEXT = Context(last_day=date(2026, 11, 22), account_id="1", currency="USD")

GOOGLE_UI = """Campaign report
"1 June 2024 - 30 June 2024"
Day\tCampaign\tCurrency code\tCost\tImpr.\tClicks\tConv. value / cost\tConversions
2024-06-01\tBrand\tEUR\t1,234.50\t"12,000"\t300\t2.5\t4.00
2024-06-02\tBrand\tEUR\t 10.00\t--\t5\t0\t0
Total: Campaigns\t --\tEUR\t1,244.50\t"12,000"\t305\t2.48\t4.00
"""
META_UI = """Reporting starts,Reporting ends,Campaign name,Ad set name,Ad name,Ad delivery,\
Reach,Impressions,Amount spent (EUR),Link clicks,Clicks (all),Purchase ROAS (return on ad spend)
2024-06-01,2024-06-30,,,,,900,2000,100.00,50,60,3
2024-06-01,2024-06-01,Brand,Broad,v1,active,400,1000,50.00,20,30,3
2024-06-02,2024-06-02,Brand,Broad,v1,inactive,500,1000,50.00,30,30,3
2024-06-01,2024-06-30,Brand,Broad,v2,active,500,1000,50.00,30,30,3
"""


def table_of(content: str | bytes) -> Table:
    data = content.encode() if isinstance(content, str) else content
    return open_table(BytesIO(data), max_bytes=MAX_BYTES)


def guess_of(table: Table) -> Guess:
    return guess_mapping(table.headers, table.sample(), delimiter=table.delimiter)


def read_all(table: Table, mapping: Mapping, context: Context = CONTEXT):
    """Rows as dictionaries, and errors, by line."""
    reader = RowReader(mapping, table.headers, context)
    found: dict[int, object] = {}
    for line, cells in table.records():
        try:
            if isinstance(cells, RowError):
                raise cells
            if reader.is_total(cells, is_first=not found):
                continue
            found[line] = dict(zip(reader.columns, reader.read(line, cells), strict=True))
        except RowError as error:
            found[line] = (error.column, error.reason)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_told(encoding, delimiter):
    text = "day,campaign,spend\n2024-01-01,Größe,5\n2024-01-02,Größe,6\n".replace(",", delimiter)

    table = table_of(text.encode(encoding))

    assert table.headers == ("day", "campaign", "spend")
    assert table.sample() == [["2024-01-01", "Größe", "5"], ["2024-01-02", "Größe", "6"]]


def test_google_ads_report_loses_its_titles_and_totals():
    table = table_of(GOOGLE_UI.encode("utf-16"))
    guess = guess_of(table)

    rows = read_all(table, guess.mapping)

    assert guess.problems == ()
    assert guess.mapping.platform == "google"
    assert list(rows) == [4, 5]
    assert (rows[4]["spend"], rows[4]["impressions"], rows[4]["conversions"]) == (
        "1234.50",
        "12000",
        "4.00",
    )
    assert rows[5]["impressions"] == "0"


def test_ads_manager_report_is_read_by_day_and_its_ratio_derived():
    table = table_of(META_UI)
    guess = guess_of(table)

    rows = read_all(table, guess.mapping)

    assert (guess.mapping.platform, guess.mapping.fixed_currency) == ("meta", "EUR")
    assert guess.mapping.derived == ("revenue",)
    assert list(rows) == [3, 4, 5]
    assert (rows[3]["revenue"], rows[3]["clicks"], rows[3]["derived"]) == ("150.00", "20", "t")
    assert (rows[3]["status"], rows[4]["status"]) == ("active", "paused")
    assert rows[5] == (
        "Reporting ends",
        "the row covers 2024-06-01 to 2024-06-30; export it with a breakdown by day",
    )


def test_names_without_ids_are_told_apart_by_their_parents():
    text = "day,campaign,ad set,ad,spend\n2024-01-01,A,S,v1,1\n2024-01-01,B,S,v1,1\n"
    table = table_of(text)

    rows = read_all(table, guess_of(table).mapping)

    assert rows[2]["campaign"] == "A"
    assert rows[2]["ad"] != rows[3]["ad"]
    assert rows[2]["ad_name"] == rows[3]["ad_name"] == "v1"


@pytest.mark.parametrize(
    ("header", "cells", "settings", "expected"),
    [
        ("clicks,conversion_rate", "200,2.5%", {}, {"conversions": "5.000"}),
        ("clicks,conversion_rate", "200,2.5", {"rates_in": "percent"}, {"conversions": "5.000"}),
        ("clicks,conversion_rate", "200,0.025", {"rates_in": "share"}, {"conversions": "5.000"}),
        ("spend,roi", "100,2.8", {"roi_kind": "multiple"}, {"revenue": "280.0"}),
        ("spend,roi", "100,2.8", {"roi_kind": "net"}, {"revenue": "380.0"}),
        ("spend,roi", "100,-0.25", {"roi_kind": "net"}, {"revenue": "75.00"}),
        ("cost_micros,roas", "1500000,2", {}, {"spend": "1500000", "revenue": "3.0"}),
        ("impressions,ctr,cpc", "1000,0.02,0.5", {}, {"clicks": "20", "spend": "10.0"}),
    ],
)
def test_amounts_are_derived_from_rates(header, cells, settings, expected):
    table = table_of(f"day,campaign,{header}\n2024-01-01,A,{cells}\n")
    mapping = guess_of(table).mapping
    for key, value in settings.items():
        mapping = mapping.with_entry(key, value)

    row = read_all(table, mapping)[2]

    assert {name: row[name] for name in expected} == expected
    assert row["derived"] == "t"


def test_kind_of_roi_is_asked():
    table = table_of("day,campaign,spend,roi\n2024-01-01,A,1,2.8\n")

    (question,) = guess_of(table).problems

    assert question.startswith("The column 'roi' gives ROI. Say whether 2.8 is a multiple")


def test_loss_beyond_everything_is_refused():
    table = table_of("day,campaign,spend,roi\n2024-01-01,A,1,-2\n")
    mapping = guess_of(table).mapping.with_entry("roi_kind", "net")

    assert read_all(table, mapping)[2] == ("roi", "-2 would make the revenue negative")


@pytest.mark.parametrize(
    ("days", "order"),
    [
        (["13/01/2024", "02/03/2024"], "dmy"),
        (["01/13/2024", "02/03/2024"], "mdy"),
        (["01/02/2024", "02/03/2024"], ""),
        (["01.02.2024"], "dmy"),
        (["45657", "45658"], "excel"),
    ],
)
def test_order_of_day_and_month_is_told_by_the_rows_or_left_open(days, order):
    rows = "".join(f"{day},A,1\n" for day in days)

    assert guess_of(table_of("day,campaign,spend\n" + rows)).mapping.day_order == order


@pytest.mark.parametrize(
    ("spend", "delimiter", "sign"),
    [
        ("1,234.50", ";", "."),
        ("1.234,50", ";", ","),
        ("7,5", ";", ","),
        ("1,234", ";", ""),
        ("1,234", "\t", "."),
        ("1234.5", ",", "."),
    ],
)
def test_decimal_sign_is_told_by_the_rows_or_left_open(spend, delimiter, sign):
    text = delimiter.join(["day", "campaign", "spend"]) + "\n"
    text += delimiter.join(["2024-01-01", "A", spend]) + "\n"

    assert guess_of(table_of(text)).mapping.decimal_sign == sign


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("2024-01-01,A,-5,1,USD", "spend", "'-5' is negative"),
        ("2024-01-01,A,5,-1,USD", "clicks", "'-1' is negative"),
        ("2024-01-01,A,5,1.5,USD", "clicks", "'1.5' is not a whole number"),
        ("2024-01-01,A,five,1,USD", "spend", "'five' is not a number"),
        ("2024-01-01,A,1e13,1,QQQ", "currency", "'QQQ' is not a currency (ISO 4217)"),
        ("2024-01-01,A,99999999999999,1,USD", "spend", "'99999999999999' is too large"),
        ("2024-01-01,,5,1,USD", "campaign", "the row names no campaign, ad set or ad"),
        ("2026-12-01,A,5,1,USD", "day", "2026-12-01 is not between 1990-01-01 and 2026-11-22"),
        ("2024-01-01,A,5,1", "", "the row has 4 fields, the header has 5"),
        ("2024-01-01,A,5,1,USD,x", "", "the row has 6 fields, the header has 5"),
        ("2024-01-01,A\0,5,1,USD", "field 2", "the field has a NUL byte in it"),
    ],
)
def test_bad_cell_is_named_with_its_line(row, column, reason):
    good = "2024-01-01,A,5,1,USD"
    table = table_of(f"day,campaign,spend,clicks,currency\n{good}\n{row}\n{good}\n")

    rows = read_all(table, guess_of(table).mapping)

    assert rows[3] == (column, reason)
    assert rows[2]["spend"] == rows[4]["spend"] == "5"


def test_currency_may_not_change_within_an_account():
    text = "day,account_id,campaign,spend,currency\n2024-01-01,1,A,5,USD\n2024-01-01,1,A,5,EUR\n"

    rows = read_all(table_of(text), guess_of(table_of(text)).mapping)

    assert rows[3] == ("currency", "the account 1 is kept in USD, the row is in EUR")


def test_broken_bytes_spoil_their_row_only():
    text = "day,campaign,spend\n2024-01-01,Größe,1\n2024-01-01,Gr\\xff,1\n".encode()
    table = table_of(text.replace(b"\\xff", b"\xff"))

    rows = read_all(table, guess_of(table).mapping)

    assert rows[2]["campaign"] == "Größe"
    assert rows[3] == ("field 2", "the field has bytes in it that are not UTF-8 text")


def test_open_quotation_mark_spoils_no_more_than_a_field_may_hold():
    rest = "2024-01-02,A,1\n" * 20_000
    table = table_of(f'day,campaign,spend\n2024-01-01,"A,1\n{rest}')

    rows = read_all(table, guess_of(table).mapping)

    assert "is a quotation mark not closed?" in rows[2][1]
    assert sum(isinstance(row, dict) for row in rows.values()) > 10_000


def test_workbook_is_read_like_text():
    book = openpyxl.Workbook()
    book.active.append(["Campaign report"])
    book.active.append(["Day", "Campaign ID", "Campaign", "Cost", "Impr.", "Clicks"])
    book.active.append([datetime.fromisoformat("2024-06-01"), 359751135, "Brand", 12.5, 1000, 3])
    book.active.append([date(2024, 6, 2), 359751135.0, "Brand", None, 2000.0, 4])
    file = BytesIO()
    book.save(file)

    table = table_of(file.getvalue())
    rows = read_all(table, guess_of(table).mapping)

    assert table.headers[:2] == ("Day", "Campaign ID")
    assert [(r["day"], r["campaign"], r["spend"], r["impressions"]) for r in rows.values()] == [
        ("2024-06-01", "359751135", "12.5", "1000"),
        ("2024-06-02", "359751135", "0", "2000"),
    ]


def test_zip_bomb_is_refused_before_it_is_unpacked():
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (MAX_BYTES + 1))
    assert len(file.getvalue()) < MAX_BYTES / 100

    with pytest.raises(FileError, match="unpacks to 9 MB, more than the 9 MB that are read"):
        table_of(file.getvalue())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"\n\n\n", "no rows that can be read"),
        (b"just words", "one column only"),
        (b"PK\x03\x04 no zip", "damaged"),
        (b"\xd0\xcf\x11\xe0", "old kind"),
        (b"\xff\xfea", "encoding of the file is broken"),
        (b"a," * 600 + b"\n", "more than 500 columns"),
        (b"a,b\n" + b"x" * 1_100_000, "longer than a million characters"),
        (b"a,b\n" + b"1,2\n" * 3_000_000, "larger than 9 MB"),
    ],
)
def test_file_that_is_no_table_is_refused_in_words(content, message):
    with pytest.raises(FileError, match=message):
        table_of(content)


def test_mapping_survives_storage_and_names_what_is_wrong():
    mapping = Mapping({"day": "Tag", "spend": "Geld"}, platform="meta", day_order="dmy")

    assert Mapping.from_json(mapping.to_json()) == mapping
    with pytest.raises(ValueError, match="'cost' is no field of ours"):
        mapping.with_entry("cost", "x")
    with pytest.raises(ValueError, match="roi_kind is one of multiple, net, not 'gross'"):
        mapping.with_entry("roi_kind", "gross")
    assert problems(mapping, ["Tag"]) == [
        "The mapping reads spend from the column 'Geld', which the file does not have."
    ]


def test_same_headers_twice_are_told_apart():
    assert table_of("day,spend,spend,\n2024-01-01,1,2,3\n").headers == (
        "day",
        "spend",
        "spend (2)",
        "column 4",
    )


_CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n") | st.sampled_from(',;"\t-.0123456789'),
    max_size=12,
)


@given(data=st.binary(max_size=300))
@example(b"PK\x03\x04")
@example(b'day,spend\n"')
@example(b"\xff\xfe\x00")
@settings(derandomize=True, max_examples=examples(300))
def test_any_bytes_are_a_table_or_refused(data):
    try:
        table = table_of(data)
        guess = guess_of(table)
    except FileError:
        return
    found = {} if guess.problems else read_all(table, guess.mapping)

    # Each row is there with its columns, or with the column and reason that kept it out.
    assert all(line > 0 and isinstance(row, dict | tuple) and row for line, row in found.items())


@given(rows=st.lists(st.lists(_CELL, min_size=5, max_size=6), min_size=1, max_size=6))
@settings(derandomize=True, max_examples=examples(200))
def test_any_cells_are_rows_or_errors_and_rows_can_be_stored(rows):
    text = io.StringIO()
    csv.writer(text).writerows([["day", "campaign", "ad", "spend", "clicks"], *rows])
    table = table_of(text.getvalue().encode())
    mapping = Mapping(
        {name: name for name in ("day", "spend", "clicks")} | {"campaign_name": "campaign"},
        day_order="dmy",
    )

    for row in read_all(table, mapping).values():
        if isinstance(row, dict):
            assert float(row["spend"]) >= 0
            assert int(row["clicks"]) >= 0
