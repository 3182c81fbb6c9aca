"""What pages of figures are made of."""

from __future__ import annotations

import pytest

from workspaces.boards import Column, Head, Place, heads_of


@pytest.mark.parametrize(
    ("number", "total", "place"),
    [
        (1, 0, (1, 1, 0, None, None)),
        (1, 50, (1, 1, 50, None, None)),
        (1, 51, (1, 1, 50, None, 2)),
        (2, 51, (2, 51, 51, 1, None)),
        (2, 150, (2, 51, 100, 1, 3)),
        (9, 51, (2, 51, 51, 1, None)),
    ],
)
def test_a_page_knows_where_its_rows_lie(number, total, place):
    found = Place.of(number, size=50, total=total)

    assert (found.number, found.first, found.last, found.earlier, found.later) == place


def test_heads_ask_for_the_other_order_of_what_rows_stand_by():
    columns = [
        Column("spend", "Spend", "money", hint="What it cost"),
        Column("ctr", "CTR", "share"),
    ]

    assert heads_of({"key": "Channel"}, columns, "spend", is_rising=False) == [
        Head("Channel", "", "key-up", "none", is_number=False),
        Head("Spend", "What it cost", "spend-up", "descending"),
        Head("CTR", "", "ctr", "none"),
    ]
    by_key = heads_of({"key": "Channel"}, columns, "key", is_rising=True)
    assert [(head.sort, head.aria) for head in by_key] == [
        ("key", "ascending"), ("spend", "none"), ("ctr", "none"),
    ]  # fmt: skip
