"""Feedback from outside: what an arm really brought, once per event."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from mlops.arm_names import arm_of
from mlops.models import SamplerFeedback
from mlops.services.sampling import record_feedback
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError


class OtherFeedbackError(RefusedError):
    """The event is in the ledger with other figures."""


@transaction.atomic
def give_feedback(
    *,
    workspace: Workspace,
    ad_id: str,
    event_id: str,
    spend: Decimal,
    pipeline_value: Decimal,
    source: str,
    now: datetime,
) -> tuple[SamplerFeedback, bool]:
    """Append to the ledger; the second value is false when the event stood there already.

    Raises
    ------
    RequestError : there is no such arm
    OtherFeedbackError : the event was told before, with other figures
    """
    arm = arm_of(workspace=workspace, given=ad_id)
    is_new = record_feedback(
        workspace=workspace,
        arm=arm,
        event_id=event_id,
        spend=spend,
        pipeline_value=pipeline_value,
        source=source,
        now=now,
    )
    row = SamplerFeedback.objects.get(workspace=workspace, event_id=event_id)
    if (row.arm, row.spend, row.pipeline_value) != (arm, spend, pipeline_value):
        raise OtherFeedbackError(
            f"The event {event_id!r} is in the ledger with other figures; send a correction as an"
            " event of its own."
        )
    return row, is_new
