"""Small line charts as SVG paths, computed on the server: they work without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from html import escape
from itertools import groupby
from typing import Final, NamedTuple

from django.utils.safestring import SafeString, mark_safe

from workspaces.formats import TIMES, money, plain, times
from workspaces.reports.shapes import Chart, DaysChart, DaysPanel, DotChart

_MARGIN: Final = 3.0


class Change(NamedTuple):
    """A day on which something was carried out: where it stands, in words, and its changes.

    ``why_url`` asks what changed the figure on that day; empty where that cannot be asked.
    """

    x: float
    label: str
    url: str
    day: date
    why_url: str = ""


class Mark(NamedTuple):
    """One point of a chart, in its own coordinates and in words."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class LineChart:
    """One series over days, ready to be drawn; ``has_data`` is false when nothing was measured."""

    title: str
    width: int
    height: int
    path: str
    area: str
    last: str
    summary: str
    first_day: date | None = None
    last_day: date | None = None
    top: str = ""
    has_data: bool = True
    band: str = ""
    beside: str = ""
    name: str = ""
    changes: tuple[Change, ...] = ()
    changed: str = ""
    _marks: Callable[[], Iterable[Mark]] = field(default=tuple, repr=False, compare=False)
    _file: Callable[[], DaysChart] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """One for each value, made when asked for: a table's small lines show none."""
        return tuple(self._marks())

    @property
    def file(self) -> DaysChart | None:
        """The same as a file draws it; none without data."""
        return self._file() if self._file else None

    @property
    def dots(self) -> SafeString:
        """Its marks as SVG; a template would take most of a page's time over each of them."""
        return mark_safe(  # noqa: S308  # of numbers and escaped words
            "".join(
                f'<circle cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="2">'
                f"<title>{escape(mark.label)}</title></circle>"
                for mark in self.marks
            )
        )

    @property
    def change_lines(self) -> SafeString:
        """Days with changes as SVG; each line tells how many, the list below leads to them."""
        return mark_safe(  # noqa: S308  # of numbers and escaped words
            "".join(
                f'<path class="cs-chart-change" d="M{one.x:.1f},0V{self.height}">'
                f"<title>{escape(one.label)}</title></path>"
                for one in self.changes
            )
        )

    def place_of(self, day: date) -> float | None:
        """Where a day stands across; ``None`` outside."""
        if not (self.first_day and self.last_day and self.first_day <= day <= self.last_day):
            return None
        steps = max((self.last_day - self.first_day).days, 1)
        return _MARGIN + (self.width - 2 * _MARGIN) * (day - self.first_day).days / steps

    @property
    def view_box(self) -> str:
        """Extent of the drawing."""
        return f"0 0 {self.width} {self.height}"


@dataclass(frozen=True)
class CurveChart:
    """What comes of an amount: a curve with its band, and the days behind it."""

    title: str
    width: int
    height: int
    band: str
    path: str
    dots: str
    now_x: float | None
    summary: str
    left: str
    right: str
    top: str
    name: str
    file: DotChart

    @property
    def view_box(self) -> str:
        """Extent of the drawing."""
        return f"0 0 {self.width} {self.height}"


@dataclass(frozen=True)
class Curve:
    """Points of a curve with its band, in its own units; ``low`` and ``high`` are P10 and P90."""

    across: Sequence[float]
    low: Sequence[float]
    middle: Sequence[float]
    high: Sequence[float]


def curve_chart(
    *,
    title: str,
    curve: Curve,
    days: Sequence[tuple[float, float]],
    now: float,
    units: tuple[str, str],
    name: str = "",
    width: int = 300,
    height: int = 140,
) -> CurveChart:
    """Chart of a curve from nothing; ``units`` are those of a day, across and upwards."""
    far = max(*curve.across, 1e-9)
    known = [(x, y) for x, y in days if 0 <= x <= far]
    low = min(0.0, *(y for _, y in known), 0.0)
    top = max(*curve.high, *(y for _, y in known), 1e-9)

    def place(x: float, y: float) -> tuple[float, float]:
        return 3 + (width - 6) * x / far, _height_of(y, low, top, height)

    def line(values: Sequence[float]) -> list[tuple[float, float]]:
        return [place(x, y) for x, y in zip(curve.across, values, strict=True)]

    def write(value: float, unit: str) -> str:
        return f"{value:,.0f} {unit}"

    edge = [*line(curve.high), *reversed(line(curve.low))]
    summary = (
        f"{title}: {write(curve.middle[-1], f'{units[1]} a day')} at {write(far, units[0])},"
        f" now {write(now, units[0])}"
    )
    return CurveChart(
        title=title,
        width=width,
        height=height,
        band=f"{_drawn(edge)} Z",
        path=_drawn(line(curve.middle)),
        # Lines of no length with round ends: one path is far cheaper than a hundred circles.
        dots="".join(f"M{x:.1f},{y:.1f}h0" for x, y in (place(*day) for day in known)),
        now_x=place(now, 0.0)[0] if now <= far else None,
        summary=summary,
        left=write(0.0, units[0]),
        right=write(far, units[0]),
        top=write(top, f"{units[1]} a day"),
        name=name,
        file=_curve_file(title, curve, known, now if now <= far else None, units, summary),
    )


def _curve_file(
    title: str,
    curve: Curve,
    known: Sequence[tuple[float, float]],
    now: float | None,
    units: tuple[str, str],
    note: str,
) -> DotChart:
    return DotChart(
        title=title,
        across=f"{units[0]} a day",
        upwards=f"{units[1]} a day",
        dots=tuple(known),
        curve=tuple(zip(curve.across, curve.middle, strict=True)),
        note=note,
        band=tuple(zip(curve.across, curve.low, curve.high, strict=True)),
        now=now,
    )


