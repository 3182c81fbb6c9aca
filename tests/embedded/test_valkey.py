"""The private Redis, and that Celery and redis-py reach it by our spellings."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import kombu
import pytest
import redis

from embedded.process import wait_until
from embedded.state import run_directory
from embedded.urls import celery_broker_url, redis_py_url
from embedded.valkey import FORGETFUL, Valkey


def test_keys_outlive_an_orderly_restart(valkey: Valkey) -> None:
    valkey.start()
    redis.Redis.from_url(valkey.url).set("kept", "yes")

    valkey.stop()
    valkey.start()

    assert redis.Redis.from_url(valkey.url).get("kept") == b"yes"


def test_kill_9_keeps_what_was_written_to_the_log(valkey: Valkey) -> None:
    valkey.start()
    client = redis.Redis.from_url(valkey.url)
    client.rpush("queue", *range(100))
    pid = valkey.pid
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: valkey.pid is None, timeout_s=60)
    valkey.start()

    assert redis.Redis.from_url(valkey.url).llen("queue") == 100


def test_full_memory_refuses_instead_of_evicting(valkey: Valkey) -> None:
    valkey.start()

    settings = redis.Redis.from_url(valkey.url).config_get("maxmemory*")

    assert settings["maxmemory"] == str(256 * 1024 * 1024)
    assert settings["maxmemory-policy"] == "noeviction"


@pytest.mark.parametrize("name", ["my state (1)", "long-" * 24 + "end"])
def test_both_clients_reach_the_same_database_in_awkward_paths(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    server = Valkey(home / "data", run=run_directory(home), log=home / "log", settings=FORGETFUL)

    try:
        server.start()
        with kombu.Connection(celery_broker_url(server.url, db=3)) as connection:
            connection.SimpleQueue("tasks").put({"n": 1})
        assert redis.Redis.from_url(redis_py_url(server.url, db=3)).llen("tasks") == 1
    finally:
        server.stop()


def test_server_that_outlived_its_parent_is_stopped_first(tmp_path: Path) -> None:
    run, log = run_directory(tmp_path), tmp_path / "log"
    orphan, successor = (Valkey(tmp_path / "data", run=run, log=log) for _ in range(2))
    orphan.start()

    try:
        successor.start()

        assert orphan.pid is None
        assert successor.answers()
    finally:
        successor.stop()
        orphan.stop()
