"""Servers of the measurement's own, as durable as the product's and gone afterwards."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.servers import ensure
from embedded.stack import NOT_INHERITED, PROJECT
from embedded.state import state_directory


@contextmanager
def private_servers() -> Iterator[Path]:
    """Set Django up on servers of our own; the state directory is removed at the end.

    Nothing of the caller's environment can lead to another database.
    """
    for name in NOT_INHERITED:
        os.environ.pop(name, None)
    state = Path(tempfile.mkdtemp(prefix="countersign-bench-"))
    try:
        with ensure(state, purpose="a measurement"):
            os.environ["COUNTERSIGN_STATE"] = str(state)
            os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
            os.environ.setdefault("LOG_LEVEL", "ERROR")
            _migrate()
            yield state
            _disconnect()
    finally:
        shutil.rmtree(state, ignore_errors=True)


@contextmanager
def kept_servers(name: str) -> Iterator[Path]:
    """As ``private_servers``, but what they hold stays for the next run, outside the project.

    It lies below ``XDG_CACHE_HOME`` (``~/.cache``); remove it whenever you like.
    """
    for variable in NOT_INHERITED:
        os.environ.pop(variable, None)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    state = caches / "countersign-benchmarks" / name
    state.mkdir(parents=True, exist_ok=True)
    with ensure(state, purpose="a measurement"):
        os.environ["COUNTERSIGN_STATE"] = str(state)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        _migrate()
        yield state
        _disconnect()


@contextmanager
def standing_servers() -> Iterator[None]:
    """Set Django up on the servers that ``manage.py`` uses, and leave what they hold."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    state = state_directory(os.environ, project=PROJECT)
    with ensure(state, purpose="a measurement"):
        import django

        django.setup()
        yield
        _disconnect()


def _migrate() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    sys.stderr.write("Making a private database …\n")
    call_command("migrate", verbosity=0)


def _disconnect() -> None:
    from django.db import connections

    connections.close_all()
