"""What the supervisor tells other programs: one small file in the state directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_NAME = "status.json"


@dataclass(frozen=True)
class Status:
    """The supervisor's processes at one moment; a process that does not run has no id."""

    supervisor_pid: int
    url: str
    ready: bool
    pids: Mapping[str, int | None]
    restarts: Mapping[str, int]


def write_status(state: Path, status: Status) -> None:
    """Replace the file in one step, so that nobody reads half of it."""
    aside = state / f"{FILE_NAME}.new"
    aside.write_text(json.dumps(asdict(status), indent=2), encoding="utf-8")
    aside.replace(state / FILE_NAME)


def read_status(state: Path) -> Status | None:
    """What stands there now; None when no supervisor runs."""
    try:
        content = json.loads((state / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Status(**content)


def remove_status(state: Path) -> None:
    """Nothing runs any more."""
    (state / FILE_NAME).unlink(missing_ok=True)