def files_of(charts: Iterable[LineChart | CurveChart]) -> dict[str, Chart]:
    """Charts that have something to show, by name, as files draw them."""
    return {chart.name: chart.file for chart in charts if chart.file}


def _drawn(places: Sequence[tuple[float, float]]) -> str:
    first, *rest = (f"{x:.1f},{y:.1f}" for x, y in places)
    return f"M{first} " + " ".join(f"L{point}" for point in rest)


def _area(
    values: Sequence[float | None], places: Sequence[tuple[float, float]], zero: float
) -> str:
    """What lies between a line and zero; a gap of the line has nothing below it either."""
    points = list(zip(values, places, strict=True))
    runs = (
        [place for _, place in run]
        for is_known, run in groupby(points, lambda one: one[0] is not None) if is_known
    )  # fmt: skip
    return " ".join(_drawn([*run, (run[-1][0], zero), (run[0][0], zero)]) + " Z" for run in runs)


def _for_file(
    title: str,
    days: Sequence[date],
    values: Sequence[float | None],
    band: Mapping[int, tuple[float, float]],
    unit: str,
    summary: str,
) -> DaysChart:
    """The same chart for a file."""
    interval = tuple(map(band.get, range(len(days)))) if band else ()
    panel = DaysPanel(unit or "a day", tuple(values), interval)
    return DaysChart(title, tuple(days), (panel,), summary)


def line_chart(
    *,
    title: str,
    days: Sequence[date],
    values: Sequence[float | None],
    currency: str | None = None,
    suffix: str = "",
    width: int = 220,
    height: int = 56,
    band: Mapping[int, tuple[float, float]] | None = None,
    beside: Sequence[float | None] = (),
    name: str = "",
) -> LineChart:
    """Chart of one value a day; ``None`` leaves a gap, the axis starts at zero.

    ``band`` gives the interval around some values, consecutive ones, by their place. ``beside`` is
    a second line over the same days. By its ``name`` a chart is asked for as a file.
    """
    band = band or {}
    known = [value for value in values if value is not None]
    others = [value for value in beside if value is not None]
    if not known:
        return LineChart(title, width, height, "", "", "–", f"{title}: no data", has_data=False)
    top = max(*known, *others, *(high for _, high in band.values()), 0.0) or 1.0
    low = min(*known, *others, *(low for low, _ in band.values()), 0.0)
    write = _writer(currency, suffix)
    places = _places(values, low, top, width, height)

    def marks() -> Iterator[Mark]:
        for place, (day, value, (x, y)) in enumerate(zip(days, values, places, strict=True)):
            if value is not None:
                label = f"{_named(day)}: {write(value)}{_interval(band.get(place), write)}"
                yield Mark(x, y, label)

    path = _path(values, places)
    summary = (
        f"{title}, {len(days)} days: lowest {write(min(known))}, highest {write(max(known))}, "
        f"latest {write(known[-1])}"
    )

    sides = [(places[at][0], *own) for at, own in sorted(band.items())]
    return LineChart(
        title, width, height, path, _area(values, places, _height_of(0.0, low, top, height)),
        write(known[-1]), summary, days[0], days[-1], write(max(known)),
        band=_outline(sides, low, top, height),
        beside=_path(beside, _places(beside, low, top, width, height)) if others else "",
        name=name, _marks=marks,
        _file=partial(_for_file, title, days, values, band, currency or suffix.strip(), summary),
    )  # fmt: skip


def _writer(currency: str | None, suffix: str) -> Callable[[float], str]:
    def write(value: float) -> str:
        if suffix == TIMES:
            return times(value)
        number = Decimal(str(round(value, 4)))
        return (money(number, currency) if currency else plain(number)) + suffix

    return write


def _interval(own: tuple[float, float] | None, write: Callable[[float], str]) -> str:
    return f" ({write(own[0])} to {write(own[1])})" if own else ""


def _outline(
    sides: Sequence[tuple[float, float, float]], low: float, top: float, height: int
) -> str:
    """Path around intervals: along the lower ends and back along the upper ones."""
    if not sides:
        return ""
    ends = [(x, below) for x, below, _ in sides] + [(x, above) for x, _, above in sides[::-1]]
    points = [f"{x:.1f},{_height_of(value, low, top, height):.1f}" for x, value in ends]
    return f"M{' L'.join(points)} Z"


def _height_of(value: float, low: float, top: float, height: int) -> float:
    return _MARGIN + (height - 2 * _MARGIN) * (top - value) / (top - low or 1.0)


def _places(
    values: Sequence[float | None], low: float, top: float, width: int, height: int
) -> list[tuple[float, float]]:
    step = (width - 2 * _MARGIN) / max(len(values) - 1, 1)
    scale = (height - 2 * _MARGIN) / (top - low or 1.0)
    return [
        (_MARGIN + n * step, _MARGIN + scale * (top - (value or 0.0)))
        for n, value in enumerate(values)
    ]


def _path(values: Sequence[float | None], places: Sequence[tuple[float, float]]) -> str:
    points = [
        "" if value is None else f"{x:.1f},{y:.1f}"
        for value, (x, y) in zip(values, places, strict=True)
    ]
    return " ".join("M" + " L".join(run) for is_known, run in groupby(points, bool) if is_known)


@lru_cache(maxsize=512)
def _named(day: date) -> str:
    return f"{day:%d %b}"
