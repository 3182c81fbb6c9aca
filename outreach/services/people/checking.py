"""Looking through files of contacts: what would become of each row, without a trace."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, Final

from django.conf import settings
from django.db import transaction

from campaigns.engine.importing.errors import FileError
from campaigns.engine.importing.tables import Table, open_table
from outreach.models import ContactImport, ContactImportRow, ContactImportState
from outreach.services.people.ending import fail
from outreach.services.people.staging import BLOCK, Reader, Stage
from workspaces.services.jobs import Progress

MOST_BAD_ROWS: Final = 10_000
_COPY_BYTES: Final = 1 << 20
_KINDS: Final = ("new", "known", "invalid", "repeated", "conflict")


def check(run: ContactImport, progress: Progress) -> None:
    """Read a file into its table and report what would become of each row."""
    stage = Stage(run.pk)
    stage.create()
    run.bad_rows.all().delete()
    try:
        with local_file(run) as file:
            table = open_table(file, max_bytes=settings.IMPORT_MAX_BYTES)
            run.rows_read = _stage(run, table, stage, progress)
    except FileError as error:
        fail(run, str(error))
        return
    progress.step("Looking for the same people in it")
    stage.prepare()
    progress.step("Looking for people who are here already")
    stage.match(run.workspace_id, 0, 2**31 - 1)
    _settle(run, stage)


@transaction.atomic
def _settle(run: ContactImport, stage: Stage) -> None:
    """Keep the report, unless somebody was erased meanwhile: then the rows are of no use."""
    checking = ContactImport.objects.select_for_update().filter(
        pk=run.pk, state=ContactImportState.CHECKING
    )
    if not checking.exists():
        stage.drop()
        run.refresh_from_db()
        return
    _keep_bad_rows(run, stage)
    run.report = report_of(run, stage)
    run.state = ContactImportState.CHECKED
    run.written_to = run.created = run.updated = 0
    run.save()


@contextmanager
def local_file(run: ContactImport) -> Iterator[BinaryIO]:
    """Copy the upload to a local file that can be read again and again, wherever it is kept."""
    with tempfile.TemporaryFile() as local:
        with run.file.open("rb") as kept:
            for chunk in kept.chunks(_COPY_BYTES):
                local.write(chunk)
        local.seek(0)
        yield local


def _stage(run: ContactImport, table: Table, stage: Stage, progress: Progress) -> int:
    places = [
        (meaning, table.headers.index(header)) for header, meaning in run.columns.items() if meaning
    ]
    reader, read = Reader(places, run.options["country"]), 0
    rows = reader.rows(table.records())
    while block := list(islice(rows, BLOCK)):
        stage.copy(block)
        read += len(block)
        progress.step("Reading", done=read, total=table.line_count)
    return read


def _keep_bad_rows(run: ContactImport, stage: Stage) -> None:
    rows = stage.rows(
        "SELECT line, kind, problem, concat_ws(', ', nullif(email, ''), nullif(phone, ''),"
        " nullif(external_id, ''), nullif(first_name, ''), nullif(last_name, ''))"
        " FROM {ready} WHERE kind IN ('invalid', 'repeated', 'conflict') ORDER BY line"
        " LIMIT %(most)s",
        {"most": MOST_BAD_ROWS},
    )
    ContactImportRow.objects.bulk_create(
        ContactImportRow(run=run, line=line, kind=kind, reason=problem[:300], text=text[:500])
        for line, kind, problem, text in rows
    )


def report_of(run: ContactImport, stage: Stage) -> dict[str, Any]:
    """What would become of the rows: how many of each kind, suppressed ones, consent."""
    kinds = dict(stage.rows("SELECT kind, count(*) FROM {ready} GROUP BY kind"))
    suppressed = stage.rows(
        "SELECT count(DISTINCT r.line) FROM {ready} r JOIN outreach_suppression u"
        " ON u.workspace_id = %(workspace)s AND u.lifted_at IS NULL AND (NOT u.is_domain"
        " AND u.value IN (r.email, r.phone, encode(sha256(convert_to(r.email, 'UTF8')), 'hex'))"
        " OR u.is_domain AND u.value = split_part(r.email, '@', 2))"
        " WHERE r.kind IN ('new', 'known') AND (r.email <> '' OR r.phone <> '')",
        {"workspace": run.workspace_id},
    )[0][0]
    consent = dict(
        stage.rows(
            "SELECT consent, count(*) FROM {ready} WHERE kind IN ('new', 'known') GROUP BY consent"
        )
    )
    return {
        **{kind: kinds.get(kind, 0) for kind in _KINDS},
        "suppressed": suppressed,
        "consent": {name or "unsaid": count for name, count in consent.items()},
    }
