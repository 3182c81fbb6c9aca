"""The list of processes, the same for hosts and for one machine."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from embedded.state import EmbeddedError

_LINE = re.compile(r"^(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>.+)$")


def read_procfile(path: Path) -> dict[str, str]:
    """Name and shell command of each process, in the order of the file."""
    if not path.is_file():
        raise EmbeddedError(f"{path} does not exist; start from the project directory.")
    commands: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line.strip())
        if match is None:
            raise EmbeddedError(f"{path}, line {number}: write `name: command`.")
        commands[match["name"]] = match["command"]
    return commands


def run_process(path: Path, name: str) -> NoReturn:
    """Become one process of the list: `python -m embedded.procfile web`, as containers do."""
    command = choose(read_procfile(path), only=[name])[name]
    os.execv("/bin/sh", ["/bin/sh", "-c", f"exec {command}"])  # noqa: S606  # our own Procfile


def choose(
    commands: dict[str, str], *, only: Iterable[str] = (), without: Iterable[str] = ()
) -> dict[str, str]:
    """The processes to run; a name that does not exist is refused."""
    only, without = list(only), list(without)
    unknown = sorted({*only, *without} - set(commands))
    if unknown:
        raise EmbeddedError(
            f"The Procfile has no process {', '.join(unknown)}; it has {', '.join(commands)}."
        )
    return {
        name: command
        for name, command in commands.items()
        if name not in without and (not only or name in only)
    }


def stop_waves(names: Sequence[str]) -> list[list[str]]:
    """Who is stopped together, and in which order: first what makes work, last what others call."""
    waves: list[list[str]] = [[], [], [], []]
    for name in names:
        waves[_stop_rank(name)].append(name)
    return [wave for wave in waves if wave]


def _stop_rank(name: str) -> int:
    if name == "beat":
        return 0
    if name.startswith("worker"):
        return 1
    return 2 if name == "web" else 3


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Use: python -m embedded.procfile NAME")
    try:
        run_process(Path("Procfile"), sys.argv[1])
    except EmbeddedError as error:
        sys.exit(str(error))
