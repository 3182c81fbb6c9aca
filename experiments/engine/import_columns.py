"""Columns of a file of tests that were run elsewhere: a row is an arm's metric as of a day."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = (
    "test", "name", "variant", "metric", "kind", "day", "n", "conversions", "mean", "variance",
    "sum", "sum_squares", "text",
)  # fmt: skip
