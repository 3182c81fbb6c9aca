"""``python -m benchmarks.every_page``: server time of every page and list over the load set.

Whatever answers GET is opened in both workspaces of the load set, and measured in the one where it
is slower. What could not be opened is named. It ends with 1 where something is over its limit.
"""

from __future__ import annotations

import argparse
import gc
import logging
import re
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from benchmarks.figures import DOCS, EVERY_PAGE, machine, quantile, write_between
from benchmarks.servers import standing_servers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.test import Client

    from benchmarks.page_places import Place
    from workspaces.models import Workspace

TARGET_MS: Final = 150
#: Pages that promise more than all do.
TARGETS: Final = (("/dashboards/", 100), ("/inbox/", 120))
MOST_QUERIES: Final = 12
#: They open and end transactions, and ask for nothing.
_MARKS: Final = re.compile(
    # The history's context is told along with the first statement of a transaction.
    r"(SELECT set_config\('pghistory[^;]*; ?)?(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)\b"
)
#: Of twenty, p95 leaves out the slowest one.
OPENINGS: Final = 20
#: So often what is over its limit is measured once more, when all others were.
_AGAIN: Final = 2
WORKSPACES: Final = ("loadset", "load-inbox")
#: Whoever asks the database for longer is cut off, and is told as broken.
_TOO_LONG: Final = "20s"
_BROKEN: Final = f"broke, or asked for longer than {_TOO_LONG}"
_WHYS: Final = {
    400: "asks for more than an address", 404: "no such row in the load set", 500: _BROKEN,
}  # fmt: skip
_HEAD: Final = (
    "address",
    "workspace",
    "p95 ms",
    "p50 ms",
    "queries",
    "SQL ms",
    "× bare view",
    "limit ms",
)


@dataclass(frozen=True)
class Opened:
    """What one address took, where it was slower."""

    place: Place
    workspace: str
    times: list[float] = field(repr=False)
    queries: int
    sql_ms: float  # of one opening
    bare_ms: float

    @property
    def p95(self) -> float:
        """Milliseconds that nineteen of twenty openings keep within."""
        return quantile(self.times, 0.95)

    @property
    def limit_ms(self) -> int:
        """What it has to keep within."""
        return next((ms for start, ms in TARGETS if self.place.path.startswith(start)), TARGET_MS)

    @property
    def is_met(self) -> bool:
        """Whether it keeps within its limit, with as few queries as a page may take."""
        return self.p95 <= self.limit_ms and self.queries <= MOST_QUERIES

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        met = "✓" if self.is_met else "✗"
        return (
            self.place.shown, self.workspace, f"{self.p95:.0f}", f"{quantile(self.times, 0.5):.0f}",
            str(self.queries), f"{self.sql_ms:.0f}", f"{self.p95 / self.bare_ms:.1f}",
            f"{self.limit_ms} {met}",
        )  # fmt: skip


def measure(only: str, openings: int) -> tuple[list[Opened], list[Place]]:
    """Open every address whose name or path fits; returns those that could not be opened, too."""
    from django.db import connection

    from benchmarks.page_places import places
    from workspaces.models import Workspace

    found = {slug: Workspace.objects.filter(slug=slug).first() for slug in WORKSPACES}
    kept = {slug: workspace for slug, workspace in found.items() if workspace is not None}
    if not kept:
        raise SystemExit("This database holds no load set. Fill it first: make loadset")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    clients = {slug: _client(workspace) for slug, workspace in kept.items()}
    by_name: dict[str, list[tuple[str, Place]]] = {}
    for slug, workspace in kept.items():
        for place in places(workspace, day):
            if re.search(only, f"{place.name} {place.shown}"):
                by_name.setdefault(place.shown, []).append((slug, place))
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = %s", [_TOO_LONG])
    # As a web process does, see config.wsgi.
    gc.collect()
    gc.freeze()
    bare_ms = quantile(_times(next(iter(clients.values())), "/healthz", OPENINGS), 0.95)
    opened: list[Opened] = []
    left: list[Place] = []
    for ways in by_name.values():
        one = _slower(clients, ways, bare_ms, openings)
        opened += [one] if isinstance(one, Opened) else []
        left += [] if one is None or isinstance(one, Opened) else [one]
    # A machine that others use is slow by the minute: what is over its limit by itself stays so.
    for _ in range(_AGAIN):
        opened = [one if one.is_met else _quieter(clients, one, openings) for one in opened]
    return opened, left


