"""Messages to one person or a few, outside of planned campaigns.

A service message goes by the word of an operator, judged like every other. Marketing is signed
like every other too: it becomes a small campaign whose launch is proposed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from outreach.engine.channels import DEFAULT_TABLE, CustomerType
from outreach.models import (
    Audience,
    AudienceKind,
    AudienceMember,
    ChannelPolicy,
    ChannelTemplate,
    Contact,
    ContactPoint,
    MessageStatus,
    OutreachMessage,
    OutreachPolicy,
    Purpose,
    TemplateStatus,
)
from outreach.selectors.launches import KIND
from outreach.services.drafting import create_campaign
from outreach.services.people.refusing import PeopleError
from outreach.services.planning.making import plan_campaign
from outreach.services.sending.composing import digest_of
from outreach.services.sending.judging import ANSWERS_WITHIN, Decision, judge
from outreach.services.sending.keys import dedup_key
from outreach.services.sending.lanes import open_lanes
from workspaces.gate import Proposer
from workspaces.ids import uuid7
from workspaces.models import Proposal, Workspace
from workspaces.roles import Role
from workspaces.services.locks import lock_names
from workspaces.services.permissions import require
from workspaces.services.proposing import propose

_FALLBACKS: Final = 2
#: What a person hears of a message that goes nowhere.
NO_CHANNEL: Final = "No channel that is on and connected reaches them."


@dataclass(frozen=True)
class Text:
    """What a message says: a template in use, or words of its own."""

    template: ChannelTemplate | None = None
    subject: str = ""
    text: str = ""
    html: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What becomes of a send: ``scheduled``, ``queued`` for later, or ``blocked`` and why."""

    status: str
    reason: str = ""
    words: str = ""
    channel: str = ""
    send_at: datetime | None = None
    fallbacks: Sequence[str] = ()
    message: OutreachMessage | None = None


def send_service(
    *,
    contact: Contact,
    text: Text,
    by: Proposer,
    now: datetime,
    channel: str = "",
    send_at: datetime | None = None,
    forced_because: str = "",
    is_reply: bool = False,
) -> Answer:
    """Send a service message by the first channel that may be used.

    ``is_reply`` answers what they wrote: it goes by a channel on which they did lately, at any
    hour, and counts against no cap.

    ``forced_because`` skips caps and duplicates, never consent, suppression or quiet hours, and
    needs an approver.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : names what is wrong with the request
    """
    workspace = contact.workspace
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="Sending a message")
    if forced_because:
        require(Role.APPROVER, by=by, workspace=workspace, now=now, what="Forcing a message")
    _check(text, channel)
    with transaction.atomic():
        lock_names([f"outreach:contact:{contact.pk}"])
        options = _options(contact, text, channel)
        if is_reply:
            options = _answering(options, now)
        proof = {"by": by.label[:150]} | (
            {"forced_because": forced_because[:300]} if forced_because else {}
        )
        refused: list[Decision] = []
        for place, (policy, point) in enumerate(options):
            message = message_for(contact, point, text, proof, send_at or now)
            message.is_reply = is_reply
            decision = judged(message, policy, max(send_at or now, now))
            if decision.what != "drop":
                left = [other for _, other in options[place + 1 :]][:_FALLBACKS]
                return kept(message, decision, left, now)
            refused.append(decision)
    if not refused:
        return Answer("blocked", "no_viable_channel", NO_CHANNEL)
    first = refused[0]
    return Answer("blocked", first.reason, first.words, channel=options[0][0].channel)


