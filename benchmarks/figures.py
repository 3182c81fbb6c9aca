"""What a measurement reports, and how it is written down."""

from __future__ import annotations

import math
import os
import platform
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
# Between which lines of the page a table stands: that of private servers, that of a load set, and
# that of every page over it.
FIGURES = ("<!-- figures: written by the command -->", "<!-- end of figures -->")
LOAD_SET = ("<!-- load set: written by the command -->", "<!-- end of load set -->")
EVERY_PAGE = ("<!-- every page: written by the command -->", "<!-- end of every page -->")
_COLUMNS = ("figure", "measured", "limit, same run", "ratio", "target", "growth", "peak MB")


@dataclass(frozen=True)
class Figure:
    """One number beside its limit.

    ``ratio`` is the share of the limit that is reached, or the measured value in units of it;
    ``growth`` holds (size, value) for one, four and sixteen times the smallest size.
    """

    name: str
    value: float
    unit: str
    limit_name: str = ""
    limit: float | None = None
    target: str = ""
    is_met: bool | None = None
    growth: tuple[tuple[int, float], ...] = ()
    peak_mb: float | None = None
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Measured over limit."""
        return None if not self.limit else self.value / self.limit

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        met = {True: " ✓", False: " ✗", None: ""}[self.is_met]
        limit = f"{_short(self.limit)} {self.limit_name}" if self.limit else "–"
        growth = ", ".join(f"{size:,}: {_short(value)}" for size, value in self.growth)
        return (
            self.name,
            f"{_short(self.value)} {self.unit}",
            limit,
            f"{self.ratio:.2f}" if self.ratio is not None else "–",
            (self.target or "–") + met,
            growth or "–",
            f"{self.peak_mb:.0f}" if self.peak_mb else "–",
        )

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {**asdict(self), "ratio": self.ratio}


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def reset_peak_mb() -> Callable[[], float]:
    """Start to watch this process's memory; calling the answer gives its peak since."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")
        return _peak_linux_mb
    return lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


def _peak_linux_mb() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def quantile(values: Sequence[float], share: float) -> float:
    """Smallest value that a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def markdown(figures: Sequence[Figure]) -> str:
    """The table."""
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS), *(figure.cells() for figure in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def plain(figures: Sequence[Figure]) -> str:
    """The table for a terminal."""
    rows = [_COLUMNS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def machine() -> str:
    """The machine, as far as it tells."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}; load before the run {load:.1f}"
    )


def write_docs(
    figures: Sequence[Figure],
    *,
    command: str,
    where: str,
    day: str,
    marks: tuple[str, str] = FIGURES,
) -> None:
    """Put the table between its marks in the page."""
    write_between(DOCS, marks, f"`{command}` on {day}: {where}.\n\n{markdown(figures)}")


def write_between(page: Path, marks: tuple[str, str], body: str) -> None:
    """Replace what stands between two marks of a page."""
    start, end = marks
    before, found, rest = page.read_text(encoding="utf-8").partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{page} has lost the marks {start} and {end}; put them back.")
    page.write_text(f"{before}{start}\n{body}\n\n{end}{after}", encoding="utf-8")
