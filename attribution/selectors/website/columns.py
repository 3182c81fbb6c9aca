"""What tables of websites show of their rows: which columns, how written, how sorted."""

from __future__ import annotations

from typing import Final

from django.db.models import ExpressionWrapper, F, FloatField
from django.db.models.expressions import OrderBy
from django.db.models.functions import NullIf

from attribution.engine.web_places import country_name
from attribution.models import CustomerType, channel_label
from attribution.selectors.website.figures import MEASURES, Dimension
from workspaces.boards import UP, Column

COLUMNS: Final = {
    column.name: column
    for column in (
        Column("visitors", "Daily visitors", "count", ("visitors",),
               "A visitor counts once on each day that he came"),
        Column("sessions", "Sessions", "count", ("sessions",)),
        Column("page_views", "Views", "count", ("page_views",)),
        Column("events", "Times", "count", ("events",)),
        Column("entries", "Entries", "count", ("entries",), "Sessions that began here"),
        Column("exits", "Exits", "count", ("exits",), "Sessions that ended here"),
        Column("exit_rate", "Exit rate", "share", ("exits", "page_views"), "exits / views"),
        Column("bounce_rate", "Bounce rate", "share", ("bounces", "sessions"),
               "Sessions of one page with nothing done on it / sessions"),
        Column("session_seconds", "Engaged time", "seconds", ("seconds", "sessions"),
               "Minutes and seconds of a session in which the page was in front"),
        Column("view_seconds", "Time on page", "seconds", ("seconds", "page_views"),
               "Minutes and seconds of a view in which the page was in front"),
        Column("scroll", "Scrolled", "share", ("scroll_sum", "page_views"),
               "Mean depth that views reached"),
        Column("conversions", "Conversions", "count", ("conversions",)),
        Column("conversion_rate", "Rate", "share", ("conversions", "sessions"),
               "conversions / sessions"),
        Column("value", "Value", "money", ("value",)),
    )
}  # fmt: skip
_OF_SESSIONS: Final = (
    "visitors", "sessions", "bounce_rate", "session_seconds", "conversions", "conversion_rate",
    "value",
)  # fmt: skip
_SHOWN: Final = {
    Dimension.PAGE: (
        "page_views", "visitors", "entries", "exits", "exit_rate", "view_seconds", "scroll",
    ),
    Dimension.EVENT: ("events", "visitors", "conversions"),
}  # fmt: skip
TITLES: Final = {
    Dimension.CHANNEL: "Channels", Dimension.SOURCE: "Sources", Dimension.CAMPAIGN: "Campaigns",
    Dimension.LANDING: "Landing pages", Dimension.PAGE: "Pages", Dimension.EVENT: "Events",
    Dimension.DEVICE: "Devices", Dimension.BROWSER: "Browsers", Dimension.OS: "Systems",
    Dimension.COUNTRY: "Countries", Dimension.CUSTOMER: "Customer types",
    Dimension.HOUR: "Hours",
}  # fmt: skip
_EMPTY: Final = {
    Dimension.CUSTOMER: "Unknown: without consent", Dimension.CAMPAIGN: "No campaign",
    Dimension.SOURCE: "Direct", Dimension.CHANNEL: "Direct", Dimension.LANDING: "No page",
}  # fmt: skip


def columns_of(dimension: str) -> list[Column]:
    """Columns of one dimension's table."""
    return [COLUMNS[name] for name in _SHOWN.get(Dimension(dimension), _OF_SESSIONS)]


def measure_of(dimension: str) -> Column:
    """What a dimension is ranked by."""
    return COLUMNS[MEASURES.get(Dimension(dimension), "sessions")]


def label_of(dimension: str, key: str) -> str:
    """Key of a row as people read it."""
    if not key:
        return _EMPTY.get(Dimension(dimension), "Unknown")
    if dimension == Dimension.CHANNEL or key == "direct":
        return channel_label(key)
    if dimension == Dimension.CUSTOMER:
        return CustomerType(key).label if key in CustomerType.values else key
    if dimension == Dimension.COUNTRY:
        return f"{country_name(key)} ({key})"
    if dimension == Dimension.HOUR:
        return f"{key}:00"
    return key.capitalize() if dimension == Dimension.DEVICE else key


def order_of(dimension: str, sort: str) -> tuple[list[OrderBy], str, bool]:
    """Order of rows, the column that makes it (``key`` for the names), and whether it rises."""
    name, is_rising = sort.removesuffix(UP), sort.endswith(UP)
    known = {column.name for column in columns_of(dimension)}
    if name == "key" or (dimension == Dimension.HOUR and name not in known):
        is_rising = sort != "key"
        return [F("key").asc() if is_rising else F("key").desc()], "key", is_rising
    column = COLUMNS[name] if name in known else measure_of(dimension)
    is_rising = is_rising and name in known
    sums = [F(f"sum_{part}") for part in column.parts]
    value = sums[0] if len(sums) == 1 else ExpressionWrapper(
        sums[0] * 1.0 / NullIf(sums[1], 0), output_field=FloatField()
    )  # fmt: skip
    first = OrderBy(value, descending=not is_rising, nulls_last=True)
    return [first, F("key").asc()], column.name, is_rising
