"""What serves: the champion, on every worker at once; never an artefact that changed."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from mlops.services.registry import serving
from mlops.services.registry.promoting import rollback
from mlops.services.registry.serving import served, shelf
from tests.mlops.registry.steps import NAME, champion, spoil, version_of
from workspaces.models import Notification

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def fresh_process():
    """Nothing is loaded yet, and nothing stays."""
    shelf.clear()
    yield
    shelf.clear()


def _says(workspace) -> tuple[int, float] | None:
    found = served(workspace=workspace, name=NAME)
    if found is None:
        return None
    answer = found.model.predict({"channel": np.array(["meta"])})
    return found.version.version, float(answer[0])


@pytest.fixture
def two(workspace, approver, now):
    """Two versions that served one after the other."""
    first, second = version_of(workspace, now), version_of(workspace, now, meta=2.0)
    champion(first, now, approver)
    champion(second, now + HOUR, approver)
    return first, second


def test_no_model_yet(workspace, other_workspace, approver, now):
    version_of(workspace, now)
    champion(version_of(other_workspace, now), now)

    assert _says(workspace) is None
    assert served(workspace=workspace, name="no_such_kind") is None


def test_a_promotion_and_a_rollback_hold_with_the_next_call(workspace, approver, now):
    first, second = version_of(workspace, now), version_of(workspace, now, meta=2.0)
    champion(first, now, approver)
    assert _says(workspace) == (1, 1.0)

    champion(second, now + HOUR, approver)
    assert _says(workspace) == (2, 2.0)
    rollback(workspace=workspace, name=NAME, by=approver, reason="Odd.", now=now)
    assert _says(workspace) == (1, 1.0)


def test_loads_once_and_then_costs_one_query(two, workspace, django_assert_num_queries):
    _says(workspace)

    with django_assert_num_queries(1):
        assert _says(workspace) == (2, 2.0)


def test_the_version_before_serves_where_the_champion_is_faulty(two, workspace, approver, caplog):
    spoil(two[1])

    assert _says(workspace) == (1, 1.0)
    assert _says(workspace) == (1, 1.0)

    notice = Notification.objects.get(user=approver, topic="model.faulty")
    assert "version 2" in notice.title.lower()
    assert "no longer has its checksum" in notice.title
    assert len([r for r in caplog.records if r.message == "a model cannot serve"]) == 1


def test_a_version_that_was_loaded_serves_on_while_its_bytes_go_bad(two, workspace):
    assert _says(workspace) == (2, 2.0)
    spoil(two[1])

    assert _says(workspace) == (2, 2.0)


def test_what_served_last_serves_on_where_the_new_champion_is_faulty(
    two, workspace, approver, now, django_assert_num_queries
):
    assert _says(workspace) == (2, 2.0)
    third = version_of(workspace, now, meta=2.5)
    champion(third, now + 2 * HOUR, approver)
    spoil(third)

    assert _says(workspace) == (2, 2.0)
    with django_assert_num_queries(1):
        _says(workspace)


def test_nothing_serves_where_no_version_is_sound(workspace, approver, now):
    only = version_of(workspace, now)
    champion(only, now, approver)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mlops_modelartefact DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM mlops_modelartefact")

    assert _says(workspace) is None


def test_the_shelf_keeps_the_newest(two, workspace, monkeypatch):
    monkeypatch.setattr(serving, "MOST_KEPT", 1)

    for version in (*two, *two):
        assert shelf.take(version, now=version.created_at) is not None
    assert len(shelf._models) == 1
