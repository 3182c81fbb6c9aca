"""The day's digest of a member by WhatsApp: by the workspace's channel, as an approved template.

Nobody has to have written first: outside of the 24 hours WhatsApp takes templates only. A digest is
no message to a contact, so no row of it is kept, and no cap or figure knows it.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import Final

from django.db.models import Q

from outreach.models import (
    ChannelPolicy,
    ChannelTemplate,
    MessageChannel,
    Purpose,
    Suppression,
    TemplateStatus,
)
from outreach.platforms.base import Outgoing, Sender
from outreach.services.sending.calling import sender_of
from outreach.services.sending.lanes import Lane, open_lanes
from workspaces.digest_ways import NotSentError, ShortDigest
from workspaces.models import Connection, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.connections import record_use

logger = logging.getLogger(__name__)

#: The template that an admin keeps for it, with its ContentSid.
NAME: Final = "Daily digest"
_APPROVED: Final = "approved"
_LONGEST: Final = 300


def send_digest(digest: ShortDigest, now: datetime) -> None:
    """Send it, once.

    Raises
    ------
    NotSentError : the channel, its template or the number does not allow it
    """
    lane, connection = _lane(digest.workspace)
    template = _template(digest.workspace)
    _refuse_opted_out(digest, now)
    message = Outgoing(
        key=digest.key, channel=MessageChannel.WHATSAPP, to=digest.to, sender=lane.policy.sender,
        text="", template_key=template, template_values=_places(digest),
    )  # fmt: skip
    granted, _ = lane.take(1)
    if not granted:
        raise NotSentError("The channel is busy.")
    try:
        sender = sender_of(connection)
        try:
            _call(sender, message, now)
        finally:
            sender.close()
    except PlatformError as error:
        if error.kind == ErrorKind.AUTH:
            record_use(connection=connection, now=now, error=error.message, needs_login=True)
        if error.kind == ErrorKind.THROTTLED:
            lane.pause(error.retry_after_s)
        logger.info("digest_not_sent", extra={"workspace": lane.workspace.pk, "kind": error.kind})
        raise NotSentError(error.message) from error


def _call(sender: Sender, message: Outgoing, now: datetime) -> None:
    try:
        sender.send(message)
    except PlatformError as error:
        # It may be out although the answer was lost: then no mail follows.
        lost = error.kind in (ErrorKind.UNKNOWN, ErrorKind.TRANSIENT)
        if not (lost and sender.look_up(message, now, frozenset()).state == "sent"):
            raise


def _lane(workspace: Workspace) -> tuple[Lane, Connection]:
    if workspace.kill_switch:
        raise NotSentError("The kill switch is on: no messages are sent.")
    policies = ChannelPolicy.objects.filter(
        workspace=workspace, channel=MessageChannel.WHATSAPP, is_on=True
    )
    lane = next(open_lanes(policies.select_related("workspace", "connection")), None)
    if lane is None or lane.connection is None:
        raise NotSentError("WhatsApp is off or not connected here; an admin sees it at Channels.")
    return lane, lane.connection


def _template(workspace: Workspace) -> str:
    """Key of the workspace's approved template for digests."""
    found = ChannelTemplate.objects.filter(
        workspace=workspace, channel=MessageChannel.WHATSAPP, name__iexact=NAME,
        status=TemplateStatus.ACTIVE, provider_status=_APPROVED,
    ).exclude(provider_key="").first()  # fmt: skip
    if found is None:
        raise NotSentError(f"There is no approved template “{NAME}” for WhatsApp here.")
    return found.provider_key


def _refuse_opted_out(digest: ShortDigest, now: datetime) -> None:
    known = [digest.to, hashlib.sha256(digest.to.encode()).hexdigest()]
    rows = Suppression.objects.filter(
        Q(until=None) | Q(until__gt=now), workspace=digest.workspace, is_domain=False,
        value__in=known, channel__in=["", MessageChannel.WHATSAPP],
        purpose__in=["", Purpose.SERVICE], lifted_at=None,
    )  # fmt: skip
    if rows.exists():
        raise NotSentError("This number wants no messages, or none reach it.")


def _places(digest: ShortDigest) -> dict[str, str]:
    """What stands in its places 1 to 4; WhatsApp takes no line breaks there and nothing empty."""
    values = (str(digest.workspace), digest.counts, digest.first or "–", digest.url)
    return {str(place): " ".join(value.split())[:_LONGEST] for place, value in enumerate(values, 1)}
