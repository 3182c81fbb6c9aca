"""Rows of the queue page: filtered, in order, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_datetime

from workspaces.gate import RequestError
from workspaces.models import Proposal, Risk, Status, Workspace
from workspaces.models.gate import PROPOSAL_WORDS
from workspaces.panels import facets
from workspaces.search import among, first_keys, narrow, narrow_in_order
from workspaces.selectors_rows import QueueRow, Viewer, kind_labels, row_of, with_row_data

PAGE_SIZE = 50
COUNT_CAP = 1000
_RECENT = 1000
# As the database computes it for the order of the queue, whose index is narrowed by it.
_RISK_ORDER: dict[str, int] = {Risk.LOW: 1, Risk.MEDIUM: 2, Risk.HIGH: 3}

TABS: dict[str, tuple[Status, ...]] = {
    "waiting": (Status.PENDING,),
    "scheduled": (Status.APPROVED,),
    "executing": (Status.EXECUTING,),
    "failed": (Status.FAILED,),
    "done": (
        Status.EXECUTED,
        Status.REVERTED,
        Status.REJECTED,
        Status.EXPIRED,
        Status.SUPERSEDED,
        Status.CANCELLED,
    ),
}


@dataclass(frozen=True)
class QueueFilter:
    """What the page's address asks for."""

    tab: str = "waiting"
    kind: str = ""
    risk: str = ""
    proposer: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    search: str = ""
    with_snoozed: bool = False
    facets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class QueuePage:
    """One page of rows, and the cursor of the next."""

    rows: list[QueueRow]
    next_cursor: str = ""


def queue_page(
    *, workspace: Workspace, viewer: Viewer, filters: QueueFilter, after: str, now: datetime
) -> QueuePage:
    """One page: waiting rows riskiest and soonest-expiring first, others newest first."""
    rows = _narrowed(filters, now)
    chosen = (
        _waiting(rows, workspace, filters, after)
        if filters.tab == "waiting"
        else _newest(narrow(rows, PROPOSAL_WORDS, filters.search), workspace, filters.tab, after)
    )
    # Ids first: they are read from an index alone, however many rows the filters leave out.
    found = _loaded(list(islice(chosen, PAGE_SIZE + 1)), viewer)
    page = found[:PAGE_SIZE]
    cursor = _cursor(page[-1], filters.tab) if len(found) > PAGE_SIZE else ""
    return QueuePage([_row(proposal, workspace, viewer, now) for proposal in page], cursor)


def _row(proposal: Proposal, workspace: Workspace, viewer: Viewer, now: datetime) -> QueueRow:
    proposal.workspace = workspace  # one for all rows, which need not read it then
    signed: int = proposal.signed  # type: ignore[attr-defined]  # annotated
    is_signer: bool = proposal.is_signed_by_viewer  # type: ignore[attr-defined]  # annotated
    return row_of(proposal, viewer, now, signed=signed, is_signer=is_signer)


def _narrowed(filters: QueueFilter, now: datetime) -> QuerySet[Proposal]:
    rows = Proposal.objects.filter(kind__in=list(kind_labels()))
    exact = {
        "kind": filters.kind,
        "risk_order": _RISK_ORDER.get(filters.risk),
        "proposer_key": filters.proposer,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    rows = rows.filter(**_amounts(filters))
    if not filters.with_snoozed:
        rows = rows.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))
    chosen = dict(filters.facets)
    for facet in facets():
        if chosen.get(facet.name):
            rows = facet.narrow(rows, chosen[facet.name])
    return rows


def _amounts(filters: QueueFilter) -> dict[str, Decimal]:
    asked = {"money_at_stake__gte": filters.low, "money_at_stake__lte": filters.high}
    return {name: amount for name, amount in asked.items() if amount is not None}


def _waiting(
    rows: QuerySet[Proposal], workspace: Workspace, filters: QueueFilter, after: str
) -> Iterator[int]:
    """Ids in the order of the queue's index; each part of the keyset is a range of it."""
    rows = _of_their_risks(rows.filter(workspace=workspace), workspace, _amounts(filters))
    rows, fits = narrow_in_order(rows, PROPOSAL_WORDS, filters.search)
    pending = _waiting_order(rows)
    parts = [pending]
    if after:
        risk, expires, pk = _parse_waiting(after)
        is_later = Q(expires_at__gt=expires) | Q(pk__gt=pk)
        parts = [
            pending.filter(is_later, risk_order=risk, expires_at__gte=expires),
            pending.filter(risk_order__lt=risk),
        ]
    for part in parts:
        yield from first_keys(part, fits, PAGE_SIZE + 1)


def _of_their_risks(
    rows: QuerySet[Proposal], workspace: Workspace, amounts: dict[str, Decimal]
) -> QuerySet[Proposal]:
    """Rows of the risks at which such amounts wait at all.

    The order is by risk, and risk goes with the amount: small ones would be looked for among all
    that wait at a high risk first.
    """
    if not amounts:
        return rows
    pending = Proposal.objects.filter(workspace=workspace, status=Status.PENDING, **amounts)
    first, *others = (
        pending.filter(risk_order=risk).values_list("risk_order")[:1]
        for risk in _RISK_ORDER.values()
    )
    return rows.filter(among(first.union(*others, all=True), "risk_order"))


