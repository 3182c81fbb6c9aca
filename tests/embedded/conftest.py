"""Servers and stacks of our own, always stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from embedded.postgres import FORGETFUL, Postgres
from embedded.stack import Stack
from embedded.state import run_directory
from embedded.valkey import Valkey

StackMaker = Callable[..., Stack]


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "data", run=run_directory(tmp_path), log=tmp_path / "log")
    yield server
    server.stop()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "data", run=run_directory(tmp_path), log=tmp_path / "log")
    yield server
    server.stop()


@pytest.fixture
def forgetful_postgres(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(
        tmp_path / "data", run=run_directory(tmp_path), log=tmp_path / "log", settings=FORGETFUL
    )
    yield server
    server.stop()


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[StackMaker]:
    """A stack of a tiny Procfile; without databases unless the test asks for them."""
    with ExitStack() as cleanup:

        def make(procfile: str, *, state: Path = tmp_path / "state", **options: object) -> Stack:
            path = tmp_path / "Procfile"
            path.write_text(procfile.replace("python ", f"{sys.executable} "), encoding="utf-8")
            defaults: dict[str, object] = {
                "env": {"DATABASE_URL": "postgresql:///unused", "REDIS_URL": "redis://unused/0"},
                "prepare": (),
                "ready_paths": ("/",),
            }
            stack = Stack(state, procfile=path, **{**defaults, **options})
            cleanup.callback(stack.stop)
            return stack

        yield make
