"""One message: what was sent, what was heard of it, and why it was allowed, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime

from outreach.models import Consent, EventKind, MessageEvent, OutreachMessage
from workspaces.models import Proposal, Signature

#: Events that a page shows; of more only the first.
MOST: Final = 200
_TIMES: Final = (
    ("created_at", "Made"), ("call_sent_at", "Handed to the provider"),
    ("sent_at", "Sent"), ("failed_at", "Failed"),
)  # fmt: skip
_WINDOWS: Final = {
    "closed": "No conversation was open.",
    "not_needed": "The channel asks for no open conversation.",
    "comment": "They commented lately, and this is the one private answer to it.",
    "conversation": "They wrote lately, so a conversation was open.",
    "advertisement": "An ad opened the conversation lately.",
    "template": "No conversation was open; a template that the provider approved was sent.",
    "human_agent": "Only a person might still answer, and a person did.",
    "person": "The platform lets only people send there, and a person did.",
}
_HOURS: Final = {
    "none": "The channel has no quiet hours.",
    "open": "It was no quiet hour where they live.",
    "exempt": "It answers them, so quiet hours did not bind it.",
}


@dataclass(frozen=True)
class Moment:
    """One line of a message's story."""

    at: datetime
    label: str
    detail: str = ""
    is_bad: bool = False


@dataclass(frozen=True)
class Ground:
    """One reason why it was allowed."""

    label: str
    words: str
    is_bad: bool = False


def story_of(message: OutreachMessage) -> list[Moment]:
    """What happened to it, in order."""
    bad = (EventKind.BOUNCED, EventKind.SOFT_BOUNCED, EventKind.COMPLAINED, EventKind.FAILED)
    own = [
        Moment(at, label, message.error if name == "failed_at" else "", name == "failed_at")
        for name, label in _TIMES
        if (at := getattr(message, name)) is not None
    ]
    events = MessageEvent.objects.filter(message=message).order_by("at", "pk")[:MOST]
    heard = [
        Moment(one.at, one.get_kind_display(), _detail(one.detail), one.kind in bad)
        for one in events
    ]
    return sorted([*own, *heard], key=lambda one: one.at)


def _detail(detail: Mapping[str, Any]) -> str:
    for name in ("url", "reason", "description", "text", "diagnostic"):
        if said := detail.get(name):
            return str(said)[:300]
    return ""


def signature_of(message: OutreachMessage) -> Proposal | None:
    """The proposal that let its plan go; of a later step, the one that let the launch go."""
    signed = message.proof.get("proposal")
    if not signed:
        return None
    rows = Proposal.objects.filter(workspace=message.workspace_id, public_id=signed)
    return rows.first()


def signers_of(message: OutreachMessage) -> list[str]:
    """Who signed what let it go: people by name, or the policy."""
    rows = Signature.objects.select_related("person").filter(
        pk__in=message.proof.get("signatures", []),
        plan__proposal__workspace=message.workspace_id,
    )
    return [str(one.person) if one.person else f"policy {one.policy_version}" for one in rows]


def grounds_of(message: OutreachMessage) -> list[Ground]:
    """Why it was allowed, or was not, as sentences; empty while nobody has judged it."""
    proof = message.proof
    if not proof:
        return []
    judged = _refused(message) if "refused" in proof else _allowed(message, proof)
    return [*judged, *_what_was_signed(message)]


def _refused(message: OutreachMessage) -> Iterator[Ground]:
    """What kept it back. What else was asked says nothing: the first refusal ends the asking."""
    yield Ground("Kept back", message.refusal_reason, is_bad=True)
    if "consent" in message.proof and message.proof["refused"] == "no_consent":
        yield Ground("Consent", _consent_words(message, message.proof["consent"]), is_bad=True)


def _allowed(message: OutreachMessage, proof: Mapping[str, Any]) -> Iterator[Ground]:
    if "consent" in proof:
        yield Ground("Consent", _consent_words(message, proof["consent"]))
    if caps := proof.get("caps"):
        yield Ground("How often they hear from us", _cap_words(caps))
    if window := proof.get("window"):
        yield Ground("Window", _WINDOWS.get(window, f"The window was: {_plain(window)}."))
    if hours := proof.get("quiet_hours"):
        yield Ground("Quiet hours", _HOURS.get(hours, f"The hour was: {_plain(hours)}."))
    if "suppression_version" in proof:
        yield Ground(
            "Suppressions",
            "The address was on no list of those who must not be written to"
            f" (list as of entry {proof['suppression_version']}).",
        )
    if forced := proof.get("forced_because"):
        yield Ground("Caps skipped", f"A person with the right to do so sent it: {forced}")


def _what_was_signed(message: OutreachMessage) -> Iterator[Ground]:
    proof = message.proof
    if judged := parse_datetime(str(proof.get("judged_at") or "")):
        yield Ground("Judged", f"On the facts of {_moment(message, judged)}, before the call.")
    rows = str(proof.get("rows_sha256", ""))[:12]
    if "follows" in proof:
        yield Ground(
            "Plan", f"A later step, in plan {rows}… by the settings of the launch that was signed."
        )
    elif rows:
        yield Ground("Plan", f"Its line stands in the signed plan {rows}….")
    elif "answers" in proof:
        yield Ground("Answer", "A funnel answers what they did, with the words that were signed.")
    elif by := proof.get("by"):
        yield Ground("Sent by", f"{by} sent it as a single message.")


def _moment(message: OutreachMessage, at: datetime) -> str:
    """A time as the workspace's clocks show it."""
    return f"{at.astimezone(message.workspace.zone):%-d %b %Y %H:%M:%S %Z}"


def _plain(name: str) -> str:
    return str(name).replace("_", " ")


def _consent_words(message: OutreachMessage, pk: int | None) -> str:
    if not pk:
        if message.proof.get("refused"):
            return "Nobody gave any for a message of this purpose on this channel."
        return "None was needed for a message of this purpose on this channel."
    consent = Consent.objects.filter(workspace=message.workspace_id, pk=pk).first()
    if consent is None:
        return f"Entry {pk}, which was erased with the person."
    return (
        f"{'Given' if consent.is_given else 'Withdrawn'} on {_moment(message, consent.at)}"
        f" by {consent.get_source_display().lower()}"
        f" for {consent.get_purpose_display().lower()} by {consent.get_channel_display()}"
        f" (entry {consent.pk})."
    )


def _cap_words(caps: Mapping[str, int]) -> str:
    return (
        f"Before it they had {caps.get('marketing_day', 0)} marketing messages in 24 hours and"
        f" {caps.get('marketing_week', 0)} in 7 days, of all kinds {caps.get('day', 0)}"
        f" and {caps.get('week', 0)}."
    )
