"""Every page and list takes twelve queries at most, also when nothing of it is kept yet.

Addresses are found as ``benchmarks.every_page`` finds them, so a new page is counted by itself.
"""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.every_page import MOST_QUERIES, asked_of
from benchmarks.page_places import Place, places
from tests.page_house import House, house_of


@pytest.fixture
def house(workspace, approver, viewer) -> House:
    """A row of everything."""
    return house_of(workspace, approver, viewer)


def _queries(client: Client, place: Place) -> list[str]:
    """Statements of a first opening."""
    cache.clear()
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        answer = client.get(place.path)
        if answer.streaming:
            answer.getvalue()
        transaction.set_rollback(True)
    return [one["sql"] for one in asked_of(queries)] if answer.status_code == 200 else []


#: A part of the addresses each, so that none takes long.
_PARTS = (
    "/(?!api/|admin/)[a-d]",
    "/(?!api/|admin/)[e-o]",
    "/[p-z]|/$",
    "/api/[a-i]",
    "/api/[^a-i]",
    "/admin/([a-i]|$)",
    "/admin/[^a-i]",
)


@pytest.mark.slow
@pytest.mark.parametrize("part", _PARTS)
def test_no_page_takes_more_than_it_may(part, house, admin, client_as):
    client = client_as(admin)
    found = [
        place
        for place in places(house.workspace, "2026-11-20")
        if not place.why and re.match(part, place.path)
    ]

    counted = {place.shown: len(_queries(client, place)) for place in found}

    assert {path: number for path, number in counted.items() if number > MOST_QUERIES} == {}
    assert sum(number > 0 for number in counted.values()) > 10


def test_the_parts_are_all_there_is(house):
    paths = [place.path for place in places(house.workspace, "2026-11-20") if not place.why]

    assert [path for path in paths if not re.match("|".join(_PARTS), path)] == []
