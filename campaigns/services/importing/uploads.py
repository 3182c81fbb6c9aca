"""Imports that begin on the page: uploaded, mapped by a person, run by a worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import BinaryIO, Final

from django.conf import settings
from django.core.files import File
from django.db import transaction

from campaigns.engine.importing.errors import FileError, RowError
from campaigns.engine.importing.guessing import Guess, describe
from campaigns.engine.importing.mapping import Mapping
from campaigns.engine.importing.names import NameRow, Names, read_names
from campaigns.engine.importing.rows import RowReader
from campaigns.engine.importing.tables import Table, open_table
from campaigns.models import ImportRun
from campaigns.services.importing.mappings import mapping_for
from campaigns.services.importing.options import ImportOptions, ImportRefused
from campaigns.services.importing.performance import context_of, import_performance
from campaigns.services.importing.progress import queue_job
from workspaces.models import ApiKey, JobRun, JobState, User, Workspace

RUN_LIMIT_S: Final = 3600
_KEEP: Final = timedelta(days=7)
_MAX_NAMES: Final = 20_000
_COPY_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What the mapping page shows: the columns with examples, and rows as they would be taken."""

    guess: Guess
    columns: list[tuple[str, list[str]]]
    headers: tuple[str, ...]
    rows: list[tuple[int, dict[str, object], str]]


def receive_upload(
    *,
    workspace: Workspace,
    file: BinaryIO,
    file_name: str,
    names: Sequence[BinaryIO],
    by: User | None,
    now: datetime,
    api_key: ApiKey | None = None,
) -> ImportRun:
    """Keep an uploaded file with the mapping guessed for it, and who sent it: person or key.

    Raises
    ------
    ImportRefused : the file is no table that can be read
    """
    _forget_old_uploads(workspace, now)
    try:
        table = open_table(file, max_bytes=settings.IMPORT_MAX_BYTES)
        guess = mapping_for(workspace=workspace, table=table)
        known = read_names([open_table(f, max_bytes=settings.IMPORT_MAX_BYTES) for f in names])
    except FileError as error:
        raise ImportRefused(str(error)) from error
    if sum(len(rows) for rows in known.rows.values()) > _MAX_NAMES:
        raise ImportRefused(
            f"The files of names have more than {_MAX_NAMES:,} entries; use the command"
            " import_performance with --names."
        )
    name = PurePath(file_name).name[:300]
    run = ImportRun(workspace=workspace, file_name=name, created_by=by, api_key=api_key)
    run.mapping = guess.mapping.to_json()
    run.options = ImportOptions().to_json() | {"names": asdict(known)["rows"]}
    file.seek(0)
    # The stored name is ours: what people call their files is no business of a file system.
    run.file.save(f"{run.public_id}{PurePath(name).suffix.lower()[:5]}", File(file), save=False)
    run.save()
    return run


def _forget_old_uploads(workspace: Workspace, now: datetime) -> None:
    old = ImportRun.objects.filter(workspace=workspace, created_at__lt=now - _KEEP).exclude(file="")
    for run in old.exclude(job__state__in=[JobState.QUEUED, JobState.RUNNING]):
        _delete_file(run)


def _delete_file(run: ImportRun) -> None:
    run.file.delete(save=False)
    ImportRun.objects.filter(pk=run.pk).update(file="")


def save_answers(*, run: ImportRun, mapping: Mapping, options: ImportOptions) -> None:
    """Keep what a person changed on the mapping page; the names that came with the file stay."""
    run.mapping = mapping.to_json()
    run.options = options.to_json() | {"names": run.options.get("names", {})}
    run.save(update_fields=["mapping", "options"])


def options_of(run: ImportRun) -> ImportOptions:
    """Read the answers kept with a run."""
    kept = dict(run.options)
    said = kept.pop("names", {})
    rows = {
        kind: {external_id: NameRow(**row) for external_id, row in entities.items()}
        for kind, entities in said.items()
    }
    return replace(ImportOptions(**kept), names=Names(rows))


