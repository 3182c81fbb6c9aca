"""Decides one step of a campaign for everybody asked about: from rows to the rows of a plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from outreach.engine.channels import NONE, Channel, IntArray
from outreach.engine.deciding import decide
from outreach.engine.decisions import Decisions, Rules
from outreach.engine.zones import moment
from outreach.models import OutreachCampaign, SequenceStep
from outreach.selectors.asked import Asked
from outreach.selectors.campaign_rules import rules_of, usable_channels
from outreach.selectors.campaign_use import UNUSED, Use, by_day, read_moment, use_of
from outreach.selectors.facts import People, people_of
from outreach.selectors.message_tests import Texts, arms_of
from outreach.selectors.plan_rows import OUTCOMES, PlanRows, outcomes_of, why_bits
from outreach.selectors.sent_lately import lately, ledger_of
from outreach.selectors.worth import chance_of, learned_of
from outreach.services.planning.waves import waves_of
from workspaces.gate import Json, StateError

_MICROS: Final = 1_000_000


@dataclass(frozen=True)
class Asking:
    """What is planned: a step of a campaign by a document, at a moment.

    A follow-up adds to what is being sent: what waits counts as had, and who had enough for now
    is written to later.
    """

    campaign: OutreachCampaign
    settings: Json
    step: SequenceStep
    now: datetime
    is_follow_up: bool = False

    @property
    def said(self) -> Json:
        """The step, as the document has it."""
        found: Json = next(
            one for one in self.settings["steps"] if one["step"] == str(self.step.public_id)
        )
        return found

    def use(self) -> Use:
        """What is used of its limits; nothing where it has none."""
        limits = self.settings["campaign"]
        if not (limits["budget"] or limits["channel_budgets"] or limits["daily_limit"]):
            return UNUSED
        adds = self.is_follow_up
        return use_of(self.campaign, self.now, waits=adds, planned=adds)

    def first_day(self) -> date:
        """Day from which its days are counted: today, or its first one."""
        starts_at = read_moment(self.settings["campaign"]["starts_at"])
        first = max(self.now, starts_at) if starts_at else self.now
        return first.astimezone(self.campaign.workspace.zone).date()


def decide_step(asked: Asked, asking: Asking) -> PlanRows:
    """Rows of a plan for everybody asked about.

    Raises
    ------
    StateError : no channel of the step can be used, or the campaign is over
    """
    campaign, now, said = asking.campaign, asking.now, asking.said
    workspace = asked.workspace
    usable = usable_channels(workspace, asking.settings, said)
    if not usable.channels:
        why = "; ".join(f"{name} {what}" for name, what in usable.missing.items())
        raise StateError(f"No channel of it can be used: {why}.")
    use = asking.use()
    rules = rules_of(workspace, campaign, asking.settings, usable.channels, said, now, use=use)
    if rules.ends_at is not None and rules.ends_at <= moment(now):
        raise StateError("The campaign is over: its end has come.")
    texts = Texts.of(workspace, said)
    if asking.is_follow_up:
        rules = replace(rules, waits_for_caps=True)
    caps = lately(asked, rules.caps, now, planning=None if asking.is_follow_up else campaign)
    people = people_of(
        asked, usable.channels, rules.purpose, caps, now, with_hours=rules.optimises_time
    )
    ledger = ledger_of(asked, asking.step, texts.all, now, waits=asking.is_follow_up)
    ledger = replace(ledger, **by_day(use, asking.first_day()))
    rules = replace(rules, learned=learned_of(workspace, usable.channels))
    found = decide(
        people.recipients, rules, ledger, moment(now),
        rng=chance_of(campaign.public_id, asking.step.public_id),
    )  # fmt: skip
    arms = arms_of(workspace, asking.settings["campaign"]["test"], asked.ids)
    return _rows(asking, people, rules, found, arms.keys, arms.of, texts.table(arms.keys))


def _rows(
    asking: Asking,
    people: People,
    rules: Rules,
    found: Decisions,
    variants: tuple[str, ...],
    arm: npt.NDArray[np.int16],
    texts: npt.NDArray[np.int64],
) -> PlanRows:
    outcome, ids = outcomes_of(found), people.asked.ids
    channel = np.where(found.is_sent, found.channel, NONE).astype(np.int16)
    wave, _ = waves_of(
        str(asking.campaign.public_id), ids, found.is_sent,
        has_canary=asking.settings["canary"] and not asking.is_follow_up,
    )  # fmt: skip
    fallbacks = [_point(people, rules, found.fallbacks[:, place]) for place in (0, 1)]
    columns: dict[str, npt.NDArray[Any]] = {
        "place": np.arange(len(ids), dtype=np.int32),
        "step": np.full(len(ids), asking.step.pk),
        "contact": ids,
        "outcome": outcome,
        "point": _point(people, rules, channel),
        "channel": channel,
        "fallback": fallbacks[0],
        "fallback2": fallbacks[1],
        "variant": arm,
        "text": np.where(channel == NONE, 0, texts[arm, channel]),
        "send_at": found.slot,
        "wave": wave,
        "cost": found.cost_micros,
        "why": why_bits(found),
        "consent": found.consent_id,
    }
    return PlanRows(columns, variants)


def _point(people: People, rules: Rules, channel: npt.NDArray[Any]) -> IntArray:
    """Address of each contact on a channel; 0 for none."""
    column = np.full(len(Channel) + 1, NONE)
    column[list(rules.channels)] = range(len(rules.channels))
    place = column[channel]
    found = people.points[np.arange(len(place)), place]
    return np.where(place == NONE, 0, found)


def counts_of(rows: PlanRows, zone: ZoneInfo) -> Json:
    """How many by outcome, channel, variant, wave and day; costs as text."""
    columns, is_sent = rows.columns, rows.is_sent
    channel, cost = columns["channel"][is_sent], columns["cost"][is_sent]
    by_channel = Counter(channel.tolist())
    return {
        "outcome": _named(columns["outcome"], [str(one) for one in OUTCOMES]),
        "channel": {Channel(one).key: number for one, number in sorted(by_channel.items())},
        "cost": {
            Channel(one).key: amount(int(cost[channel == one].sum())) for one in sorted(by_channel)
        },
        "variant": _named(columns["variant"][is_sent], list(rows.variants)),
        "day": _by_day(columns["send_at"][is_sent], zone),
    }


def amount(micros: int) -> str:
    """Money as text."""
    return f"{(Decimal(micros) / _MICROS).normalize():f}"


def _named(codes: npt.NDArray[Any], names: list[str]) -> dict[str, int]:
    counts = np.bincount(codes, minlength=len(names)).tolist()
    return {name: number for name, number in zip(names, counts, strict=True) if number}


def _by_day(at: npt.NDArray[np.datetime64], zone: ZoneInfo) -> dict[str, int]:
    """Messages by day of a zone: whole hours share their day."""
    hours, counts = np.unique(at.astype("datetime64[h]"), return_counts=True)
    found: Counter[str] = Counter()
    for hour, number in zip(hours.tolist(), counts.tolist(), strict=True):
        found[hour.replace(tzinfo=_UTC).astimezone(zone).date().isoformat()] += number
    return dict(sorted(found.items()))


_UTC: Final = ZoneInfo("UTC")
