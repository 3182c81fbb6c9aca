"""What higher apps bring to the ledger: what it can be narrowed to, figures, other reasons.

Registered in ``ready()``; the ledger itself knows proposals only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from workspaces.models import Proposal, Workspace


@dataclass(frozen=True)
class Scope:
    """Something that changes belong to: a channel, a campaign.

    Attributes
    ----------
    narrow : rows of the workspace that belong to it; none where it does not exist
    label : what a value is called; empty where the workspace has no such thing
    """

    name: str
    title: str
    narrow: Callable[[Workspace, QuerySet[Proposal], str], QuerySet[Proposal]]
    label: Callable[[Workspace, str], str]


@dataclass(frozen=True)
class Metric:
    """A figure by day that can be asked what changed it.

    ``currency`` is empty for counts; shares come in percent with ``unit``. ``follows_budget``
    says that more money a day makes more of it.
    """

    name: str
    title: str
    days: Sequence[date]
    values: Sequence[float | None]
    currency: str = ""
    unit: str = ""
    follows_budget: bool = False


@dataclass(frozen=True)
class Event:
    """Something else than a signed change that may have moved a figure."""

    at: datetime
    title: str
    kind: str
    url: str = ""


Days = tuple[date, date]
Scoped = Mapping[str, str]
MetricsOf = Callable[[], Sequence[tuple[str, str]]]
ReadMetric = Callable[[Workspace, str, Scoped, Days], Metric | None]
EventsOf = Callable[[Workspace, Scoped, datetime, datetime], Iterable[Event]]

_scopes: dict[str, Scope] = {}
_metrics: list[tuple[MetricsOf, ReadMetric]] = []
_events: dict[str, EventsOf] = {}


def register_scope(scope: Scope) -> None:
    """Let the ledger be narrowed to something. Called in ``ready()``."""
    _scopes[scope.name] = scope


def scopes() -> list[Scope]:
    """What it can be narrowed to, in the order in which it was made known."""
    return list(_scopes.values())


def register_metrics(names: MetricsOf, read: ReadMetric) -> None:
    """Let figures be asked what changed them. Called in ``ready()``."""
    _metrics[:] = [pair for pair in _metrics if pair != (names, read)] + [(names, read)]


def known_metrics() -> list[tuple[str, str]]:
    """Figures that can be asked, by name with their title."""
    return [pair for names, _ in _metrics for pair in names()]


def is_metric(name: str) -> bool:
    """Whether it can be asked what changed a figure."""
    return name in dict(known_metrics())


def metric_of(workspace: Workspace, name: str, scoped: Scoped, days: Days) -> Metric | None:
    """One figure over some days; ``None`` where nobody knows it."""
    for names, read in _metrics:
        if name in dict(names()):
            return read(workspace, name, scoped, days)
    return None


def register_events(name: str, read: EventsOf) -> None:
    """Bring other reasons than signed changes. Called in ``ready()``."""
    _events[name] = read


def events_of(
    workspace: Workspace, scoped: Scoped, since: datetime, until: datetime
) -> list[Event]:
    """Everything else that happened in between, of all apps."""
    return [event for read in _events.values() for event in read(workspace, scoped, since, until)]
