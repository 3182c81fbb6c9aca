"""Forgetting people, and telling them what is kept: attribution asks, and pages do."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import ProtectedError
from django.forms.models import model_to_dict

from attribution.models import Person
from attribution.services import privacy
from outreach.engine import addresses
from outreach.models import (
    AudienceMember,
    Consent,
    Contact,
    ContactPoint,
    ContactStanding,
    Enrolment,
    MessageEvent,
    OutreachMessage,
    Suppression,
)
from outreach.services.people.ending import forget_in_files
from outreach.services.people.traces import Traces, forget_tasks, forget_traces
from outreach.services.social import forgetting
from workspaces.gate import Proposer
from workspaces.roles import Role
from workspaces.services.permissions import require

ERASED: Final = "erased"
_FIELDS: Final = ("external_id", "first_name", "last_name", "locale", "time_zone", "region",
                  "preferred_channel", "source")  # fmt: skip


class ContactKeeper:
    """What outreach keeps of people that attribution knows."""

    def erase(
        self, *, workspace_id: int, people: Collection[int], now: datetime
    ) -> Mapping[str, int]:
        """Redact contacts, empty what was written to them, and keep hashes of suppressions."""
        contacts = list(
            Contact.objects.filter(workspace=workspace_id, person__in=people)
            .select_for_update().order_by("pk")
        )  # fmt: skip
        if not contacts:
            return {}
        keys = [one.pk for one in contacts]
        traces = _traces(contacts)
        counts = {"contacts": len(keys)} | _empty(workspace_id, keys, now)
        counts |= forget_traces(workspace_id=workspace_id, traces=traces, now=now)
        counts["files"] = forget_in_files(workspace_id, traces.addresses, traces.external_ids)
        # Rows that others point to stay, as nobody's.
        for one in contacts:
            nobody = Person.objects.create(workspace_id=workspace_id)
            Contact.objects.filter(pk=one.pk).update(
                **dict.fromkeys(_FIELDS, ""), attributes={}, country="", person=nobody,
                archived_at=one.archived_at or nobody.created_at,
            )  # fmt: skip
        return {name: count for name, count in counts.items() if count}

    def export(self, *, people: Collection[int]) -> Mapping[str, list[dict[str, Any]]]:
        """Everything that is kept of them here."""
        keys = list(Contact.objects.filter(person__in=people).values_list("pk", flat=True))
        networks, engagement = forgetting.kept_of(contacts=keys)
        return {
            name: [_plain(row) for row in rows]
            for name, rows in (
                ("contacts", Contact.objects.filter(pk__in=keys)),
                ("addresses", ContactPoint.objects.filter(contact__in=keys)),
                ("consents", Consent.objects.filter(contact__in=keys)),
                ("standing", ContactStanding.objects.filter(contact__in=keys)),
                ("messages", OutreachMessage.objects.filter(contact__in=keys)),
                ("networks", networks),
                ("engagement", engagement),
            )
        }


def _plain(row: Any) -> dict[str, Any]:
    inner = {"id", "workspace", "person", "contact", "point", "plan", "step", "version", "proof"}
    return {name: value for name, value in model_to_dict(row).items() if name not in inner}


def _traces(contacts: list[Contact]) -> Traces:
    keys = [one.pk for one in contacts]
    known = ContactPoint.objects.filter(contact__in=keys).values_list("address", flat=True)
    return Traces(
        addresses=[*known, *forgetting.marks_of(contacts=keys)],
        external_ids=[one.external_id for one in contacts if one.external_id],
        names=[
            (one.first_name, one.last_name) for one in contacts if one.first_name and one.last_name
        ],
    )


def _empty(workspace_id: int, keys: list[int], now: datetime) -> dict[str, int]:
    own = {"workspace": workspace_id, "contact__in": keys}
    points = list(ContactPoint.objects.filter(**own))
    counts = {"suppressions": _hash_suppressions(workspace_id, points)}
    counts["messages"] = _empty_messages(workspace_id, keys)
    counts["consents"] = Consent.objects.filter(**own).update(evidence={}, by_label="")
    counts["standing"] = ContactStanding.objects.filter(**own).delete()[0]
    counts |= forgetting.forget(workspace_id=workspace_id, contacts=keys, now=now)
    AudienceMember.objects.filter(**own).delete()
    Enrolment.objects.filter(**own).delete()
    forget_tasks(points=points)
    counts["addresses"] = len(points)
    for point in points:
        _forget_point(point)
    return counts


def _forget_point(point: ContactPoint) -> None:
    key = point.pk
    try:
        point.delete()
    except ProtectedError:
        # Messages point to it, ours or of the inbox; it says no more than that there was one.
        ContactPoint.objects.filter(pk=key).update(
            address=f"{ERASED}:{key}", is_reachable=False, unreachable_reason=ERASED
        )


def _hash_suppressions(workspace_id: int, points: list[ContactPoint]) -> int:
    """Nobody writes there again, and nobody can read where that is."""
    done = 0
    for row in Suppression.objects.filter(
        workspace=workspace_id, is_domain=False, value__in=[one.address for one in points]
    ):
        row.value, row.note = addresses.hashed(row.value), ""
        twin = Suppression.objects.filter(
            workspace=workspace_id, value=row.value, is_domain=False, channel=row.channel,
            purpose=row.purpose, reason=row.reason, lifted_at=None,
        )  # fmt: skip
        if row.lifted_at is None and twin.exists():
            row.delete()
        else:
            row.save(update_fields=["value", "note"])
        done += 1
    # History tells the old value; of somebody erased it has to go too.
    history = Suppression.pgh_event_model.objects  # type: ignore[attr-defined]  # pghistory's
    for point in points:
        history.filter(workspace=workspace_id, value=point.address).update(
            value=addresses.hashed(point.address), note=""
        )
    return done


def _empty_messages(workspace_id: int, keys: list[int]) -> int:
    rows = OutreachMessage.objects.filter(workspace=workspace_id, contact__in=keys)
    MessageEvent.objects.filter(workspace=workspace_id, message__in=rows).update(detail={})
    count = 0
    for row in rows.only("pk", "subject", "text", "html", "content_sha256").iterator():
        text = f"{row.subject}\n{row.text}\n{row.html}"
        OutreachMessage.objects.filter(pk=row.pk).update(
            content_sha256=row.content_sha256 or hashlib.sha256(text.encode()).hexdigest(),
            subject="", text="", html="", variables={}, links_clicked={}, reply_text="", error="",
        )  # fmt: skip
        count += 1
    # What has not gone out never will.
    rows.filter(status__in=["pending", "scheduled"]).update(
        status="cancelled", refusal_reason="The recipient was erased."
    )
    return count


@transaction.atomic
def erase_contact(*, contact: Contact, by: Proposer, now: datetime) -> dict[str, int]:
    """Forget a contact and the person behind it, here and in attribution.

    Raises
    ------
    NotAllowedError : the person is no admin
    StateError : something is said to them just now
    """
    require(Role.ADMIN, by=by, workspace=contact.workspace, now=now, what="To erase people")
    return privacy.erase(person=contact.person, now=now)


def export_contact(
    *, contact: Contact, by: Proposer, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Everything that is kept of the person behind a contact.

    Raises
    ------
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=contact.workspace, now=now, what="To export people")
    return privacy.export(person=contact.person)
