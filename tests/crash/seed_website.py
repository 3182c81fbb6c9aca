"""A website whose key the test knows, and rates that let a whole crowd in."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from attribution.services.website.sites import create_site  # noqa: E402  # needs the settings
from workspaces.models import ThrottleRate, Workspace  # noqa: E402

ORIGIN = "https://shop.example"
KEY = "cs_crash"


def main() -> None:
    """Fill the workspace ``crash``."""
    workspace = Workspace.objects.create(slug="crash", name="Crash")
    site = create_site(workspace=workspace, name="Shop", origins=[ORIGIN])
    site.key = KEY
    site.save(update_fields=["key"])
    for scope in ("ingest", "visitor"):
        ThrottleRate.objects.create(workspace=workspace, scope=scope, calls=10**6, seconds=60)


if __name__ == "__main__":
    main()
