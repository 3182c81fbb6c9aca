"""Consent: given and withdrawn per channel and purpose; every word of it stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from outreach.models import (
    Consent,
    ConsentSource,
    Contact,
    MessageChannel,
    OutreachPolicy,
    Purpose,
)
from outreach.selectors.consents import current_consents
from outreach.services.people.refusing import PeopleError
from workspaces.gate import Proposer
from workspaces.roles import Role
from workspaces.services.locks import lock_names
from workspaces.services.permissions import require


@dataclass(frozen=True)
class Said:
    """What somebody said on a channel and purpose."""

    channel: str
    purpose: str
    is_given: bool
    evidence: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def record_consent(
    *,
    contact: Contact,
    said: Iterable[Said],
    source: str,
    at: datetime,
    by_label: str = "",
    only_changes: bool = False,
) -> list[Consent]:
    """Keep what a contact said; with ``only_changes`` what is said already is not said again.

    Raises
    ------
    PeopleError : no such channel or purpose
    """
    given = list(said)
    for one in given:
        if one.channel not in MessageChannel.values:
            raise PeopleError("channel", f"There is no channel {one.channel!r}.")
        if one.purpose not in Purpose.values:
            raise PeopleError("purpose", f"There is no purpose {one.purpose!r}.")
    if only_changes:
        # Two at once would each see the old state.
        lock_names([f"outreach-consent:{contact.pk}"])
        holds = {key: row.is_given for key, row in current_consents(contact).items()}
        given = [one for one in given if holds.get((one.channel, one.purpose)) != one.is_given]
    return Consent.objects.bulk_create(
        Consent(
            workspace_id=contact.workspace_id, contact=contact, channel=one.channel,
            purpose=one.purpose, is_given=one.is_given, source=source,
            evidence=dict(one.evidence), at=at, by_label=by_label[:150],
        )
        for one in given
    )  # fmt: skip


def set_consent(
    *, contact: Contact, said: Iterable[Said], by: Proposer, now: datetime,
    at: datetime | None = None, source: str = ConsentSource.PERSON,
) -> list[Consent]:  # fmt: skip
    """Say for a contact what it said to somebody of ours; only what is new is kept.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : no such channel or purpose, a moment ahead, or consent without its proof
    """
    require(Role.OPERATOR, by=by, workspace=contact.workspace, now=now, what="To record consent")
    given = list(said)
    if at is not None and at > now:
        raise PeopleError("at", "Nobody agreed in the future.")
    for one in given:
        if one.is_given and not str(one.evidence.get("statement", "")).strip():
            raise PeopleError(
                "evidence", "Say how they agreed (statement): without proof there is no consent."
            )
    return record_consent(
        contact=contact, said=given, source=source, at=at or now, by_label=by.label,
        only_changes=True,
    )  # fmt: skip


def withdraw_marketing(
    *,
    contact: Contact,
    channel: str,
    source: str,
    at: datetime,
    evidence: Mapping[str, Any],
    everywhere: bool | None = None,
    by_label: str = "",
) -> list[Consent]:
    """Withdraw consent to marketing on a channel, or on all.

    ``everywhere`` unsaid: a STOP by SMS counts for all where the workspace's policy says so.
    """
    if everywhere is None:
        everywhere = channel == MessageChannel.SMS and stop_means_all(contact.workspace_id)
    channels = [channel]
    if everywhere:
        known = {key[0] for key in current_consents(contact)}
        known |= set(contact.points.values_list("channel", flat=True))
        channels = sorted(known | {channel})
    said = [Said(one, Purpose.MARKETING, is_given=False, evidence=evidence) for one in channels]
    return record_consent(
        contact=contact, said=said, source=source, at=at, by_label=by_label, only_changes=True
    )


def stop_means_all(workspace_id: int) -> bool:
    """Whether STOP on one channel counts for all; where nobody said so, it does."""
    policy = OutreachPolicy.objects.filter(workspace=workspace_id).first()
    return policy.stop_means_all if policy else True
