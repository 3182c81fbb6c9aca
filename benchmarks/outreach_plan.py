"""A send to everybody, planned: facts read, decided, shared into waves and written as rows."""

from __future__ import annotations

import time
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.figures import Figure, reset_peak_mb
from benchmarks.outreach_people import CHANNELS, people_of
from outreach.models import (
    ChannelPolicy,
    ChannelTemplate,
    OutreachCampaign,
    SendPlan,
    SequenceStep,
    StepText,
    TemplateVersion,
)
from outreach.services.planning.making import begin_plan, build
from workspaces.models import Workspace

TARGET_S: Final = 60
TARGET_MB: Final = 1024
_GROWTH: Final = (1, 4, 16)
_COLUMNS: Final = (
    "workspace_id, plan_id, place, step_id, contact_id, outcome, point_id, channel, fallbacks,"
    " variant, text_id, send_at, wave, cost, why, consent"
)


def run(people: int) -> list[Figure]:
    """Plan for a sixteenth, a quarter and all of the people; beside it the same rows copied."""
    watch = reset_peak_mb()
    growth, copied_s, plan = [], 0.0, None
    for factor in _GROWTH:
        size = max(100, people * factor // _GROWTH[-1])
        campaign = _campaign(people_of(f"plan-{size}", size), timezone.now())
        started = time.perf_counter()
        plan = build(plan=begin_plan(campaign=campaign, now=timezone.now()), now=timezone.now())
        growth.append((size, time.perf_counter() - started))
        if plan.recipients + plan.blocked != size or plan.recipients < size // 2:
            raise RuntimeError(f"{plan.counts} of {size} people; nothing was measured")
        peak_mb = watch()
        copied_s = _copied_s(plan)
    size, seconds = growth[-1]
    return [
        Figure(
            name=f"send to {size:,} people on {len(CHANNELS)} channels planned",
            value=seconds,
            unit="s",
            limit_name="s for a COPY of the same rows out and in",
            limit=copied_s,
            target=f"≤ {TARGET_S} s, ≤ {TARGET_MB} MB",
            is_met=seconds <= TARGET_S and peak_mb <= TARGET_MB,
            growth=tuple(growth),
            peak_mb=peak_mb,
        )
    ]


def _campaign(workspace: Workspace, now: datetime) -> OutreachCampaign:
    campaign = OutreachCampaign.objects.create(
        workspace=workspace, name="To all", channels=list(CHANNELS), budget=100_000
    )
    step = SequenceStep.objects.create(workspace=workspace, campaign=campaign, position=1)
    for channel in CHANNELS:
        ChannelPolicy.objects.create(workspace=workspace, channel=channel, is_on=True)
        template = ChannelTemplate.objects.create(
            workspace=workspace, name=channel, channel=channel, provider_status="approved"
        )
        template.current = TemplateVersion.objects.create(
            workspace=workspace, template=template, number=1, text="Hello", sha256="0" * 64
        )
        template.status = "active"
        template.save()
        StepText.objects.create(workspace=workspace, step=step, channel=channel, template=template)
    return campaign


def _copied_s(plan: SendPlan) -> float:
    """Copy the rows out, and into a plan that is open: what the database must do in any case."""
    held = BytesIO()
    with transaction.atomic(), connection.cursor() as cursor:
        other = SendPlan.objects.create(
            workspace=plan.workspace, campaign=plan.campaign, number=10_000, as_of=plan.as_of
        )
        raw: Any = cursor.cursor
        started = time.perf_counter()
        raw.copy_expert(
            f"COPY (SELECT {_COLUMNS.replace('plan_id', f'{other.pk}::bigint')}"  # a number
            f" FROM outreach_plannedsend WHERE plan_id = {plan.pk} ORDER BY place)"
            " TO STDOUT (FORMAT binary)",
            held,
        )
        held.seek(0)
        raw.copy_expert(f"COPY outreach_plannedsend ({_COLUMNS}) FROM STDIN (FORMAT binary)", held)
        seconds = time.perf_counter() - started
        transaction.set_rollback(True)
    return seconds
