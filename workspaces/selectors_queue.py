"""Rows of the queue page: filtered, in order, a page at a time, with what a row shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime

from workspaces.formats import amount, number_of
from workspaces.gate import RequestError, handlers
from workspaces.models import Decision, Plan, Proposal, Signature, Status, User, Workspace
from workspaces.models.gate_triggers import STOP_KIND
from workspaces.panels import Diff, diff_of, facets
from workspaces.roles import rank_of

PAGE_SIZE = 50
COUNT_CAP = 1000
_RECENT = 1000

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
class Predicted:
    """Predicted effect, written out."""

    metric: str
    delta: str
    interval: str
    horizon_days: int
    rises: bool


@dataclass(frozen=True)
class CheckGroup:
    """Checks of one verdict, for the icons of a row."""

    verdict: str
    icon: str
    label: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class QueueRow:
    """One proposal as the table shows it."""

    proposal: Proposal
    plan: Plan | None
    kind_label: str
    diff: Diff
    predicted: Predicted | None
    checks: tuple[CheckGroup, ...]
    signed: int
    can_sign: bool
    is_snoozed: bool

    @property
    def needed(self) -> int:
        """Signatures that the current plan needs."""
        return self.plan.signatures_required if self.plan else 1


@dataclass(frozen=True)
class QueuePage:
    """One page of rows, and the cursor of the next."""

    rows: list[QueueRow]
    next_cursor: str = ""


@dataclass(frozen=True)
class Viewer:
    """Who looks: decides which buttons a row shows."""

    user: User
    rank: int
    labels: dict[str, str] = field(default_factory=dict)


def kind_labels() -> dict[str, str]:
    """Kinds of this queue with their names for people."""
    labels = {kind.kind: kind.label for kind in handlers() if kind.queue == "approvals"}
    return {**labels, STOP_KIND: "Kill switch"}


def queue_page(
    *, workspace: Workspace, viewer: Viewer, filters: QueueFilter, after: str, now: datetime
) -> QueuePage:
    """One page: waiting rows riskiest and soonest-expiring first, others newest first."""
    rows = _narrowed(workspace, filters, now)
    if filters.tab == "waiting":
        found = list(islice(_waiting(_with_signatures(rows, viewer), after), PAGE_SIZE + 1))
    else:
        found = _loaded(list(_newest(rows, filters.tab, after)), viewer)
    page = found[:PAGE_SIZE]
    cursor = _cursor(page[-1], filters.tab) if len(found) > PAGE_SIZE else ""
    return QueuePage([row_of(proposal, viewer, now) for proposal in page], cursor)


def one_row(*, proposal_id: int, viewer: Viewer, now: datetime) -> QueueRow:
    """One proposal as the table shows it."""
    return row_of(_loaded([proposal_id], viewer)[0], viewer, now)


def _narrowed(workspace: Workspace, filters: QueueFilter, now: datetime) -> QuerySet[Proposal]:
    rows = Proposal.objects.filter(workspace=workspace, kind__in=list(kind_labels()))
    exact = {"kind": filters.kind, "risk": filters.risk, "proposer_key": filters.proposer}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if filters.low is not None:
        rows = rows.filter(money_at_stake__gte=filters.low)
    if filters.high is not None:
        rows = rows.filter(money_at_stake__lte=filters.high)
    if filters.search:
        rows = rows.filter(
            Q(summary__icontains=filters.search) | Q(subject_label__icontains=filters.search)
        )
    if not filters.with_snoozed:
        rows = rows.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))
    chosen = dict(filters.facets)
    for facet in facets():
        if chosen.get(facet.name):
            rows = facet.narrow(rows, chosen[facet.name])
    return rows


def _waiting(rows: QuerySet[Proposal], after: str) -> Iterator[Proposal]:
    """Rows in the order of the queue's index; each part of the keyset is a range of it."""
    pending = rows.filter(status=Status.PENDING).order_by(
        F("risk_order").desc(), F("expires_at").asc(), "pk"
    )
    parts = [pending]
    if after:
        risk, expires, pk = _parse_waiting(after)
        parts = [
            pending.filter(risk_order=risk, expires_at=expires, pk__gt=pk),
            pending.filter(risk_order=risk, expires_at__gt=expires),
            pending.filter(risk_order__lt=risk),
        ]
    for part in parts:
        yield from part[: PAGE_SIZE + 1]


