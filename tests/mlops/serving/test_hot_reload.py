"""Two workers hear of a promotion and of a roll-back with their next call; bytes from disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import numpy as np
import pytest
from django.db import connections

from mlops.services.registry.artefact_cache import MOST_FILES, artefact_bytes
from mlops.services.registry.promoting import rollback
from mlops.services.registry.serving import served, shelf
from tests.mlops.registry.steps import NAME, champion, spoil, version_of
from workspaces.models import Workspace

HOUR = timedelta(hours=1)


class Worker:
    """A process of its own that serves, as each worker does."""

    def __init__(self, workspace: Workspace) -> None:
        self._ours, theirs = Pipe()
        connections.close_all()
        self.pid = os.fork()
        if self.pid == 0:
            self._ours.close()
            _serve(theirs, workspace)
        theirs.close()

    def says(self) -> tuple[int, float]:
        """Version and prediction of the next call."""
        self._ours.send("ask")
        return self._ours.recv()

    def stop(self) -> None:
        """End it."""
        self._ours.send("")
        os.waitpid(self.pid, 0)


def _serve(door: Connection, workspace: Workspace) -> None:
    try:
        while door.recv():
            door.send(_says(workspace))
    finally:
        os._exit(0)


def _says(workspace: Workspace) -> tuple[int, float]:
    found = served(workspace=workspace, name=NAME)
    answer = found.model.predict({"channel": np.array(["meta"])})
    return found.version.version, float(answer[0])


@pytest.fixture
def workers(workspace, transactional_db) -> Iterator[list[Worker]]:
    """Two, forked before anything serves."""
    made = [Worker(workspace), Worker(workspace)]
    yield made
    for one in made:
        one.stop()


@pytest.mark.django_db(transaction=True)
def test_two_workers_follow_a_promotion_and_a_rollback_at_once(workspace, approver, now, workers):
    first, second = version_of(workspace, now), version_of(workspace, now, meta=2.0)
    champion(first, now, approver)
    assert [one.says() for one in workers] == [(1, 1.0), (1, 1.0)]

    champion(second, now + HOUR, approver)
    assert [one.says() for one in workers] == [(2, 2.0), (2, 2.0)]

    rollback(workspace=workspace, name=NAME, by=approver, reason="Odd.", now=now + 2 * HOUR)
    assert [one.says() for one in workers] == [(1, 1.0), (1, 1.0)]


# --- Bytes on disk -------------------------------------------------------------------------------


@pytest.fixture
def disk(settings, tmp_path):
    """Where artefacts are kept."""
    settings.MODEL_CACHE_DIR = str(tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def version(workspace, approver, now):
    """A champion."""
    made = version_of(workspace, now)
    champion(made, now, approver)
    return made


def test_bytes_are_kept_by_their_checksum_and_asked_for_once(
    disk, version, workspace, django_assert_num_queries
):
    assert _says(workspace) == (1, 1.0)
    assert [file.name for file in disk.iterdir()] == [version.sha256]

    shelf.clear()
    with django_assert_num_queries(1):  # which version is the champion
        assert _says(workspace) == (1, 1.0)


def test_a_file_that_changed_is_read_again_from_the_database(disk, version, workspace):
    _says(workspace)
    file = disk / version.sha256
    sound = file.read_bytes()
    for bad in (b"", sound[:-1], sound.replace(b"1.0", b"9.0")):
        file.write_bytes(bad)
        shelf.clear()

        assert _says(workspace) == (1, 1.0)
        assert file.read_bytes() == sound


def test_a_sound_file_serves_on_where_the_database_lost_the_bytes(disk, version, workspace):
    _says(workspace)
    shelf.clear()
    spoil(version)

    assert _says(workspace) == (1, 1.0)


def test_bytes_that_changed_are_not_kept(disk, version):
    spoil(version)

    artefact_bytes(version)

    assert not disk.exists()


def test_a_disk_that_cannot_be_written_is_done_without(settings, tmp_path, version, workspace):
    (tmp_path / "file").write_text("in the way")
    settings.MODEL_CACHE_DIR = str(tmp_path / "file")

    assert _says(workspace) == (1, 1.0)


def test_the_oldest_files_go(disk, version, workspace):
    disk.mkdir()
    for number in range(MOST_FILES + 2):
        (disk / f"{number:064d}").write_bytes(b"x")
        os.utime(disk / f"{number:064d}", (number, number))

    _says(workspace)

    names = sorted(file.name for file in disk.iterdir())
    assert len(names) == MOST_FILES
    assert version.sha256 in names
    assert f"{2:064d}" not in names
