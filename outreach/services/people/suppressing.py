"""Addresses and domains that nobody writes to, whoever they belong to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from outreach.engine import addresses
from outreach.models import (
    MessageChannel,
    Purpose,
    Suppression,
    SuppressionReason,
)
from outreach.services.people.refusing import PeopleError
from workspaces.gate import Proposer
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

MOST_AT_ONCE: Final = 10_000
_ADD: Final = """
INSERT INTO outreach_suppression
       (workspace_id, channel, is_domain, reason, purpose, note, at, until, by_label,
        lifted_by_label, public_id, value)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, '', public_id, value
  FROM unnest(%s::uuid[], %s::text[]) AS n (public_id, value)
    ON CONFLICT DO NOTHING"""


def suppress(
    *,
    workspace: Workspace,
    values: Sequence[str],
    by: Proposer,
    now: datetime,
    channel: str = "",
    reason: str = SuppressionReason.MANUAL,
    purpose: str = "",
    note: str = "",
    until: datetime | None = None,
    domains: bool = False,
) -> int:
    """Suppress addresses or domains for a person; how many are new.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : a value is no address or domain, or a choice is none
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="To suppress addresses")
    _check(channel, purpose, reason, until, now)
    if domains and channel not in ("", MessageChannel.EMAIL):
        raise PeopleError("channel", "Only e-mail has domains; leave the channel empty.")
    if not 1 <= len(values) <= MOST_AT_ONCE:
        raise PeopleError("values", f"Give 1 to {MOST_AT_ONCE:,} addresses.")
    read = [_read(one, channel, workspace.country, place, domains=domains)
            for place, one in enumerate(values)]  # fmt: skip
    return add_suppressions(
        workspace=workspace, values=read, channel=channel, reason=reason, purpose=purpose,
        note=note, at=now, until=until, by_label=by.label, domains=domains,
    )  # fmt: skip


def _check(channel: str, purpose: str, reason: str, until: datetime | None, now: datetime) -> None:
    if channel not in ["", *MessageChannel.values]:
        raise PeopleError("channel", f"Choose one of {', '.join(MessageChannel.values)}.")
    if purpose not in ["", *Purpose.values]:
        raise PeopleError("purpose", f"Choose one of {', '.join(Purpose.values)}.")
    if reason not in SuppressionReason.values:
        raise PeopleError("reason", f"Choose one of {', '.join(SuppressionReason.values)}.")
    if until is not None and until <= now:
        raise PeopleError("until", "Choose a moment that is still to come.")


def _read(text: str, channel: str, country: str, place: int, *, domains: bool) -> str:
    try:
        if domains:
            return addresses.domain(text)
        return addresses.normal(channel or guessed_channel(text), text, country)
    except addresses.AddressError as error:
        raise PeopleError(f"values.{place}", str(error)) from None


def guessed_channel(text: str) -> str:
    """Channel of an address by its look: an @ is of e-mail, + and digits are of a phone."""
    if "@" in text.strip().removeprefix("@"):
        return MessageChannel.EMAIL
    if text.strip().startswith("+"):
        return MessageChannel.SMS
    digits = sum(one.isdigit() for one in text)
    is_phone = digits >= 6 and not any(one.isalpha() for one in text)
    return MessageChannel.SMS if is_phone else MessageChannel.CHAT


def add_suppressions(
    *,
    workspace: Workspace,
    values: Iterable[str],
    reason: str,
    at: datetime,
    channel: str = "",
    purpose: str = "",
    note: str = "",
    until: datetime | None = None,
    by_label: str = "",
    domains: bool = False,
) -> int:
    """Suppress normalised addresses; what is suppressed for this reason already stays as it is."""
    asked = sorted(set(values))
    open_ones = Suppression.objects.filter(
        workspace=workspace, value__in=asked, is_domain=domains, channel=channel, purpose=purpose,
        reason=reason, lifted_at=None,
    )  # fmt: skip
    with transaction.atomic():
        # A suspension that is over makes room for the new one; one that lasts shorter, too.
        over = open_ones.filter(until__isnull=False)
        if until is not None:
            over = over.filter(until__lt=until)
        over.update(lifted_at=at, lifted_by_label="replaced by a longer one")
        with connection.cursor() as cursor:
            cursor.execute(
                _ADD,
                [workspace.pk, channel, domains, reason, purpose, note[:300], at, until,
                 by_label[:150], [uuid7() for _ in asked], asked],
            )  # fmt: skip
            return int(cursor.rowcount)


def lift(*, suppression: Suppression, by: Proposer, reason: str, now: datetime) -> None:
    """Write to an address again, on an admin's word.

    Raises
    ------
    NotAllowedError : the person is no admin
    PeopleError : lifted already, or no reason; after a complaint it has to tell what changed
    """
    require(
        Role.ADMIN, by=by, workspace=suppression.workspace, now=now, what="To lift a suppression"
    )
    note = reason.strip()
    if not note:
        raise PeopleError("reason", "Say why they may be written to again.")
    if suppression.reason == SuppressionReason.COMPLAINT and len(note) < 20:
        raise PeopleError(
            "reason", "They complained: note in 20 characters or more what they said since."
        )
    lifted = Suppression.objects.filter(pk=suppression.pk, lifted_at=None)
    if not lifted.update(lifted_at=now, lifted_by_label=by.label[:150], note=note[:300]):
        raise PeopleError("", "This suppression was lifted already.")


def open_suppressions(workspace_id: int, now: datetime) -> QuerySet[Suppression]:
    """Suppressions that hold now."""
    return Suppression.objects.filter(
        Q(until=None) | Q(until__gt=now), workspace=workspace_id, lifted_at=None, at__lte=now
    )


def suppressions_of(
    *, workspace_id: int, values: Collection[str], now: datetime
) -> dict[str, list[Suppression]]:
    """Suppressions that hold for normalised addresses, by address; also of erased people."""
    asked = set(values)
    domains = {addresses.domain_of(one) for one in asked} - {""}
    hashes = {addresses.hashed(one): one for one in asked}
    rows = open_suppressions(workspace_id, now).filter(
        Q(is_domain=False, value__in=[*asked, *hashes]) | Q(is_domain=True, value__in=domains)
    )
    found: dict[str, list[Suppression]] = {one: [] for one in asked}
    for row in rows.order_by("pk"):
        for address in asked:
            if row.is_domain:
                is_meant = addresses.domain_of(address) == row.value
            else:
                is_meant = row.value in (address, addresses.hashed(address))
            if is_meant:
                found[address].append(row)
    return {address: rows for address, rows in found.items() if rows}


def revive_hashed(*, workspace: Workspace, came: Iterable[str], now: datetime) -> int:
    """Suppress in plain what is known only by its hash: somebody erased whose address came back.

    So whoever sends or counts need not hash a million addresses.
    """
    values = {addresses.hashed(address): address for address in came}
    hashed = open_suppressions(workspace.pk, now).filter(value__in=values, is_domain=False)
    return sum(
        add_suppressions(
            workspace=workspace, values=[values[row.value]], channel=row.channel,
            reason=row.reason, purpose=row.purpose, at=now, until=row.until,
            note="Erased once, and here again.",
        )
        for row in hashed
    )  # fmt: skip
