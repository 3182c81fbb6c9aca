"""Campaigns as they are written: made, edited, copied and put away from plain values.

What goes out is the plan that was signed. So a campaign that runs can be edited too: nothing of it
changes before a plan of the edited one is signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError

from attribution.models import CustomerType
from experiments.models import ABTest, Surface
from outreach.engine.personal import PersonalError, read_rules
from outreach.engine.sequences import Condition, Step, check_steps
from outreach.models import (
    Audience,
    CampaignStatus,
    ChannelTemplate,
    MessageChannel,
    OutreachCampaign,
    SequenceStep,
    StepText,
)
from outreach.selectors.builder import mark_of
from outreach.selectors.launches import open_launch_of
from outreach.services.life import TOPIC, lock_campaign
from workspaces.gate import Proposer, StateError
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require

#: Columns that a campaign takes as they come.
FIELDS: Final = ("name", "type", "purpose", "urgency", "channels", "priorities", "budget",
                 "channel_budgets", "daily_limit", "personalisation", "goal", "starts_at",
                 "ends_at", "send_at_best_hour")  # fmt: skip
STEP_FIELDS: Final = ("name", "delay_hours", "condition", "segment", "exits_on_reply",
                      "exits_on_conversion")  # fmt: skip


@transaction.atomic
def create_campaign(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime
) -> OutreachCampaign:
    """Make a draft.

    ``values`` holds columns of the campaign (`FIELDS`), ``audience`` and ``test`` (a public id and
    a key, or nothing), and ``steps``: each with `STEP_FIELDS` and ``texts`` of channel, variant
    and template (a public id).

    Raises
    ------
    ValidationError : names every field that is wrong
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="Making a campaign")
    campaign = OutreachCampaign(workspace=workspace, created_by_label=by.label[:150])
    _save(campaign, values)
    return campaign


