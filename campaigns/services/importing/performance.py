"""Import of one performance file: read, stage by COPY, write in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import BinaryIO, Final, NoReturn

from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from campaigns.engine.importing.errors import FileError, RowError
from campaigns.engine.importing.guessing import describe
from campaigns.engine.importing.mapping import Mapping, problems
from campaigns.engine.importing.rows import Context, RowReader
from campaigns.engine.importing.tables import Table, open_table
from campaigns.models import AdAccount, ImportRow, ImportRun, Platform
from campaigns.services.deriving import refresh_derived
from campaigns.services.importing.days import (
    Written,
    empty_accounts,
    set_summing_levels,
    shift_days,
    write_days,
)
from campaigns.services.importing.entities import known_zone, lock_accounts, make_entities
from campaigns.services.importing.mappings import mapping_for, remember_mapping
from campaigns.services.importing.options import ImportOptions, ImportRefused
from campaigns.services.importing.progress import Progress, end_run, open_run
from campaigns.services.importing.staging import BLOCK_ROWS, Stage, drop_left_stages
from workspaces.models import User, Workspace

MAX_BAD_ROWS: Final = 1000
NO_ACCOUNT: Final = "import"


@dataclass(slots=True)
class _Reading:
    """What one pass over the file found besides good rows."""

    rows_read: int = 0
    rows_bad: int = 0
    totals_skipped: int = 0
    bad: list[ImportRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Work:
    """One import on its way."""

    run: ImportRun
    table: Table
    mapping: Mapping
    platform: str
    options: ImportOptions
    context: Context
    reader: RowReader
    stage: Stage
    reading: _Reading = field(default_factory=_Reading)


def import_performance(
    *,
    workspace: Workspace,
    file: BinaryIO,
    file_name: str,
    options: ImportOptions,
    by: User | None,
    now: datetime,
    mapping: Mapping | None = None,
    run: ImportRun | None = None,
) -> ImportRun:
    """Import a performance file, whole or not at all.

    Parameters
    ----------
    workspace : where the accounts are or will be
    file : CSV or XLSX, seekable
    file_name : as shown in the list of imports
    options : the operator's answers
    by : who imports
    now : stamp of the rows; days may not lie after it
    mapping : None takes the one remembered for these columns, else the guess
    run : a run that waits already, as the import page makes one

    Returns
    -------
    the finished run: rows read and left out (the first thousand with line, column and reason),
    days written and unchanged, sums by currency

    Raises
    ------
    ImportRefused : nothing was written; the message says what to do
    """
    run = open_run(run, workspace=workspace, file_name=PurePath(file_name).name, by=by, now=now)
    try:
        return _import(run, file, mapping, options, now)
    except (FileError, ImportRefused) as error:
        return _refuse(run, str(error), error, now)
    except (DataError, IntegrityError) as error:
        # What no check of ours foresaw, such as sums beyond what a column holds.
        reason = str(error).splitlines()[0]
        return _refuse(
            run, f"The database refused the figures, nothing was taken: {reason}", error, now
        )


def _refuse(run: ImportRun, message: str, cause: Exception, now: datetime) -> NoReturn:
    end_run(run, now=now, error=message)
    raise ImportRefused(message) from cause


def _import(
    run: ImportRun, file: BinaryIO, mapping: Mapping | None, options: ImportOptions, now: datetime
) -> ImportRun:
    file.seek(0)
    run.file_sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file
    table = open_table(file, max_bytes=settings.IMPORT_MAX_BYTES)
    mapping = mapping or mapping_for(workspace=run.workspace, table=table).mapping
    if found := problems(mapping, table.headers):
        raise ImportRefused(" ".join(found))
    run.mapping, run.options = mapping.to_json(), options.to_json()
    platform = options.platform or mapping.platform
    if platform not in Platform.values:
        raise ImportRefused(f"{platform!r} is no platform; use one of {', '.join(Platform.values)}")
    context = context_of(run.workspace, platform, options, now)
    reader = RowReader(mapping, table.headers, context)
    work = _Work(
        run, table, mapping, platform, options, context, reader, _stage(run, reader, mapping)
    )
    drop_left_stages()
    work.stage.create()
    try:
        _fill(work, Progress(run, total=table.line_count))
        _judge(work)
        with transaction.atomic():
            _write(work, now)
            remember_mapping(run=run, headers=table.headers, mapping=mapping)
            end_run(run, now=now)
    finally:
        work.stage.drop()
    return run


def _stage(run: ImportRun, reader: RowReader, mapping: Mapping) -> Stage:
    stage = Stage(run, reader.columns, reader.measures)
    stage.has_states = "status" in mapping.columns
    stage.has_budgets = "daily_budget" in mapping.columns
    return stage


def context_of(
    workspace: Workspace, platform: str, options: ImportOptions, now: datetime
) -> Context:
    """Gather what rows of a file are judged by: the answers, and the accounts that exist."""
    kept = AdAccount.objects.filter(workspace=workspace, platform=platform)
    account = options.account_id or options.names.only_account() or NO_ACCOUNT
    if options.time_zone and not known_zone(options.time_zone):
        raise ImportRefused(
            f"{options.time_zone!r} is no time zone; use one such as Europe/Berlin."
        )
    return Context(
        # Somewhere on earth it is tomorrow already.
        last_day=now.date() + timedelta(days=1),
        account_id=account,
        account_name=options.account_name,
        currency=options.currency.upper() or workspace.currency,
        time_zone=options.time_zone or workspace.time_zone,
        kept_currencies=dict(kept.values_list("external_id", "currency")),
        names=options.names,
    )


def _fill(work: _Work, progress: Progress) -> None:
    block: list[tuple[object, ...]] = []
    for row in _good_rows(work):
        block.append(row)
        if len(block) >= BLOCK_ROWS:
            work.stage.copy(block)
            progress.tell("Reading", done=int(str(block[-1][0])))
            block.clear()
    work.stage.copy(block)
    progress.tell("Writing", done=work.reading.rows_read)
    work.stage.analyze()


def _good_rows(work: _Work) -> Iterator[tuple[object, ...]]:
    reader, reading, is_first = work.reader, work.reading, True
    for line, cells in work.table.records():
        try:
            if isinstance(cells, RowError):
                raise cells
            was_first, is_first = is_first, False
            if reader.is_total(cells, is_first=was_first):
                reading.totals_skipped += 1
                continue
            yield reader.read(line, cells)
        except RowError as error:
            _note(reading, work.run.pk, line, cells, error)
        reading.rows_read += 1


def _note(
    reading: _Reading, run_id: int, line: int, cells: list[str] | RowError, error: RowError
) -> None:
    reading.rows_bad += 1
    if len(reading.bad) >= MAX_BAD_ROWS:
        return
    text = "" if isinstance(cells, RowError) else ", ".join(cells)
    reading.bad.append(
        ImportRow(
            run_id=run_id,
            line=line,
            column=error.column[:120],
            reason=_storable(error.reason)[:300],
            text=_storable(text[:2000])[:500],
        )
    )


def _storable(text: str) -> str:
    """Text that PostgreSQL takes: without NUL, undecodable bytes as question marks."""
    return text.replace("\0", "?").encode("utf-8", "replace").decode()


def _judge(work: _Work) -> None:
    run, reading = work.run, work.reading
    run.rows_read, run.rows_bad = reading.rows_read, reading.rows_bad
    ImportRow.objects.bulk_create(reading.bad)
    where = _first_bad(reading)
    if reading.rows_bad == reading.rows_read:
        if not reading.rows_bad:
            raise ImportRefused("The file has headers, but no rows below them.")
        raise ImportRefused(f"None of the {reading.rows_read:,} rows could be read.{where}")
    if reading.rows_bad and work.options.on_bad_rows == "all_or_nothing":
        raise ImportRefused(
            f"{reading.rows_bad:,} of {reading.rows_read:,} rows are bad, so nothing was taken."
            + where
        )


def _first_bad(reading: _Reading) -> str:
    if not reading.bad:
        return ""
    first = reading.bad[0]
    column = f", column {first.column}" if first.column else ""
    return f" The first: line {first.line}{column}: {first.reason}."


def _write(work: _Work, now: datetime) -> None:
    run, options, stage = work.run, work.options, work.stage
    accounts = _accounts(work)
    first, last = stage.days() or (now.date(), now.date())
    fresh = empty_accounts(accounts)
    made = make_entities(stage, accounts, options.names)
    shift = shift_days(run, accounts, last, now) if options.shift_to_yesterday else None
    written = write_days(
        stage, accounts, is_micros=work.mapping.is_micros, shift=shift or 0, now=now
    )
    set_summing_levels(accounts if options.summing_level else fresh, options.summing_level)
    refresh_derived(accounts=accounts, now=now)
    Workspace.objects.filter(pk=run.workspace_id, data_since=None).update(data_since=now)
    run.account = accounts[0] if len(accounts) == 1 else None
    run.days_written, run.days_unchanged = written.days_written, written.days_unchanged
    made["account"] = len(set(work.reader.accounts) - set(work.context.kept_currencies))
    run.totals = {
        "by_currency": written.sums,
        "first_day": (first + timedelta(days=shift or 0)).isoformat(),
        "last_day": (last + timedelta(days=shift or 0)).isoformat(),
        "made": made,
        "totals_skipped": work.reading.totals_skipped,
        "notes": _notes(work, written),
    } | ({} if shift is None else {"shift_days": shift})


def _accounts(work: _Work) -> list[AdAccount]:
    facts = work.reader.accounts
    accounts = lock_accounts(
        workspace=work.run.workspace, platform=work.platform, facts=facts, options=work.options
    )
    for account in accounts:
        # Two imports at once may have met the account for the first time with two currencies.
        if account.currency != facts[account.external_id].currency:
            raise ImportRefused(
                f"The account {account.external_id} is kept in {account.currency}, the file is in"
                f" {facts[account.external_id].currency}."
            )
    return accounts


def _notes(work: _Work, written: Written) -> list[str]:
    accounts, label = work.reader.accounts, Platform(work.platform).label
    notes = list(describe(work.mapping, work.table.headers).notes)
    if NO_ACCOUNT in accounts:
        notes.append(f"The file names no account; its rows went to '{label} {NO_ACCOUNT}'.")
    notes.extend(
        f"The time zone {facts.time_zone!r} of account {external_id} is not known; UTC is taken."
        for external_id, facts in list(accounts.items())[:5]
        if facts.time_zone and not known_zone(facts.time_zone)
    )
    levels = {level for by_level in written.sums.values() for level in by_level}
    if len(levels) > 1:
        notes.append("Rows are at several levels; totals add those of the summing level only.")
    return notes
