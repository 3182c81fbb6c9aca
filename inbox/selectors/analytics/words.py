"""The report in words: cards, small charts, and tables as files hold them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inbox.engine.reporting import AUTOMATIC, ESCALATED, MAIL_MINUTES, Figures
from inbox.selectors.analytics.counted import lasted
from inbox.selectors.analytics.report import TITLES, Part, Report
from workspaces.boards import NOTHING, Kpi, change_of
from workspaces.charts import LineChart, line_chart
from workspaces.formats import figure, share
from workspaces.reports.shapes import Cell, Table

_HEAD: Final = (
    "Waited for an answer", "Answered", "First answer, mean (minutes of business time)",
    "First answer, median (minutes of business time)",
    "First answer, 90 % within (minutes of business time)", "First answer, mean (minutes)",
    "First answer, median (minutes)", "First answer, 90 % within (minutes)", "Promises kept",
    "Promises missed", "Kept (share)", "Answered unsigned (share)", "Escalated (share)",
    "Said how it was", "Glad (share)", "Mean score",
)  # fmt: skip


def kpis_of(report: Report) -> list[Kpi]:
    """The figures of the whole period against the one before, and against what is asked of us."""
    now, before, volume = report.figures, report.before, report.volume
    said, was = report.said.now, report.said.before
    return [
        _counted("Messages in", volume.incoming, volume.incoming_before),
        _counted("Answers out", volume.outgoing, volume.outgoing_before),
        _timed("First answer, median", now.first_business.median, before.first_business.median),
        _shared("Promises kept", now.compliance, before.compliance,
                f"{now.kept:,} of {now.judged:,}" if now.judged else ""),
        _goal(_timed("Service e-mail, mean", report.mail.first_business.mean,
                     report.mail_before.first_business.mean),
              "goal under 2 h", (report.mail.first_business.mean or 0) >= MAIL_MINUTES),
        _goal(_shared("Answered unsigned", now.automatic_share, before.automatic_share),
              f"goal {share(AUTOMATIC)}", (now.automatic_share or 0) < AUTOMATIC),
        _goal(_shared("Escalated", now.escalated_share, before.escalated_share),
              f"goal under {share(ESCALATED)}", (now.escalated_share or 0) >= ESCALATED),
        _shared("Satisfied", said.share, was.share,
                f"{said.glad:,} of {said.rated:,} who said so" if said.rated else ""),
    ]  # fmt: skip


def _counted(label: str, value: int, was: int) -> Kpi:
    return Kpi(label, figure(value), _before(value, was))


def _timed(label: str, value: float | None, was: float | None) -> Kpi:
    return Kpi(label, lasted(value), _before(value, was), "Minutes of business time.")


def _shared(label: str, value: float | None, was: float | None, told: str = "") -> Kpi:
    text = NOTHING if value is None else share(value, 1)
    return Kpi(label, text, _before(value, was), target=told)


def _goal(kpi: Kpi, told: str, is_missed: bool) -> Kpi:  # noqa: FBT001  # one call each
    """A card with what is asked; nothing to judge misses nothing."""
    is_known = kpi.text != NOTHING
    return Kpi(kpi.label, kpi.text, kpi.change, kpi.hint, told, is_missed and is_known)


def _before(value: float | None, was: float | None) -> str:
    change = change_of(value, was)
    return f"{change} on the days before" if change else ""


def charts_of(report: Report) -> list[LineChart]:
    """Day by day; one day alone has no course."""
    days = list(report.query.period)
    if len(days) < 2:
        return []

    def line(title: str, read: Callable[[Figures], float | None], suffix: str = "") -> LineChart:
        values = [_rounded(read(one)) if one else None for one in report.days]
        return line_chart(title=title, days=days, values=values, suffix=suffix)

    came = [float(count) for count, _ in report.volume.days]
    went = [float(count) for _, count in report.volume.days]
    return [
        line_chart(title="Messages in", days=days, values=came, name="messages_in"),
        line_chart(title="Answers out", days=days, values=went, name="answers_out"),
        line("First answer, median", lambda one: one.first_business.median, " min"),
        line("Promises kept", lambda one: _percent(one.compliance), " %"),
    ]  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def tables_of(report: Report) -> list[Table]:
    """All parts in one table, days in another, arrivals by hour in a third."""
    groups = [("All", [Part("", "", report.figures, report.said.now)])] + [
        (TITLES[name], list(parts)) for name, parts in report.parts.items()
    ]
    rows = tuple((title, part.label, *_cells(part)) for title, parts in groups for part in parts)
    days = tuple(
        (day.isoformat(), came, went)
        for day, (came, went) in zip(report.query.period, report.volume.days, strict=True)
    )
    heat: tuple[tuple[Cell, ...], ...] = tuple(
        (line.label, *(count for count, _ in line.cells)) for line in report.volume.heat
    )
    return [
        Table("Parts", ("By", "Part", *_HEAD), rows, texts=frozenset({0, 1})),
        Table("Days", ("Day", "Messages in", "Answers out"), days),
        Table("Arrivals", ("Weekday", *(f"{hour}:00" for hour in range(24))), heat),
    ]


def _cells(part: Part) -> tuple[Cell, ...]:
    own, said = part.figures, part.scores
    found: tuple[float | int | None, ...] = (
        own.turns, own.answered, own.first_business.mean, own.first_business.median,
        own.first_business.p90, own.first.mean, own.first.median, own.first.p90, own.kept,
        own.missed, own.compliance, own.automatic_share, own.escalated_share, said.rated,
        said.share, said.mean,
    )  # fmt: skip
    return tuple(round(one, 4) if isinstance(one, float) else one for one in found)
