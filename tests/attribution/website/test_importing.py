"""Files of website events: real access logs and tables, read as they are."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Q, Sum
from hypothesis import given
from hypothesis import strategies as st

from attribution.engine.web_drafts import Skipped
from attribution.engine.web_logs import log_drafts, read_line
from attribution.engine.web_tables import session_drafts
from attribution.models import PageView, Visitor, WebDay, WebEvent, WebSession
from attribution.services.website.sites import create_site

DATA = Path(__file__).parents[2] / "data" / "website"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"
LINE = (
    '10.0.0.1 - - [17/May/2015:10:05:0{second} +0200] "{request}" {status} 12 '
    '"{referrer}" "{agent}"'
)


def line(target="/", *, second=3, status=200, referrer="-", agent=CHROME, request=""):
    return LINE.format(
        second=second, status=status, referrer=referrer, agent=agent,
        request=request or f"GET {target} HTTP/1.1",
    )  # fmt: skip


def told(workspace, command, file, *options):
    out = StringIO()
    call_command(command, workspace.slug, "Shop", str(file), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def site(workspace):
    return create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])


@pytest.fixture
def log(tmp_path):
    def write(*lines):
        path = tmp_path / "access.log"
        path.write_bytes(b"\n".join(
            one if isinstance(one, bytes) else one.encode() for one in lines
        ))  # fmt: skip
        return path

    return write


def cut(name, keep, tmp_path):
    """The rows of a data file that a test needs."""
    with gzip.open(DATA / name, "rt") as file:
        rows = [row for row in csv.DictReader(file) if keep(row)]
    path = tmp_path / "cut.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path, rows


def test_a_line_of_a_log_is_read_with_its_zone_and_its_odd_signs():
    found = read_line(line('/a?q=\\"x\\"', referrer="https://www.google.de/"))

    assert found.at == datetime.fromisoformat("2015-05-17T10:05:03+02:00")
    assert (found.method, found.target, found.status) == ("GET", '/a?q=\\"x\\"', 200)
    assert found.referrer == "https://www.google.de/"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        '1.2.3.4 - - [99/Xyz/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "-"',
        '1.2.3.4 - - [31/Feb/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "-"',
        '1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1 200 1 "-" "-"',
    ],
)
def test_what_is_no_line_of_a_log_is_none(text):
    assert read_line(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line("/a.css"), "asset"),
        (line("/a/photo.JPG?x=1"), "asset"),
        (line(status=404), "status"),
        (line(status=301), "redirect"),
        (line(request="POST / HTTP/1.1"), "method"),
        (line(request="\\x16\\x03\\x01"), "odd_request"),
        (line(request="GET *"), "odd_request"),
        (line("/?flav=rss20"), "excluded"),
        (line(agent="Googlebot/2.1"), "bot_crawler"),
        (line(agent="-"), "bot_empty"),
        ("nonsense", "unreadable"),
    ],
)
def test_lines_that_are_nobody_seeing_a_page(text, reason):
    found = list(log_drafts([text], base_url="https://shop.example", skipped=["*flav=*"]))

    assert found == [Skipped(reason)]


@pytest.mark.parametrize("target", ["/", "/v1.2/page", "/a.html", "/?x=a.css", "//", "/%zz%ff"])
def test_lines_that_are_a_page(target):
    (draft,) = log_drafts([line(target, status=304)], base_url="https://shop.example/")

    assert draft.event["url"] == f"https://shop.example{target}"


@given(st.text(max_size=300))
def test_no_line_breaks_the_reading(text):
    for one in log_drafts([text, line(f"/{text}")], base_url="https://shop.example"):
        assert isinstance(one, Skipped) or one.event["type"] == "page_view"


def test_odd_bytes_survive_the_way_into_the_database(site, workspace, log):
    path = log(
        line("/caf\u00e9"),
        line("/b", second=4).encode().replace(b"/b", b"/\xff\xfe"),
        line("/c%00d%zz", second=5),
        line("/last", second=6, referrer="https://[broken"),
    )

    text = told(workspace, "import_web_log", path)

    assert text.startswith("4 events are new, 0 were there; 1 sessions were made.")
    paths = PageView.objects.order_by("position").values_list("path", flat=True)
    assert list(paths) == ["/caf\u00e9", "/\ufffd\ufffd", "/cd%zz", "/last"]


def test_the_same_log_again_adds_nothing(site, workspace, log):
    path = log(line("/"), line("/", second=3), line("/b", second=5))

    told(workspace, "import_web_log", path)
    again = told(workspace, "import_web_log", path)

    assert again.startswith("0 events are new, 3 were there")
    assert list(WebSession.objects.values_list("page_views", flat=True)) == [3]


def test_people_are_known_for_one_day_only(site, workspace, log):
    path = log(line("/"), line("/b").replace("17/May", "18/May"))

    told(workspace, "import_web_log", path)

    assert Visitor.objects.filter(has_consent=False, customer_type="").count() == 2
    assert not WebEvent.objects.filter(url__contains="10.0.0.1").exists()


def test_times_move_by_whole_days(site, workspace, log):
    path = log(line("/").replace("17/May", "16/May"), line("/b"))

    told(workspace, "import_web_log", path, "--end-on", "2026-11-20")

    moments = WebEvent.objects.order_by("at").values_list("at", flat=True)
    assert [f"{at:%Y-%m-%d %H:%M:%S}" for at in moments] == [
        "2026-11-19 08:05:03", "2026-11-20 08:05:03",
    ]  # fmt: skip


def test_a_real_log_loads_and_gives_sensible_pages(site, workspace):
    """Ten thousand lines of May 2015, half of them assets, a fifth machines."""
    text = told(workspace, "import_web_log", DATA / "access_log.txt.gz", "--skip", "*flav=*")

    counts = dict(
        reversed(one.strip().removeprefix("left out ").split(": ")) for one in text.splitlines()[1:]
    )
    total = WebDay.objects.filter(dimension="total")
    views = total.aggregate(Sum("page_views"))["page_views__sum"]
    assert views + sum(int(count.replace(",", "")) for count in counts.values()) == 10_000
    assert counts["asset"] == "5,748"
    assert counts["bot crawler"] == "1,040"
    assert (counts["excluded"], counts["bot feed"]) == ("901", "94")
    assert sorted(total.values_list("day", flat=True)) == [
        date(2015, 5, day) for day in (17, 18, 19, 20)
    ]  # fmt: skip
    pages = WebDay.objects.filter(dimension="page").values("key").annotate(n=Sum("page_views"))
    assert [row["key"] for row in pages.order_by("-n")[:3]] == [
        "/projects/xdotool", "/projects/xdotool/xdotool.xhtml", "/articles/dynamic-dns-with-dhcp",
    ]  # fmt: skip
    channels = WebDay.objects.filter(dimension="channel").values("key").annotate(n=Sum("sessions"))
    assert channels.order_by("-n")[0]["key"] == "organic"
    assert {row["key"] for row in channels} == {"direct", "organic", "referral", "social"}


ECOM = ("--session-column", "session_id", "--device-column", "platform", "--source-column",
        "acquisition_channel", "--with-consent", "--page", "home", "--page", "catalog", "--page",
        "*_page", "--page", "product_view", "--page", "cart", "--page", "*_details")  # fmt: skip


def test_a_clickstream_makes_the_sessions_that_its_file_names(site, workspace, tmp_path):
    path, rows = cut("ecom.csv.gz", lambda row: row["timestamp"] < "2024-01-22", tmp_path)

    told(workspace, "import_web_events", path, *ECOM)

    named = {row["session_id"]: row for row in reversed(rows)}
    assert WebEvent.objects.count() == len(rows)
    assert WebSession.objects.count() == len(named)
    assert Visitor.objects.count() == len({row["user_id"] for row in rows})
    devices = WebSession.objects.values_list("device").annotate(Count("pk"))
    assert dict(devices) == Counter(row["platform"] for row in named.values())
    bought = Counter(row["event"] for row in rows)["purchase"]
    assert WebSession.objects.aggregate(Sum("conversions"))["conversions__sum"] == bought
    paid = {row["session_id"] for row in rows if row["acquisition_channel"] == "paid_search"}
    assert WebSession.objects.filter(channel="paid").count() == len(paid)


def test_a_table_without_its_columns_is_refused_in_words(site, workspace, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("who,what\nx,y\n")

    with pytest.raises(CommandError, match="no column event, timestamp, user_id; it has who, what"):
        told(workspace, "import_web_events", path)


def test_rows_that_say_nothing_are_counted(site, workspace, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "user_id,event,timestamp,amount\n"
        "u,purchase,2024-01-01 10:00:00,59.90\nu,purchase,2024-01-01 10:00:01,many\n"
        "u,a,yesterday,\n,a,2024-01-01 10:00:00,\nu,,2024-01-01 10:00:00,\n"
    )

    text = told(workspace, "import_web_events", path, "--value-column", "amount")

    assert text.startswith("1 events are new")
    for reason in ("no time", "no user", "no event", "refused properties.value"):
        assert f"left out 1: {reason}" in text
    assert WebEvent.objects.get().value == Decimal("59.9")


def _converted(rows, column):
    totals = Counter(row[column] for row in rows)
    bought = Counter(row[column] for row in rows if row["Revenue"] == "TRUE")
    return {key: (count, bought[key]) for key, count in totals.items()}


def _counted(field):
    rows = WebSession.objects.values(field).annotate(
        all=Count("pk"), bought=Count("pk", filter=Q(conversions__gt=0))
    )
    return {row[field].removeprefix("traffic-"): (row["all"], row["bought"]) for row in rows}


def test_sessions_of_shoppers_convert_as_in_their_file(site, workspace, tmp_path):
    path, rows = cut("online_shoppers.csv.gz", lambda row: row["Month"] == "June", tmp_path)

    told(workspace, "import_web_sessions", path, "--year", "2025")

    assert WebSession.objects.count() == len(rows) == 175
    assert _counted("content") == _converted(rows, "VisitorType")
    assert _counted("source") == _converted(rows, "TrafficType")
    seconds = sum(float(value) for row in rows for key, value in row.items() if "_Dur" in key)
    total = WebSession.objects.aggregate(Sum("seconds"), Sum("page_views"))
    assert total["seconds__sum"] == pytest.approx(seconds, rel=1e-6)
    weekend = WebSession.objects.filter(local_day__iso_week_day__gte=6).count()
    assert weekend == sum(row["Weekend"] == "TRUE" for row in rows)


SHOPPER = dict.fromkeys(
    ("Administrative", "Administrative_Duration", "Informational", "Informational_Duration",
     "ProductRelated", "ProductRelated_Duration"), "1",
) | {"Month": "Feb", "Weekend": "FALSE", "Revenue": "TRUE", "VisitorType": "New_Visitor",
     "TrafficType": "2"}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value"),
    [("ProductRelated", "-1"), ("ProductRelated", "1e9"), ("Informational_Duration", "inf"),
     ("Informational_Duration", "nan"), ("Administrative", ""), ("Month", "Smarch")],
)  # fmt: skip
def test_rows_that_are_no_session_are_counted(column, value):
    def read(row):
        drafts = session_drafts(
            [row], year=2025, base_url="https://shop.example", zone=ZoneInfo("UTC")
        )
        return list(drafts)

    assert read({**SHOPPER, column: value}) == [Skipped("unreadable")]
    assert [draft.event["type"] for draft in read(SHOPPER)] == [
        "page_view", "engagement", "page_view", "engagement", "page_view", "engagement", "custom",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_whole_clickstream_makes_its_3605_sessions(site, workspace, tmp_path):
    told(workspace, "import_web_events", DATA / "ecom.csv.gz", *ECOM)

    counts = Visitor.objects.aggregate(Count("pk"), Sum("visits"), Sum("conversions"))
    assert list(counts.values()) == [600, 3605, 470]


@pytest.mark.slow
def test_two_thousand_shoppers_convert_as_in_their_file(site, workspace, tmp_path):
    """Some of them stay past midnight."""
    path, rows = cut("online_shoppers.csv.gz", lambda row: row["Month"] in "OctNov", tmp_path)

    told(workspace, "import_web_sessions", path, "--year", "2025")

    assert WebSession.objects.count() == len(rows) == 2113
    assert _counted("content") == _converted(rows, "VisitorType")
    assert _counted("source") == _converted(rows, "TrafficType")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("nowhere", "Shop", "x"), "There is no workspace 'nowhere'"),
        (("{slug}", "Blog", "x"), "There is no website 'Blog' in .*; known: Shop"),
        (("{slug}", "Shop", "/none"), "There is no file /none"),
        (("{slug}", "Shop", "x", "--url", "https://other.example"), "is none of Shop's origins"),
    ],
)
def test_what_cannot_be_imported_is_said(site, workspace, arguments, why):
    given = [one.format(slug=workspace.slug) for one in arguments]

    with pytest.raises(CommandError, match=why):
        call_command("import_web_log", *given)
