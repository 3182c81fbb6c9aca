"""Writing a checked file, block by block: each block is one transaction and goes once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from attribution.models import CustomerType
from attribution.services.identity_many import people_of
from outreach.engine.addresses import is_locale
from outreach.models import (
    AudienceMember,
    Contact,
    ContactImport,
    ContactImportState,
    ContactPoint,
)
from outreach.services.people.audiences import recount
from outreach.services.people.ending import fail
from outreach.services.people.import_consent import Row, record_consent
from outreach.services.people.linking import identifiers_of
from outreach.services.people.staging import Stage
from outreach.services.people.suppressing import revive_hashed
from workspaces.copying import copy_rows, keys_checked_at_once, next_keys
from workspaces.ids import uuid7
from workspaces.models.workspace import validate_time_zone
from workspaces.services.jobs import Progress
from workspaces.services.locks import lock_names

BLOCK: Final = 5_000
_TEXTS: Final = {"external_id": 120, "first_name": 120, "last_name": 120, "locale": 20,
                 "time_zone": 64, "country": 2, "region": 10}  # fmt: skip
_READ: Final = (
    "line", "kind", "contact_id", "email", "phone", "consent", "attributes::text", *_TEXTS,
)  # fmt: skip
_NAMES: Final = tuple(name.removesuffix("::text") for name in _READ)
_UPDATE: Final = f"""
UPDATE outreach_contact c
   SET {", ".join(f"{name} = n.{name}" for name in _TEXTS)}, attributes = n.attributes::jsonb,
       updated_at = %s
  FROM unnest(%s::bigint[], {"%s::text[], " * len(_TEXTS)}%s::text[])
       AS n (id, {", ".join(_TEXTS)}, attributes)
 WHERE c.workspace_id = %s AND c.id = n.id"""  # noqa: S608


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
@keys_checked_at_once()
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
    rows = [Row(_cut(dict(zip(_NAMES, one, strict=True)))) for one in read]
    created = _create(run, [one for one in rows if one.is_new], now)
    updated = _update(run, [one for one in rows if not one.is_new], now)
    done = [one for one in rows if one.contact]
    _add_points(run, done, now)
    record_consent(run, rows, now)
    _list(run, done, now)
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
    return values


# A file of a million people has a few dozen zones.
@lru_cache(maxsize=1_000)
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
    for one, key in zip(rows, next_keys(Contact, len(rows)), strict=True):
        one.contact = key
    copy_rows(
        Contact,
        ("id", "public_id", "workspace_id", "person_id", *_TEXTS, "customer_type",
         "lifecycle_stage", "preferred_channel", "attributes", "source", "created_at",
         "updated_at"),
        ((one.contact, uuid7(), run.workspace_id, person, *[one.values[name] for name in _TEXTS],
          CustomerType.NEW.value, "", "", one.values["attributes"], "import", now, now)
         for one, person in zip(rows, people, strict=True)),
    )  # fmt: skip
    return len(rows)


def _update(run: ContactImport, rows: Sequence[Row], now: datetime) -> int:
    if run.options["known"] == "skip" or not rows:
        return 0
    contacts = Contact.objects.filter(workspace=run.workspace).in_bulk(
        {one.values["contact_id"] for one in rows}
    )
    # Two rows may speak of one contact, each by another address: the later one is merged last.
    for one in rows:
        one.contact = one.values["contact_id"]
        _merge(contacts[one.contact], one.values, fill=run.options["known"] == "fill")
    changed = list(contacts.values())
    texts = [[getattr(one, name) for one in changed] for name in _TEXTS]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPDATE,
            [now, [one.pk for one in changed], *texts,
             [json.dumps(one.attributes) for one in changed], run.workspace_id],
        )  # fmt: skip
    return len(rows)


def _merge(contact: Contact, values: Mapping[str, Any], *, fill: bool) -> None:
    for name in _TEXTS:
        if values[name] and not (fill and getattr(contact, name)):
            setattr(contact, name, values[name])
    kept, told = contact.attributes, json.loads(values["attributes"])
    contact.attributes = {**told, **kept} if fill else {**kept, **told}


def _add_points(run: ContactImport, rows: Sequence[Row], now: datetime) -> None:
    """Addresses that the contact has not; after those it has."""
    known = ContactPoint.objects.filter(
        workspace=run.workspace, contact__in=[one.contact for one in rows if not one.is_new]
    ).values_list("contact", "channel", "address", "position")
    have = set()
    places: dict[tuple[int, str], int] = {}
    for contact, channel, address, position in known:
        have.add((contact, channel, address))
        places[contact, channel] = max(position, places.get((contact, channel), -1))
    made = []
    for one in rows:
        for channel, address in one.points:
            if (one.contact, channel, address) in have:
                continue
            place = places[one.contact, channel] = places.get((one.contact, channel), -1) + 1
            made.append((run.workspace_id, one.contact, channel, address, place, True, "", now))
    copy_rows(
        ContactPoint,
        ("workspace_id", "contact_id", "channel", "address", "position", "is_reachable",
         "unreachable_reason", "created_at"),
        made,
    )  # fmt: skip
    revive_hashed(workspace=run.workspace, came=[one[3] for one in made], now=now)


def _list(run: ContactImport, rows: Sequence[Row], now: datetime) -> None:
    if run.audience is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {AudienceMember._meta.db_table}"  # noqa: S608
            " (workspace_id, audience_id, contact_id, added_at)"
            " SELECT %s, %s, contact, %s FROM unnest(%s::bigint[]) AS contact"
            " ON CONFLICT DO NOTHING",
            [run.workspace_id, run.audience.pk, now, [one.contact for one in rows]],
        )
