"""What becomes of a message whose time has come: send it, wait, hand it to a person, or drop it.

Asked for each message right before it is sent, by the facts of that moment; what planning thought
of them days ago does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import numpy as np

from outreach.engine.caps import CapRules
from outreach.engine.channels import Channel, MomentArray
from outreach.engine.channels import Purpose as PurposeCode
from outreach.engine.laws import ChannelLaw, Laws
from outreach.engine.permission import (
    Hours,
    Permissions,
    Verdict,
    Why,
    Window,
    permissions,
    refusals,
)
from outreach.engine.zones import NEVER, moment, to_datetime
from outreach.models import ChannelPolicy, OutreachMessage, OutreachPolicy, Purpose, TemplateVersion
from outreach.selectors.messages_facts import Earlier, Known, known_of, law_of, standing_of
from outreach.selectors.senders import bindings_of
from outreach.selectors.sent_lately import caps_of

What = Literal["send", "wait", "task", "drop"]

WORDS: Final = {
    Why.STOPPED: "The kill switch is on.",
    Why.SUPPRESSED: "The address must not be written to.",
    Why.NO_CONSENT: "They did not agree to such messages on this channel.",
    Why.NO_ADDRESS: "There is no address.",
    Why.UNREACHABLE: "The address failed for good before.",
    Why.NOT_ACCEPTED: "They take no messages there.",
    Why.FREQUENCY_CAP: "They hear from us often enough.",
    Why.QUIET_HOURS: "It is late where they live.",
    Why.TEMPLATE_REFUSED: "Marketing templates do not reach numbers that begin with +1.",
    Why.PROMOTION: "Only what is no promotion may be sent there now.",
    Why.WINDOW: "They have not written lately, so the platform lets nobody write to them.",
}
DUPLICATE: Final = "They got this already."
EXPIRED: Final = "Its time was over."
ARCHIVED: Final = "They were put away after this was planned."
#: What is written later than this to somebody answers nothing any more.
ANSWERS_WITHIN: Final = timedelta(days=7)
MOVED: Final = "The address is somebody else's now."
CHANGED: Final = "Who sends it was changed since it was signed."
#: Until then the campaign is stopped, or things are as they were signed again.
ASKED_AGAIN: Final = timedelta(hours=1)
NO_TEMPLATE: Final = "Outside of a conversation only a template that the provider approved is sent."


@dataclass(frozen=True)
class Decision:
    """What to do with a message, and why that is allowed."""

    what: What
    reason: str = ""
    words: str = ""
    at: datetime | None = None
    needs_template: bool = False
    proof: dict[str, Any] = field(default_factory=dict)


def judge(
    messages: Sequence[OutreachMessage],
    *,
    lane_policy: ChannelPolicy,
    policy: OutreachPolicy,
    versions: dict[int, TemplateVersion],
    now: datetime,
) -> list[Decision]:
    """Decide on messages of one workspace and channel, in their order."""
    bindings = bindings_of(messages, lane_policy, caps_of(policy))
    groups: defaultdict[tuple[PurposeCode, bool, ChannelLaw, CapRules], list[OutreachMessage]]
    groups = defaultdict(list)
    decided: dict[int, Decision] = {}
    for message in messages:
        binding = bindings[message.plan_id or 0]
        if binding.is_changed:
            decided[message.pk] = Decision("wait", "changed", CHANGED, at=now + ASKED_AGAIN)
        else:
            key = purpose_of(message, now), is_forced(message), binding.law, binding.caps
            groups[key].append(message)
    for (purpose, skips_caps, law, caps), group in groups.items():
        known = known_of(group, policy=policy, now=now, caps=caps)
        told = permissions(
            known.facts, purpose=purpose, at=moment(now),
            laws={Channel[lane_policy.channel.upper()]: law}, skips_caps=skips_caps,
            commented=_commented(group),
        )  # fmt: skip
        for place, message in enumerate(group):
            asked = _Asked(message, known, told, place, policy, now)
            version = versions.get(message.version_id or 0)
            decided[message.pk] = _template_checked(asked.decide(), version)
    return [decided[message.pk] for message in messages]


def refused_now(
    messages: Sequence[OutreachMessage], *, lane_policy: ChannelPolicy, now: datetime
) -> dict[int, Decision]:
    """Messages that must not go any more, by id: what was heard since they were judged.

    The last look before a call, at what nobody may be written to against: consent, suppressions,
    the address. Caps and hours do not change within a batch.
    """
    groups: defaultdict[PurposeCode, list[OutreachMessage]] = defaultdict(list)
    for message in messages:
        groups[purpose_of(message, now)].append(message)
    found: dict[int, Decision] = {}
    for purpose, group in sorted(groups.items()):
        facts = standing_of(group, now=now)
        why = refusals(facts, purpose=purpose, laws=_law(lane_policy))[:, 0]
        for place in np.flatnonzero(why):
            code = Why(why[place])
            found[group[place].pk] = Decision("drop", code.name.lower(), WORDS[code])
    return found


def _law(policy: ChannelPolicy) -> Laws:
    return {Channel[policy.channel.upper()]: law_of(policy)}


def purpose_of(message: OutreachMessage, now: datetime) -> PurposeCode:
    """What a message is judged as: an answer only while what it answers is not long ago."""
    wrote_at = message.point.last_inbound_at
    if message.is_reply and wrote_at is not None and wrote_at > now - ANSWERS_WITHIN:
        return PurposeCode.REPLY
    return PurposeCode[message.purpose.upper()]


def _commented(messages: Sequence[OutreachMessage]) -> MomentArray:
    """When the comments were written that these answer privately."""
    moments = [one.commented_at if one.reply_to_comment else None for one in messages]
    return np.array([NEVER if at is None else moment(at) for at in moments], "datetime64[s]")


def is_forced(message: OutreachMessage) -> bool:
    """Whether a person with the right to do so skipped caps for it, with a reason."""
    return bool(message.proof.get("forced_because"))


@dataclass(frozen=True)
class _Asked:
    message: OutreachMessage
    known: Known
    told: Permissions
    place: int
    policy: OutreachPolicy
    now: datetime

    def decide(self) -> Decision:
        ends = self.message.expires_at
        if ends is not None and ends <= self.now:
            return Decision("drop", "expired", EXPIRED)
        if self.message.contact.archived_at is not None:
            return Decision("drop", "archived", ARCHIVED)
        if self.message.point.contact_id != self.message.contact_id:
            return Decision("drop", "moved", MOVED)
        verdict = Verdict(self.told.verdict[self.place, 0])
        why = Why(self.told.why[self.place, 0])
        if verdict == Verdict.NEVER:
            return Decision("drop", why.name.lower(), WORDS[why], proof=self._proof())
        if again := self._again():
            return again
        if verdict == Verdict.WAIT:
            at = to_datetime(self.told.until[self.place, 0])
            if ends is not None and at >= ends:
                return Decision("drop", why.name.lower(), f"{WORDS[why]} {EXPIRED}")
            return Decision("wait", why.name.lower(), WORDS[why], at=at)
        if verdict == Verdict.TASK_FOR_HUMAN:
            return Decision("task", proof=self._proof(), at=self._closes())
        return Decision(
            "send", needs_template=verdict == Verdict.TEMPLATE_ONLY, proof=self._proof()
        )

    def _answers(self) -> str | None:
        """When they wrote what it answers; none where that is too long ago, and caps hold."""
        wrote_at = self.message.point.last_inbound_at
        is_one = purpose_of(self.message, self.now) == PurposeCode.REPLY
        return wrote_at.isoformat() if is_one and wrote_at else None

    def _again(self) -> Decision | None:
        """Refuse what a person got already; another step of the same campaign only waits."""
        message, policy = self.message, self.policy
        if is_forced(message):
            return None
        repeated = timedelta(hours=policy.repeat_hours)
        for one in self.known.earlier.get(message.contact_id, ()):
            is_same = message.campaign_id is not None and one.campaign == message.campaign_id
            if is_same and one.at > self.now - repeated:
                if one.step == message.step_id:
                    return Decision("drop", "duplicate", DUPLICATE)
                return Decision("wait", "duplicate", DUPLICATE, at=one.at + repeated)
            if self._is_same_text(one):
                return Decision("drop", "duplicate", DUPLICATE)
        return None

    def _is_same_text(self, one: Earlier) -> bool:
        message = self.message
        kept = timedelta(days=self.policy.content_days)
        return (
            message.purpose == Purpose.MARKETING
            and bool(message.content_sha256)
            and one.content == message.content_sha256
            and one.at > self.now - kept
        )

    def _closes(self) -> datetime | None:
        closes = self.told.closes[self.place, 0]
        is_far = np.isnat(closes) or closes >= np.datetime64("9999-01-01", "s")
        return None if is_far else to_datetime(closes)

    def _proof(self) -> dict[str, Any]:
        facts, place = self.known.facts, self.place
        day, week, all_day, all_week = (int(one) for one in facts.caps.counts[place])
        return {
            **self.message.proof,
            **({"answers": self._answers()} if self.message.is_reply else {}),
            "consent": int(facts.consent_id[place, 0]) or None,
            "caps": {"marketing_day": day, "marketing_week": week, "day": all_day,
                     "week": all_week},
            "window": Window(self.told.window[place, 0]).name.lower(),
            "quiet_hours": Hours(self.told.hours[place, 0]).name.lower(),
            "suppression_version": self.known.suppression_version,
            "policy_version": self.policy.updated_at.isoformat() if self.policy.pk else None,
            "judged_at": self.now.isoformat(),
        }  # fmt: skip


def _template_checked(decision: Decision, version: TemplateVersion | None) -> Decision:
    if decision.what != "send" or not decision.needs_template:
        return decision
    template = version.template if version else None
    if template and template.provider_key and template.provider_status == "approved":
        return decision
    return Decision("drop", "template_only", NO_TEMPLATE, proof=decision.proof)