@transaction.atomic
def edit_campaign(
    *,
    campaign: OutreachCampaign,
    values: Mapping[str, Any],
    by: Proposer,
    now: datetime,
    seen: tuple[str, str] | None = None,
) -> OutreachCampaign:
    """Change what is given; the rest stays. Of one that runs, plan the send anew to put it out.

    ``seen`` is a step of the form and its mark (`selectors.builder.mark_of`) as it was shown.

    Raises
    ------
    ValidationError : names every field that is wrong, or somebody saved the step meanwhile
    StateError : it is over, archived, or waits for a signature
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Editing a campaign")
    locked = lock_campaign(campaign)
    require_open(locked)
    if seen and seen[1] and seen[1] != mark_of(locked, seen[0]):
        raise ValidationError(
            "Somebody saved this step meanwhile. Below is what you wrote: save it again to put it "
            "in place of theirs, or load the page anew to see theirs.",
            code="meanwhile",
        )
    if locked.launched_at and values.get("purpose", locked.purpose) != locked.purpose:
        raise ValidationError({"purpose": "It was launched: what it is for stays."})
    ended = locked.ends_at
    _save(locked, values)
    if locked.ends_at and locked.ends_at != ended and locked.ends_at <= now:
        raise ValidationError({"ends_at": "This is over already; nothing would go out."})
    return locked


@transaction.atomic
def copy_campaign(
    *, campaign: OutreachCampaign, by: Proposer, now: datetime, name: str = ""
) -> OutreachCampaign:
    """Make a draft like it, with its steps and texts, but no dates and no test."""
    values: dict[str, Any] = {
        **{field: getattr(campaign, field) for field in FIELDS},
        "name": name[:120] or _free_name(campaign),
        "starts_at": None,
        "ends_at": None,
        "audience": str(campaign.audience.public_id) if campaign.audience else None,
        "steps": [
            {
                **{field: getattr(step, field) for field in STEP_FIELDS},
                "texts": [
                    {"channel": one.channel, "variant": one.variant,
                     "template": str(one.template.public_id)}
                    for one in step.texts.select_related("template").order_by("pk")
                ],
            }
            for step in campaign.steps.order_by("position")
        ],
    }  # fmt: skip
    return create_campaign(workspace=campaign.workspace, values=values, by=by, now=now)


def _free_name(campaign: OutreachCampaign) -> str:
    rows = OutreachCampaign.objects.filter(workspace=campaign.workspace, archived_at=None)
    names = set(rows.values_list("name", flat=True))
    base = campaign.name[:105]
    tries = (f"{base} (copy{f' {n}' if n > 1 else ''})" for n in range(1, len(names) + 3))
    return next(one for one in tries if one not in names)


@transaction.atomic
def archive_campaign(
    *, campaign: OutreachCampaign, by: Proposer, now: datetime
) -> OutreachCampaign:
    """Put a draft or a campaign that is over out of the lists; nothing of it is deleted.

    Raises
    ------
    StateError : it runs, or waits for a signature
    NotAllowedError : the person is no operator
    """
    require(
        Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Archiving a campaign"
    )
    locked = lock_campaign(campaign)
    if locked.status in (CampaignStatus.ACTIVE, CampaignStatus.PAUSED):
        raise StateError("It is running. Stop it first.")
    if locked.status != CampaignStatus.COMPLETED:
        require_open(locked)
    locked.archived_at = locked.archived_at or now
    locked.save(update_fields=["archived_at", "updated_at"])
    bump(locked.workspace_id, TOPIC)
    return locked


@transaction.atomic
def restore_campaign(
    *, campaign: OutreachCampaign, by: Proposer, now: datetime
) -> OutreachCampaign:
    """Put an archived campaign back into the lists, as it was.

    Raises
    ------
    StateError : it is not archived, or another one has its name by now
    NotAllowedError : the person is no operator
    """
    require(
        Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Restoring a campaign"
    )
    locked = lock_campaign(campaign)
    if locked.archived_at is None:
        raise StateError("It is not archived.")
    others = OutreachCampaign.objects.filter(workspace=locked.workspace, archived_at=None)
    if others.filter(name=locked.name).exists():
        raise StateError(f"Another campaign is called “{locked.name}” by now. Rename that first.")
    locked.archived_at = None
    locked.save(update_fields=["archived_at", "updated_at"])
    bump(locked.workspace_id, TOPIC)
    return locked


def require_open(campaign: OutreachCampaign) -> None:
    """Refuse what is over or waits for a signature; what was refused one is a draft again.

    Raises
    ------
    StateError : it cannot be edited now
    """
    if campaign.archived_at is not None or campaign.status == CampaignStatus.COMPLETED:
        raise StateError("It is over. Copy it to send it again.")
    if proposal := open_launch_of(campaign):
        raise StateError(
            f"“{proposal.summary}” is {proposal.get_status_display().lower()}. Cancel that first."
        )
    if campaign.status == CampaignStatus.AWAITING_APPROVAL:
        campaign.status = CampaignStatus.DRAFT
        campaign.save(update_fields=["status"])


def _save(campaign: OutreachCampaign, values: Mapping[str, Any]) -> None:
    for name in FIELDS:
        if name in values:
            setattr(campaign, name, values[name])
    _read_links(campaign, values)
    _require_known(campaign)
    campaign.full_clean(exclude=["workspace"], validate_constraints=False)
    campaign.validate_constraints()  # also those that a name is unique by in its workspace
    campaign.save()
    if "steps" in values:
        _put_steps(campaign, values["steps"])
    bump(campaign.workspace_id, TOPIC)


def _read_links(campaign: OutreachCampaign, values: Mapping[str, Any]) -> None:
    workspace = campaign.workspace
    if "audience" in values:
        campaign.audience = _named(
            Audience.objects.filter(workspace=workspace, archived_at=None), values["audience"],
            "audience", "There is no such audience.",
        )  # fmt: skip
    if "test" in values:
        key = values["test"]
        tests = ABTest.objects.filter(workspace=workspace, archived_at=None)
        campaign.test = tests.filter(key=key, surface=Surface.MESSAGE).first() if key else None
        if key and campaign.test is None:
            raise ValidationError({"test": "There is no test of messages with this key."})


def _named(rows: Any, public_id: object, field: str, message: str) -> Any:
    """The row of a public id; nothing for none."""
    if not public_id:
        return None
    try:
        found = rows.filter(public_id=str(public_id)).first()
    except ValidationError:
        found = None
    if found is None:
        raise ValidationError({field: message})
    return found


def _require_known(campaign: OutreachCampaign) -> None:
    """Check what stands in documents."""
    wrong = {}
    if not set(campaign.priorities) <= set(CustomerType.values) or any(
        not isinstance(one, list) or not set(one) <= set(MessageChannel.values)
        for one in campaign.priorities.values()
    ):
        wrong["priorities"] = (
            f"Give for {', '.join(CustomerType.values)} a list of channels in their order."
        )
    if not _are_amounts(campaign.channel_budgets):
        wrong["channel_budgets"] = "Give amounts from 0 on by channel, as text."
    try:
        read_rules(campaign.personalisation)
    except PersonalError as error:
        wrong["personalisation"] = str(error)
    if wrong:
        raise ValidationError(wrong)


def _are_amounts(budgets: object) -> bool:
    if not isinstance(budgets, dict) or not set(budgets) <= set(MessageChannel.values):
        return False
    try:
        return all(Decimal(str(one)) >= 0 for one in budgets.values())
    except InvalidOperation:
        return False


def _put_steps(campaign: OutreachCampaign, steps: Sequence[Mapping[str, Any]]) -> None:
    """Write the steps in their order; those beyond go, unless somebody was planned for them."""
    fresh = SequenceStep()
    for place, values in enumerate(steps, start=1):
        step = SequenceStep.objects.filter(campaign=campaign, position=place).first()
        step = step or SequenceStep(workspace=campaign.workspace, campaign=campaign, position=place)
        for name in STEP_FIELDS:
            setattr(step, name, values.get(name, getattr(fresh, name)))
        _clean(step, place)
        step.save()
        _put_texts(step, values.get("texts", []), place)
    _check_order(campaign, len(steps))
    try:
        SequenceStep.objects.filter(campaign=campaign, position__gt=len(steps)).delete()
    except ProtectedError as error:
        raise ValidationError(
            {"steps": "A step that was planned for somebody cannot be taken away."}
        ) from error


def _check_order(campaign: OutreachCampaign, count: int) -> None:
    """Refuse steps that nobody could go through."""
    rows = SequenceStep.objects.filter(campaign=campaign, position__lte=count)
    try:
        check_steps(
            [
                Step(timedelta(hours=one.delay_hours), Condition(one.condition), one.segment)
                for one in rows.order_by("position")
            ]
        )
    except ValueError as error:
        raise ValidationError({"steps": str(error)}) from error


def _clean(step: SequenceStep, place: int) -> None:
    try:
        step.full_clean(exclude=["workspace", "campaign"])
    except ValidationError as error:
        words = "; ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
        raise ValidationError({"steps": f"Step {place}: {words}"}) from error


def _put_texts(step: SequenceStep, texts: Sequence[Mapping[str, Any]], place: int) -> None:
    step.texts.all().delete()
    templates = ChannelTemplate.objects.filter(workspace=step.workspace_id)
    seen = set()
    for given in texts:
        template = _named(
            templates, given.get("template"), "steps", f"Step {place}: there is no such template."
        )
        if template is None:
            raise ValidationError({"steps": f"Step {place}: name the template of each text."})
        channel = given.get("channel") or template.channel
        if template.channel != channel:
            raise ValidationError(
                {"steps": f"Step {place}: “{template.name}” is no text for {channel}."}
            )
        key = (channel, given.get("variant") or "")
        if key in seen:
            raise ValidationError({"steps": f"Step {place}: two texts for {channel}."})
        seen.add(key)
        StepText.objects.create(
            workspace=step.workspace, step=step, channel=channel, variant=key[1], template=template
        )
