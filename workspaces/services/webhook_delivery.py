"""Delivery of webhooks: claim a row, call without a transaction, record the answer."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from workspaces import crypto
from workspaces.models import WebhookDelivery, WebhookEndpoint, WebhookFormat, Workspace
from workspaces.platforms import standard_webhooks, webhook
from workspaces.roles import Role
from workspaces.services.notices import notify
from workspaces.telemetry import WEBHOOKS_GIVEN_UP, count

# Standard Webhooks suggests these; the first is the attempt at once.
RETRY_DELAYS_S: Final = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
LEASE: Final = timedelta(seconds=120)  # longer than a call may take: a lapsed one is a dead worker
SLOW_DOWN: Final = frozenset({429, 502, 504})


def deliver_next(*, now: datetime, rng: random.Random) -> bool:
    """Send the delivery that waited longest and record the answer; false when none is due."""
    delivery = _claim(now)
    if delivery is None:
        return False
    try:
        answer = _call(delivery, now=now)
    except crypto.SecretUnreadableError as error:
        answer = webhook.Answer(status=None, error=str(error))
    _settle(delivery, answer, now=now, rng=rng)
    return True


@transaction.atomic
def _claim(now: datetime) -> WebhookDelivery | None:
    delivery = (
        WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("endpoint__workspace")
        .filter(
            delivered_at=None,
            failed_at=None,
            next_attempt_at__lte=now,
            endpoint__is_enabled=True,
            endpoint__workspace__in=Workspace.objects.open(),
        )
        .order_by("next_attempt_at", "pk")
        .first()
    )
    if delivery is not None:
        delivery.attempts += 1
        delivery.next_attempt_at = now + LEASE
        delivery.save(update_fields=["attempts", "next_attempt_at"])
    return delivery


def _call(delivery: WebhookDelivery, *, now: datetime) -> webhook.Answer:
    endpoint = delivery.endpoint
    body = delivery.body.encode()
    url, headers = endpoint.url, {}
    if endpoint.format == WebhookFormat.SLACK:
        url = crypto.decrypt(endpoint.secret)["url"]
    else:
        headers = standard_webhooks.headers(
            secrets_in_use=secrets_in_use(endpoint, now=now),
            message_id=delivery.event_id,
            timestamp=int(now.timestamp()),
            body=body,
        )
    return webhook.post(url, body=body, headers=headers, allow_loopback=settings.ALLOW_SANDBOX)


def secrets_in_use(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    """The current secret, and the one before while it still counts."""
    secrets = [crypto.decrypt(endpoint.secret)["secret"]]
    previous = crypto.decrypt(endpoint.previous_secret)
    if previous and datetime.fromisoformat(previous["until"]) > now:
        secrets.append(previous["secret"])
    return secrets


@transaction.atomic
def _settle(
    claimed: WebhookDelivery, answer: webhook.Answer, *, now: datetime, rng: random.Random
) -> None:
    # Another worker may hold it by now if this one was slower than its lease.
    delivery = (
        WebhookDelivery.objects.select_for_update(of=("self",))
        .select_related("endpoint__workspace")
        .filter(pk=claimed.pk, attempts=claimed.attempts, delivered_at=None)
        .first()
    )
    if delivery is None:
        return
    delivery.last_status = answer.status
    delivery.last_error = _words(answer)[:300]
    if answer.status is not None and 200 <= answer.status < 300:
        delivery.delivered_at, delivery.next_attempt_at = now, None
    elif answer.status == 410:
        _give_up(delivery, "The receiver says that this address is gone (410).", now=now)
    elif delivery.attempts >= len(RETRY_DELAYS_S):
        _give_up(delivery, f"{len(RETRY_DELAYS_S)} attempts failed: {_words(answer)}", now=now)
    else:
        _put_off(delivery, answer, now=now, rng=rng)
    delivery.save()


def _words(answer: webhook.Answer) -> str:
    if answer.status is None:
        return answer.error
    if 300 <= answer.status < 400:
        return f"Answered {answer.status}; redirects are not followed: register the final address."
    return "" if answer.status < 300 else f"Answered {answer.status}."


def _put_off(
    delivery: WebhookDelivery, answer: webhook.Answer, *, now: datetime, rng: random.Random
) -> None:
    delay_s = RETRY_DELAYS_S[delivery.attempts] * rng.uniform(0.9, 1.1)
    if answer.status in SLOW_DOWN:
        delay_s = max(delay_s, _retry_after_s(answer.retry_after, now=now))
    delivery.next_attempt_at = now + timedelta(seconds=delay_s)
    if answer.status in SLOW_DOWN:
        # The receiver is overloaded, not this one message: the others wait as well.
        WebhookDelivery.objects.filter(
            endpoint=delivery.endpoint,
            delivered_at=None,
            failed_at=None,
            next_attempt_at__lt=delivery.next_attempt_at,
        ).exclude(pk=delivery.pk).update(next_attempt_at=delivery.next_attempt_at)


def _retry_after_s(text: str, *, now: datetime) -> float:
    """Seconds asked for by ``Retry-After`` (a number or a date), at most a day; 30 when unsaid."""
    if not text:
        return 30.0
    try:
        seconds = (
            float(text) if text.isdigit() else (parsedate_to_datetime(text) - now).total_seconds()
        )
    except (ValueError, TypeError):
        return 30.0
    return min(max(seconds, 0.0), 86400.0)


def _give_up(delivery: WebhookDelivery, why: str, *, now: datetime) -> None:
    delivery.failed_at, delivery.next_attempt_at = now, None
    count(WEBHOOKS_GIVEN_UP)
    endpoint = delivery.endpoint
    switched_off = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_enabled=True).update(
        is_enabled=False, disabled_reason=why[:200]
    )
    if switched_off:
        _tell_admins(endpoint, why, now=now)


def _tell_admins(endpoint: WebhookEndpoint, why: str, *, now: datetime) -> None:
    notify(
        workspace=endpoint.workspace,
        rank=Role.ADMIN.rank,
        topic="webhooks",
        title=f"Webhook switched off: {endpoint.url}"[:200],
        body=f"{why} Repair the receiver, switch the endpoint on and replay what failed.",
        dedup_key=f"webhook-off:{endpoint.pk}:{now.isoformat()}",
        now=now,
    )