def _client(workspace: Workspace) -> Client:
    """A browser of somebody who may see everything."""
    from django.test import Client

    from workspaces.middleware import SESSION_KEY
    from workspaces.models import Membership, User

    person, _ = User.objects.get_or_create(email=f"looker@{workspace.slug}.example")
    Membership.objects.get_or_create(workspace=workspace, user=person, defaults={"role": "admin"})
    client = Client(raise_request_exception=False)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[SESSION_KEY] = workspace.pk
    session.save()
    return client


def _slower(
    clients: dict[str, Client], ways: list[tuple[str, Place]], bare_ms: float, openings: int
) -> Opened | Place | None:
    """Measure an address where it is slower; the place with why not; none where it is no GET."""
    tried: list[tuple[float, str, Place]] = []
    why = ways[0][1]
    for slug, place in ways:
        if place.why:
            continue
        took_ms, status = _open(clients[slug], place.path)
        if status == 405:
            return None
        if status == 500:
            return replace(place, why=_BROKEN)
        if status >= 400:
            why = replace(place, why=_WHYS.get(status, f"answered {status}"))
            continue
        tried.append((min(took_ms, _open(clients[slug], place.path)[0]), slug, place))
    if not tried:
        return why
    _, slug, place = max(tried, key=lambda one: one[0])
    times = _times(clients[slug], place.path, openings)
    one = Opened(place, slug, times, *_queries(clients[slug], place.path), bare_ms)
    sys.stderr.write("  ".join(one.cells()) + "\n")
    return one


def _quieter(clients: dict[str, Client], one: Opened, openings: int) -> Opened:
    """Measure it again; the quicker of both."""
    times = _times(clients[one.workspace], one.place.path, openings)
    again = replace(one, times=times)
    return min(one, again, key=lambda each: each.p95)


def _open(client: Client, path: str) -> tuple[float, int]:
    started = time.perf_counter()
    answer = client.get(path)
    if answer.streaming:
        answer.getvalue()
    return (time.perf_counter() - started) * 1000, answer.status_code


def _times(client: Client, path: str, openings: int) -> list[float]:
    return [_open(client, path)[0] for _ in range(openings)]


def _queries(client: Client, path: str) -> tuple[int, float]:
    """How many queries one opening takes, and the milliseconds of all."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    asked = asked_of(queries)
    return len(asked), 1000 * sum(float(one["time"]) for one in asked)


def asked_of(queries: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Those that ask for something; the others mark transactions."""
    return [one for one in queries if not _MARKS.match(one["sql"])]


def table(opened: list[Opened], left: list[Place]) -> str:
    """The slowest first, then what was not measured, by name."""
    rows = [_HEAD, tuple("---" for _ in _HEAD)]
    rows += [one.cells() for one in sorted(opened, key=lambda one: -one.p95)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if left:
        whys: dict[str, list[str]] = {}
        for place in left:
            whys.setdefault(place.why, []).append(f"`{place.name}`")
        lines += ["", "Not measured:", ""]
        lines += [f"- {why}: {', '.join(sorted(set(names)))}" for why, names in whys.items()]
    return "\n".join(lines)


def _said(opened: list[Opened], started: float) -> str:
    over = [one for one in opened if not one.is_met]
    return (
        f"{len(opened)} addresses measured in {time.monotonic() - started:.0f} s,"
        f" {len(opened) - len(over)} within their limit; a view that reads nothing (/healthz)"
        f" {opened[0].bare_ms:.1f} ms p95."
    )


def main() -> None:
    """Measure, print, and renew the page if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.every_page", description=__doc__)
    parser.add_argument("--only", default="", help="a pattern of names or addresses")
    parser.add_argument("--openings", type=int, default=OPENINGS, help="of each")
    parser.add_argument("--write-docs", action="store_true", help="renew docs/performance.md")
    options = parser.parse_args()
    where, started = machine(), time.monotonic()
    # Addresses that only take forms answer so; that is how they are told apart.
    logging.disable(logging.ERROR)
    with standing_servers():
        from benchmarks.pages import hosts
        from workspaces.api.throttling import KeyThrottle

        # One person opens in minutes what a team does in a day.
        with hosts(), patch.object(KeyThrottle, "allow_request", return_value=True):
            opened, left = measure(options.only, options.openings)
    said = _said(opened, started)
    sys.stdout.write(f"{where}\n{table(opened, left)}\n{said}\n")
    if options.write_docs:
        command = "python -m benchmarks.every_page --write-docs"
        told = f"`{command}` on {datetime.now(UTC):%Y-%m-%d}: {where}. {said}"
        write_between(DOCS, EVERY_PAGE, f"{told}\n\n{table(opened, left)}")
    is_broken = any(place.why == _BROKEN for place in left)
    sys.exit(is_broken or any(not one.is_met for one in opened))


if __name__ == "__main__":
    main()
