"""Rows from outside: what is refused, and that what is stored gives the same columns again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.engine.learning.feature_rows import RowError, columns_of, read_rows, rows_of

FEATURES = ("channel", "minutes", "free")
LEVELS = {"channel": ["google", "meta"], "minutes": None}
GOOD = {"channel": "meta", "minutes": 3, "free": 1}


def read(**fields: object) -> list[dict[str, object]]:
    return read_rows([{**GOOD, **fields}], FEATURES, LEVELS)


def test_rows_come_in_the_order_of_the_model_with_numbers_as_floats():
    (row,) = read_rows([{"free": "x", "minutes": -0.0, "channel": "new"}], FEATURES, LEVELS)

    assert list(row.items()) == [("channel", "new"), ("minutes", 0.0), ("free", "x")]
    assert str(row["minutes"]) == "0.0"


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"age": 1}, "rows[0].age", "does not read “age”; it reads channel, minutes, free"),
        ({"channel": 5}, "rows[0].channel", "a text, such as google, meta"),
        ({"channel": None}, "rows[0].channel", "a text"),
        ({"channel": "x" * 201}, "rows[0].channel", "at most 200"),
        ({"channel": "a\x00"}, "rows[0].channel", "cannot be stored"),
        ({"channel": "\ud800"}, "rows[0].channel", "cannot be stored"),
        ({"minutes": "3"}, "rows[0].minutes", "This is a number"),
        ({"minutes": True}, "rows[0].minutes", "This is a number"),
        ({"minutes": [1]}, "rows[0].minutes", "This is a number"),
        ({"minutes": float("nan")}, "rows[0].minutes", "finite"),
        ({"minutes": float("inf")}, "rows[0].minutes", "finite"),
        ({"minutes": 10**400}, "rows[0].minutes", "finite"),
        ({"minutes": -2e30}, "rows[0].minutes", "within"),
        ({"free": {}}, "rows[0].free", "This is a number"),
    ],
)
def test_refuses_what_the_model_cannot_read_and_names_the_field(fields, where, words):
    with pytest.raises(RowError, match=words) as caught:
        read(**fields)

    assert caught.value.field == where


def test_names_the_row_that_lacks_a_feature():
    with pytest.raises(RowError, match="Give “minutes”; null") as caught:
        read_rows([GOOD, {"channel": "meta", "free": 1}], FEATURES, LEVELS)

    assert caught.value.field == "rows[1].minutes"


def test_a_feature_of_unknown_kind_is_texts_or_numbers():
    with pytest.raises(RowError, match="not as both"):
        read_rows([GOOD, {**GOOD, "free": "x"}], FEATURES, LEVELS)


def test_columns_are_told_row_by_row():
    columns = {"channel": np.array(["meta", "google"]), "minutes": np.array([1.5, np.nan])}

    rows = rows_of(columns)

    assert rows == [
        {"channel": "meta", "minutes": 1.5},
        {"channel": "google", "minutes": None},
    ]
    again = columns_of(rows, list(columns))
    assert list(again["channel"]) == ["meta", "google"]
    np.testing.assert_array_equal(again["minutes"], columns["minutes"])


@given(st.lists(st.floats(-1e30, 1e30) | st.none(), min_size=1))
def test_json_keeps_every_bit(numbers):
    rows = read_rows([{"minutes": number} for number in numbers], ["minutes"], LEVELS)

    again = json.loads(json.dumps(rows))

    first, second = (columns_of(some, ["minutes"])["minutes"] for some in (rows, again))
    assert first.tobytes() == second.tobytes()
