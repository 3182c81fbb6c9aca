"""A text as a mail to whoever writes it: by the real connection, and in no figure of anything.

No message row exists of it. So nothing counts it, no cap knows it, and the addresses in it (leaving
the list too) are those of nobody; its links are not tracked and it holds no open pixel.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Q

from outreach.addresses import preferences_address, unsubscribe_address
from outreach.engine.rendering import Rendered
from outreach.models import (
    ChannelPolicy,
    ChannelTemplate,
    Contact,
    MessageChannel,
    Suppression,
    SuppressionReason,
    TemplateCategory,
)
from outreach.platforms.base import Outgoing, Sender
from outreach.selectors.text_looks import Draft, look_at
from outreach.services.sending.calling import sender_of
from outreach.services.sending.lanes import Lane, open_lanes
from outreach.services.texts.writing import TextRefusedError, refuse_unreadable
from workspaces.cache import take_tokens
from workspaces.gate import Proposer
from workspaces.ids import uuid7
from workspaces.models import Connection, User, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.roles import Role
from workspaces.services.connections import record_use
from workspaces.services.permissions import require
from workspaces.services.refusals import RefusedError

logger = logging.getLogger(__name__)

PREFIX: Final = "[Test] "
#: Tests that a member may send in an hour.
MOST_AN_HOUR: Final = 20
_HOUR_S: Final = 3600


class TooManyTestsError(RefusedError):
    """The member sent as many tests as an hour takes."""

    status = 429


@dataclass(frozen=True)
class Tried:
    """How a test went: to whom, and what the provider said where it refused."""

    is_sent: bool
    to: str
    words: str


def send_test(
    *,
    template: ChannelTemplate,
    parts: Mapping[str, Any],
    by: Proposer,
    now: datetime,
    contact: Contact | None = None,
    builder: Callable[[Connection], Sender] = sender_of,
) -> Tried:
    """Mail a text to the member who asks, with a contact's data or its samples.

    ``parts`` is what it says, saved or not. Goes over the network: not to be called in a
    transaction.

    Raises
    ------
    NotAllowedError : the person may not
    TextRefusedError : there is no address of the person, or nothing that sends there
    TooManyTestsError : there were enough of them in the last hour
    ValidationError : names the parts that cannot be written
    """
    workspace = template.workspace
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="To send a test")
    to = _address_of(by.user, template, now)
    lane = _lane(workspace, template.channel)
    refuse_unreadable(template, parts)
    key = uuid7()
    written = _written(template, parts, contact, {
        "unsubscribe_url": unsubscribe_address(key), "preferences_url": preferences_address(key),
    })  # fmt: skip
    _take(lane, by)
    is_marketing = template.category == TemplateCategory.MARKETING
    leave = {
        "List-Unsubscribe": f"<{unsubscribe_address(key)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    mail = Outgoing(
        key=str(key), channel=template.channel, to=to, sender=lane.policy.sender,
        reply_to=lane.policy.reply_to, subject=f"{PREFIX}{written.subject}", text=written.text,
        html=written.html, headers=leave if is_marketing else {}, is_marketing=is_marketing,
    )  # fmt: skip
    return _called(lane, mail, builder, now)


def _address_of(person: User | None, template: ChannelTemplate, now: datetime) -> str:
    """The person's own address, and no other: whoever may write texts may not write to anybody."""
    if template.channel != MessageChannel.EMAIL:
        raise TextRefusedError(
            "Only e-mail can be tried out: of a member we know no other address."
        )
    if person is None:
        raise TextRefusedError("A test goes to the member who asks for it, and a key is none.")
    address = person.email.strip().lower()
    if "@" not in address:
        raise TextRefusedError("Your account has no e-mail address; enter one first.")
    digest = hashlib.sha256(address.encode()).hexdigest()
    named = Q(is_domain=False, value__in=[address, digest])
    named |= Q(is_domain=True, value=address.rpartition("@")[2])
    # Who left a list may look at what it says; an address that bounces harms whoever sends there.
    refused = (
        Suppression.objects.filter(named, workspace=template.workspace, lifted_at=None)
        .filter(Q(until=None) | Q(until__gt=now), channel__in=["", template.channel])
        .exclude(reason=SuppressionReason.UNSUBSCRIBE)
        .first()
    )
    if refused is not None:
        why = refused.get_reason_display().lower()
        raise TextRefusedError(f"Your address is suppressed here ({why}); lift that first.")
    return address


def _lane(workspace: Workspace, channel: str) -> Lane:
    """What the workspace's messages are sent by."""
    if workspace.kill_switch:
        raise TextRefusedError("The kill switch is on: nothing is sent, and no test either.")
    policies = ChannelPolicy.objects.filter(workspace=workspace, channel=channel)
    policy = policies.select_related("workspace", "connection").first()
    if policy is None or not policy.is_on:
        raise TextRefusedError("E-mail is switched off; switch it on under Channels.")
    lane = next(iter(open_lanes([policy])), None)
    if lane is None:
        raise TextRefusedError("E-mail is stopped or not connected; look at Channels.")
    return lane


def _written(
    template: ChannelTemplate,
    parts: Mapping[str, Any],
    contact: Contact | None,
    addresses: Mapping[str, str],
) -> Rendered:
    draft = Draft(template.channel, template.category, **parts)
    look = look_at(draft, workspace=template.workspace, contact=contact, addresses=addresses)
    if look.rendered is None:
        wrong: dict[str, list[str]] = {}
        for problem in look.problems:
            wrong.setdefault(problem.part, []).append(problem.text)
        raise ValidationError(wrong)
    if not (look.rendered.text.strip() or look.rendered.html.strip()):
        raise ValidationError({"text": ["Write something first."]})
    return look.rendered


def _take(lane: Lane, by: Proposer) -> None:
    """Count the test: of the member's own, and of what the connection lets through."""
    own = f"outreach:tests:{lane.workspace.pk}:{by.key}"
    granted, wait_s = take_tokens(own, rate=MOST_AN_HOUR / _HOUR_S, burst=MOST_AN_HOUR, wanted=1)
    if not granted:
        raise TooManyTestsError(
            f"That were {MOST_AN_HOUR} tests in an hour; the next goes in {wait_s:.0f} s."
        )
    granted, wait_s = lane.take(1)
    if not granted:
        raise TextRefusedError(f"The provider takes nothing for now; try it in {wait_s:.0f} s.")


def _called(
    lane: Lane, mail: Outgoing, builder: Callable[[Connection], Sender], now: datetime
) -> Tried:
    connection = lane.connection
    if connection is None:
        raise TextRefusedError("E-mail is not connected; look at Channels.")
    try:
        sender = builder(connection)
        try:
            sender.send(mail)
        finally:
            sender.close()
    except PlatformError as error:
        if error.kind == ErrorKind.AUTH:
            record_use(connection=connection, now=now, error=error.message, needs_login=True)
        if error.kind == ErrorKind.THROTTLED:
            lane.pause(error.retry_after_s)
        logger.info("test_not_sent", extra={"workspace": lane.workspace.pk, "kind": error.kind})
        return Tried(is_sent=False, to=mail.to, words=error.message)
    logger.info("test_sent", extra={"workspace": lane.workspace.pk})
    return Tried(is_sent=True, to=mail.to, words=f"Sent to {mail.to}; it should be there soon.")
