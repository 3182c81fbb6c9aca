"""What the home page shows of the gate, and the counts of all that apps registered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.urls import reverse

from workspaces.home import Asked, Figure
from workspaces.models import Decision, Proposal, Signature, Status
from workspaces.roles import Role
from workspaces.selectors_rows import QueueRow, Viewer, kind_labels, row_of, with_row_data

#: Nothing is counted beyond.
CAP: Final = 1000
#: Money is added up of so many, the riskiest first.
MOST_SUMMED: Final = 5_000
SHOWN: Final = 5
_ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class Line:
    """A figure with its number."""

    figure: Figure
    number: str
    is_one: bool

    @property
    def words(self) -> str:
        """What follows the number."""
        return self.figure.words[0 if self.is_one else 1]

    @property
    def url(self) -> str:
        """The page that lists them."""
        query = f"?{self.figure.query}" if self.figure.query else ""
        return reverse(self.figure.url_name) + query


@dataclass(frozen=True)
class Stake:
    """Money that changes move a day, added up; ``is_capped`` where there are more of them."""

    amount: Decimal
    changes: int

    @property
    def is_capped(self) -> bool:
        """Whether more than were added up may be there."""
        return self.changes >= MOST_SUMMED

    @property
    def number(self) -> str:
        """How many, as the page writes it."""
        return capped(self.changes)


def lines_of(asked: Asked, figures: Iterable[Figure]) -> list[Line]:
    """Count them all in one query, each up to a thousand; what there is none of is left out."""
    figures, parts, values = list(figures), [], []
    for figure in figures:
        rows = figure.rows(asked).order_by().values_list("pk")[:CAP]
        try:
            sql, own = rows.query.sql_with_params()
        except EmptyResultSet:  # known to be none without a question
            continue
        parts.append(f"SELECT %s::text, count(*) FROM ({sql}) capped")  # noqa: S608  # made by Django
        values += [figure.key, *own]
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        found: dict[str, int] = dict(cursor.fetchall())
    return [
        Line(figure, capped(number), is_one=number == 1)
        for figure in figures
        if (number := found.get(figure.key, 0))
    ]


def capped(number: int) -> str:
    """Return a figure that was counted up to ``CAP``, as a page writes it."""
    return str(number) if number < CAP else f"{CAP - 1}+"


def waiting(asked: Asked) -> QuerySet[Proposal]:
    """Changes of the queue that wait for a signature and are not put off."""
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=asked.now)
    return Proposal.objects.filter(
        awake, workspace=asked.workspace, status=Status.PENDING, kind__in=list(kind_labels())
    )


def mine_to_sign(asked: Asked) -> QuerySet[Proposal]:
    """Those that this person may sign: by rank, not his own, not signed by him yet."""
    ranks = [role.value for role in Role if asked.has(role)]
    own = Signature.objects.filter(
        plan=OuterRef("current_plan"), person=asked.user, decision=Decision.APPROVE,
        withdrawn_at=None,
    )  # fmt: skip
    return (
        waiting(asked)
        .filter(current_plan__is_blocked=False, current_plan__rank_required__in=ranks)
        .filter(Q(proposed_by=None) | ~Q(proposed_by=asked.user))
        .exclude(Exists(own))
    )


def riskiest(asked: Asked) -> list[QueueRow]:
    """The first of those that he may sign, as the queue shows them."""
    viewer = Viewer(asked.user, asked.rank, kind_labels())
    order = (F("risk_order").desc(), F("expires_at").asc(), "pk")
    rows = with_row_data(mine_to_sign(asked), viewer).order_by(*order)[:SHOWN]
    found = []
    for proposal in rows:
        proposal.workspace = asked.workspace  # one for all rows, which need not read it then
        found.append(row_of(proposal, viewer, asked.now, signed=0, is_signer=False))
    return found


def stake_of(rows: QuerySet[Proposal]) -> Stake:
    """Money that these changes move, in the workspace's currency."""
    order = (F("risk_order").desc(), F("expires_at").asc(), "pk")
    told = rows.order_by(*order)[:MOST_SUMMED].aggregate(
        amount=Sum("money_at_stake"), changes=Count("pk")
    )
    return Stake(told["amount"] or _ZERO, told["changes"])


def signed_open(asked: Asked) -> QuerySet[Proposal]:
    """Changes that are signed and have not run to their end."""
    return Proposal.objects.filter(
        workspace=asked.workspace, status__in=[Status.APPROVED, Status.EXECUTING],
        kind__in=list(kind_labels()),
    )  # fmt: skip


def ended_since(asked: Asked, status: str, since: datetime) -> QuerySet[Proposal]:
    """Changes that came to this since then, the newest proposals first."""
    # Measuring an effect touches an executed row a week later, so its own moment counts.
    ended = "executed_at" if status == Status.EXECUTED else "updated_at"
    rows: dict[str, Any] = {f"{ended}__gte": since}
    return Proposal.objects.filter(workspace=asked.workspace, status=status, **rows)


def ran_lately(asked: Asked) -> list[Proposal]:
    """The newest changes that ran since yesterday."""
    rows = ended_since(asked, Status.EXECUTED, asked.since).select_related("decided_by")
    return list(rows.order_by("-pk")[:SHOWN])


def failed_lately(asked: Asked) -> QuerySet[Proposal]:
    """Changes that failed within a day."""
    return ended_since(asked, Status.FAILED, asked.now - timedelta(hours=24))