def propose_marketing(
    *,
    workspace: Workspace,
    contacts: Collection[Contact],
    template: ChannelTemplate,
    by: Proposer,
    now: datetime,
    name: str = "",
    reason: str = "",
) -> Proposal:
    """Propose a small campaign to these people; who signs it says the workspace's policy.

    Raises
    ------
    NotAllowedError : the person is no operator
    PeopleError : there are no people, or the text is not in use
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="Sending messages")
    _check(Text(template), template.channel)
    if not contacts:
        raise PeopleError("contacts", "Name somebody to send it to.")
    with transaction.atomic():
        label = (name or f"{template.name}, {now.astimezone(workspace.zone):%Y-%m-%d %H:%M}")[:100]
        title = f"{label} {str(uuid7())[-4:]}"
        audience = Audience.objects.create(
            workspace=workspace, name=title, kind=AudienceKind.LIST,
            created_by_label=by.label[:150],
        )  # fmt: skip
        AudienceMember.objects.bulk_create(
            AudienceMember(workspace=workspace, audience=audience, contact=one) for one in contacts
        )
        texts = [{"channel": template.channel, "variant": "", "template": str(template.public_id)}]
        values = {
            "name": title, "channels": [template.channel], "purpose": Purpose.MARKETING,
            "audience": str(audience.public_id), "steps": [{"texts": texts}],
            "send_at_best_hour": False,
        }  # fmt: skip
        campaign = create_campaign(workspace=workspace, values=values, by=by, now=now)
        plan = plan_campaign(campaign=campaign, by=by, now=now)
        request = {
            "campaign": str(campaign.public_id), "operation": "launch",
            "plan": str(plan.public_id),
        }  # fmt: skip
        return propose(
            workspace=workspace, kind=KIND, request=request, proposer=by,
            reason=reason or "Sent to named people", now=now,
        )  # fmt: skip


def _check(text: Text, channel: str) -> None:
    template = text.template
    if template is None:
        if not text.text.strip():
            raise PeopleError("text", "Write a text, or name a template.")
        if text.html and channel not in ("", "email"):
            raise PeopleError("html", "Only e-mail takes HTML.")
        return
    if template.status != TemplateStatus.ACTIVE or template.current is None:
        raise PeopleError("template", "This text is not in use; put it to use first.")
    if channel and template.channel != channel:
        raise PeopleError("template", f"This text is for {template.get_channel_display()}.")


def _options(
    contact: Contact, text: Text, channel: str
) -> list[tuple[ChannelPolicy, ContactPoint]]:
    """Channels that are on and reach the person, the best one first."""
    only = channel or (text.template.channel if text.template else "") or (
        "email" if text.html or text.subject else ""
    )  # fmt: skip
    policies = ChannelPolicy.objects.filter(
        workspace=contact.workspace, is_on=True, workspace__kill_switch=False
    ).select_related("workspace", "connection")
    lanes = {lane.channel: lane.policy for lane in open_lanes(policies)}
    order = _order(contact)
    points = contact.points.order_by("position", "pk")
    found = [
        (lanes[point.channel], point)
        for point in points
        if point.channel in lanes and only in ("", point.channel)
    ]
    return sorted(found, key=lambda one: (order.index(one[0].channel), one[1].position))


def _answering(
    options: list[tuple[ChannelPolicy, ContactPoint]], now: datetime
) -> list[tuple[ChannelPolicy, ContactPoint]]:
    """Those on which they wrote lately, the newest first."""
    since = now - ANSWERS_WITHIN
    wrote = [
        (at, policy, point)
        for policy, point in options
        if (at := point.last_inbound_at) is not None and at > since
    ]
    if not wrote:
        raise PeopleError(
            "is_reply", "They wrote nothing within seven days that this could answer."
        )
    return [(policy, point) for _, policy, point in sorted(wrote, key=lambda one: one[0])][::-1]


def _order(contact: Contact) -> list[str]:
    listed = [one.key for one in DEFAULT_TABLE.lists[CustomerType[contact.customer_type.upper()]]]
    ties = [one.key for one in DEFAULT_TABLE.ties]
    first = [contact.preferred_channel] if contact.preferred_channel else []
    return list(dict.fromkeys([*first, *listed, *ties, "sms"]))


def message_for(
    contact: Contact, point: ContactPoint, text: Text, proof: dict[str, Any], at: datetime
) -> OutreachMessage:
    """Make the row of a service message; it is not stored yet."""
    version = text.template.current if text.template else None
    return OutreachMessage(
        workspace=contact.workspace, contact=contact, point=point, channel=point.channel,
        purpose=Purpose.SERVICE, version=version, subject="" if version else text.subject,
        text="" if version else text.text, html="" if version else text.html,
        variables=dict(text.variables), send_at=at, proof=proof,
        content_sha256=version.sha256 if version else digest_of(
            text.subject, text.text, text.html
        ),
        dedup_key=dedup_key(
            workspace=contact.workspace, contact=contact.pk, campaign=f"single-{uuid7()}",
            step=None, attempt=1, at=at,
        ),
    )  # fmt: skip


def judged(message: OutreachMessage, policy: ChannelPolicy, at: datetime) -> Decision:
    """Judge one message as the dispatcher will."""
    (decision,) = judged_all([message], policy, at)
    return decision


def judged_all(
    messages: Sequence[OutreachMessage], policy: ChannelPolicy, at: datetime
) -> list[Decision]:
    """Judge messages of one workspace and channel; where they are several, each has a key."""
    rules = getattr(policy.workspace, "outreach_policy", None)
    return judge(
        messages, lane_policy=policy, policy=rules or OutreachPolicy(workspace=policy.workspace),
        versions={one.version.pk: one.version for one in messages if one.version}, now=at,
    )  # fmt: skip


def kept(
    message: OutreachMessage, decision: Decision, left: Sequence[ContactPoint], now: datetime
) -> Answer:
    """Keep the message; it is judged once more when its time has come."""
    message.status = MessageStatus.SCHEDULED
    message.fallbacks = [point.pk for point in left]
    if decision.at is not None and decision.what == "wait":
        message.send_at = decision.at
    message.save()
    is_later = message.send_at > now
    return Answer(
        "queued" if is_later else "scheduled", decision.reason, decision.words, message.channel,
        message.send_at, [point.channel for point in left], message,
    )  # fmt: skip
