"""Take the jitter out of the demo's policies, by the two people that this needs."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from django.utils import timezone  # noqa: E402  # needs the settings

from campaigns.services.policy import confirm_policy, save_policy  # noqa: E402
from workspaces.models import User, Workspace  # noqa: E402


def main() -> None:
    """Save and confirm a version without jitter in every workspace."""
    ada = User.objects.get(email="ada@demo.example")
    amir = User.objects.get(email="amir@demo.example")
    for workspace in Workspace.objects.all():
        now = timezone.now()
        values = {"jitter_min_ms": 0, "jitter_max_ms": 0}
        policy = save_policy(workspace=workspace, values=values, by=ada, now=now, why="Tests.")
        confirm_policy(policy=policy, by=amir, now=now)


if __name__ == "__main__":
    main()
