"""How many examples a property gets: some in every run, all of them by `make slow`."""

from __future__ import annotations

import os

ALL = os.environ.get("EXAMPLES") == "all"


def examples(count: int) -> int:
    """``count``, or a quarter of them where a person waits for the run."""
    return count if ALL else -(-count // 4)
