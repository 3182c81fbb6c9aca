"""Rows of the ground floor, read for pages and doors."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from workspaces.models import (
    Delegation,
    ExchangeRate,
    JobRun,
    JobState,
    Membership,
    User,
    Workspace,
)
from workspaces.roles import rank_of


def current_membership(*, user: User, workspace_id: int | None, now: datetime) -> Membership | None:
    """Membership of the open workspace asked for, else the one used last; with roles lent to it."""
    lenders = Delegation.objects.filter(
        workspace=OuterRef("workspace"), taker=user, starts_at__lte=now, ends_at__gt=now
    )
    lent = Membership.objects.filter(
        workspace=OuterRef("workspace"), user__in=lenders.values("giver")
    )
    memberships = list(
        user.memberships.filter(workspace__closed_at=None)
        .select_related("workspace", "user")
        .annotate(lent_roles=ArraySubquery(lent.values("role")))
        .order_by("-last_used_at", "pk")
    )
    chosen = [m for m in memberships if m.workspace_id == workspace_id]
    return next(iter(chosen or memberships), None)


def role_with(membership: Membership) -> str:
    """Highest role that a person holds, own or lent; what is lent came with his membership."""
    roles: tuple[str, ...] = (membership.role, *getattr(membership, "lent_roles", ()))
    return max(roles, key=rank_of)


def held_role(
    *, user: User, workspace: Workspace, now: datetime, not_from: User | None = None
) -> str:
    """Highest role that a person holds now, own or lent to him; empty for strangers.

    Nobody holds one in a workspace that is closed.

    What ``not_from`` lent does not count: nobody signs his own proposal by another's hand.
    """
    lenders = (
        Delegation.objects.filter(
            workspace=workspace, taker=user, starts_at__lte=now, ends_at__gt=now
        )
        .exclude(giver=not_from)
        .values("giver")
    )
    roles = dict(
        Membership.objects.filter(
            Q(user=user) | Q(user__in=lenders), workspace=workspace, workspace__closed_at=None
        ).values_list("user_id", "role")
    )
    return max(roles.values(), key=rank_of) if user.pk in roles else ""


def effective_rank(*, user: User, workspace: Workspace, now: datetime) -> int:
    """Rank of the highest role held now; 0 for strangers."""
    return rank_of(held_role(user=user, workspace=workspace, now=now))


def convert(*, workspace: Workspace, amount: Decimal, currency: str, on: date) -> Decimal | None:
    """Amount in the workspace's currency by the latest rate up to a day; ``None`` without one.

    Both directions of a pair are looked at; the newer rate wins, the direct one on the same day.
    """
    if currency == workspace.currency:
        return amount
    pair = Q(base=currency, quote=workspace.currency) | Q(base=workspace.currency, quote=currency)
    rates = ExchangeRate.objects.filter(pair, workspace=workspace, day__lte=on)
    latest = rates.annotate(is_direct=Q(base=currency)).order_by("-day", "-is_direct").first()
    if latest is None:
        return None
    return amount * latest.rate if latest.base == currency else amount / latest.rate


def rates_of(*, workspace: Workspace, currencies: Collection[str], on: date) -> dict[str, Decimal]:
    """Units of the workspace's currency for one of each, as ``convert`` would take it; one query.

    Currencies without a rate are left out.
    """
    home = workspace.currency
    foreign = set(currencies) - {home}
    rates = {home: Decimal(1)}
    if not foreign:
        return rates
    pairs = Q(base__in=foreign, quote=home) | Q(base=home, quote__in=foreign)
    rows = ExchangeRate.objects.filter(pairs, workspace=workspace, day__lte=on)
    newest = rows.order_by("base", "quote", "-day").distinct("base", "quote")
    # Oldest first and the direct rate of a day last: whoever comes last stays.
    for row in sorted(newest, key=lambda row: (row.day, row.quote == home)):
        if row.quote == home:
            rates[row.base] = row.rate
        else:
            rates[row.quote] = 1 / row.rate
    return rates


def newest_runs(workspace: Workspace, names: Iterable[str]) -> dict[str, JobRun]:
    """The newest run of each of some jobs that ever ran, by job."""
    rows = JobRun.objects.filter(workspace=workspace, name__in=list(names))
    newest = rows.order_by("name", "-queued_at", "-pk").distinct("name")
    return {run.name: run for run in newest}


def open_run(workspace: Workspace, name: str) -> JobRun | None:
    """The run of a job that waits or is at work now."""
    states = (JobState.QUEUED, JobState.RUNNING, JobState.RETRY)
    return JobRun.objects.filter(workspace=workspace, name=name, state__in=states).first()
