"""What campaigns brings to the home page: alerts, signals, syncs, and what yesterday brought."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import F, QuerySet

from campaigns.models import AdAccount, Alert, Signal
from campaigns.selectors.insight.amounts import Amounts, by_day, rates_for
from campaigns.selectors.insight.columns import COLUMNS
from campaigns.selectors.insight.query import query_of
from workspaces.home import (
    CHANGED,
    HEALTH,
    WAITS,
    Asked,
    Card,
    Figure,
    register_card,
    register_figures,
    register_topics,
)
from workspaces.models import BusinessMode
from workspaces.roles import Role

_MOST_ACCOUNTS: Final = 5


def register() -> None:
    """Bring them."""
    register_figures(_FIGURES)
    register_card(
        Card("yesterday", "Yesterday against the day before", "overview",
             "campaigns/home_yesterday.html", _yesterday, position=10)
    )  # fmt: skip
    register_card(
        Card("syncs", "How fresh the figures are", "ad-accounts", "campaigns/home_syncs.html",
             _syncs, position=20)
    )  # fmt: skip
    register_topics("alerts", "signals")


def _unread(asked: Asked) -> QuerySet[Alert]:
    return Alert.objects.filter(workspace=asked.workspace, read_at=None)


def _open_signals(asked: Asked) -> QuerySet[Signal]:
    return Signal.objects.filter(workspace=asked.workspace, resolved_at=None, dismissed_at=None)


def _new_signals(asked: Asked) -> QuerySet[Signal]:
    return Signal.objects.filter(workspace=asked.workspace, created_at__gte=asked.since)


def _not_read(asked: Asked) -> QuerySet[AdAccount]:
    """Accounts whose last sync failed."""
    rows = AdAccount.objects.filter(workspace=asked.workspace, archived_at=None)
    return rows.exclude(last_sync_error="")


def _yesterday(asked: Asked) -> dict[str, Any]:
    """Figures of yesterday beside those of the day before, as the overview defines them."""
    day = asked.since.date().isoformat()
    query = query_of(asked.workspace, {"from": day, "to": day}, asked.now)
    rates = rates_for(query.workspace, query.period)
    days = by_day(query, rates)
    now, before = (days[period.since] for period in (query.period, query.period.before))
    is_pipeline = asked.workspace.mode == BusinessMode.PIPELINE
    names = ("pipeline_value", "pipeline_roas") if is_pipeline else ("revenue", "roas")
    currency = asked.workspace.currency
    return {
        "day": query.period.since,
        "has_figures": now != Amounts() or before != Amounts(),
        "kpis": [COLUMNS[name].kpi(now, before, currency)
                 for name in ("spend", *names, "conversions", "clicks")],
        "missing_rates": rates.missing,
    }  # fmt: skip


def _syncs(asked: Asked) -> dict[str, Any]:
    """Accounts, those that were read longest ago first."""
    rows = AdAccount.objects.filter(workspace=asked.workspace, archived_at=None)
    stalest = rows.order_by(F("last_sync_at").asc(nulls_first=True), "pk")
    return {"accounts": list(stalest[:_MOST_ACCOUNTS])}


_FIGURES: Final = (
    Figure("alerts", WAITS, ("unread alert", "unread alerts"), "alerts", _unread, "state=unread",
           position=40),
    Figure("signals", WAITS, ("open signal", "open signals"), "signals", _open_signals,
           role=Role.OPERATOR, position=50),
    Figure("new-signals", CHANGED, ("signal is new", "signals are new"), "signals", _new_signals,
           "state=current", position=20),
    Figure("accounts", HEALTH, ("ad account could not be read", "ad accounts could not be read"),
           "ad-accounts", _not_read, is_bad=True, position=20),
)  # fmt: skip
