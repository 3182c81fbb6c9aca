"""Webhooks out: events are rows, written with what they tell of and delivered until taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from workspaces import crypto
from workspaces.models import User, WebhookDelivery, WebhookEndpoint, WebhookFormat, Workspace
from workspaces.platforms import standard_webhooks, webhook
from workspaces.services.accounts import require_admin
from workspaces.services.outbox import enqueue
from workspaces.services.refusals import RefusedError

EVENT_TYPES: Final = (
    "proposal.created",
    "proposal.signed",
    "proposal.rejected",
    "proposal.executed",
    "proposal.failed",
    "proposal.reverted",
    "proposal.expired",
    "alert.raised",
    "alert.resolved",
    "signal.detected",
    "conversion.recorded",
    "conversion.attributed",
    "deal.stage_changed",
    "message.delivered",
    "message.bounced",
    "message.complained",
    "message.unsubscribed",
    "response.received",
    "sla.breached",
    "test.decided",
    "model.promoted",
    "sync.finished",
)
MAX_BODY_BYTES: Final = 20_000
OLD_SECRET_LIFE: Final = timedelta(hours=24)


class WebhookRefusedError(RefusedError):
    """An endpoint or delivery like that is not possible."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def create_endpoint(
    *,
    workspace: Workspace,
    url: str,
    by: User,
    event_types: Iterable[str] = (),
    format: WebhookFormat = WebhookFormat.STANDARD,  # the column's name
) -> tuple[WebhookEndpoint, str]:
    """Register an address; the second value is its signing secret, shown once (Slack has none).

    No event types: all of them. For Slack they are topics of notices.
    """
    chosen = sorted(set(event_types))
    if format == WebhookFormat.STANDARD:
        _refuse_unknown_types(chosen)
    try:
        webhook.check_url(url, allow_loopback=settings.ALLOW_SANDBOX)
    except webhook.UnsafeAddressError as error:
        raise WebhookRefusedError(str(error), "url") from None
    is_slack = format == WebhookFormat.SLACK
    secret = "" if is_slack else standard_webhooks.new_secret()
    with transaction.atomic():
        require_admin(user=by, workspace=workspace)
        endpoint = WebhookEndpoint(
            workspace=workspace,
            url=_masked(url) if is_slack else url,
            format=format,
            event_types=chosen,
            secret=crypto.encrypt({"url": url} if is_slack else {"secret": secret}),
        )
        _save_new(endpoint)
    return endpoint, secret


def _refuse_unknown_types(chosen: list[str]) -> None:
    if unknown := [name for name in chosen if name not in EVENT_TYPES]:
        raise WebhookRefusedError(
            f"There is no event type {unknown[0]!r}; known: {', '.join(EVENT_TYPES)}.",
            "event_types",
        )


def _save_new(endpoint: WebhookEndpoint) -> None:
    try:
        endpoint.full_clean()
    except ValidationError as error:
        if "__all__" in error.message_dict:
            raise WebhookRefusedError("This address is registered already.", "url") from None
        raise
    endpoint.save()


def _masked(url: str) -> str:
    """Address for people to tell apart, without the part that opens the channel."""
    host = url.split("/")[2]
    return f"https://{host}/masked/{hashlib.sha256(url.encode()).hexdigest()[:8]}"


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, by: User, now: datetime) -> str:
    """New signing secret, shown once; for a day messages carry signatures of both."""
    require_admin(user=by, workspace=endpoint.workspace)
    current = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    if current.format != WebhookFormat.STANDARD:
        raise WebhookRefusedError(
            "Slack messages are not signed; register the new address instead."
        )
    old = crypto.decrypt(current.secret)["secret"]
    until = (now + OLD_SECRET_LIFE).isoformat()
    secret = standard_webhooks.new_secret()
    current.secret = crypto.encrypt({"secret": secret})
    current.previous_secret = crypto.encrypt({"secret": old, "until": until})
    current.save(update_fields=["secret", "previous_secret"])
    return secret


@transaction.atomic
def set_enabled(*, endpoint: WebhookEndpoint, is_enabled: bool, by: User) -> WebhookEndpoint:
    """Switch an endpoint on or off; what waited goes out once it is on."""
    require_admin(user=by, workspace=endpoint.workspace)
    current = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    current.is_enabled = is_enabled
    current.disabled_reason = "" if is_enabled else f"Switched off by {by}."
    current.save(update_fields=["is_enabled", "disabled_reason"])
    return current


def publish(
    *, workspace: Workspace, event_type: str, data: Mapping[str, Any], event_id: str, now: datetime
) -> None:
    """Write one delivery per interested endpoint, in the caller's transaction.

    ``event_id`` is what receivers recognise a repetition by; the same id is written once.

    Raises
    ------
    ValueError : unknown type, an id with other characters than letters, digits, ``_:-``, or more
        than 20 kB
    """
    publish_all(workspace=workspace, event_type=event_type, data_by_id={event_id: data}, now=now)


def publish_all(
    *,
    workspace: Workspace,
    event_type: str,
    data_by_id: Mapping[str, Mapping[str, Any]],
    now: datetime,
) -> None:
    """Write the deliveries of several events of one type, by their ids; as ``publish`` does."""
    if event_type not in EVENT_TYPES:
        raise ValueError(f"unknown event type {event_type!r}")
    bodies = {}
    for event_id, data in data_by_id.items():
        message = {"type": event_type, "timestamp": now.isoformat(), "data": data}
        body = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        if len(body.encode()) > MAX_BODY_BYTES:
            raise ValueError(f"{event_type} {event_id} is larger than {MAX_BODY_BYTES} bytes")
        bodies[event_id] = body
    enqueue(
        workspace=workspace,
        format=WebhookFormat.STANDARD,
        event_type=event_type,
        bodies=bodies,
        now=now,
    )


@transaction.atomic
def replay(*, delivery: WebhookDelivery, by: User, now: datetime) -> WebhookDelivery:
    """Send a message again, with the same id, however it ended before."""
    endpoint = delivery.endpoint
    require_admin(user=by, workspace=endpoint.workspace)
    if not endpoint.is_enabled:
        raise WebhookRefusedError("This endpoint is switched off; switch it on first.")
    current = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
    current.attempts, current.next_attempt_at = 0, now
    current.delivered_at = current.failed_at = None
    current.save(update_fields=["attempts", "next_attempt_at", "delivered_at", "failed_at"])
    return current
