"""Rows of a file between reading and writing: one table by COPY, another with what they mean."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.db import connection

from outreach.engine import addresses
from outreach.engine.contact_file import ATTRIBUTE, plain, said

COLUMNS: Final = (
    "line", "email", "phone", "external_id", "first_name", "last_name", "locale", "time_zone",
    "country", "region", "consent", "attributes", "problem",
)  # fmt: skip
BLOCK: Final = 20_000
_CREATE: Final = """
CREATE UNLOGGED TABLE {raw} (line int, email text, phone text, external_id text,
    first_name text, last_name text, locale text, time_zone text, country text, region text,
    consent text, attributes text, problem text)"""
_READY: Final = """
CREATE UNLOGGED TABLE {ready} AS
SELECT r.line, n.email, n.phone, coalesce(btrim(r.external_id), '') AS external_id,
       coalesce(btrim(r.first_name), '') AS first_name,
       coalesce(btrim(r.last_name), '') AS last_name, coalesce(btrim(r.locale), '') AS locale,
       coalesce(btrim(r.time_zone), '') AS time_zone,
       coalesce(upper(btrim(r.country)), '') AS country,
       coalesce(upper(btrim(r.region)), '') AS region, n.consent,
       coalesce(r.attributes, '{{}}')::jsonb AS attributes, n.problem, ''::text AS kind,
       NULL::bigint AS contact_id
  FROM {raw} r JOIN {normal} n USING (line)"""
_MARK: Final = "UPDATE {ready} SET kind = CASE problem WHEN '' THEN 'new' ELSE 'invalid' END"
_FOUND: Final = """
SELECT r.line, c.id AS contact_id FROM {ready} r
  JOIN outreach_contact c ON c.workspace_id = %(workspace)s AND c.external_id = r.external_id
 WHERE r.external_id <> '' AND r.line BETWEEN %(first)s AND %(last)s
UNION
SELECT r.line, p.contact_id FROM {ready} r
  JOIN outreach_contactpoint p
    ON p.workspace_id = %(workspace)s AND p.channel = 'email' AND p.address = r.email
 WHERE r.email <> '' AND r.line BETWEEN %(first)s AND %(last)s
