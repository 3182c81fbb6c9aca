"""A funnel of five steps: in SQL, streamed to the engine, and by DuckDB on the same rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
from django.db import connection, transaction

from attribution.engine.funnel_definition import Definition, read_definition
from attribution.models import FunnelDefinition, Site, WebEvent
from attribution.selectors.funnels.sql import Question, count_people
from attribution.selectors.funnels.streams import read_people
from attribution.services.funnels.entries import count_entries
from attribution.services.website.partitions import ensure_days
from attribution.services.website.sites import create_site
from benchmarks.figures import Figure, reset_peak_mb
from workspaces.models import Workspace

GROWTH = (1, 4, 16)
EVENTS_PER_PERSON = 10
DAYS = 30
THREADS = 2
_REPEATS = 3
_SINCE = datetime(2026, 10, 1, tzinfo=UTC)
_UNTIL = _SINCE + timedelta(days=DAYS)
_WINDOW_S = 7 * 86_400
_PAGES = ("/", "/p/*", None, "/checkout", None)
_EVENTS = (None, None, "add_to_cart", None, "purchase")

# Three events in four serve a step: home, product, add to cart, checkout, purchase, and others.
_ROWS = """
SELECT timestamptz '2026-10-01+00'
       + date_trunc('milliseconds', random() * interval '30 days') AS at,
       md5(person::text)::uuid AS visitor, random() AS r
  FROM generate_series(1, %(people)s) AS person, generate_series(1, %(each)s) AS n
