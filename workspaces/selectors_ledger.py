"""The ledger: what was carried out, of every kind, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils.dateparse import parse_datetime

from workspaces.formats import number_of
from workspaces.gate import LESS, RequestError, handlers
from workspaces.ledger import scopes
from workspaces.models import Decision, Proposal, Signature, Status, User, Workspace
from workspaces.models.gate import PROPOSAL_WORDS
from workspaces.models.gate_triggers import STOP_KIND
from workspaces.panels import Diff, facets, panel_of
from workspaces.search import narrow
from workspaces.selectors_proposal import outcome_of
from workspaces.selectors_rows import Predicted
from workspaces.selectors_undo import undoable_ids

PAGE_SIZE: Final = 50
_RECENT: Final = 1_000
POLICY: Final = "policy"

#: How it ended; nothing said: everything that took effect.
OUTCOMES: Final = {
    "": "Carried out",
    "executed": "Carried out and still so",
    "reverted": "Undone",
    "failed": "Failed",
}
#: What came of it against what was told before.
EFFECTS: Final = {
    "good": "As predicted or better",
    "bad": "Short of what was predicted",
    "none": "Not measured",
}
_FAILED: Final = "failed"
_NUMBER: Final = DecimalField(max_digits=30, decimal_places=6)


@dataclass(frozen=True)
class LedgerFilter:
    """What the ledger is narrowed to; days are the workspace's, both ends included."""

    kind: str = ""
    proposer: str = ""
    signer: str = ""
    search: str = ""
    since: date | None = None
    until: date | None = None
    outcome: str = ""
    effect: str = ""
    facets: tuple[tuple[str, str], ...] = ()
    scoped: tuple[tuple[str, str], ...] = ()

    @property
    def at_field(self) -> str:
        """Column of the moment: a failure ended when it was written last."""
        return "updated_at" if self.outcome == _FAILED else "executed_at"

    @property
    def order(self) -> tuple[str, str]:
        """Newest first, no two alike."""
        return f"-{self.at_field}", "-pk"


@dataclass(frozen=True)
class LedgerRow:
    """One change as the ledger shows it."""

    proposal: Proposal
    at: datetime
    kind_label: str
    outcome: str
    diff: Diff
    at_stake: str
    predicted: Predicted | None
    realised: str
    note: str
    effect: str
    signers: tuple[str, ...]
    sha256: str
    can_undo: bool

    @property
    def effect_label(self) -> str:
        """What came of it, in words."""
        return EFFECTS[self.effect]


@dataclass(frozen=True)
class LedgerPage:
    """One page of rows, and the cursor of the next."""

    rows: list[LedgerRow] = field(default_factory=list)
    next_cursor: str = ""


def kinds() -> dict[str, str]:
    """Every kind with its name for people, stops too."""
    return {**{kind.kind: kind.label for kind in handlers()}, STOP_KIND: "Stop"}


def ledger_rows(workspace: Workspace, filters: LedgerFilter) -> QuerySet[Proposal]:
    """Changes that fit, in no order."""
    rows = Proposal.objects.filter(workspace=workspace)
    if filters.outcome == _FAILED:
        rows = rows.filter(status=Status.FAILED)
    else:
        rows = rows.filter(executed_at__isnull=False)
        if filters.outcome:
            rows = rows.filter(status=filters.outcome)
    exact = {"kind": filters.kind, "proposer_key": filters.proposer}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    rows = _of_days(rows, workspace, filters)
    rows = narrow(rows, PROPOSAL_WORDS, filters.search)
    rows = _of_effect(_of_signer(rows, filters.signer), filters.effect)
    chosen, scoped = dict(filters.facets), dict(filters.scoped)
    for facet in facets():
        if chosen.get(facet.name):
            rows = facet.narrow(rows, chosen[facet.name])
    for scope in scopes():
        if scoped.get(scope.name):
            rows = scope.narrow(workspace, rows, scoped[scope.name])
    return rows


def _of_days(
    rows: QuerySet[Proposal], workspace: Workspace, filters: LedgerFilter
) -> QuerySet[Proposal]:
    if filters.since:
        start = day_start(workspace, filters.since)
        rows = rows.filter(**{f"{filters.at_field}__gte": start})
    if filters.until:
        end = day_start(workspace, filters.until + timedelta(days=1))
        rows = rows.filter(**{f"{filters.at_field}__lt": end})
    return rows


