#!/usr/bin/env python
"""Django's command line; starts the embedded servers for one command when none are named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import embedded

PROJECT = Path(__file__).resolve().parent
# Training from files asks no server: it runs on a host that has none.
NO_SERVERS = {
    "DATABASE_URL": "postgresql://nobody@localhost:1/none",
    "REDIS_URL": "redis://localhost:1/0",
}


def main() -> None:
    """Run one command."""
    settings = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    # A production host names its servers and secrets itself; what is missing must be told there.
    if settings.endswith(".production"):
        run()
        return
    if command == "train_all" and "--from" in sys.argv:
        os.environ.update(NO_SERVERS)
    state = embedded.state_directory(os.environ, project=PROJECT)
    try:
        with embedded.ensure(state, purpose=f"manage.py {command}"):
            run()
    except embedded.EmbeddedError as error:
        sys.exit(f"manage.py: {error}")


def run() -> None:
    """Hand over to Django, which must not be imported before the environment stands."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
