"""Files of contacts: received, mapped, and what is to be done with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from django.conf import settings
from django.core.files import File
from django.db import transaction

from campaigns.engine.importing.errors import FileError
from campaigns.engine.importing.tables import open_table
from outreach.engine.contact_file import guess, is_mailchimp, problems
from outreach.models import (
    Audience,
    AudienceKind,
    ContactImport,
    ContactImportState,
)
from outreach.services.people.refusing import PeopleError
from workspaces.gate import Proposer
from workspaces.models import ApiKey, Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

KNOWN: Final = ("replace", "fill", "skip")


def receive_file(
    *,
    workspace: Workspace,
    file: BinaryIO,
    file_name: str,
    by: Proposer,
    now: datetime,
    api_key: ApiKey | None = None,
) -> ContactImport:
    """Keep an uploaded CSV or XLSX with a guess of what its columns mean.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : it is no table that can be read
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="To import contacts")
    try:
        table = open_table(file, max_bytes=settings.IMPORT_MAX_BYTES)
    except FileError as error:
        raise PeopleError("file", str(error)) from None
    name = PurePath(file_name).name[:300]
    run = ContactImport(
        workspace=workspace, file_name=name, headers=list(table.headers),
        columns=guess(table.headers), created_by=by.user, api_key=api_key,
        by_label=by.label[:150],
    )  # fmt: skip
    run.options = {
        "country": workspace.country, "known": "replace", "channel": "email",
        "consent": "column" if "consent" in run.columns.values() else "",
        "statement": "Subscribed in Mailchimp." if is_mailchimp(table.headers) else "",
    }  # fmt: skip
    file.seek(0)
    run.file_sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file
    file.seek(0)
    # The stored name is ours: what people call their files is no business of a file system.
    run.file.save(f"{run.public_id}{PurePath(name).suffix.lower()[:5]}", File(file), save=False)
    run.save()
    return run


@transaction.atomic
def begin_check(
    *, run: ContactImport, columns: Mapping[str, str], options: Mapping[str, Any],
    by: Proposer, now: datetime,
) -> ContactImport:  # fmt: skip
    """Let a worker look through a file as a person mapped it. Nothing is written yet.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : the mapping or an option is wrong, or the file is past that
    """
    require(Role.OPERATOR, by=by, workspace=run.workspace, now=now, what="To import contacts")
    run = ContactImport.objects.select_for_update().get(pk=run.pk)
    if run.state not in (ContactImportState.UPLOADED, ContactImportState.CHECKED,
                         ContactImportState.FAILED) or not run.file:  # fmt: skip
        raise PeopleError("", "This file is at work or was written already; upload it again.")
    known = {header: columns.get(header, "") for header in run.headers}
    for column, problem in problems(known).items():
        raise PeopleError(f"columns.{column}" if column else "columns", problem)
    run.columns, run.options = known, _options(run, options)
    run.audience = _listed(run, options.get("audience"))
    run.state, run.error, run.report = ContactImportState.CHECKING, "", {}
    run.save()
    return run


def _options(run: ContactImport, given: Mapping[str, Any]) -> dict[str, Any]:
    options = {**run.options, **{key: given[key] for key in run.options if key in given}}
    if options["known"] not in KNOWN:
        raise PeopleError("known", f"Choose one of {', '.join(KNOWN)}.")
    if options["consent"] not in ("", "column", "all"):
        raise PeopleError("consent", "Choose column, all, or nothing.")
    if options["channel"] not in ("email", "sms", "both"):
        raise PeopleError("channel", "Choose email, sms or both.")
    if options["consent"] and not str(options["statement"]).strip():
        raise PeopleError(
            "statement", "Say how these people agreed: without proof there is no consent."
        )
    country = str(options["country"] or "").upper()
    if country and not (len(country) == 2 and country.isalpha()):
        raise PeopleError("country", "Use a two-letter ISO country code such as DE.")
    return {**options, "country": country, "statement": str(options["statement"]).strip()[:1000]}


def _listed(run: ContactImport, public_id: object) -> Audience | None:
    if not public_id:
        return None
    lists = Audience.objects.filter(
        workspace=run.workspace, kind=AudienceKind.LIST, archived_at=None
    )
    found = next((one for one in lists if str(one.public_id) == str(public_id)), None)
    if found is None:
        raise PeopleError("audience", "There is no such fixed list here.")
    return found


def begin_writing(*, run: ContactImport, by: Proposer, now: datetime) -> ContactImport:
    """Let a worker write what was checked.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : it was not checked, or is written already
    """
    require(Role.OPERATOR, by=by, workspace=run.workspace, now=now, what="To import contacts")
    checked = ContactImport.objects.filter(pk=run.pk, state=ContactImportState.CHECKED)
    if not checked.update(state=ContactImportState.WRITING, by_label=by.label[:150]):
        raise PeopleError("", "Only a file that was checked can be written, and once.")
    run.refresh_from_db()
    return run
