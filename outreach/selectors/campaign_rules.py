"""What a campaign says, as a document that is signed, and as the rules that the engine takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import Prefetch

from experiments.models import ABTest
from outreach.engine.channels import Channel, CustomerType, Purpose, Urgency
from outreach.engine.decisions import Rules
from outreach.engine.zones import moment
from outreach.models import OutreachCampaign, SequenceStep, StepText, TemplateStatus
from outreach.selectors.campaign_use import UNUSED, Use, pace_of, read_moment
from outreach.selectors.day_limits import channel_days
from outreach.selectors.laws import (
    channel_of,
    is_halted,
    laws_of,
    once_a_look,
    open_halts,
    outreach_policy_of,
    policies_of,
    table_of,
)
from outreach.selectors.prices import costs_of
from outreach.selectors.senders import channels_with_texts, senders_of
from outreach.selectors.sent_lately import caps_of
from workspaces.gate import Json, canonical, digest
from workspaces.models import Workspace

VERSION: Final = 1
_MICROS: Final = 1_000_000
_PROVIDER_APPROVED: Final = "approved"


def settings_of(campaign: OutreachCampaign) -> Json:
    """Everything of a campaign that decides what goes out, with its texts by version."""
    policy = outreach_policy_of(campaign.workspace)
    steps = [_step(one) for one in steps_of(campaign)]
    channels = channels_with_texts(steps, campaign.channels)
    found: Json = plain(
        {
            "version": VERSION,
            "campaign": {
                "name": campaign.name,
                "type": campaign.type,
                "purpose": campaign.purpose,
                "urgency": campaign.urgency,
                "channels": sorted(campaign.channels),
                "priorities": campaign.priorities,
                "audience": str(campaign.audience.public_id) if campaign.audience else None,
                "test": campaign.test.key if campaign.test else None,
                "budget": _text(campaign.budget),
                "channel_budgets": campaign.channel_budgets,
                "daily_limit": campaign.daily_limit,
                "personalisation": campaign.personalisation,
                "goal": campaign.goal,
                "starts_at": _moment(campaign.starts_at),
                "ends_at": _moment(campaign.ends_at),
                "send_at_best_hour": campaign.send_at_best_hour,
            },
            "variants": _variants(campaign.test),
            "steps": steps,
            "senders": senders_of(campaign.workspace, channels),
            "caps": asdict(caps_of(policy)),
            "canary": policy.has_canary,
        }
    )
    return found


def plain(value: Any) -> Any:
    """Part of a document as a plan holds it: what is a fraction becomes text."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return repr(value) if isinstance(value, float) else value


def _variants(test: ABTest | None) -> list[str]:
    return list(test.variants.order_by("position").values_list("key", flat=True)) if test else []


@once_a_look
def steps_of(campaign: OutreachCampaign) -> list[SequenceStep]:
    """Steps in their order, with their texts as they are now."""
    texts = StepText.objects.select_related("template__current").order_by("channel", "variant")
    steps = SequenceStep.objects.filter(campaign=campaign).order_by("position")
    return list(steps.prefetch_related(Prefetch("texts", texts)))


def _step(step: SequenceStep) -> Json:
    return {
        "step": str(step.public_id),
        "position": step.position,
        "name": step.name,
        "delay_hours": step.delay_hours,
        "condition": step.condition,
        "segment": step.segment,
        "exits_on_reply": step.exits_on_reply,
        "exits_on_conversion": step.exits_on_conversion,
        "texts": [_text_of(one) for one in step.texts.all()],
    }


def _text_of(one: StepText) -> Json:
    current = one.template.current
    is_used = one.template.status == TemplateStatus.ACTIVE and current is not None
    return {
        "channel": one.channel,
        "variant": one.variant,
        "template": str(one.template.public_id),
        "name": one.template.name,
        "version": str(current.public_id) if current and is_used else None,
        "number": current.number if current and is_used else None,
        "sha256": current.sha256 if current and is_used else None,
        "is_approved": one.template.provider_status == _PROVIDER_APPROVED,
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def settings_sha256(settings: Json) -> str:
    """Name of a document: the same settings give the same one."""
    return digest(canonical(settings))


def step_in(settings: Json, position: int) -> Json:
    """A step of a document, by its position.

    Raises
    ------
    KeyError : there is no such step
    """
    found: Json | None = next(
        (one for one in settings["steps"] if one["position"] == position), None
    )
    if found is None:
        raise KeyError(position)
    return found


@dataclass(frozen=True)
class Usable:
    """Channels that a step can use now, and why not the others."""

    channels: tuple[Channel, ...]
    missing: Mapping[str, str]


def usable_channels(workspace: Workspace, settings: Json, step: Json) -> Usable:
    """Channels with a text, switched on, connected and not halted; of none named, all."""
    wanted = settings["campaign"]["channels"] or [one.key for one in Channel]
    policies, halts = policies_of(workspace), open_halts(workspace)
    missing = {}
    for name in wanted:
        policy = policies.get(name)
        texts = [one for one in step["texts"] if one["channel"] == name]
        halt = is_halted(policy, halts) if policy else None
        if not texts:
            missing[name] = "has no text in this step"
        elif not all(one["version"] for one in texts):
            missing[name] = "has a text that is not in use"
        elif policy is None or not policy.is_on:
            missing[name] = "is switched off"
        elif halt is not None:
            missing[name] = f"is stopped: {halt.reason}"
    found = sorted((channel_of(name) for name in wanted if name not in missing), key=int)
    return Usable(tuple(found), missing)


def rules_of(
    workspace: Workspace,
    campaign: OutreachCampaign,
    settings: Json,
    channels: tuple[Channel, ...],
    step: Json,
    now: datetime,
    *,
    use: Use = UNUSED,
) -> Rules:
    """Rules by which a step is planned: the document's, and what the workspace holds to now."""
    said, policy, policies = (
        settings["campaign"], outreach_policy_of(workspace), policies_of(workspace)
    )  # fmt: skip
    starts_at, ends_at = read_moment(said["starts_at"]), read_moment(said["ends_at"])
    table = table_of(policy)
    return Rules(
        channels=channels,
        zone=workspace.zone.key,
        starts_at=moment(starts_at) if starts_at else None,
        ends_at=moment(ends_at) if ends_at else None,
        purpose=Purpose[said["purpose"].upper()],
        urgency=Urgency[said["urgency"].upper()],
        lists=_lists(said),
        templates=frozenset(
            channel_of(one["channel"]) for one in step["texts"] if one["is_approved"]
        ),
        optimises_time=said["send_at_best_hour"],
        repeat_hours=policy.repeat_hours,
        content_days=policy.content_days,
        pace=pace_of(campaign, said, use, now),
        channel_left_micros=_left(said, use),
        daily_limit=said["daily_limit"],
        channel_days=channel_days(workspace, policies, channels, starts_at, now),
        costs_micros=costs_of(workspace, policies, table, channels, step),
        table=table,
        laws=laws_of(policies),
        caps=caps_of(policy),
    )


def _lists(said: Json) -> tuple[tuple[Channel, ...], ...] | None:
    """Channels by customer type; of a campaign that names none, those of the table."""
    if not said["channels"]:
        return None
    if not said["priorities"]:
        return ()
    return tuple(
        tuple(channel_of(name) for name in said["priorities"].get(one.key, ()))
        for one in CustomerType
    )


def _left(said: Json, use: Use) -> dict[Channel, int]:
    return {
        channel_of(name): max(
            0, int((Decimal(amount) - use.by_channel.get(name, Decimal(0))) * _MICROS)
        )
        for name, amount in said["channel_budgets"].items()
    }
