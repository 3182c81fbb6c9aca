"""What `make demo` runs before the system starts, with five shortcuts for tests.

The schema is that of the test database, because migrating from nothing takes far longer; `migrate`
runs after it all the same, and has nothing left to do, or all where there is no dump. One process
does everything: each of its own would load the product anew. Somebody looked at the queue three
times in the last two weeks, not seven times, and fewer people use the demo's app; another app is
small enough to learn from at once. And the demo's policies lose their jitter, so that a signed
change is executed at once.
"""

from __future__ import annotations

import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from django.core.management import call_command  # noqa: E402  # needs the settings
from django.utils import timezone  # noqa: E402

from campaigns.services.policy import confirm_policy, save_policy  # noqa: E402
from inbox.services.rating import ask_due  # noqa: E402
from tests import database  # noqa: E402
from tests.e2e.small_app import fill_small_app  # noqa: E402
from workspaces.models import User, Workspace  # noqa: E402


def take_out_the_jitter() -> None:
    """Save and confirm such a version in every workspace, by the two people that this needs."""
    ada = User.objects.get(email="ada@demo.example")
    amir = User.objects.get(email="amir@demo.example")
    for workspace in Workspace.objects.all():
        now = timezone.now()
        values = {"jitter_min_ms": 0, "jitter_max_ms": 0}
        policy = save_policy(workspace=workspace, values=values, by=ada, now=now, why="Tests.")
        confirm_policy(policy=policy, by=amir, now=now)


if __name__ == "__main__":
    database.fill()
    call_command("migrate", interactive=False)
    call_command("seed_demo", step_days=6, app_scale=0.01)
    fill_small_app(timezone.now())
    take_out_the_jitter()
    # How it was, of those who were answered two days ago.
    ask_due(now=timezone.now() - timedelta(days=1))
