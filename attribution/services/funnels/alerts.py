"""Alerts of funnels: a step that loses more people than it used to, said once and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from django.db import transaction

from attribution.engine.funnel_alerts import StepRate, has_fallen
from attribution.models import FunnelAlert, FunnelAnalytics, FunnelDefinition
from workspaces.formats import share
from workspaces.roles import Role
from workspaces.services.notices import notify

USUAL_DAYS: Final = 28
TOPIC: Final = "funnels"
_DAY_S: Final = 86_400


@transaction.atomic
def judge_steps(*, funnel: FunnelDefinition, now: datetime) -> int:
    """Raise alerts of steps that fell, resolve those that recovered; returns how many are new.

    The newest day whose attempts have all run out is held against the 28 days before it: a day
    that is still open would always look worse.
    """
    open_alerts = {
        alert.step: alert
        for alert in FunnelAlert.objects.select_for_update()
        .filter(funnel=funnel, resolved_at=None)
        .order_by("pk")
    }
    if funnel.alert_drop_pct is None or not funnel.is_active:
        resolve_all(funnel=funnel, now=now)
        return 0
    day = judged_day(funnel, now=now)
    latest = _reached(funnel, day, day)
    usual = _reached(funnel, day - timedelta(days=USUAL_DAYS), day - timedelta(days=1))
    raised = 0
    for step in range(2, len(latest) + 1):
        current, before = _rate(latest, step), _rate(usual, step)
        alert = open_alerts.get(step)
        if has_fallen(current, before, funnel.alert_drop_pct):
            raised += alert is None and _raise(funnel, step, current, before, now=now)
        elif alert and current.before:
            alert.resolved_at = now
            alert.save(update_fields=["resolved_at"])
    return raised


def resolve_all(*, funnel: FunnelDefinition, now: datetime) -> None:
    """Take every open alert of a funnel back: nobody asks any more, or it counts otherwise."""
    FunnelAlert.objects.filter(funnel=funnel, resolved_at=None).update(resolved_at=now)


def judged_day(funnel: FunnelDefinition, *, now: datetime) -> date:
    """Return the newest day whose attempts can get no further."""
    today = now.astimezone(funnel.workspace.zone).date()
    return today - timedelta(days=1 + -(-funnel.window_seconds // _DAY_S))


def _reached(funnel: FunnelDefinition, first: date, last: date) -> list[int]:
    rows = FunnelAnalytics.objects.filter(
        workspace_id=funnel.workspace_id, funnel=funnel, day__gte=first, day__lte=last
    ).values_list("reached", flat=True)
    nobody = [0] * len(funnel.step_names)
    total: list[int] = np.array([nobody, *rows], np.int64).sum(axis=0).tolist()
    return total


def _rate(reached: Sequence[int], step: int) -> StepRate:
    return StepRate(before=reached[step - 2], reached=reached[step - 1])


def _raise(
    funnel: FunnelDefinition, step: int, current: StepRate, usual: StepRate, *, now: datetime
) -> bool:
    alert = FunnelAlert.objects.create(
        workspace=funnel.workspace,
        funnel=funnel,
        step=step,
        raised_at=now,
        rate=current.rate,
        expected=usual.rate,
    )
    names = funnel.step_names
    notify(
        workspace=funnel.workspace,
        topic=TOPIC,
        title=f"{funnel.name}: fewer people reach {names[step - 1]}",
        body=(
            f"{share(current.rate, 1)} came on from {names[step - 2]} on"
            f" {judged_day(funnel, now=now):%d %b %Y}, usually {share(usual.rate, 1)}."
        ),
        dedup_key=f"funnel-alert:{alert.pk}",
        now=now,
        rank=Role.OPERATOR.rank,
        url=f"/funnels/{funnel.public_id}/",
    )
    return True
