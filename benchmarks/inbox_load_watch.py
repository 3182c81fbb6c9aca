"""What is seen while messages arrive: in the list as a person's browser gets it, and read."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import httpx
from django.db import connection

from inbox.models import AIClassification, CustomerResponse
from workspaces.models import Workspace

_TOKEN: Final = re.compile(r"\bm(\d{6})\.")
_CURSOR: Final = re.compile(r"after=([^\"&]+)")
_PATH: Final = "/inbox/?view=all&order=newest"
#: A browser asks every two seconds; here oftener, so that the wait is that of the system.
_EVERY_S: Final = 0.2
_MOST_PAGES: Final = 12
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class ListWatch(threading.Thread):
    """A person with the list open: when each message was in an answer of it for the first time."""

    def __init__(self, base_url: str, cookies: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.seen: dict[int, float] = {}
        self.took_s: list[float] = []
        self.errors: list[str] = []
        self._client = httpx.Client(
            base_url=base_url, cookies=cookies, headers={"HX-Request": "true"}, trust_env=False,
            timeout=30,
        )  # fmt: skip
        self._ends = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._ends.wait(_EVERY_S):
            try:
                self._look()
            except httpx.HTTPError as error:
                self.errors.append(f"list: {type(error).__name__}")

    def stop(self) -> None:
        """End."""
        self._ends.set()
        self.join(30)

    def _look(self) -> None:
        """Read pages until one brings nothing new."""
        path = _PATH
        for _ in range(_MOST_PAGES):
            started = time.time()
            answer = self._client.get(path)
            at = time.time()
            self.took_s.append(at - started)
            if answer.status_code != httpx.codes.OK:
                self.errors.append(f"list: {answer.status_code}")
                return
            found = {int(number) for number in _TOKEN.findall(answer.text)}
            new = found - self.seen.keys()
            self.seen |= dict.fromkeys(new, at)
            cursor = _CURSOR.search(answer.text)
            if not new or cursor is None:
                return
            path = f"{_PATH}&after={cursor[1]}"


class ReadingWatch(threading.Thread):
    """When each message had its reading. They are read in the order in which they were kept."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(daemon=True)
        self.counts: list[tuple[float, int]] = []
        self._workspace = workspace
        self._ends = threading.Event()

    def run(self) -> None:
        """Count until told to stop."""
        while not self._ends.wait(_EVERY_S):
            count = AIClassification.objects.filter(workspace=self._workspace).count()
            self.counts.append((time.time(), count))
        connection.close()

    def stop(self) -> None:
        """End."""
        self._ends.set()
        self.join(30)

    def lags(self) -> list[float]:
        """Seconds from arrival to reading, of each message that was read."""
        rows = CustomerResponse.objects.filter(workspace=self._workspace, direction="in")
        arrived = [
            at.timestamp()
            for at in rows.order_by("pk").values_list("received_at", flat=True)
            if at is not None
        ]
        found, place = [], 0
        for at, count in self.counts:
            while place < min(count, len(arrived)):
                found.append(max(0.0, at - arrived[place]))
                place += 1
        return found


def cpu_seconds(root: int) -> dict[str, float]:
    """Processor seconds of all that a process started, by what it is; those that ended count to
    whoever started them."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (stat := _stat(folder)):
            children[int(stat[1])].append(int(folder.name))
    found: defaultdict[str, float] = defaultdict(float)
    waiting = [(child, _name(child)) for child in children[root]]
    while waiting:
        pid, name = waiting.pop()
        if stat := _stat(Path(f"/proc/{pid}")):
            found[name] += sum(int(part) for part in stat[11:15]) / _TICKS
        waiting += [(child, name) for child in children[pid]]
    return dict(found)


def _stat(folder: Path) -> list[str] | None:
    """Fields after the name: state, parent, …; times of its own and of its ended children."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "other"
    if "-n" in words:
        return words[words.index("-n") + 1].partition("@")[0]
    known = ("postgres", "valkey", "redis", "gunicorn", "beat")
    told = " ".join(words)
    return next((one for one in known if one in told), "other")