"""
_COLUMNS = {
    "event_id": "gen_random_uuid()",
    "workspace_id": "%(workspace)s",
    "site_id": "%(site)s",
    "day": "(e.at AT TIME ZONE 'UTC')::date",
    "visitor_key": "e.visitor",
    "has_consent": "true",
    "at": "e.at",
    "received_at": "e.at",
    "type": "CASE WHEN r < 0.75 THEN 'page_view' ELSE 'custom' END",
    "category": "'navigation'",
    "name": "CASE WHEN r < 0.75 THEN 'page_view' WHEN r < 0.85 THEN 'add_to_cart'"
    " WHEN r < 0.88 THEN 'purchase' ELSE 'view_item' END",
    "url": "'https://shop.example/p/' || (r * 1000000)::int",
    "path": "CASE WHEN r < 0.25 THEN '/' WHEN r < 0.55 THEN '/p/' || (r * 1000000)::int"
    " WHEN r < 0.68 THEN '/blog/' || (r * 100000)::int WHEN r < 0.75 THEN '/checkout'"
    " ELSE '/p/1' END",
    "title": "CASE WHEN r < 0.75 THEN 'The title of a page' ELSE '' END",
    "is_tagged": "false",
    "source": "CASE WHEN r < 0.1 THEN 'google' ELSE '' END",
    "device": "'mobile'",
    "variants": "'{}'",
    "properties": "'{}'",
}
_EXPORT = (
    "SELECT visitor_key, event_id, at, type, name, path FROM attribution_webevent"
    " WHERE workspace_id = %s"
)


@dataclass(frozen=True)
class _Measured:
    """Seconds of one size; ``counts`` are the same by every way."""

    events: int
    counts: list[int]
    streamed: float
    scan: float
    sql: float
    duckdb: float
    stored: float
    entries: int
    peak_mb: float


def run(events: int) -> list[Figure]:
    """Measure a sixteenth, a quarter and all of the events."""
    sizes = [max(200, events * factor // GROWTH[-1]) for factor in GROWTH]
    measured = [_measure(size) for size in sizes]
    last = measured[-1]
    limit = f"s by DuckDB {duckdb.__version__} on the same rows in Parquet, {THREADS} threads"

    def figure(name: str, seconds: Callable[[_Measured], float], most: float, **more) -> Figure:
        value = seconds(last)
        return Figure(
            name=name,
            value=value,
            unit="s",
            limit_name=limit,
            limit=last.duckdb,
            target=f"≤ {most:.1f}" if most > 1 else "< 1.0",
            is_met=value <= most * last.duckdb,
            growth=tuple((one.events, seconds(one)) for one in measured),
            **more,
        )

    return [
        figure(
            f"funnel of 5 steps, {last.events:,} events: streamed to the engine",
            lambda one: one.streamed,
            2,
            peak_mb=last.peak_mb,
            facts={f"step_{n}": float(count) for n, count in enumerate(last.counts, start=1)},
        ),
        figure("… counted in SQL", lambda one: one.sql, 6),
        figure("… the engine's scan of sorted arrays", lambda one: one.scan, 1),
        Figure(
            name=f"… {last.entries:,} entries found, stored and summed up by day",
            value=last.stored,
            unit="s",
            limit_name="s to stream and count alone",
            limit=last.streamed,
            growth=tuple((one.events, one.stored) for one in measured),
        ),
    ]


def document() -> dict[str, object]:
    """Home, product, cart, checkout, purchase; a week from the first to the last."""
    matchers = [
        {"kind": "page", "match": page} if page else {"kind": "event", "match": event}
        for page, event in zip(_PAGES, _EVENTS, strict=True)
    ]
    steps = [{"name": str(one["match"]), "any_of": [one]} for one in matchers]
    return {"steps": steps, "window_seconds": _WINDOW_S}


def _measure(events: int) -> _Measured:
    site = _filled(events)
    question = Question(_definition(), site.workspace_id, site.pk, _SINCE, _UNTIL)
    watch = reset_peak_mb()
    streamed, by_engine = _best(lambda: _streamed(question))
    peak = watch()
    scan, by_scan = _scan(question)
    in_sql, by_sql = _best(lambda: count_people(question), repeats=1)
    stored, entries = _stored(site)
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        by_peer_s, by_peer = _asked_duckdb(site, Path(folder))
    if not by_engine == by_scan == by_sql == by_peer:
        raise RuntimeError(f"{by_engine}, {by_scan}, {by_sql}, {by_peer}: nothing was measured")
    return _Measured(events, by_engine, streamed, scan, in_sql, by_peer_s, stored, entries, peak)


def _definition() -> Definition:
    return read_definition(document())


def _filled(events: int) -> Site:
    """Nothing but the events of one site."""
    workspace = Workspace.objects.create(slug=f"funnel-{events}", name="Funnels")
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    ensure_days((_SINCE + timedelta(days=day)).date() for day in range(DAYS))
    columns = {field.column: _COLUMNS.get(field.column) for field in WebEvent._meta.fields}
    empty = {field.column: "NULL" if field.null else "''" for field in WebEvent._meta.fields}
    values = ", ".join(value or empty[name] for name, value in columns.items())
    given = {
        "workspace": workspace.pk,
        "site": site.pk,
        "people": events // EVENTS_PER_PERSON,
        "each": EVENTS_PER_PERSON,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE attribution_webevent")
        indexes = _without_indexes(cursor)
        # The keys of millions of rows made here need no look-up each; the server is ours.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(
            f"INSERT INTO attribution_webevent ({', '.join(columns)})"
            f" SELECT {values} FROM ({_ROWS}) e",
            given,
        )
        for statement in indexes:
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) attribution_webevent")
    return site


def _without_indexes(cursor) -> list[str]:
    """Drop what makes filling slow; returns how to make it again."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'attribution_webevent'::regclass AND contype = 'p'"
    )
    ((key, text),) = cursor.fetchall()
    cursor.execute(f"ALTER TABLE attribution_webevent DROP CONSTRAINT {key}")
    again = [f"ALTER TABLE attribution_webevent ADD CONSTRAINT {key} {text}"]
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'attribution_webevent'"
    )
    for name, made in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")
        again.append(made.replace(" ON ONLY ", " ON "))
    return again


def _streamed(question: Question) -> list[int]:
    return _counts(people.levels(question) for people in read_people(question))


def _counts(levels) -> list[int]:
    steps = len(_PAGES)
    total = sum(np.bincount(found, minlength=steps + 1)[1:] for found in levels)
    return [int(count) for count in total[::-1].cumsum()[::-1]]