UNION
SELECT r.line, p.contact_id FROM {ready} r
  JOIN outreach_contactpoint p
    ON p.workspace_id = %(workspace)s AND p.channel = 'sms' AND p.address = r.phone
 WHERE r.phone <> '' AND r.line BETWEEN %(first)s AND %(last)s"""
_MATCH: Final = """
UPDATE {ready} r SET contact_id = m.contact_id, kind = m.kind, problem = m.problem
  FROM (SELECT line, min(contact_id) AS contact_id,
               CASE count(*) WHEN 1 THEN 'known' ELSE 'conflict' END AS kind,
               CASE count(*) WHEN 1 THEN '' ELSE
                   'Its addresses and ids belong to ' || count(*) || ' contacts.' END AS problem
          FROM ({found}) f GROUP BY line) m
 WHERE m.line = r.line AND r.kind IN ('new', 'known')"""
_REPEATS: Final = """
UPDATE {ready} r SET kind = 'repeated', problem = 'The same person as in line ' || m.first || '.'
  FROM (SELECT line, min(first) AS first FROM (
          SELECT line, first_value(line) OVER (PARTITION BY {column} ORDER BY line) AS first
            FROM {ready} WHERE {column} <> '' AND kind = 'new') f
         WHERE first < line GROUP BY line) m
 WHERE m.line = r.line"""


def _text(rows: Iterable[Sequence[object]]) -> io.StringIO:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    buffer.seek(0)
    return buffer


class Stage:
    """Unlogged tables of one file. Not temporary: a person looks between check and writing."""

    def __init__(self, key: int) -> None:
        self.raw, self.normal = f"contact_stage_{key}_raw", f"contact_stage_{key}_normal"
        self.ready = f"contact_stage_{key}"

    def create(self) -> None:
        """Make the table of raw rows anew."""
        self.drop()
        self._run(_CREATE.format(raw=self.raw))

    def copy(self, rows: Iterable[Sequence[object]]) -> None:
        """Append raw rows."""
        with connection.cursor() as cursor:
            cursor.copy_expert(
                f"COPY {self.raw} ({', '.join(COLUMNS)}) FROM STDIN WITH (FORMAT csv, NULL '')",
                _text(rows),
            )

    def prepare(self, country: str) -> None:
        """Bring addresses into one spelling, mark rows without any, and same people twice."""
        self._run(
            f"CREATE UNLOGGED TABLE {self.normal} (line int, email text NOT NULL,"
            " phone text NOT NULL, consent text NOT NULL, problem text NOT NULL)"
        )
        for block in self._blocks(self.raw, "line, email, phone, external_id, country, consent,"
                                            " problem"):  # fmt: skip
            with connection.cursor() as cursor:
                cursor.copy_expert(
                    f"COPY {self.normal} FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL"
                    " (email, phone, consent, problem))",
                    _text(_normal(row, country) for row in block),
                )
        self._run(f"ANALYZE {self.normal}; ANALYZE {self.raw}")
        self._run(_READY.format(ready=self.ready, raw=self.raw, normal=self.normal))
        self._run(f"DROP TABLE {self.raw}; DROP TABLE {self.normal}")
        self._run(_MARK.format(ready=self.ready))
        self._run(f"CREATE UNIQUE INDEX ON {self.ready} (line); ANALYZE {self.ready}")
        for column in ("external_id", "email", "phone"):
            self._run(_REPEATS.format(ready=self.ready, column=column))

    def match(self, workspace_id: int, first: int, last: int) -> None:
        """Find whom rows speak of, as contacts are now."""
        found = _FOUND.format(ready=self.ready)
        self._run(
            _MATCH.format(ready=self.ready, found=found),
            {"workspace": workspace_id, "first": first, "last": last},
        )

    def rows(self, sql: str, given: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Read from the table ``{ready}``."""
        with connection.cursor() as cursor:
            cursor.execute(sql.format(ready=self.ready), given or {})
            return list(cursor.fetchall())

    def exists(self) -> bool:
        """Whether the checked rows are still there."""
        return bool(self.rows("SELECT to_regclass('{ready}')")[0][0])

    def drop(self) -> None:
        """Remove all tables."""
        self._run(f"DROP TABLE IF EXISTS {self.raw}, {self.normal}, {self.ready}")

    def _run(self, sql: str, given: dict[str, Any] | None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, given)

    def _blocks(self, table: str, columns: str) -> Iterator[list[tuple[Any, ...]]]:
        last = 0
        self._run(f"CREATE INDEX ON {table} (line)")
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT {columns} FROM {table} WHERE line > %s ORDER BY line LIMIT %s",  # noqa: S608
                    [last, BLOCK],
                )
                block = cursor.fetchall()
            if not block:
                return
            yield block
            last = block[-1][0]


def _normal(row: tuple[Any, ...], country: str) -> tuple[object, ...]:
    line, email, phone, external_id, own_country, consent, problem = row
    found, reasons = {"email": "", "sms": ""}, [problem] if problem else []
    for channel, text in (("email", email), ("sms", phone)):
        if text and text.strip():
            try:
                found[channel] = addresses.normal(channel, text, (own_country or "")[:2] or country)
            except addresses.AddressError as error:
                reasons.append(str(error))
    if not reasons and not any(found.values()) and not (external_id or "").strip():
        reasons.append("There is no address and no id in this row.")
    return line, found["email"], found["sms"], said(consent or ""), " ".join(reasons)[:300]


def raw_row(
    line: int, cells: Sequence[str], places: Sequence[tuple[str, int]]
) -> tuple[object, ...]:
    """A row of the file as the table takes it; attributes as JSON."""
    values: dict[str, str] = {}
    attributes: dict[str, object] = {}
    for meaning, place in places:
        if not (cell := cells[place]):
            continue
        if meaning.startswith(ATTRIBUTE):
            attributes[meaning.removeprefix(ATTRIBUTE)] = plain(cell)
        else:
            values[meaning] = cell
    told = json.dumps(attributes) if attributes else ""
    return (line, *(values.get(name, "") for name in COLUMNS[1:11]), told, "")