def _waiting_order(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Waiting rows, riskiest and soonest-expiring first."""
    pending = rows.filter(status=Status.PENDING)
    return pending.order_by(F("risk_order").desc(), F("expires_at").asc(), "pk")


def newest(rows: QuerySet[Proposal], workspace: Workspace) -> QuerySet[Proposal]:
    """Rows of the workspace, newest first, by an index that begins with it.

    Named as a range, the workspace stays part of the order. With plain equality PostgreSQL may walk
    the primary key back through millions of newer rows of other workspaces and states.
    """
    of_workspace = rows.filter(workspace__gte=workspace, workspace__lte=workspace)
    return of_workspace.order_by("workspace_id", "-pk")


def _newest(
    rows: QuerySet[Proposal], workspace: Workspace, tab: str, after: str
) -> QuerySet[Proposal, int]:
    """Ids, newest first; one index range for each status, merged."""
    if after:
        rows = rows.filter(pk__lt=_parse_pk(after))
    parts = [
        newest(rows.filter(status=status), workspace).values_list("pk", flat=True)[: PAGE_SIZE + 1]
        for status in TABS[tab]
    ]
    if len(parts) == 1:
        return parts[0]
    return parts[0].union(*parts[1:], all=True).order_by("-pk")[: PAGE_SIZE + 1]


def _cursor(proposal: Proposal, tab: str) -> str:
    if tab != "waiting":
        return str(proposal.pk)
    expires = proposal.expires_at.isoformat() if proposal.expires_at else ""
    return f"{proposal.risk_order}~{expires}~{proposal.pk}"


def _parse_pk(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:  # fits a bigint
        raise RequestError("after", "This page address is damaged. Start from the first page.")
    return int(cursor)


def _parse_waiting(cursor: str) -> tuple[int, datetime, int]:
    risk, _, rest = cursor.partition("~")
    expires, _, pk = rest.partition("~")
    try:
        moment = parse_datetime(expires)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RequestError("after", "This page address is damaged. Start from the first page.")
    return _parse_pk(risk) % 10, moment, _parse_pk(pk)


def _loaded(ids: list[int], viewer: Viewer) -> list[Proposal]:
    """Proposals by id, in that order."""
    found = with_row_data(Proposal.objects.filter(pk__in=ids), viewer).in_bulk()
    return [found[pk] for pk in ids if pk in found]


# One part for each status, written out: with the status in a parameter PostgreSQL cannot know how
# few rows of it there are, and reads the whole table to count none.
_COUNT = """
SELECT '{status}', count(*) FROM (
  SELECT 1 FROM workspaces_proposal
  WHERE workspace_id = %(workspace)s AND status = '{status}' AND kind = ANY(%(kinds)s)
    AND (snoozed_until IS NULL OR snoozed_until <= %(now)s)
  LIMIT %(cap)s
) capped
"""
_COUNTS = "UNION ALL".join(
    _COUNT.format(status=statuses[0]) for tab, statuses in TABS.items() if tab != "done"
)


def tab_counts(*, workspace: Workspace, now: datetime) -> dict[str, str]:
    """How many stand in each open tab; '999+' beyond that, never counting millions."""
    values: dict[str, Any] = {
        "workspace": workspace.pk,
        "kinds": list(kind_labels()),
        "now": now,
        "cap": COUNT_CAP,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, values)
        counts: dict[str, int] = dict(cursor.fetchall())
    tabs = {tab: counts.get(statuses[0], 0) for tab, statuses in TABS.items() if tab != "done"}
    return {tab: f"{COUNT_CAP - 1}+" if n >= COUNT_CAP else str(n) for tab, n in tabs.items()}


def proposers(*, workspace: Workspace, tab: str) -> list[tuple[str, str]]:
    """Who proposed what stands first in a tab, by stable key with a label."""
    if tab == "waiting":
        first = _waiting_order(Proposal.objects.filter(workspace=workspace))
        sample = first.values("pk", "proposer_key")[:_RECENT]
    else:
        most = _RECENT // len(TABS[tab])
        parts = [
            newest(Proposal.objects.filter(status=s), workspace).values("pk", "proposer_key")[:most]
            for s in TABS[tab]
        ]
        sample = parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]
    # One row of each for its label: the keys alone stand in the queue's index.
    known = {row["proposer_key"]: row["pk"] for row in sample}
    labels = Proposal.objects.filter(pk__in=known.values())
    return list(
        labels.order_by("proposer_label", "pk").values_list("proposer_key", "proposer_label")
    )


def gone_rows(*, workspace: Workspace, shown: list[UUID], kept: set[UUID]) -> list[Proposal]:
    """What was on somebody's page and is not there any more, with who decided it."""
    missing = [public_id for public_id in shown if public_id not in kept]
    return list(
        Proposal.objects.filter(workspace=workspace, public_id__in=missing[:PAGE_SIZE])
        .select_related("decided_by")
        .order_by("-decided_at", "pk")
    )
