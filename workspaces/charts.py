"""Small line charts as SVG paths, computed on the server: they work without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from workspaces.formats import amount


@dataclass(frozen=True)
class Mark:
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
    _marks: Callable[[], Iterable[Mark]] = field(default=tuple, repr=False, compare=False)

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """One for each value, made when asked for: a table's small lines show none."""
        return tuple(self._marks())

    @property
    def dots(self) -> SafeString:
        """Its marks as SVG; a template would take most of a page's time over each of them."""
        return format_html_join(
            "",
            '<circle cx="{}" cy="{}" r="2"><title>{}</title></circle>',
            ((f"{mark.x:.1f}", f"{mark.y:.1f}", mark.label) for mark in self.marks),
        )

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
    write: tuple[Callable[[float], str], Callable[[float], str]],
    width: int = 300,
    height: int = 140,
) -> CurveChart:
    """Chart of a curve from nothing; ``write`` says amounts across and upwards in words."""
    across, upwards = write
    far = max(*curve.across, 1e-9)
    known = [(x, y) for x, y in days if 0 <= x <= far]
    low = min(0.0, *(y for _, y in known), 0.0)
    top = max(*curve.high, *(y for _, y in known), 1e-9)

    def place(x: float, y: float) -> tuple[float, float]:
        return 3 + (width - 6) * x / far, _height_of(y, low, top, height)

    def line(values: Sequence[float]) -> list[tuple[float, float]]:
        return [place(x, y) for x, y in zip(curve.across, values, strict=True)]

    edge = [*line(curve.high), *reversed(line(curve.low))]
    return CurveChart(
        title=title,
        width=width,
        height=height,
        band=f"{_drawn(edge)} Z",
        path=_drawn(line(curve.middle)),
        # Lines of no length with round ends: one path is far cheaper than a hundred circles.
        dots="".join(f"M{x:.1f},{y:.1f}h0" for x, y in (place(*day) for day in known)),
        now_x=place(now, 0.0)[0] if now <= far else None,
        summary=f"{title}: {upwards(curve.middle[-1])} at {across(far)}, now {across(now)}",
        left=across(0.0),
        right=across(far),
        top=upwards(top),
    )


def _drawn(places: Sequence[tuple[float, float]]) -> str:
    first, *rest = (f"{x:.1f},{y:.1f}" for x, y in places)
    return f"M{first} " + " ".join(f"L{point}" for point in rest)


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
) -> LineChart:
    """Chart of one value a day; ``None`` leaves a gap, the axis starts at zero.

    ``band`` gives the interval around some values, consecutive ones, by their place.
    """
    band = band or {}
    known = [value for value in values if value is not None]
    if not known:
        return LineChart(title, width, height, "", "", "–", f"{title}: no data", has_data=False)
    top = max(*known, *(high for _, high in band.values()), 0.0) or 1.0
    low = min(*known, *(low for low, _ in band.values()), 0.0)
    write = _writer(currency, suffix)
    places = _places(values, low, top, width, height)

    def marks() -> Iterator[Mark]:
        for place, (day, value, (x, y)) in enumerate(zip(days, values, places, strict=True)):
            if value is not None:
                label = f"{day:%d %b}: {write(value)}{_interval(band.get(place), write)}"
                yield Mark(x, y, label)

    path = _path(values, places)
    zero = _height_of(0.0, low, top, height)
    shown = [x for (x, _), value in zip(places, values, strict=True) if value is not None]
    area = f"{path} L{shown[-1]:.1f},{zero:.1f} L{shown[0]:.1f},{zero:.1f} Z"
    summary = (
        f"{title}, {len(days)} days: lowest {write(min(known))}, highest {write(max(known))}, "
        f"latest {write(known[-1])}"
    )
    sides = [(places[at][0], *own) for at, own in sorted(band.items())]
    return LineChart(
        title, width, height, path, area, write(known[-1]), summary, days[0], days[-1],
        write(max(known)), band=_outline(sides, low, top, height), _marks=marks,
    )  # fmt: skip


def _writer(currency: str | None, suffix: str) -> Callable[[float], str]:
    return lambda value: amount(Decimal(str(round(value, 4))), currency) + suffix


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
    margin = 3.0
    return margin + (height - 2 * margin) * (top - value) / (top - low or 1.0)


def _places(
    values: Sequence[float | None], low: float, top: float, width: int, height: int
) -> list[tuple[float, float]]:
    step = (width - 6) / max(len(values) - 1, 1)
    return [
        (3 + n * step, _height_of(value or 0.0, low, top, height)) for n, value in enumerate(values)
    ]


def _path(values: Sequence[float | None], places: Sequence[tuple[float, float]]) -> str:
    parts, is_drawing = [], False
    for value, (x, y) in zip(values, places, strict=True):
        if value is not None:
            parts.append(f"{'L' if is_drawing else 'M'}{x:.1f},{y:.1f}")
        is_drawing = value is not None
    return " ".join(parts)
