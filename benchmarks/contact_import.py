"""A file of contacts: read into its table, checked, and written, beside a bare COPY of it."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass
from typing import BinaryIO, Final

from django.db import connection
from django.utils import timezone

from benchmarks.figures import Figure, reset_peak_mb
from outreach.services.people.checking import check
from outreach.services.people.import_writing import write
from outreach.services.people.importing import begin_check, begin_writing, receive_file
from workspaces.gate import Proposer
from workspaces.models import JobRun, Membership, User, Workspace
from workspaces.roles import Role
from workspaces.services.jobs import Progress

TARGET: Final = 50_000  # rows a second into the table
HEADERS: Final = ("Email", "Phone", "Customer id", "First name", "Last name", "Language",
                  "Time zone", "Country", "Subscribed", "Plan", "Seats", "Signed up")  # fmt: skip
_GROWTH: Final = (1, 4, 16)
_ZONES: Final = ("Europe/Berlin", "America/New_York", "", "Asia/Tokyo")


@dataclass(frozen=True)
class Measure:
    """One size: seconds of each part."""

    rows: int
    staged_s: float
    checked_s: float
    written_s: float
    copied_s: float


class Watch(Progress):
    """Knows when reading began and ended."""

    staged_at = 0.0

    def step(self, text: str, *, done: int | None = None, total: int | None = None) -> None:
        """Tell it as always."""
        super().step(text, done=done, total=total)
        if text == "Reading":
            self.staged_at = time.perf_counter()


def run(rows: int) -> list[Figure]:
    """Import a sixteenth, a quarter and all of the rows, each into a workspace of its own."""
    watch = reset_peak_mb()
    sizes = [_measure(max(100, rows * factor // _GROWTH[-1])) for factor in _GROWTH]
    last, peak_mb = sizes[-1], watch()
    parts = (
        (f"{last.rows:,} contacts of a file, in their table in one spelling", "staged_s"),
        ("… and checked: who is here, who is in it twice", "checked_s"),
        ("… and written as people with consent", "written_s"),
    )
    return [
        Figure(
            name=name,
            value=last.rows / getattr(last, part),
            unit="rows/s",
            limit_name="rows/s by COPY of the same file",
            limit=last.rows / last.copied_s,
            target=f"≥ {TARGET:,} rows/s" if part == "staged_s" else "",
            is_met=last.rows / last.staged_s >= TARGET if part == "staged_s" else None,
            growth=tuple((one.rows, one.rows / getattr(one, part)) for one in sizes),
            peak_mb=peak_mb if part == "written_s" else None,
        )
        for name, part in parts
    ]


def _measure(rows: int) -> Measure:
    file = _file(rows)
    workspace = Workspace.objects.create(slug=f"people-{rows}", name="People", country="DE")
    user = User.objects.create(email=f"operator@{workspace.slug}.example")
    Membership.objects.create(workspace=workspace, user=user, role=Role.OPERATOR)
    by, now = Proposer.person(user), timezone.now()
    run = receive_file(workspace=workspace, file=file, file_name="people.csv", by=by, now=now)
    run = begin_check(
        run=run, columns=run.columns, options={"statement": "At a fair."}, by=by, now=now
    )
    job = JobRun.objects.create(workspace=workspace, name="bench", queued_at=now)
    progress = Watch(job, workspace, now)
    started = time.perf_counter()
    check(run, progress)
    checked_at = time.perf_counter()
    run = begin_writing(run=run, by=by, now=now)
    write_from = time.perf_counter()
    write(run, progress)
    written_s = time.perf_counter() - write_from + checked_at - started
    if run.created != rows:
        raise RuntimeError(f"{run.created} of {rows}: {run.report}; nothing was measured")
    staged_s = progress.staged_at - started
    return Measure(rows, staged_s, checked_at - started, written_s, _copied_s(file, rows))


def _file(rows: int) -> BinaryIO:
    """People with an e-mail address and an id each, every second one with a phone."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADERS)
    for i in range(rows):
        writer.writerow((
            f"Person.{i}@Example{i % 97}.com", f"0170 {1_000_000 + i}" if i % 2 else "", f"C-{i}",
            "Ann", f"No {i}", "de-DE", _ZONES[i % 4], "DE" if i % 2 else "US",
            ("yes", "no", "")[i % 3], "pro" if i % 5 else "free", i % 50,
            f"2025-{i % 12 + 1:02}-{i % 28 + 1:02}",
        ))  # fmt: skip
    return io.BytesIO(text.getvalue().encode())


def _copied_s(file: BinaryIO, rows: int) -> float:
    """The limit: the same file into a table of texts, without a single check."""
    columns = ", ".join(f"c{place} text" for place in range(len(HEADERS)))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE UNLOGGED TABLE bench_contact_copy ({columns})")
        file.seek(0)
        started = time.perf_counter()
        cursor.copy_expert("COPY bench_contact_copy FROM STDIN WITH (FORMAT csv, HEADER)", file)
        seconds = time.perf_counter() - started
        if cursor.rowcount != rows:
            raise RuntimeError(f"{cursor.rowcount} of {rows} rows were copied")
        cursor.execute("DROP TABLE bench_contact_copy")
    return seconds
