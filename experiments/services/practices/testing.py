"""A draft of a test that would prove a practice, or show that it does not hold."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from experiments.engine.practices.traits import in_words
from experiments.models import ABTest, ABTestType, BestPractice
from experiments.services.drafting import create_draft
from experiments.services.practices.keeping import note_use
from workspaces.gate import Proposer

_TYPES = {"cta": ABTestType.CTA, "timing": ABTestType.SEND_TIME, "follow_up": ABTestType.SEND_TIME,
          "layout": ABTestType.LAYOUT, "audience": ABTestType.PERSONALIZATION,
          "format": ABTestType.IMAGE}  # fmt: skip


@transaction.atomic
def draft_test_of(*, practice: BestPractice, by: Proposer, now: datetime) -> ABTest:
    """Make a draft with the practice as its hypothesis, and note that it was taken up.

    Raises
    ------
    NotAllowedError : the person is no operator
    """
    kept = f" What counts as kept: {in_words(practice.rule)}." if practice.rule else ""
    values = {
        "name": f"Test: {practice.title}"[:120],
        "hypothesis": f"{practice.recommendation} {practice.why}{kept}",
        "type": _TYPES.get(practice.category, ABTestType.COPY),
        "channel": practice.channel,
        "variants": [{"name": "Control"}, {"name": practice.title}],
    }
    test = create_draft(workspace=practice.workspace, values=values, by=by, now=now)
    note_use(
        practice=practice, subject_key=f"test:{test.public_id}", subject_label=test.name,
        by_label=by.label, now=now,
    )  # fmt: skip
    return test
