"""What is read while a streaming replica follows, falls behind, catches up: told as JSON.

``python -m tests.workspaces.replica_steps follow|gone`` with both addresses in the environment.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

import json  # noqa: E402  # all of these need the settings, or stand beside what does
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from tests import database  # noqa: E402
from workspaces import databases as ways  # noqa: E402
from workspaces.models import Membership, User, Workspace  # noqa: E402
from workspaces.services import installation  # noqa: E402


def names() -> list[str]:
    """Workspaces, as a page that only reads sees them."""
    ways.replica = ways._Replica()  # asked anew, not ten seconds later
    with ways.reading_from_replica():
        return sorted(Workspace.objects.values_list("slug", flat=True))


def made(slug: str) -> None:
    """A workspace with somebody in it."""
    workspace = Workspace.objects.create(slug=slug, name=slug)
    person = User.objects.create_user(f"{slug}@example.com", "correct horse battery")
    Membership.objects.create(workspace=workspace, user=person, role="viewer")


def on_replica(sql: str) -> None:
    """Tell the replica something."""
    with connections[ways.REPLICA].cursor() as cursor:
        cursor.execute(sql)


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + 180
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.1)


def dashboard() -> tuple[int, bool]:
    """Status of a dashboard, and whether the replica was asked for it."""
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(
        User.objects.get(email="one@example.com"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    if ways.replica.is_fit():
        with CaptureQueriesContext(connections[ways.REPLICA]) as asked:
            return browser.get(reverse("overview")).status_code, len(asked) > 0
    return browser.get(reverse("overview")).status_code, False


def follow() -> dict[str, object]:
    """It follows, falls behind and catches up."""
    database.fill()
    call_command("migrate", verbosity=0)
    made("one")
    until(lambda: names() == ["one"])
    time.sleep(1)
    told: dict[str, object] = {"lag of what waits for nothing": ways.lag_s()}
    told["dashboard"] = dashboard()
    on_replica("SELECT pg_wal_replay_pause()")
    made("two")
    told["a moment behind"] = names()
    settings.REPLICA_LATEST_S = 0.5
    time.sleep(1)
    told["too far behind"] = names()
    told["doctor"] = installation.check_ways().level
    on_replica("SELECT pg_wal_replay_resume()")
    until(lambda: ways.lag_s() == 0)
    told["caught up"] = [names(), installation.check_ways().level, dashboard()]
    return told


def gone() -> dict[str, object]:
    """It does not run."""
    return {"names": names(), "dashboard": dashboard()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"follow": follow, "gone": gone}[sys.argv[1]]()))
