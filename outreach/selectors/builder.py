"""What the steps of a campaign's form offer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from attribution.models import CustomerType
from experiments.models import ABTest, Surface
from outreach.engine.audience_rules import RulesError, parse
from outreach.engine.personal import ATTRIBUTE, FIELDS
from outreach.engine.rfm import SEGMENTS
from outreach.models import (
    Audience,
    AudienceKind,
    ChannelTemplate,
    MessageChannel,
    OutreachCampaign,
    SequenceStep,
    StepCondition,
    StepText,
    TemplateStatus,
)
from outreach.selectors.audiences.reading import (
    in_words,
    people_of,
    query_of,
)
from outreach.selectors.campaign_rules import steps_of
from outreach.selectors.laws import is_halted, open_halts, policies_of
from workspaces.models import Workspace

SHOWN: Final = 8
#: Rules of a campaign's own variables that its form takes.
MOST_PERSONAL: Final = 40
PERSONAL_FIELDS: Final = [(one, one.replace("_", " ").capitalize()) for one in FIELDS]
#: What each step of the form keeps.
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "about": ("name", "type", "purpose", "urgency", "goal"),
    "audience": ("audience_id",),
    "channels": ("channels", "priorities"),
    "texts": ("test_id", "personalisation"),
    "limits": ("budget", "channel_budgets", "daily_limit", "starts_at", "ends_at",
               "send_at_best_hour"),
}  # fmt: skip
_OF_A_STEP: Final = ("name", "delay_hours", "condition", "segment", "exits_on_reply",
                     "exits_on_conversion")  # fmt: skip


def mark_of(campaign: OutreachCampaign, step: str) -> str:
    """Mark of what a step of the form keeps: another one, and somebody saved it meanwhile."""
    kept: list[object] = [getattr(campaign, name) for name in _KEPT[step]]
    if step == "texts":
        for one in steps_of(campaign):
            texts = sorted(
                (text.channel, text.variant, text.template_id) for text in one.texts.all()
            )
            kept.append([[getattr(one, name) for name in _OF_A_STEP], texts])
    return sha256(json.dumps(kept, default=str, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class AudienceLook:
    """An audience as it is now: how many, whom for example, and its rules in words."""

    audience: Audience
    count: int = 0
    people: tuple[Any, ...] = ()
    words: str = ""
    problem: str = ""


def audiences_of(workspace: Workspace) -> list[Audience]:
    """Those that can be chosen."""
    return list(Audience.objects.filter(workspace=workspace, archived_at=None).order_by("name"))


def look_at(audience: Audience, now: datetime) -> AudienceLook:
    """Count an audience and show a few of it."""
    workspace = audience.workspace
    try:
        query = query_of(audience, now)
        is_list = audience.kind == AudienceKind.LIST
        words = "A fixed list." if is_list else in_words(workspace, parse(audience.rules))
        count, people = people_of(workspace, query, SHOWN)
        return AudienceLook(audience, count, tuple(people), words)
    except RulesError as error:
        return AudienceLook(audience, problem=str(error))


@dataclass(frozen=True)
class ChannelLine:
    """A channel that can be chosen, and what is in its way."""

    value: str
    label: str
    is_chosen: bool
    problem: str


def channel_lines(
    campaign: OutreachCampaign, typed: Sequence[str] | None = None
) -> list[ChannelLine]:
    """All channels; those that are off say so. ``typed``: ticked, and not saved yet."""
    ticked = campaign.channels if typed is None else typed
    policies, halts = policies_of(campaign.workspace), open_halts(campaign.workspace)
    found = []
    for value, label in MessageChannel.choices:
        policy = policies.get(value)
        problem = ""
        if policy is None or not policy.is_on:
            problem = "switched off"
        elif halt := is_halted(policy, halts):
            problem = f"stopped: {halt.reason}"
        found.append(ChannelLine(value, label, value in ticked, problem))
    return found


def priority_rows(
    campaign: OutreachCampaign, typed: Mapping[str, str]
) -> list[tuple[str, str, list[str]]]:
    """Customer types with the channels that they are written to by, in their order."""

    def order(kind: str) -> list[str]:
        if typed:
            return [typed.get(f"priority-{kind}-{place}", "") for place in (1, 2, 3)]
        return [*campaign.priorities.get(kind, []), "", "", ""][:3]

    return [(value, label, order(value)) for value, label in CustomerType.choices]


@dataclass(frozen=True)
class TextCell:
    """What a step says on a channel to a variant."""

    name: str
    label: str
    chosen: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class StepRow:
    """A step of the form; ``step`` is none of the empty one at the end."""

    place: int
    step: SequenceStep | None
    delay: int | str
    unit: str
    cells: tuple[TextCell, ...]

    @property
    def start(self) -> str:
        """How the names of its fields begin."""
        return f"step-{self.place}-"


def text_rows(campaign: OutreachCampaign, typed: Mapping[str, str]) -> list[StepRow]:
    """The steps with their texts, and an empty one; what was typed stands in them."""
    steps, options = steps_of(campaign), _options(campaign.workspace)
    variants = ["", *_variants(campaign)]
    rows = [_row(place, step, campaign, variants, options)
            for place, step in enumerate(steps, start=1)]  # fmt: skip
    rows.append(_row(len(rows) + 1, None, campaign, variants, options))
    return [_typed(one, typed) if f"{one.start}name" in typed else one for one in rows]


def _typed(row: StepRow, typed: Mapping[str, str]) -> StepRow:
    """A row as it was typed."""

    def of(name: str) -> str:
        return typed.get(f"{row.start}{name}", "")

    cells = tuple(replace(one, chosen=typed.get(one.name, "")) for one in row.cells)
    step = SequenceStep(
        name=of("name"), condition=of("condition") or StepCondition.ALWAYS, segment=of("segment"),
        exits_on_reply=bool(of("exits_on_reply")),
        exits_on_conversion=bool(of("exits_on_conversion")),
    )  # fmt: skip
    is_step = row.step is not None or step.name or any(one.chosen for one in cells)
    return StepRow(row.place, step if is_step else None, of("delay"), of("unit"), cells)


def _variants(campaign: OutreachCampaign) -> list[str]:
    if campaign.test is None:
        return []
    return list(campaign.test.variants.order_by("position").values_list("key", flat=True))


def _options(workspace: Workspace) -> dict[str, tuple[tuple[str, str], ...]]:
    """Texts in use, by channel."""
    rows = ChannelTemplate.objects.filter(workspace=workspace, status=TemplateStatus.ACTIVE)
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for one in rows.order_by("name"):
        found[one.channel] = (*found.get(one.channel, ()), (str(one.public_id), one.name))
    return found


def _row(
    place: int,
    step: SequenceStep | None,
    campaign: OutreachCampaign,
    variants: Sequence[str],
    options: Mapping[str, tuple[tuple[str, str], ...]],
) -> StepRow:
    texts = {(one.channel, one.variant): one for one in step.texts.all()} if step else {}
    used = [one for one in MessageChannel.values if one in campaign.channels]
    hours = step.delay_hours if step else 0
    is_days = hours % 24 == 0 and hours > 0
    cells = tuple(
        _cell(place, channel, variant, texts, options) for channel in used for variant in variants
    )
    return StepRow(place, step, hours // 24 if is_days else hours, "days" if is_days else "hours",
                   cells)  # fmt: skip


def _cell(
    place: int,
    channel: str,
    variant: str,
    texts: Mapping[tuple[str, str], StepText],
    options: Mapping[str, tuple[tuple[str, str], ...]],
) -> TextCell:
    text = texts.get((channel, variant))
    chosen = str(text.template.public_id) if text else ""
    offered = options.get(channel, ())
    if text and chosen not in {value for value, _ in offered}:
        offered = (*offered, (chosen, f"{text.template.name} (not in use)"))
    label = MessageChannel(channel).label
    return TextCell(
        f"step-{place}-text-{channel}" + (f"-{variant}" if variant else ""),
        f"{label}, variant {variant}" if variant else label,
        chosen,
        offered,
    )


def tests_of(workspace: Workspace) -> list[tuple[str, str]]:
    """Tests of messages that can share texts out."""
    rows = ABTest.objects.filter(
        workspace=workspace, archived_at=None, surface=Surface.MESSAGE, ended_at=None
    )
    return list(rows.order_by("-pk").values_list("key", "name")[:100])


def segments() -> list[tuple[str, str]]:
    """Segments by what people bought."""
    return [(str(one), str(one).replace("_", " ").capitalize()) for one in SEGMENTS]


@dataclass(frozen=True)
class PersonalRow:
    """A rule of a variable of the campaign, as the form shows it."""

    place: int
    variable: str = ""
    field: str = ""
    values: str = ""
    words: str = ""

    @property
    def start(self) -> str:
        """How the names of its fields begin."""
        return f"personal-{self.place}-"

    @property
    def own_field(self) -> str:
        """An attribute that the workspace itself gave, which no list offers."""
        return self.field if self.field.startswith(ATTRIBUTE) else ""


def personal_rows(campaign: OutreachCampaign, typed: Mapping[str, str]) -> list[PersonalRow]:
    """The rules, and two empty ones; or as they were typed."""
    if "personal-1-words" in typed:
        parts = ("variable", "field", "values", "words")
        return [
            PersonalRow(place, *(typed.get(f"personal-{place}-{part}", "") for part in parts))
            for place in range(1, MOST_PERSONAL + 1) if f"personal-{place}-words" in typed
        ]  # fmt: skip
    rules = [
        (name, one.get("field", ""), ", ".join(one.get("any_of", [])), one["words"])
        for name, known in campaign.personalisation.items()
        for one in known
    ]
    rules = [*rules, *[("", "", "", "")] * 2][:MOST_PERSONAL]
    return [PersonalRow(place, *parts) for place, parts in enumerate(rules, start=1)]


def budget_rows(campaign: OutreachCampaign, typed: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Channels of it with what each may cost."""
    kept = campaign.channel_budgets
    return [
        (one.value, one.label, typed.get(f"budget-{one.value}", kept.get(one.value, "")))
        for one in MessageChannel
        if one.value in campaign.channels
    ]
