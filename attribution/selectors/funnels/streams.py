"""Events of a funnel as sorted arrays, read by binary COPY, a bounded number at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection

from attribution.engine.funnel import Stream
from attribution.engine.funnel_attempts import Attempts, attempts_of, masked_stream
from attribution.engine.journeys import IntArray
from attribution.selectors.funnels.sql import TABLE, Parameters, Question, source_of

MICROS: Final = 1_000_000
#: Rows that are held at once; more of them are read in parts, each of some people only.
MOST_ROWS: Final = 4_000_000
_HEADER, _TRAILER = 19, 2  # of PostgreSQL's binary COPY
_ROW: Final = np.dtype(
    [("count", ">i2"), ("l0", ">i4"), ("who_high", ">u8"), ("who_low", ">u8"), ("l1", ">i4"),
     ("at", ">i8"), ("l2", ">i4"), ("id_high", ">u8"), ("id_low", ">u8"), ("l3", ">i4"),
     ("mask", ">i4")]
)  # fmt: skip
# PostgreSQL counts from here, and Python from 1970.
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class People:
    """Events of some people of a funnel; times in microseconds since 2000, which are exact."""

    stream: Stream
    steps: list[list[str]]
    exclusions: list[str]
    who: tuple[Words, Words]
    ids: tuple[Words, Words]

    def attempts(self, question: Question) -> Attempts:
        """Attempts that start in the question's range."""
        definition = question.definition
        return attempts_of(
            self.stream,
            self.steps,
            definition.window_seconds * MICROS,
            mode=definition.mode,
            exclusions=self.exclusions,
            start_range=(micros(question.since), micros(question.until)),
        )

    def levels(self, question: Question) -> IntArray:
        """How far each of them gets."""
        definition = question.definition
        return self.stream.levels(
            self.steps,
            definition.window_seconds * MICROS,
            mode=definition.mode,
            exclusions=self.exclusions,
            start_range=(micros(question.since), micros(question.until)),
        )


def micros(moment: datetime) -> int:
    """Microseconds since 2000."""
    passed = moment - EPOCH
    return (passed.days * 86_400 + passed.seconds) * MICROS + passed.microseconds


def uuids(words: tuple[Words, Words], places: IntArray) -> list[UUID]:
    """Keys at some places."""
    pairs = zip(words[0][places].tolist(), words[1][places].tolist(), strict=True)
    return [UUID(int=high << 64 | low) for high, low in pairs]


def read_people(question: Question, *, most_rows: int = MOST_ROWS) -> Iterator[People]:
    """Read everybody's events, each person's in one part, as many at a time as may be held."""
    parts, expected = 1, _expected(question)
    while parts * most_rows < expected:
        parts *= 2
    for part in range(parts):
        yield _sorted(_read(question, part, parts), len(question.definition.steps))


def _query(question: Question, parameters: Parameters) -> str:
    source = source_of(question, parameters)
    return (
        f"SELECT e.visitor_key, e.at, e.event_id, ({source.mask}) FROM {TABLE} e"
        f" WHERE {source.where}"
    )


def _expected(question: Question) -> int:
    """Rows that the planner expects: it knows how large the tables are, and asks nobody."""
    parameters = Parameters()
    text = _query(question, parameters)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", parameters.given)
        found = cursor.fetchone()[0]
    plan: list[dict[str, Any]] = json.loads(found) if isinstance(found, str) else found
    return int(plan[0]["Plan"]["Plan Rows"])


def _read(question: Question, part: int, parts: int) -> npt.NDArray[np.void]:
    parameters = Parameters()
    text = _query(question, parameters)
    if parts > 1:
        text += f" AND uuid_hash(e.visitor_key) & {parts - 1} = {part}"
    target = BytesIO()
    with connection.cursor() as cursor:
        query = cursor.cursor.mogrify(text, parameters.given).decode()
        cursor.cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", target)
    return np.frombuffer(
        target.getbuffer(), _ROW, offset=_HEADER,
        count=(target.tell() - _HEADER - _TRAILER) // _ROW.itemsize,
    )  # fmt: skip


def _sorted(rows: npt.NDArray[np.void], n_steps: int) -> People:
    """Put events by person, time and id, which is the order that everybody counts in."""
    who, starts = _numbered(rows)
    at = rows["at"].astype(np.int64)
    order = _in_order(rows, who, at)
    counts = np.bincount(who, minlength=len(starts))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
    stream, steps, exclusions = masked_stream(
        np.arange(len(starts)),
        offsets,
        rows["mask"].astype(np.int32)[order],
        at[order].astype(np.float64),
        n_steps,
    )
    return People(
        stream,
        steps,
        exclusions,
        who=(rows["who_high"][starts].astype(np.uint64), rows["who_low"][starts].astype(np.uint64)),
        ids=(rows["id_high"].astype(np.uint64)[order], rows["id_low"].astype(np.uint64)[order]),
    )


def _numbered(rows: npt.NDArray[np.void]) -> tuple[IntArray, IntArray]:
    """Consecutive numbers of people, and a row of each."""
    high, low = rows["who_high"].astype(np.uint64), rows["who_low"].astype(np.uint64)
    order = np.argsort(high)
    changes = _changes(high[order])
    if (low[order][1:] != low[order][:-1])[~changes[1:]].any():
        # Half of the key does not tell these people apart.
        order = np.lexsort((low, high))
        changes = _changes(high[order]) | _changes(low[order])
    numbers = np.empty(len(order), np.intp)
    numbers[order] = np.cumsum(changes) - 1
    return numbers, order[changes]


def _changes(values: Words) -> npt.NDArray[np.bool_]:
    """Whether each differs from the one before; the first does."""
    changes = np.ones(len(values), np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes


def _in_order(rows: npt.NDArray[np.void], who: IntArray, at: npt.NDArray[np.int64]) -> IntArray:
    """Places of rows by person, time and id; sorting one number is twice as fast as sorting two."""
    if not len(rows):
        return np.zeros(0, np.intp)
    first, span = int(at.min()), int(at.max()) - int(at.min()) + 1
    if (int(who.max()) + 1) * span >= 2**63:
        return np.lexsort((rows["id_low"], rows["id_high"], at, who))
    key = who * span + (at - first)
    order = np.argsort(key)
    same = key[order][1:] == key[order][:-1]
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))  # values
    if len(tied):
        among = order[tied]
        by_id = np.lexsort((rows["id_low"][among], rows["id_high"][among], key[among]))
        order[tied] = among[by_id]
    return order