def day_start(workspace: Workspace, day: date) -> datetime:
    """Midnight of a day in the workspace's zone."""
    return datetime.combine(day, time.min, workspace.zone)


def _of_signer(rows: QuerySet[Proposal], signer: str) -> QuerySet[Proposal]:
    if not signer:
        return rows
    valid = Signature.objects.filter(
        plan=OuterRef("current_plan"), decision=Decision.APPROVE, withdrawn_at=None
    )
    number = signer.removeprefix("user:")
    if signer == POLICY:
        return rows.filter(Exists(valid.filter(person=None)))
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return rows.none()
    return rows.filter(Exists(valid.filter(person=int(number))))


def _of_effect(rows: QuerySet[Proposal], effect: str) -> QuerySet[Proposal]:
    """By what came of it; the same rule as ``effect_of``, in the database."""
    if effect not in EFFECTS:
        return rows

    def number(name: str, of: str = "current_plan__predicted") -> Cast:
        return Cast(KeyTextTransform(name, F(of)), _NUMBER)

    better = KeyTextTransform("better", F("current_plan__predicted"))
    rows = rows.alias(
        moved=number("delta", "realised"),
        told=number("delta"),
        better=Coalesce(better, Value(""), output_field=TextField()),
    )
    rows = rows.alias(short=Case(When(better=LESS, then=number("high")), default=number("low")))
    apart = KeyTextTransform("separable", "realised")
    rows = rows.alias(is_apart=Coalesce(apart, Value("true"), output_field=TextField()))
    is_known = Q(
        measured_at__isnull=False, moved__isnull=False, told__isnull=False, short__isnull=False,
        is_apart="true",
    )  # fmt: skip
    is_good = Q(better=LESS, moved__lte=F("short")) | (~Q(better=LESS) & Q(moved__gte=F("short")))
    if effect == "none":
        return rows.exclude(is_known)
    rows = rows.filter(is_known)
    return rows.filter(is_good) if effect == "good" else rows.exclude(is_good)


def effect_of(proposal: Proposal) -> str:
    """What came of a change: within what was told or better, short of it, or not known.

    More is better, also where a loss was told that a cut would bring, unless the plan says less is.
    """
    told = (proposal.current_plan and proposal.current_plan.predicted) or {}
    realised = proposal.realised or {}
    delta, point = number_of(realised.get("delta")), number_of(told.get("delta"))
    if proposal.measured_at is None or realised.get("separable") is False:
        return "none"
    if delta is None or point is None:
        return "none"
    is_less_better = told.get("better") == LESS
    edge = number_of(told.get("high" if is_less_better else "low"))
    if edge is None:
        return "none"
    return "good" if (delta <= edge if is_less_better else delta >= edge) else "bad"


def ledger_page(
    *, workspace: Workspace, filters: LedgerFilter, after: str = "", size: int = PAGE_SIZE
) -> LedgerPage:
    """One page of the ledger."""
    rows = ledger_rows(workspace, filters)
    if after:
        moment, pk = _parsed(after)
        at = filters.at_field
        is_later = Q(**{f"{at}__lt": moment}) | Q(pk__lt=pk)
        rows = rows.filter(is_later, **{f"{at}__lte": moment})
    # Ids first: they are read from an index alone, however many rows the filters leave out.
    ids = list(rows.order_by(*filters.order).values_list("pk", flat=True)[: size + 1])
    shown = shown_rows(ids[:size], workspace, filters)
    cursor = f"{shown[-1].at.isoformat()}~{shown[-1].proposal.pk}" if len(ids) > size else ""
    return LedgerPage(shown, cursor)


def _parsed(cursor: str) -> tuple[datetime, int]:
    text, _, pk = cursor.partition("~")
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    is_number = pk.isascii() and pk.isdigit() and len(pk) <= 18
    if moment is None or moment.tzinfo is None or not is_number:
        raise RequestError("after", "This page address is damaged. Start from the first page.")
    return moment, int(pk)


