"""Ways to the database: dashboards read the replica, nothing is written there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import Error, connection, connections
from django.db.utils import InternalError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.settings.servers import databases, redis_options
from workspaces import databases as ways
from workspaces.databases import ReadOnlyError, direct, reading_from_replica
from workspaces.models import Workspace
from workspaces.services import installation
from workspaces.services.installation import stores

URL = "postgresql://app@db.example/app"


def of(url: str = URL, direct: str = "", replica: str = "") -> dict[str, dict[str, object]]:
    return databases(url, direct=direct, replica=replica, max_age_s=60)


@pytest.fixture
def replica(monkeypatch) -> Iterator[None]:
    """A second way to the tests' database, on which nothing can be written."""
    way = connection.copy()  # under the name of the one that tests may use
    way.settings_dict["OPTIONS"]["options"] = "-c default_transaction_read_only=on"
    monkeypatch.setitem(connections.settings, "replica", way.settings_dict)
    monkeypatch.setattr(ways, "replica", ways._Replica())
    connections["replica"] = way
    yield
    way.close()
    del connections["replica"]


def test_only_what_is_given_becomes_a_way():
    assert list(of()) == ["default"]
    assert list(of(direct="postgresql://app@pg/app", replica="postgresql://app@two/app")) == [
        "default",
        "direct",
        "replica",
    ]


def test_behind_a_pooler_no_cursor_outlives_its_transaction():
    assert of()["default"]["DISABLE_SERVER_SIDE_CURSORS"] is False
    pooled = of(direct="postgresql://app@pg/app")
    assert pooled["default"]["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert "DISABLE_SERVER_SIDE_CURSORS" not in pooled["direct"]


def test_a_cut_is_noticed_and_the_address_has_the_last_word():
    options = of(f"{URL}?connect_timeout=2&sslmode=require")["default"]["OPTIONS"]

    assert options == {
        "connect_timeout": "2",
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "sslmode": "require",
    }


def test_redis_is_not_waited_for_for_ever():
    network, unix = redis_options("redis://host/0"), redis_options("unix:///run/redis.sock?db=0")

    assert (network["socket_timeout"], unix["socket_timeout"]) == (10, 10)
    assert (network["socket_keepalive"], "socket_keepalive" in unix) == (True, False)


def test_without_a_replica_a_page_that_reads_reads_the_primary(workspace):
    with CaptureQueriesContext(connection) as queries, reading_from_replica():
        assert Workspace.objects.get().slug == "acme"

    assert len(queries) == 1
    assert direct() == "default"


@pytest.mark.django_db(transaction=True)
def test_dashboard_reads_the_replica_and_nothing_can_be_written_there(replica, workspace):
    with (
        reading_from_replica(),
        CaptureQueriesContext(connection) as primary,
        CaptureQueriesContext(connections["replica"]) as second,
    ):
        found = Workspace.objects.get()
        with pytest.raises(ReadOnlyError, match="about to write a Workspace"):
            Workspace.objects.create(slug="x", name="X")
    with pytest.raises(InternalError, match="read-only transaction"):
        found.save(using="replica")

    assert (len(primary), len(second)) == (0, 1)
    assert Workspace.objects.using("default").count() == 1


@pytest.mark.django_db(transaction=True)
def test_pages_ask_the_replica_for_all_but_who_asks(replica, client, viewer, workspace):
    client.force_login(viewer)
    for name in ("overview", "paid-media", "executive", "organic", "growth-funnel", "attribution"):
        with CaptureQueriesContext(connections["replica"]) as second:
            assert client.get(reverse(name)).status_code == 200
        assert len(second) > 0, name


@pytest.mark.parametrize("behind", [31.0, Error("gone")])
def test_replica_that_is_late_or_silent_is_left_alone(replica, monkeypatch, workspace, behind):
    def tell() -> float:
        if isinstance(behind, Error):
            raise behind
        return behind

    for module in (ways, stores):
        monkeypatch.setattr(module, "lag_s", tell)
    with CaptureQueriesContext(connection) as primary, reading_from_replica():
        assert Workspace.objects.count() == 1
    assert len(primary) == 1

    check = installation.check_ways()
    assert check.level == "warn"
    assert "dashboards read the primary" in check.words


def test_doctor_tells_of_a_pooler_without_a_way_past_it(db, monkeypatch):
    assert installation.check_ways().words == "Straight to PostgreSQL; no replica."

    monkeypatch.setattr("workspaces.services.installation.stores.is_pooled", lambda session: True)
    check = installation.check_ways()
    assert (check.level, "set DATABASE_DIRECT_URL" in check.words) == ("fail", True)
