"""Give the new system the schema of the test database: migrating from nothing takes far longer.

``migrate`` runs after it all the same, and has nothing left to do, or all where there is no dump.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from tests import database  # noqa: E402  # needs the settings

if __name__ == "__main__":
    database.fill()
