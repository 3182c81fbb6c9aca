"""Rows of a file between reading and writing: in a table by COPY, in one spelling already."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from django.db import connection

from campaigns.engine.importing.errors import RowError
from outreach.engine import addresses
from outreach.engine.contact_file import ATTRIBUTE, plain, said

_TEXTS: Final = (
    "email", "phone", "external_id", "first_name", "last_name", "locale", "time_zone", "country",
    "region", "consent",
)  # fmt: skip
COLUMNS: Final = ("line", *_TEXTS, "attributes", "problem", "kind")
BLOCK: Final = 20_000
TABLE: Final = "contact_stage_"
_CREATE: Final = """
CREATE UNLOGGED TABLE {ready} (line int NOT NULL, email text NOT NULL, phone text NOT NULL,
    external_id text NOT NULL, first_name text NOT NULL, last_name text NOT NULL,
    locale text NOT NULL, time_zone text NOT NULL, country text NOT NULL, region text NOT NULL,
    consent text NOT NULL, attributes jsonb NOT NULL, problem text NOT NULL, kind text NOT NULL,
    contact_id bigint)"""
_COPY: Final = (
    f"COPY {{ready}} ({', '.join(COLUMNS)}) FROM STDIN"
    f" WITH (FORMAT csv, FORCE_NOT_NULL ({', '.join((*_TEXTS, 'problem'))}))"
)
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


class Stage:
    """Unlogged table of one file. Not temporary: a person looks between check and writing."""

    def __init__(self, key: int) -> None:
        self.ready = f"{TABLE}{key}"

    def create(self) -> None:
        """Make it anew."""
        self.drop()
        self._run(_CREATE.format(ready=self.ready))

    def copy(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows as ``Reader`` makes them."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        buffer.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(_COPY.format(ready=self.ready), buffer)

    def prepare(self) -> None:
        """Mark same people twice, once all rows are here."""
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

    def forget(self, texts: Sequence[str], external_ids: Sequence[str]) -> int:
        """Remove rows that name somebody; how many."""
        return len(
            self.rows(
                "DELETE FROM {ready} WHERE email = ANY(%(texts)s) OR phone = ANY(%(texts)s)"
                " OR external_id <> '' AND external_id = ANY(%(ids)s) RETURNING line",
                {"texts": list(texts), "ids": list(external_ids)},
            )
        )

    def rows(self, sql: str, given: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Read from the table ``{ready}``."""
        with connection.cursor() as cursor:
            cursor.execute(sql.format(ready=self.ready), given or {})
            return list(cursor.fetchall())

    def has_rows(self) -> bool:
        """Whether rows are there; a crash of the database empties the table, it is unlogged."""
        if not self.rows("SELECT to_regclass('{ready}')")[0][0]:
            return False
        return bool(self.rows("SELECT EXISTS (SELECT FROM {ready})")[0][0])

    def drop(self) -> None:
        """Remove it."""
        self._run(f"DROP TABLE IF EXISTS {self.ready}")

    def _run(self, sql: str, given: dict[str, Any] | None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, given)


def staged_keys() -> list[int]:
    """Of which files there is a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT substring(relname FROM %s)::bigint FROM pg_class"
            " WHERE relkind = 'r' AND pg_table_is_visible(oid) AND relname ~ %s",
            [f"^{TABLE}([0-9]+)$", f"^{TABLE}[0-9]+$"],
        )
        return [int(key) for (key,) in cursor.fetchall()]


class Reader:
    """Makes rows of a file into rows of the table: trimmed, addresses in one spelling."""

    def __init__(self, places: Sequence[tuple[str, int]], country: str) -> None:
        own = {meaning: place for meaning, place in places if not meaning.startswith(ATTRIBUTE)}
        # A cell that no column fills is the empty one that every row gets at its end.
        self._texts = tuple(own.get(name, -1) for name in _TEXTS)
        self._attributes = tuple(
            (json.dumps(meaning.removeprefix(ATTRIBUTE)) + ": ", place)
            for meaning, place in places if meaning.startswith(ATTRIBUTE)
        )  # fmt: skip
        self._country = country

    def row(self, line: int, cells: Sequence[str]) -> tuple[object, ...]:
        """Return a row for ``Stage.copy``."""
        full = (*cells, "")
        email, phone, external_id, *names, country, region, consent = [
            full[place].strip() for place in self._texts
        ]
        country, problem = country.upper(), ""
        if email:
            email, problem = _spelled("email", email, "")
        if phone:
            phone, wrong = _spelled("sms", phone, country[:2] or self._country)
            problem = f"{problem} {wrong}".strip()
        if not (email or phone or external_id or problem):
            problem = "There is no address and no id in this row."
        told = ", ".join(
            [name + _json(cell) for name, at in self._attributes if (cell := full[at])]
        )
        return (
            line, email, phone, external_id, *names, country, region.upper(),
            said(consent) if consent else "", f"{{{told}}}", problem[:300],
            "invalid" if problem else "new",
        )  # fmt: skip

    def rows(
        self, records: Iterable[tuple[int, Sequence[str] | RowError]]
    ) -> Iterator[tuple[object, ...]]:
        """Rows of a file; what cannot be read becomes a row that says why."""
        for line, cells in records:
            if isinstance(cells, RowError):
                reason = f"{cells.column}: {cells.reason}".removeprefix(": ")[:300]
                yield (line, *[""] * len(_TEXTS), "{}", reason, "invalid")
            else:
                yield self.row(line, cells)


def _spelled(channel: str, text: str, country: str) -> tuple[str, str]:
    """An address in its one spelling, or what is wrong with it."""
    try:
        return addresses.normal(channel, text, country), ""
    except addresses.AddressError as error:
        return "", str(error)


# Plans, sizes and days come again and again.
@lru_cache(maxsize=50_000)
def _json(cell: str) -> str:
    return json.dumps(plain(cell))
