"""Writing a checked file, block by block: each block is one transaction and goes once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from attribution.services.identity_many import people_of
from outreach.engine.addresses import is_locale
from outreach.models import (
    AudienceMember,
    Consent,
    ConsentSource,
    Contact,
    ContactImport,
    ContactImportState,
    ContactPoint,
    Purpose,
    SuppressionReason,
)
from outreach.selectors.consents import consents_of
from outreach.services.people.audiences import recount
from outreach.services.people.ending import fail
from outreach.services.people.linking import identifiers_of
from outreach.services.people.staging import Stage
from outreach.services.people.suppressing import add_suppressions, revive_hashed
from workspaces.models.workspace import validate_time_zone
from workspaces.services.jobs import Progress
from workspaces.services.locks import lock_names

BLOCK: Final = 5_000
_TEXTS: Final = {"external_id": 120, "first_name": 120, "last_name": 120, "locale": 20,
                 "time_zone": 64, "country": 2, "region": 10}  # fmt: skip
_READ: Final = (
    "line", "kind", "contact_id", "email", "phone", "consent", "attributes", *_TEXTS,
)  # fmt: skip


@dataclass
class Row:
    """A checked row and the contact that it became."""

    values: dict[str, Any]
    contact: Contact | None = None

    @property
    def points(self) -> list[tuple[str, str]]:
        """Its addresses."""
        given = (("email", self.values["email"]), ("sms", self.values["phone"]))
        return [(channel, address) for channel, address in given if address]


def write(run: ContactImport, progress: Progress, *, block: int = BLOCK) -> None:
    """Write what is left of a file; after a stop it goes on where it stood."""
    stage = Stage(run.pk)
    if not stage.has_rows():
        fail(run, "Its checked rows are gone; upload the file again.")
        return
    last = stage.rows("SELECT coalesce(max(line), 0) FROM {ready}")[0][0]
    while run.written_to < last:
        lines = stage.rows(
            "SELECT max(line) FROM (SELECT line FROM {ready} WHERE line > %(after)s"
            " ORDER BY line LIMIT %(size)s) b", {"after": run.written_to, "size": block},
        )  # fmt: skip
        _write_block(run, stage, int(lines[0][0]), progress.now)
        progress.step("Writing", done=run.written_to, total=last)
    run.state, run.finished_at = ContactImportState.DONE, progress.now
    run.save(update_fields=["state", "finished_at"])
    run.file.delete(save=True)
    stage.drop()
    if run.audience is not None:
        recount(audience=run.audience, now=progress.now)
    progress.count(created=run.created, updated=run.updated)


@transaction.atomic
def _write_block(run: ContactImport, stage: Stage, last: int, now: datetime) -> None:
    # Who is erased meanwhile is so before or after, never in between.
    lock_names([f"contacts:{run.workspace_id}", f"identity:{run.workspace_id}"])
    # Contacts may have come and gone since the check.
    stage.match(run.workspace_id, run.written_to + 1, last)
    read = stage.rows(
        f"SELECT {', '.join(_READ)} FROM {{ready}} WHERE line > %(after)s AND line <= %(last)s"  # noqa: S608
        " AND kind IN ('new', 'known') ORDER BY line",
        {"after": run.written_to, "last": last},
    )
    rows = [Row(_cut(dict(zip(_READ, one, strict=True)))) for one in read]
    created = _create(run, [one for one in rows if one.values["kind"] == "new"], now)
    updated = _update(run, [one for one in rows if one.values["kind"] == "known"], now)
    done = [one for one in rows if one.contact is not None]
    _add_points(run, done, now)
    _record_consent(run, rows, now)
    if run.audience is not None:
        AudienceMember.objects.bulk_create(
            [AudienceMember(workspace=run.workspace, audience=run.audience, contact=one.contact)
             for one in done],
            ignore_conflicts=True,
        )  # fmt: skip
    run.written_to, run.created, run.updated = last, run.created + created, run.updated + updated
    run.save(update_fields=["written_to", "created", "updated"])


def _cut(values: dict[str, Any]) -> dict[str, Any]:
    for name, most in _TEXTS.items():
        values[name] = values[name][:most]
    if len(values["country"]) != 2 or not values["country"].isalpha():
        values["country"] = ""
    if values["locale"] and not is_locale(values["locale"]):
        values["locale"] = ""
    if values["time_zone"] and not _is_zone(values["time_zone"]):
        values["time_zone"] = ""
    if isinstance(values["attributes"], str):
        values["attributes"] = json.loads(values["attributes"])
    return values


def _is_zone(name: str) -> bool:
    try:
        validate_time_zone(name)
    except ValidationError:
        return False
    return True


def _create(run: ContactImport, rows: Sequence[Row], now: datetime) -> int:
    people = people_of(
        workspace=run.workspace, now=now, identifiers=[identifiers_of(one.points) for one in rows]
    )
    made = Contact.objects.bulk_create(
        Contact(
            workspace=run.workspace, person=person, source="import",
            attributes=one.values["attributes"], **{name: one.values[name] for name in _TEXTS},
        )
        for one, person in zip(rows, people, strict=True)
    )  # fmt: skip
    for one, contact in zip(rows, made, strict=True):
        one.contact = contact
    return len(made)


def _update(run: ContactImport, rows: Sequence[Row], now: datetime) -> int:
    if run.options["known"] == "skip":
        return 0
    contacts = Contact.objects.filter(workspace=run.workspace).in_bulk(
        [one.values["contact_id"] for one in rows]
    )
    for one in rows:
        one.contact = contacts[one.values["contact_id"]]
        _merge(one.contact, one.values, fill=run.options["known"] == "fill")
        one.contact.updated_at = now
    Contact.objects.bulk_update(
        [one.contact for one in rows if one.contact], [*_TEXTS, "attributes", "updated_at"],
        batch_size=1_000,
    )  # fmt: skip
    return len(rows)


def _merge(contact: Contact, values: Mapping[str, Any], *, fill: bool) -> None:
    for name in _TEXTS:
        if values[name] and not (fill and getattr(contact, name)):
            setattr(contact, name, values[name])
    kept, told = contact.attributes, values["attributes"]
    contact.attributes = {**told, **kept} if fill else {**kept, **told}


def _add_points(run: ContactImport, rows: Sequence[Row], now: datetime) -> None:
    """Addresses that the contact has not; after those it has."""
    contacts = [one.contact.pk for one in rows if one.contact]
    known = ContactPoint.objects.filter(workspace=run.workspace, contact__in=contacts)
    have = set(known.values_list("contact", "channel", "address"))
    places = {
        (contact, channel): place
        for contact, channel, place in known.values_list("contact", "channel").annotate(
            last=Max("position")
        )
    }
    made = []
    for one in rows:
        for channel, address in one.points:
            assert one.contact is not None  # noqa: S101  # rows that became one only
            key = one.contact.pk
            if (key, channel, address) in have:
                continue
            place = places[key, channel] = places.get((key, channel), -1) + 1
            made.append(
                ContactPoint(workspace=run.workspace, contact=one.contact, channel=channel,
                             address=address, position=place)
            )  # fmt: skip
    ContactPoint.objects.bulk_create(made)
    revive_hashed(workspace=run.workspace, points=made, now=now)


def _record_consent(run: ContactImport, rows: Sequence[Row], now: datetime) -> None:
    """What the file says of consent. It never takes back what somebody withdrew."""
    if not run.options["consent"]:
        return
    holds = consents_of(run.workspace_id, [one.contact.pk for one in rows if one.contact])
    consents = []
    for one in rows:
        word = "given" if run.options["consent"] == "all" else one.values["consent"]
        if not word or one.contact is None:
            continue
        evidence = {"file": run.file_name, "sha256": run.file_sha256, "line": one.values["line"],
                    "statement": run.options["statement"]}  # fmt: skip
        for channel, _ in one.points:
            if run.options["channel"] not in (channel, "both"):
                continue
            newest = holds.get(one.contact.pk, {}).get((channel, Purpose.MARKETING))
            if word == "bounced" or (newest and (word == "given" or not newest.is_given)):
                continue
            consents.append(
                Consent(
                    workspace=run.workspace, contact=one.contact, channel=channel,
                    purpose=Purpose.MARKETING, is_given=word == "given", evidence=evidence,
                    source=ConsentSource.IMPORT, at=now, by_label=run.by_label,
                )
            )  # fmt: skip
    Consent.objects.bulk_create(consents)
    if run.options["consent"] == "column":
        _suppress(run, rows, now)


def _suppress(run: ContactImport, rows: Sequence[Row], now: datetime) -> None:
    left = [address for one in rows if one.values["consent"] == "withdrawn"
            for _, address in one.points]  # fmt: skip
    gone = [one.values["email"] for one in rows
            if one.values["consent"] == "bounced" and one.values["email"]]  # fmt: skip
    note = f"Imported from {run.file_name}"
    if left:
        add_suppressions(
            workspace=run.workspace, values=left, reason=SuppressionReason.UNSUBSCRIBE, at=now,
            purpose=Purpose.MARKETING, note=note, by_label=run.by_label,
        )  # fmt: skip
    if gone:
        add_suppressions(
            workspace=run.workspace, values=gone, reason=SuppressionReason.BOUNCE, at=now,
            channel="email", note=note, by_label=run.by_label,
        )  # fmt: skip
        ContactPoint.objects.filter(
            workspace=run.workspace, channel="email", address__in=gone
        ).update(is_reachable=False, unreachable_reason="Bounced before it was imported.")