def _newest(rows: QuerySet[Proposal], tab: str, after: str) -> QuerySet[Proposal, int]:
    """Ids, newest first; one index range for each status, merged."""
    if after:
        rows = rows.filter(pk__lt=_parse_pk(after))
    parts = [
        rows.filter(status=status).order_by("-pk").values_list("pk", flat=True)[: PAGE_SIZE + 1]
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


def _with_signatures(rows: QuerySet[Proposal], viewer: Viewer) -> QuerySet[Proposal]:
    """Rows with all that the table shows of them, in the same query."""
    valid = Signature.objects.filter(
        plan=OuterRef("current_plan"), decision=Decision.APPROVE, withdrawn_at=None
    )
    counted = valid.order_by().values("plan").annotate(n=Count("pk")).values("n")
    return (
        rows.select_related("current_plan", "workspace", "decided_by")
        .defer("current_plan__evidence", "request", "result")
        .annotate(
            signed=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
            is_signed_by_viewer=Exists(valid.filter(person=viewer.user)),
        )
    )


def _loaded(ids: list[int], viewer: Viewer) -> list[Proposal]:
    """Proposals by id, in that order."""
    found = _with_signatures(Proposal.objects.filter(pk__in=ids), viewer).in_bulk()
    return [found[pk] for pk in ids if pk in found]


def row_of(proposal: Proposal, viewer: Viewer, now: datetime) -> QueueRow:
    """What the table shows of a proposal read ``_with_signatures``."""
    plan = proposal.current_plan
    labels = viewer.labels or kind_labels()
    may_sign = (
        plan is not None
        and proposal.status == Status.PENDING
        and not plan.is_blocked
        and viewer.rank >= rank_of(plan.rank_required)
        and proposal.proposed_by_id != viewer.user.pk
        and not getattr(proposal, "is_signed_by_viewer", False)
    )
    return QueueRow(
        proposal=proposal,
        plan=plan,
        kind_label=labels.get(proposal.kind, proposal.kind),
        diff=diff_of(plan.content) if plan else Diff("–", "–"),
        predicted=predicted_of(plan.predicted if plan else None),
        checks=check_groups(plan.verdict if plan else []),
        signed=getattr(proposal, "signed", 0),
        can_sign=may_sign,
        is_snoozed=proposal.snoozed_until is not None and proposal.snoozed_until > now,
    )


def predicted_of(effect: dict[str, Any] | None) -> Predicted | None:
    """Predicted effect in words; ``None`` where there is no prediction."""
    delta = number_of((effect or {}).get("delta"))
    if effect is None or delta is None:
        return None
    currency = effect.get("currency")
    sign = "+" if delta >= 0 else ""
    low, high = (amount(effect.get(end), currency) for end in ("low", "high"))
    return Predicted(
        metric=str(effect.get("metric", "effect")).replace("_", " "),
        delta=f"{sign}{amount(delta, currency)}",
        interval=f"{low} to {high}",
        horizon_days=int(effect.get("horizon_days") or 0),
        rises=delta >= 0,
    )


_ICONS = {
    "blocked": ("block", "blocked"),
    "deferred": ("schedule", "deferred"),
    "warning": ("warning", "with a warning"),
    "passed": ("check_circle", "passed"),
    "not_applicable": ("remove", "not applicable"),
}


def check_groups(verdict: list[dict[str, Any]]) -> tuple[CheckGroup, ...]:
    """Checks by verdict, the gravest first; what does not apply is left to the detail."""
    return tuple(
        CheckGroup(name, icon, label, names)
        for name, (icon, label) in _ICONS.items()
        if name != "not_applicable"
        and (names := tuple(line["name"] for line in verdict if line["verdict"] == name))
    )


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
    """Who proposed the newest rows of a tab, by stable key with the newest label."""
    recent = (
        Proposal.objects.filter(workspace=workspace, status__in=TABS[tab])
        .order_by("-pk")
        .values("pk")[:_RECENT]
    )
    return list(
        Proposal.objects.filter(pk__in=recent)
        .values("proposer_key")
        .annotate(label=Max("proposer_label"))
        .order_by("label")
        .values_list("proposer_key", "label")
    )


def gone_rows(*, workspace: Workspace, shown: list[UUID], kept: set[UUID]) -> list[Proposal]:
    """What was on somebody's page and is not there any more, with who decided it."""
    missing = [public_id for public_id in shown if public_id not in kept]
    return list(
        Proposal.objects.filter(workspace=workspace, public_id__in=missing[:PAGE_SIZE])
        .select_related("decided_by")
        .order_by("-decided_at", "pk")
    )