def _scan(question: Question) -> tuple[float, list[int]]:
    """Seconds for the scan alone, of everybody; what is worked out once is worked out each time."""
    seconds, found = 0.0, []
    for people in read_people(question):
        taken, levels = _best(
            lambda people=people: replace(people, stream=replace(people.stream)).levels(question)
        )
        seconds += taken
        found.append(levels)
    return seconds, _counts(found)


def _stored(site: Site) -> tuple[float, int]:
    given = document()
    funnel = FunnelDefinition.objects.create(
        workspace=site.workspace, site=site, name="Bench", window_seconds=given["window_seconds"],
        definition={"steps": given["steps"], "exclusions": []},
    )  # fmt: skip
    seconds, counted = _best(
        lambda: count_entries(funnel=funnel, since=_SINCE.date(), now=_UNTIL), repeats=1
    )
    funnel.entries.all()._raw_delete("default")
    return seconds, counted.entries


def _asked_duckdb(site: Site, folder: Path) -> tuple[float, list[int]]:
    rows, parquet = folder / "rows.csv", folder / "rows.parquet"
    with rows.open("wb") as target, connection.cursor() as cursor:
        text = cursor.cursor.mogrify(_EXPORT, [site.workspace_id]).decode()
        cursor.cursor.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT csv)", target)
    with duckdb.connect() as peer:
        peer.execute(f"SET threads = {THREADS}")
        peer.execute("SET TimeZone = 'UTC'")
        peer.execute(
            f"COPY (SELECT * FROM read_csv('{rows}', header = false, columns ="
            " {'visitor_key': 'UUID', 'event_id': 'UUID', 'at': 'TIMESTAMPTZ', 'type': 'VARCHAR',"
            f" 'name': 'VARCHAR', 'path': 'VARCHAR'}})) TO '{parquet}' (FORMAT parquet)"
        )
        rows.unlink()
        query = _duckdb_query(parquet)
        seconds, found = _best(lambda: peer.execute(query).fetchone())
    return seconds, list(found)


def _duckdb_query(parquet: Path) -> str:
    """The same running maxima, on rows that serve a step."""
    serves = [
        f"(type = 'page_view' AND path {_like(page)})" if page else f"name = '{event}'"
        for page, event in zip(_PAGES, _EVENTS, strict=True)
    ]
    mask = " | ".join(f"(({one})::INT << {bit})" for bit, one in enumerate(serves))
    over = "(PARTITION BY v ORDER BY t, i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    rows = (
        f'SELECT visitor_key AS v, epoch_us("at") AS t, event_id AS i, {mask} AS m'
        f" FROM '{parquet}' WHERE {' OR '.join(serves)}"
    )
    starts = f"(m & 1) <> 0 AND t >= {_micros(_SINCE)} AND t < {_micros(_UNTIL)}"
    rows = (
        f"SELECT v, t, i, m, CASE WHEN {starts} THEN t END AS s, ({starts})::INT AS level"
        f" FROM ({rows}) e"
    )
    for step in range(1, len(serves)):
        held = f"(m >> {step}) & 1 = 1 AND t <= b + {_WINDOW_S * 1_000_000}"
        rows = (
            f"SELECT v, t, i, m, CASE WHEN {held} THEN b END AS s, CASE WHEN {held} THEN"
            f" {step + 1} ELSE level END AS level"
            f" FROM (SELECT *, max(s) OVER {over} AS b FROM ({rows}) e) e"
        )
    counts = ", ".join(f"count(*) FILTER (WHERE level >= {n})" for n in range(1, len(serves) + 1))
    return f"SELECT {counts} FROM (SELECT v, max(level) AS level FROM ({rows}) e GROUP BY v) e"


def _like(glob: str) -> str:
    return f"LIKE '{glob.replace('*', '%')}'" if "*" in glob else f"= '{glob}'"


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def _best(work: Callable[[], object], repeats: int = _REPEATS):
    """Least seconds of a few tries, and what came out."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - started)
    return min(seconds), found
