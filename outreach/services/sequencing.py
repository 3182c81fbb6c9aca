"""Later steps of sequences: who is due gets the next one, decided anew from the facts of now.

They were signed with the launch: steps, conditions, texts and limits stand in its plan. Each batch
is a plan of its own that follows the signed one by the very same settings, which the database
holds it to; nobody signs again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import pgbulk
from django.db import transaction
from django.db.models import Max

from outreach.engine.sequences import Next, Step, What, next_step
from outreach.engine.zones import to_datetime
from outreach.models import (
    CampaignStatus,
    Enrolment,
    EnrolmentState,
    OutreachCampaign,
    PlanStatus,
    SendPlan,
    SequenceStep,
)
from outreach.selectors.asked import asked_of
from outreach.selectors.enrolments import Standing, standings, steps_in
from outreach.selectors.launches import active_plan
from outreach.selectors.plan_rows import OUTCOMES, PlanRows
from outreach.services.life import begin_sending, lock_campaign
from outreach.services.planning.deciding import Asking
from outreach.services.planning.making import finish
from outreach.services.watching import finish_if_over
from workspaces.gate import StateError
from workspaces.models import Workspace

#: People of one batch.
BATCH: Final = 2_000
#: While a message of the step before is under way, or no channel can be used just now.
AGAIN: Final = timedelta(hours=1)
_CHANGED: Final = ["state", "next_position", "due_at", "exit_reason"]


def send_due_steps(*, workspace: Workspace, now: datetime) -> dict[str, int]:
    """Bring everybody who is due to the next step; how many were sent on, left or finished."""
    campaigns = OutreachCampaign.objects.filter(
        workspace=workspace, status=CampaignStatus.ACTIVE,
        enrolments__state=EnrolmentState.ACTIVE, enrolments__due_at__lte=now,
    ).distinct()  # fmt: skip
    counts: dict[str, int] = defaultdict(int)
    for campaign in campaigns:
        while done := _batch(campaign, now):
            for name, count in done.items():
                counts[name] += count
    return dict(counts)


@transaction.atomic
def _batch(campaign: OutreachCampaign, now: datetime) -> dict[str, int]:
    """One batch of a campaign; empty where nobody is due any more."""
    locked = lock_campaign(campaign)
    launch = active_plan(locked)
    if locked.status != CampaignStatus.ACTIVE or launch is None or launch.signed_by is None:
        return {}
    due = list(
        Enrolment.objects.select_for_update(of=("self",))
        .filter(campaign=locked, state=EnrolmentState.ACTIVE, due_at__lte=now)
        .order_by("due_at", "pk")[:BATCH]
    )
    if not due:
        return {}
    steps = steps_in(launch.settings)
    rows = {str(one.public_id): one for one in locked.steps.all()}
    ordered = [rows.get(one["step"]) for one in launch.settings["steps"]]
    positions = {one.pk: place for place, one in enumerate(ordered) if one is not None}
    sends: dict[int, list[Enrolment]] = defaultdict(list)
    for one in standings(due, steps, positions, now):
        _move(one, next_step(steps, one.progress, now), now, sends)
    for place, group in sends.items():
        _send(launch, ordered[place], steps, place, group, now)
    pgbulk.update(Enrolment, due, _CHANGED)
    finish_if_over(locked, now=now)
    return _counted(due, sends)


def _move(
    standing: Standing, found: Next, now: datetime, sends: dict[int, list[Enrolment]]
) -> None:
    """Say of an enrolment what comes next; who gets a message goes into ``sends``."""
    enrolment = standing.enrolment
    if standing.is_under_way:
        enrolment.due_at = now + AGAIN
    elif found.what == What.EXIT:
        _end(enrolment, EnrolmentState.EXITED, found.reason)
    elif found.what == What.FINISHED:
        _end(enrolment, EnrolmentState.FINISHED, "")
    else:
        enrolment.next_position = found.step + 1
        enrolment.due_at = found.due_at
        if found.what == What.SEND:
            sends[found.step].append(enrolment)


def _end(enrolment: Enrolment, state: EnrolmentState, reason: str) -> None:
    enrolment.state, enrolment.exit_reason, enrolment.due_at = state, reason, None


def _send(
    launch: SendPlan,
    step: SequenceStep | None,
    steps: Sequence[Step],
    place: int,
    group: list[Enrolment],
    now: datetime,
) -> None:
    """Plan a step for some people as the launch said, and let it go; whom it leaves out goes."""
    if step is None:
        for one in group:
            _end(one, EnrolmentState.EXITED, "the step is gone")
        return
    try:
        with transaction.atomic():
            rows = _follow_up(launch, step, [one.contact_id for one in group], now)
    except StateError:
        # No channel of it is on: asked again in an hour.
        for one in group:
            one.due_at = now + AGAIN
        return
    slots = dict(
        zip(rows.columns["contact"].tolist(), zip(
            rows.columns["outcome"].tolist(), rows.columns["send_at"], strict=True
        ), strict=True)
    )  # fmt: skip
    for one in group:
        outcome, slot = slots[one.contact_id]
        if outcome >= 2:
            _end(one, EnrolmentState.EXITED, str(OUTCOMES[outcome]))
        elif place + 1 == len(steps):
            _end(one, EnrolmentState.FINISHED, "")
        else:
            one.next_position = place + 2
            one.due_at = to_datetime(slot) + steps[place + 1].delay


def _follow_up(
    launch: SendPlan, step: SequenceStep, contacts: list[int], now: datetime
) -> PlanRows:
    """Make a plan for some people of a step, by the signed settings, and let it go."""
    plans = SendPlan.objects.filter(campaign=launch.campaign_id)
    newest = plans.aggregate(newest=Max("number"))["newest"] or 0
    plan = SendPlan.objects.create(
        workspace=launch.workspace, campaign=launch.campaign, number=newest + 1, as_of=now,
        settings=launch.settings, follows=launch, status=PlanStatus.BUILDING,
    )  # fmt: skip
    asking = Asking(launch.campaign, launch.settings, step, now, is_follow_up=True)
    rows = finish(plan, asked_of(launch.workspace, sorted(contacts)), asking)
    if plan.recipients:
        begin_sending(plan, proposal=launch.signed_by, now=now)
    else:
        plan.status, plan.ended_at = PlanStatus.SUPERSEDED, now
        plan.save(update_fields=["status", "ended_at"])
    return rows


def _counted(due: Sequence[Enrolment], sends: dict[int, list[Enrolment]]) -> dict[str, int]:
    return {
        "looked_at": len(due),
        "planned": sum(len(group) for group in sends.values()),
        "left": sum(one.state == EnrolmentState.EXITED for one in due),
        "finished": sum(one.state == EnrolmentState.FINISHED for one in due),
    }