def shown_rows(ids: Sequence[int], workspace: Workspace, filters: LedgerFilter) -> list[LedgerRow]:
    """Rows of proposals by id, in that order."""
    found = with_story(Proposal.objects.filter(pk__in=ids)).in_bulk()
    signers, undoable = signers_of(found.values()), undoable_ids(found.values())
    labels = kinds()
    rows = []
    for pk in ids:
        if pk in found:
            found[pk].workspace = workspace  # one for all rows, which need not read it then
            rows.append(
                _row(found[pk], filters, labels, signers.get(pk, ()), can_undo=pk in undoable)
            )
    return rows


def with_story(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Rows with all that the ledger shows of them."""
    return rows.select_related("current_plan", "reverts").defer(
        "current_plan__evidence", "current_plan__verdict", "request", "result"
    )


def signers_of(proposals: Iterable[Proposal]) -> dict[int, tuple[str, ...]]:
    """Who signed what was carried out, by proposal."""
    plans = {row.current_plan_id: row.pk for row in proposals if row.current_plan_id}
    signatures = Signature.objects.filter(
        plan__in=list(plans), decision=Decision.APPROVE, withdrawn_at=None
    )
    names: dict[int, tuple[str, ...]] = {}
    for one in signatures.select_related("person").order_by("at", "pk"):
        pk = plans[one.plan_id]
        names[pk] = (*names.get(pk, ()), str(one.person) if one.person else "Policy")
    return names


def _row(
    proposal: Proposal, filters: LedgerFilter, labels: dict[str, str], signers: tuple[str, ...],
    *, can_undo: bool,
) -> LedgerRow:  # fmt: skip
    told = outcome_of(proposal)
    at: datetime = getattr(proposal, filters.at_field)
    plan = proposal.current_plan
    return LedgerRow(
        proposal=proposal,
        at=at,
        kind_label=labels.get(proposal.kind, proposal.kind),
        outcome=str(proposal.get_status_display()),
        diff=told.diff,
        at_stake=panel_of(proposal.kind).stake(proposal),
        predicted=told.predicted,
        realised=told.realised if proposal.measured_at else "–",
        note=told.note or str((proposal.realised or {}).get("why", "")),
        effect=effect_of(proposal),
        signers=signers,
        sha256=plan.sha256 if plan else "",
        can_undo=can_undo,
    )


def all_rows(
    workspace: Workspace, filters: LedgerFilter, *, most: int, part: int = 500
) -> Iterator[LedgerRow]:
    """The newest rows that fit, for files, read a part at a time."""
    after, left = "", most
    while left > 0:
        page = ledger_page(workspace=workspace, filters=filters, after=after, size=min(part, left))
        yield from page.rows
        after, left = page.next_cursor, left - len(page.rows)
        if not after:
            return


def proposers(*, workspace: Workspace) -> list[tuple[str, str]]:
    """Who proposed what was carried out lately, by stable key with a label."""
    rows = Proposal.objects.filter(workspace=workspace, executed_at__isnull=False)
    sample = rows.order_by("-executed_at", "-pk").values_list("proposer_key", "pk")[:_RECENT]
    known = dict(sample)
    labels = Proposal.objects.filter(pk__in=known.values()).order_by("proposer_label", "pk")
    return list(labels.values_list("proposer_key", "proposer_label"))


def signers(*, workspace: Workspace) -> list[tuple[str, str]]:
    """Who may have signed: the workspace's people, and its policy."""
    people = User.objects.filter(memberships__workspace=workspace).order_by("email")
    return [(POLICY, "Policy"), *((f"user:{one.pk}", str(one)) for one in people)]


def changes_by_day(workspace: Workspace, filters: LedgerFilter) -> dict[date, int]:
    """How many changes were carried out on each day, in the workspace's zone."""
    rows = ledger_rows(workspace, replace(filters, outcome=""))
    counted = (
        rows.order_by()
        .values(day=TruncDate("executed_at", tzinfo=workspace.zone))
        .annotate(changes=Count("pk"))
    )
    found: dict[date, int] = {row["day"]: row["changes"] for row in counted}
    return found


def money_of(row: LedgerRow) -> Decimal | None:
    """Money at stake a day, in the workspace's currency."""
    stake: Any = row.proposal.money_at_stake
    return None if stake is None else Decimal(stake)
