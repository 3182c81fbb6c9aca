"""The page of channels: whether each can send, by what, at what price, and what the law lets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from outreach.engine.channels import Channel
from outreach.engine.law_documents import law_from_document
from outreach.engine.laws import HOUR, ChannelLaw, Outside
from outreach.models import ChannelPolicy, Halt, MessageChannel
from outreach.selectors.day_limits import DayRoom, limit_of, used_today
from outreach.selectors.laws import is_halted, open_halts, policies_of
from workspaces.models import Connection, Workspace

#: Kinds of connections that a channel can be sent by; people and the website need none.
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "email": ("email",),
    "sms": ("twilio",),
    "whatsapp": ("twilio",),
    "instagram": ("messenger",),
    "facebook": ("messenger",),
    "twitter": ("x",),
    "linkedin": (),
    "chat": (),
}
_OUTSIDE: Final = {
    Outside.SENT: "It may be sent without an open conversation.",
    Outside.TEMPLATE: "Without an open conversation only a template that the provider approved.",
    Outside.PERSON: "Without an open conversation only a person may answer, as a task.",
    Outside.TASK: "Its terms forbid machines to send: each message is a task for a person.",
}


@dataclass(frozen=True)
class ChannelRow:
    """A channel as it is set up; a policy that was not saved yet is what would be."""

    value: str
    label: str
    policy: ChannelPolicy
    connections: tuple[Connection, ...]
    needs_connection: bool
    halt: Halt | None
    law: tuple[str, ...]
    day: DayRoom | None

    @property
    def state(self) -> str:
        """Whether it can send, in a word or two."""
        if not self.policy.is_on:
            return "Off"
        if self.needs_connection and self.policy.connection_id is None:
            return "Not connected"
        return "Stopped" if self.halt else "On"


def channel_rows(workspace: Workspace, now: datetime) -> list[ChannelRow]:
    """All channels, in their order."""
    policies, halts = policies_of(workspace), open_halts(workspace)
    kinds = {kind for known in KINDS.values() for kind in known}
    rows = Connection.objects.filter(workspace=workspace, kind__in=kinds).order_by("name")
    connections, used = list(rows), used_today(workspace, now)
    found = []
    for value, label in MessageChannel.choices:
        policy = policies.get(value) or ChannelPolicy(workspace=workspace, channel=value)
        limit = limit_of(policy, now)
        found.append(
            ChannelRow(
                value,
                label,
                policy,
                tuple(one for one in connections if one.kind in KINDS[value]),
                bool(KINDS[value]),
                is_halted(policy, halts),
                law_words(policy),
                None if limit is None else DayRoom(limit, used[value]),
            )
        )
    return found


def law_words(policy: ChannelPolicy) -> tuple[str, ...]:
    """What law and terms let us do there, and what this workspace asks beyond it."""
    channel = Channel[policy.channel.upper()]
    return tuple(_words(law_from_document(channel, policy.law)))


def _words(law: ChannelLaw) -> Iterator[str]:
    yield _OUTSIDE[law.outside]
    if law.window_s:
        yield f"A conversation is open for {law.window_s // HOUR} hours after they wrote."
    if law.ad_window_s:
        yield f"One that an ad opened, for {law.ad_window_s // HOUR} hours."
    if law.person_window_s:
        yield f"A person may answer for {law.person_window_s // (24 * HOUR)} days."
    if law.quiet:
        start, end = (f"{one // 60:02d}:{one % 60:02d}" for one in law.quiet)
        yield f"Nobody is disturbed from {start} to {end} where they live."
    if law.legal_hours:
        yield "In the US nobody is texted from 21 to 8 h, in some states from 20 h on."
    yield (
        "Service messages need consent too."
        if law.consent_for_service
        else "Marketing needs consent; service messages that it was not withdrawn."
    )
    if not law.reply_despite_stop:
        yield "Who said STOP gets no answer either."
    if law.needs_acceptance:
        yield "They have to allow messages in their settings there."
    if not law.templates_to_nanp:
        yield "Marketing templates do not reach numbers that begin with +1."
    if not law.receipts:
        yield "It tells of no deliveries."
