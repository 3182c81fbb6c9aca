"""``manage.py seed_demo``: three workspaces to try Countersign on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.platforms.sandbox_control import SandboxControl, SandboxControlError
from mlops.services.demo import PASSWORD, PEOPLE, fill_real_export, fill_sandbox_world
from mlops.services.demo.app import SCALE as APP_SCALE
from mlops.services.demo.app import SLUG as APP_SLUG
from mlops.services.demo.app import fill_app
from mlops.services.demo.real_export import SLUG as EXPORT_SLUG
from mlops.services.demo.sandbox_world import SLUG as WORLD_SLUG
from mlops.services.demo.sandbox_world import STEP_DAYS
from mlops.services.demo.shop import open_shop
from workspaces.models import Workspace


@contextmanager
def warnings_only() -> Iterator[None]:
    """Keep what goes well out of the terminal: weeks of changes are lived through in a minute."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(max(before, logging.WARNING))
    try:
        yield
    finally:
        root.setLevel(before)


class Command(BaseCommand):
    """Fill the demo workspaces that are not there yet."""

    help = "Fill the demo's three workspaces. Needs the platform sandbox (SANDBOX_URL)."

    def add_arguments(self, parser: CommandParser) -> None:
        """How much is lived through."""
        parser.add_argument(
            "--step-days", type=int, default=STEP_DAYS, metavar="DAYS",
            help="days between two looks at the queue in the last two weeks; more is faster",
        )  # fmt: skip
        parser.add_argument(
            "--app-scale", type=float, default=APP_SCALE, metavar="SHARE",
            help="size of the demo's app against a whole synthetic world",
        )  # fmt: skip

    def handle(self, *args: object, **options: Any) -> None:
        """Seed what is missing, and say how to get in."""
        if not settings.ALLOW_SANDBOX or not settings.SANDBOX_URL:
            raise CommandError("The demo needs the sandbox: use `make demo`, or set SANDBOX_URL.")
        control = SandboxControl(settings.SANDBOX_URL)
        with warnings_only():
            shop = self._fill_all(control, options)
        self._say_how_to_get_in()
        self.stdout.write(f"Demo shop, whose visits arrive under Website: {shop}")

    def _fill_all(self, control: SandboxControl, options: dict[str, Any]) -> str:
        """Fill the three workspaces; the address of the shop."""
        try:
            self._fill(EXPORT_SLUG, partial(fill_real_export, control=control))
            self._fill(
                WORLD_SLUG,
                partial(fill_sandbox_world, control=control, step_days=options["step_days"]),
            )
            self._fill(APP_SLUG, partial(fill_app, scale=options["app_scale"]))
            return open_shop(workspace=Workspace.objects.get(slug=WORLD_SLUG), control=control)
        except SandboxControlError as error:
            raise CommandError(str(error)) from error

    def _fill(self, slug: str, fill: Callable[..., Workspace]) -> None:
        existing = Workspace.objects.filter(slug=slug).first()
        if existing is None:
            self.stdout.write(f"Filling the workspace {slug} …")
            fill(now=timezone.now())
        elif not existing.notice:
            raise CommandError(
                f"The workspace {slug} was left half filled; start afresh: RESET=1 make demo"
            )

    def _say_how_to_get_in(self) -> None:
        self.stdout.write(f"Log in with the password {PASSWORD} as")
        for role, (email, *_) in PEOPLE.items():
            self.stdout.write(f"  {email:<20} {role.label}")
