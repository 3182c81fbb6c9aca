"""The import's measurement as figures of the table."""

from __future__ import annotations

from benchmarks import import_rows
from benchmarks.figures import Figure


def run(scale: float) -> list[Figure]:
    """Rows a second of a first import, beside a raw ``COPY`` of the same file."""
    result = import_rows.run(scale)
    last = result["sizes"][-1]
    return [
        Figure(
            name=f"rows imported, {last['rows']:,} rows",
            value=last["rows_per_s"],
            unit="rows/s",
            limit_name="rows/s by raw COPY",
            limit=last["copy_rows_per_s"],
            growth=tuple((size["rows"], size["rows_per_s"]) for size in result["sizes"]),
            peak_mb=last["peak_memory_mb"],
            facts={"rows_per_s_when_repeated": last["rows"] / last["again_s"]},
        )
    ]
