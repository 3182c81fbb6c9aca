"""A winner among texts: from then on it is what its steps say."""

from __future__ import annotations

from datetime import datetime

from experiments.models import ABTestVariant
from outreach.models import OutreachCampaign, StepText


def use_winning_text(winner: ABTestVariant, now: datetime) -> str:
    """Let steps of the test's campaigns say what won; says so in a sentence.

    What is being sent was signed with all its texts: of these, later steps use the winner's too.
    """
    campaigns = OutreachCampaign.objects.filter(
        workspace=winner.workspace_id, test=winner.test_id, archived_at=None
    )
    texts = StepText.objects.filter(step__campaign__in=campaigns)
    changed = 0
    for text in texts.filter(variant=winner.key).order_by("pk"):
        texts.filter(step=text.step_id, channel=text.channel).exclude(pk=text.pk).delete()
        text.variant = ""
        text.save(update_fields=["variant"])
        changed += 1
    return f"“{winner.name}” is the text of {changed} steps from now on."
