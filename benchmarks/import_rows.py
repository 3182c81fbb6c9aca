"""Rows per second of an import, beside a raw ``COPY`` of the same file: growth and peak memory.

``python -m benchmarks.import_rows`` runs it in a private database and prints a table.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypedDict

if TYPE_CHECKING:
    from workspaces.models import Workspace

BASE_ROWS = 62_500  # times 16 is a million
GROWTH = (1, 4, 16)
DAYS = 250
HEADERS = (
    "day", "account_id", "currency", "campaign_id", "campaign_name", "ad_set_id", "ad_set_name",
    "ad_id", "ad_name", "impressions", "clicks", "spend", "conversions", "revenue",
)  # fmt: skip


class Measure(TypedDict):
    """One size."""

    rows: int
    import_s: float
    again_s: float
    copy_s: float
    rows_per_s: float
    copy_rows_per_s: float
    share_of_copy: float
    peak_memory_mb: float


class Result(TypedDict):
    """All sizes, and how time grows from the smallest to the largest (1 is linear)."""

    name: str
    sizes: list[Measure]
    growth: float


def run(scale: float = 1.0) -> Result:
    """Import 1, 4 and 16 times the base number of rows; ``scale`` 1 ends at a million."""
    sizes = [_measure(max(DAYS, int(BASE_ROWS * scale * factor))) for factor in GROWTH]
    first, last = sizes[0], sizes[-1]
    growth = (last["import_s"] / first["import_s"]) / (last["rows"] / first["rows"])
    return {"name": "import_rows", "sizes": sizes, "growth": growth}


def _measure(rows: int) -> Measure:
    with tempfile.TemporaryFile() as file, _workspace() as workspace:
        _write(file, rows)
        before_mb = _reset_peak_mb()
        import_s = _import(workspace, file, rows)
        peak_mb = _peak_mb() - before_mb
        again_s = _import(workspace, file, 0)
        copy_s = _copy(file, rows)
    return {
        "rows": rows,
        "import_s": import_s,
        "again_s": again_s,
        "copy_s": copy_s,
        "rows_per_s": rows / import_s,
        "copy_rows_per_s": rows / copy_s,
        "share_of_copy": copy_s / import_s,
        "peak_memory_mb": peak_mb,
    }


def _write(file: BinaryIO, rows: int) -> None:
    """Ads of ten to an ad set and four ad sets to a campaign, one row a day each."""
    with tempfile.TemporaryFile("w+", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(HEADERS)
        first = date(2025, 1, 1)
        for i in range(rows):
            ad, day = divmod(i, DAYS)
            adset, campaign = ad // 10, ad // 40
            writer.writerow((
                first + timedelta(days=day), 1, "USD", campaign, f"Campaign {campaign}", adset,
                f"Ad set {adset}", ad, f"Ad {ad}", 1000 + i % 977, 20 + i % 31,
                f"{50 + i % 89}.{i % 100:02}", i % 7, f"{i % 300}.50",
            ))  # fmt: skip
        text.seek(0)
        while block := text.read(1 << 20):
            file.write(block.encode())


def _import(workspace: Workspace, file: BinaryIO, days_written: int) -> float:
    from campaigns.services.importing import ImportOptions, import_performance

    start = time.perf_counter()
    run = import_performance(
        workspace=workspace,
        file=file,
        file_name="bench.csv",
        options=ImportOptions(platform="meta"),
        by=None,
        now=datetime(2026, 11, 21, tzinfo=UTC),
    )
    took_s = time.perf_counter() - start
    assert (run.rows_bad, run.days_written) == (0, days_written)
    return took_s


def _copy(file: BinaryIO, rows: int) -> float:
    """The limit: the same file into a table with the same types, without a single check."""
    from django.db import connection

    types = ["date", *["text"] * 8, "bigint", "bigint", *["numeric"] * 3]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(HEADERS, types, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bench_import_copy ({columns})")
        file.seek(0)
        start = time.perf_counter()
        cursor.copy_expert("COPY bench_import_copy FROM STDIN WITH (FORMAT csv, HEADER)", file)
        took_s = time.perf_counter() - start
        assert cursor.rowcount == rows
        cursor.execute("DROP TABLE bench_import_copy")
    return took_s


@contextmanager
def _workspace() -> Iterator[Workspace]:
    from campaigns import models
    from workspaces.models import JobRun, Workspace

    workspace = Workspace.objects.create(slug=f"bench-{uuid.uuid4().hex[:8]}", name="Bench")
    try:
        yield workspace
    finally:
        for model in (
            models.ImportRun, models.ImportMapping, JobRun, models.DailyPerformance, models.Ad,
            models.AdSet, models.Campaign, models.AdAccount,
        ):  # fmt: skip
            rows = model.objects.filter(workspace=workspace)
            rows._raw_delete(rows.db)
        workspace.delete()


def _reset_peak_mb() -> float:
    """Forget the process's peak, where the kernel can, and give what it holds now."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")
    return _status_mb("VmRSS")


def _peak_mb() -> float:
    return _status_mb("VmHWM")


def _status_mb(key: str) -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) / 1024


@contextmanager
def _private_database() -> Iterator[None]:
    """A PostgreSQL of its own with our tables, gone afterwards."""
    import os
    import shutil

    from embedded import postgres
    from embedded.state import run_directory

    home = Path(tempfile.mkdtemp(prefix="countersign-bench-"))
    server = postgres.Postgres(
        home / "postgres",
        run=run_directory(home),
        log=home / "postgres.log",
        settings=postgres.FORGETFUL,
    )
    server.start()
    try:
        os.environ["DATABASE_URL"] = server.url
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        yield
        connection.close()
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _print(result: Result) -> None:
    print(f"{'rows':>10} {'import/s':>10} {'COPY/s':>10} {'share':>7} {'again':>8} {'peak MB':>8}")
    for size in result["sizes"]:
        again = size["rows"] / size["again_s"]
        print(
            f"{size['rows']:>10,} {size['rows_per_s']:>10,.0f} {size['copy_rows_per_s']:>10,.0f}"
            f" {size['share_of_copy']:>7.1%} {again:>8,.0f} {size['peak_memory_mb']:>8.0f}"
        )
    print(f"time grows {result['growth']:.2f} times as fast as rows")


if __name__ == "__main__":
    with _private_database():
        _print(run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