def preview(*, run: ImportRun, now: datetime, size: int = 10) -> Preview:
    """Read the first rows with the run's mapping."""
    with _local_file(run) as file:
        table = open_table(file, max_bytes=settings.IMPORT_MAX_BYTES)
        guess = describe(Mapping.from_json(run.mapping), table.headers)
        sample = table.sample(size)
        columns = [
            (header, [row[i] for row in sample if row[i]][:3])
            for i, header in enumerate(table.headers)
        ]
        rows = [] if guess.problems else _parsed(run, table, guess.mapping, now, size)
        return Preview(guess, columns, table.headers, rows)


def _parsed(
    run: ImportRun, table: Table, mapping: Mapping, now: datetime, size: int
) -> list[tuple[int, dict[str, object], str]]:
    options = options_of(run)
    platform = options.platform or mapping.platform
    reader = RowReader(mapping, table.headers, context_of(run.workspace, platform, options, now))
    rows: list[tuple[int, dict[str, object], str]] = []
    for line, cells in table.records():
        if len(rows) >= size:
            break
        try:
            if isinstance(cells, RowError):
                raise cells
            values = dict(zip(reader.columns, reader.read(line, cells), strict=True))
            rows.append((line, values, ""))
        except RowError as error:
            rows.append((line, {}, f"{error.column}: {error.reason}".removeprefix(": ")))
    return rows


def queue_import(
    *, run: ImportRun, by: User | None, now: datetime, trigger: str = "page"
) -> ImportRun:
    """Hand a mapped upload to the workers, once.

    Raises
    ------
    ImportRefused : it runs already, or the file is not kept any more
    """
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).select_related("job").get(pk=run.pk)
        if run.job and run.job.state != JobState.FAILED:
            raise ImportRefused("This import was started already.")
        if not run.file:
            raise ImportRefused("The file is not kept any more; upload it again.")
        run.job = queue_job(workspace=run.workspace, by=by, now=now, trigger=trigger)
        run.finished_at = None
        run.save(update_fields=["job", "finished_at"])
    return run


def waiting_runs(*, now: datetime) -> list[int]:
    """Ids of imports that wait, or whose worker is gone, for the sweep."""
    lapsed = now - timedelta(seconds=RUN_LIMIT_S + 300)
    jobs = JobRun.objects.filter(state=JobState.QUEUED) | JobRun.objects.filter(
        state=JobState.RUNNING, started_at__lt=lapsed
    )
    runs = (
        ImportRun.objects.filter(job__in=jobs, workspace__in=Workspace.objects.open())
        .exclude(file="")
        .order_by("pk")
    )
    return list(runs.values_list("pk", flat=True))


def run_import(*, run_id: int, now: datetime) -> ImportRun | None:
    """Import a queued upload; None where another worker has it.

    Raises
    ------
    ImportRefused : nothing was written; the run keeps the reason and the file
    """
    run = ImportRun.objects.select_related("job", "workspace", "created_by").get(pk=run_id)
    if run.job is None or not run.file or not _claim(run.job, now):
        return None
    with _local_file(run) as file:
        done = import_performance(
            workspace=run.workspace,
            file=file,
            file_name=run.file_name,
            mapping=Mapping.from_json(run.mapping),
            options=options_of(run),
            by=run.created_by,
            now=now,
            run=run,
        )
    _delete_file(done)
    return done


def _claim(job: JobRun, now: datetime) -> bool:
    lapsed = now - timedelta(seconds=RUN_LIMIT_S + 300)
    free = JobRun.objects.filter(pk=job.pk, state=JobState.QUEUED) | JobRun.objects.filter(
        pk=job.pk, state=JobState.RUNNING, started_at__lt=lapsed
    )
    return bool(free.update(state=JobState.RUNNING, started_at=now))


@contextmanager
def _local_file(run: ImportRun) -> Iterator[BinaryIO]:
    """Copy the upload to a local file that can be read again and again, wherever it is kept."""
    with tempfile.TemporaryFile() as local:
        with run.file.open("rb") as kept:
            for chunk in kept.chunks(_COPY_BYTES):
                local.write(chunk)
        local.seek(0)
        yield local
