"""The report as pages, files and other systems get it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from inbox.engine.reporting import NOTHING, Figures, figures_by, figures_of
from inbox.models import InboxChannel, Intent, ResponseTemplate, Team
from inbox.selectors.analytics.asked import ReportQuery
from inbox.selectors.analytics.counted import (
    Said,
    Scores,
    Volume,
    backlog_of,
    said_of,
    volume_of,
)
from inbox.selectors.analytics.turns import DIMENSIONS, TurnRows, turn_rows
from workspaces.models import User

TITLES: Final = {"intent": "Intent", "channel": "Channel", "team": "Team", "agent": "Agent"}
_LABELS: Final[Mapping[str, Mapping[object, str]]] = {
    "intent": dict(Intent.choices),
    "channel": dict(InboxChannel.choices),
    "team": dict(Team.choices),
}
_NOBODY: Final = {"agent": "Nobody", "intent": "Not read", "template": "No template"}


@dataclass(frozen=True)
class Part:
    """Turns of one intent, channel, team or agent; ``key`` is how an address names it."""

    key: str
    label: str
    figures: Figures
    scores: Scores


@dataclass(frozen=True)
class Rated:
    """What people said of answers made of one template."""

    label: str
    scores: Scores


@dataclass(frozen=True)
class Report:
    """Everything that the page shows."""

    query: ReportQuery
    figures: Figures
    before: Figures
    mail: Figures  # e-mails of people we serve, not of those we sell to
    mail_before: Figures
    days: tuple[Figures | None, ...]
    parts: Mapping[str, tuple[Part, ...]]
    volume: Volume
    said: Said
    templates: tuple[Rated, ...]
    backlog: tuple[tuple[str, int], ...]
    people: Mapping[int, str]  # who may be asked for, by number

    @property
    def is_empty(self) -> bool:
        """Whether nothing came in these days, and nothing was said or waits."""
        counts = (self.volume.incoming, self.volume.outgoing, self.figures.turns,
                  self.said.now.rated, self.waiting)  # fmt: skip
        return not any(counts)

    @property
    def waiting(self) -> int:
        """How many wait for an answer of ours now."""
        return sum(count for _, count in self.backlog)


def report_of(query: ReportQuery, now: datetime) -> Report:
    """Read the report: seven statements, however many messages there are."""
    rows, said = turn_rows(query), said_of(query)
    people = _people(query, rows, said)
    current, earlier = rows.turns.where(rows.is_now), rows.turns.where(~rows.is_now)
    is_mail = (rows.labels["channel"] == InboxChannel.EMAIL) & (rows.labels["team"] != Team.SALES)
    return Report(
        query=query,
        figures=figures_of(current),
        before=figures_of(earlier),
        mail=figures_of(rows.turns.where(rows.is_now & is_mail)),
        mail_before=figures_of(rows.turns.where(~rows.is_now & is_mail)),
        days=_days(rows, query.period.days),
        parts=_parts(rows, said, people),
        volume=volume_of(query),
        said=said,
        templates=_templates(said),
        backlog=backlog_of(query, now),
        people=people,
    )


def _days(rows: TurnRows, days: int) -> tuple[Figures | None, ...]:
    found = figures_by(rows.turns.where(rows.is_now), rows.day[rows.is_now])
    return tuple(found.get(day) for day in range(days))


def _parts(rows: TurnRows, said: Said, people: Mapping[int, str]) -> dict[str, tuple[Part, ...]]:
    current = rows.turns.where(rows.is_now)
    found = {
        name: figures_by(current, rows.labels[name][rows.is_now]) for name in DIMENSIONS
    }  # fmt: skip
    labels: dict[str, Mapping[Any, str]] = {**_LABELS, "agent": people}
    return {
        name: tuple(_in_order(name, figures, said.by.get(name, {}), labels[name]))
        for name, figures in found.items()
    }


def _in_order(
    name: str,
    figures: Mapping[object, Figures],
    scores: Mapping[object, Scores],
    labels: Mapping[Any, str],
) -> Iterable[Part]:
    """Most turns first; who was only rated comes last."""
    keys = sorted({*figures, *scores}, key=lambda key: (
        -figures.get(key, NOTHING).turns, labels.get(key, ""), str(key)))  # fmt: skip
    for key in keys:
        label = labels.get(key) or _NOBODY.get(name, "–")
        address = "none" if key == 0 else str(key)
        yield Part(address, label, figures.get(key, NOTHING), scores.get(key, Scores()))


def _people(query: ReportQuery, rows: TurnRows, said: Said) -> dict[int, str]:
    """Members, and who answered and left since."""
    seen = {*rows.labels["agent"].tolist(), *said.by["agent"]}
    known = Q(memberships__workspace=query.workspace) | Q(pk__in=seen)
    found = {user.pk: str(user) for user in User.objects.filter(known).distinct()}
    return dict(sorted(found.items(), key=lambda one: one[1].casefold()))


def _templates(said: Said) -> tuple[Rated, ...]:
    own = said.by["template"]
    rows = ResponseTemplate.objects.filter(pk__in=[key for key in own if key])
    labels: dict[object, str] = dict(rows.values_list("pk", "name")) if any(own) else {}
    rated = [Rated(labels.get(key, _NOBODY["template"]), scores) for key, scores in own.items()]
    return tuple(sorted(rated, key=lambda one: (-one.scores.rated, one.label)))
