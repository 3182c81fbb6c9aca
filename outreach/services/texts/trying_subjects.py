"""Another subject for a campaign's mail: a text, a draft of a test, and both in the campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from experiments.models import ABTest, ABTestType, Metric, MetricKind, MetricSource, Surface
from experiments.services.drafting import create_draft
from experiments.services.library import define_metric
from outreach.models import (
    ChannelTemplate,
    MessageChannel,
    OutreachCampaign,
    StepText,
    TemplateVersion,
)
from outreach.selectors.campaign_rules import steps_of
from outreach.selectors.text_looks import PARTS
from outreach.services.drafting import STEP_FIELDS, edit_campaign, require_open
from outreach.services.life import lock_campaign
from outreach.services.texts.writing import activate_text, create_text
from workspaces.gate import Proposer, StateError
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

CHALLENGER: Final = "b"
#: What such a test counts, the deciding one first.
_METRICS: Final[Mapping[str, tuple[str, str]]] = {
    "mail-opened": ("Mail opened", "opened"),
    "mail-clicked": ("Link in mail clicked", "clicked"),
}


@transaction.atomic
def draft_subject_test(
    *, campaign: OutreachCampaign, subject: str, by: Proposer, now: datetime
) -> ABTest:
    """Make a draft of a test: the first mail's subject against another one, the rest the same.

    The campaign is linked to the test and its first step gets both texts; the test is edited and
    started as every other, and the campaign's launch is signed with both.

    Raises
    ------
    NotAllowedError : the person is no operator
    StateError : the campaign was launched, has a test already, or begins with no mail in use
    ValidationError : the subject cannot be used; names it
    """
    require(Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Testing a subject")
    locked = lock_campaign(campaign)
    require_open(locked)
    if locked.launched_at is not None:
        raise StateError("It was launched: copy it to test another subject.")
    if locked.test is not None:
        raise StateError(f"It has a test already: “{locked.test.name}”.")
    text = _first_mail(locked)
    version = text.template.current
    if version is None:
        raise StateError(f"“{text.template.name}” is not in use; put it into use first.")
    wanted = subject.strip()
    if not wanted or wanted == version.subject:
        raise ValidationError({"subject": "Write another subject than the one it has."})
    other = _other_text(text.template, version, wanted, by, now)
    test = _draft(locked, version.subject, wanted, by, now)
    edit_campaign(
        campaign=locked, by=by, now=now,
        values={"test": test.key, "steps": _steps(locked, text, other)},
    )  # fmt: skip
    return test


def _first_mail(campaign: OutreachCampaign) -> StepText:
    rows = StepText.objects.select_related("template__current", "template__workspace", "step")
    found = rows.filter(
        step__campaign=campaign, step__position=1, channel=MessageChannel.EMAIL, variant=""
    ).first()
    if found is None:
        raise StateError("Its first step has no mail whose subject could be tested.")
    return found


def _other_text(
    template: ChannelTemplate, version: TemplateVersion, subject: str, by: Proposer, now: datetime
) -> ChannelTemplate:
    """The same mail with the other subject, in use."""
    parts = {name: getattr(version, name) for name in PARTS} | {"subject": subject}
    names = ChannelTemplate.objects.filter(
        workspace=template.workspace, channel=template.channel
    ).values_list("name", flat=True)
    base, taken = f"{template.name[:100]} (other subject", set(names)
    name = next(
        one
        for number in range(1, len(taken) + 2)
        if (one := f"{base}{f' {number}' if number > 1 else ''})") not in taken
    )
    values = {"name": name, "channel": template.channel, "category": template.category, **parts}
    made = create_text(workspace=template.workspace, values=values, by=by, now=now)
    return activate_text(template=made, version=None, by=by, now=now)


def _draft(
    campaign: OutreachCampaign, old: str, new: str, by: Proposer, now: datetime
) -> ABTest:  # fmt: skip
    keys = _metrics(campaign.workspace, by, now)
    return create_draft(
        workspace=campaign.workspace, by=by, now=now,
        values={
            "name": f"Subject of {campaign.name}"[:120],
            "hypothesis": f"More people open “{new}” than “{old}”."[:2_000],
            "type": ABTestType.SUBJECT_LINE,
            "surface": Surface.MESSAGE,
            "channel": MessageChannel.EMAIL,
            "variants": [
                {"key": "control", "name": old[:100] or "Control"},
                {"key": CHALLENGER, "name": new[:100]},
            ],
            "metrics": [
                {"metric": key, "role": "primary" if place == 0 else "secondary"}
                for place, key in enumerate(keys)
            ],
        },
    )  # fmt: skip


def _metrics(workspace: Workspace, by: Proposer, now: datetime) -> list[str]:
    """Keys of the workspace's metrics of openings and clicks; they are made where it has none."""
    found = []
    for key, (name, event) in _METRICS.items():
        metrics = Metric.objects.filter(
            workspace=workspace, source=MetricSource.MESSAGE_EVENT, event=event,
            kind=MetricKind.BINOMIAL, archived_at=None,
        )  # fmt: skip
        metric = metrics.order_by("pk").first() or define_metric(
            workspace=workspace, by=by, now=now,
            values={"key": key, "name": name, "kind": MetricKind.BINOMIAL,
                    "source": MetricSource.MESSAGE_EVENT, "event": event},
        )  # fmt: skip
        found.append(metric.key)
    return found


def _steps(
    campaign: OutreachCampaign, text: StepText, other: ChannelTemplate
) -> list[dict[str, Any]]:
    """The steps as they are, with the other text beside the first mail."""
    found: list[dict[str, Any]] = []
    for step in steps_of(campaign):
        texts = [
            {"channel": one.channel, "variant": one.variant, "template": one.template.public_id}
            for one in step.texts.all()
        ]
        if step.pk == text.step_id:
            texts.append(
                {"channel": text.channel, "variant": CHALLENGER, "template": other.public_id}
            )
        found.append({**{name: getattr(step, name) for name in STEP_FIELDS}, "texts": texts})
    return found
