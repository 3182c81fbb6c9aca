"""The bucket in SQL."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.experiments.assignment_vectors import vectors

pytestmark = pytest.mark.django_db
ALL = """
SELECT experiments_fnv1a32(v.unit), experiments_bucket(v.seed, v.unit)
  FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS v(seed, unit, place) ORDER BY place
"""


def test_vectors_in_sql() -> None:
    seeds = [vector.seed for vector in vectors()]
    units = [vector.unit for vector in vectors()]

    with connection.cursor() as cursor:
        cursor.execute(ALL, [seeds, units])
        found = cursor.fetchall()

    assert found == [(vector.hashed, vector.bucket) for vector in vectors()]


def test_indexes_and_parallel_plans_may_use_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, provolatile, proparallel, proisstrict FROM pg_proc"
            " WHERE proname IN ('experiments_bucket', 'experiments_fnv1a32') ORDER BY proname"
        )
        found = cursor.fetchall()
        cursor.execute(
            "CREATE TABLE public.bucketed (unit text); INSERT INTO bucketed VALUES ('u');"
            "SELECT set_config('search_path', '', true);"
            "CREATE INDEX ON public.bucketed (public.experiments_bucket('s', unit))"
        )

    assert found == [
        ("experiments_bucket", "i", "s", True),
        ("experiments_fnv1a32", "i", "s", True),
    ]
