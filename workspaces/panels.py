"""What a kind shows in the queue beyond the gate's own fields.

A higher app registers a ``KindPanel`` in ``ready()``; kinds without one are shown by what their
plan body says: before, after, currency.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from workspaces.formats import amount, money, number_of, percent
from workspaces.models import Proposal, Workspace


@dataclass(frozen=True)
class Diff:
    """A change in words and, where it moves money a day, in figures."""

    before: str
    after: str
    change: str = ""
    rises: bool | None = None
    delta: Decimal | None = None  # per day, in ``currency``
    currency: str = ""


@dataclass(frozen=True)
class Facet:
    """One more filter of the queue, over rows that only a higher app knows."""

    name: str
    label: str
    choices: Callable[[Workspace], Sequence[tuple[str, str]]]
    narrow: Callable[[QuerySet[Proposal], str], QuerySet[Proposal]]


@dataclass(frozen=True)
class EditField:
    """The one field of a request that the queue's edit form changes."""

    name: str
    label: str
    value: str
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""


def _no_context(_proposal: Proposal, _now: datetime) -> dict[str, Any]:
    return {}


def _a_day(proposal: Proposal) -> str:
    """Money that a change moves a day, in words; empty where it moves none."""
    stake = proposal.money_at_stake
    return "" if stake is None else f"{money(stake, proposal.workspace.currency)} a day at stake"


def _no_edit(_proposal: Proposal) -> EditField | None:
    return None


@dataclass(frozen=True)
class KindPanel:
    """How one kind looks in the queue."""

    kind: str
    context: Callable[[Proposal, datetime], dict[str, Any]] = _no_context
    edit_field: Callable[[Proposal], EditField | None] = _no_edit
    facets: tuple[Facet, ...] = field(default=())
    stake: Callable[[Proposal], str] = _a_day


@dataclass(frozen=True)
class Aside:
    """A part of a kind's page that another app answers, asked for once the page stands.

    ``url_name`` takes the proposal's public id and answers a fragment, or nothing.
    """

    kind: str
    url_name: str


_panels: dict[str, KindPanel] = {}
_asides: list[Aside] = []


def register_aside(aside: Aside) -> None:
    """Make a part known. Called in ``ready()``."""
    _asides.append(aside)


def asides_of(kind: str) -> list[Aside]:
    """Parts of a kind's page that are asked for later."""
    return [aside for aside in _asides if aside.kind == kind]


def register_panel(panel: KindPanel) -> None:
    """Make a kind's looks known. Called in ``ready()``."""
    _panels[panel.kind] = panel


def panel_of(kind: str) -> KindPanel:
    """Looks of a kind; plain ones where nothing was registered."""
    return _panels.get(kind) or KindPanel(kind)


def facets() -> list[Facet]:
    """Filters of all kinds, in a stable order."""
    return [facet for kind in sorted(_panels) for facet in _panels[kind].facets]


def diff_of(body: dict[str, Any]) -> Diff:
    """Before and after of a plan body; money a day where the operation sets a daily budget."""
    currency = body.get("currency") or ""
    old, new = number_of(body.get("before")), number_of(body.get("after"))
    if old is None or new is None:
        return Diff(_text(body.get("before")), _text(body.get("after")))
    is_daily = str(body.get("operation", "")).endswith("daily_budget")
    return Diff(
        before=money(old, currency) if currency else _text(body["before"]),
        after=money(new, currency) if currency else _text(body["after"]),
        change=percent((new - old) * 100 / old) if old else "",
        rises=new > old,
        delta=new - old if is_daily and currency else None,
        currency=currency,
    )


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return "see the plan"
    return amount(value, None) if number_of(value) is None else str(value)
